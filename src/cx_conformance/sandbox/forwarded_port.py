"""What a node hears of a port of a pod, and says where that does not do as it should, in the words of containerd."""

import asyncio

from cx_conformance.sandbox.catalogue import Object

_CHUNK = 32768
_SANDBOX = "0" * 64


async def heard(reader: asyncio.StreamReader) -> bytes | None:
    """Return what the pod sends next, empty at the end; None where it resets the connection."""
    try:
        return await reader.read(_CHUNK)
    except ConnectionResetError:
        return None


def unreachable(pod: Object, port: int) -> str:
    """Return the words for ``port`` of ``pod`` that refuses connections."""
    refused = f"dial tcp4 127.0.0.1:{port}: connect: connection refused"
    return (
        f'{_begin(pod, port)}: failed to connect to localhost:{port} inside namespace "{_SANDBOX}", '
        f"IPv4: {refused} IPv6 dial tcp6: address localhost: no suitable address found "
    )


def was_reset(pod: Object, port: int) -> str:
    """Return the words for ``port`` of ``pod`` that resets a connection, as every kubelet before 1.31 says them.

    Source: https://github.com/podman-container-tools/podman/issues/13482
    """
    return f"{_begin(pod, port)}: read tcp4 127.0.0.1:46540->127.0.0.1:{port}: read: connection reset by peer"


def _begin(pod: Object, port: int) -> str:
    space = f"/var/run/netns/cni-{pod['metadata']['uid']}"
    forwarding = f"error forwarding port {port} to pod {_SANDBOX}, uid : "
    return f'{forwarding}failed to execute portforward in network namespace "{space}"'

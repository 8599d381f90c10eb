"""What a node says of a port of a pod that refuses connections, in the words of containerd."""

from cx_conformance.sandbox.catalogue import Object


def unreachable(pod: Object, port: int) -> str:
    """Return the words for ``port`` of ``pod``."""
    sandbox = "0" * 64
    space = f"/var/run/netns/cni-{pod['metadata']['uid']}"
    refused = f"dial tcp4 127.0.0.1:{port}: connect: connection refused"
    return (
        f"error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network namespace "
        f'"{space}": failed to connect to localhost:{port} inside namespace "{sandbox}", '
        f"IPv4: {refused} IPv6 dial tcp6: address localhost: no suitable address found "
    )

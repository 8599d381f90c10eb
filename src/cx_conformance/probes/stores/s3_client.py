"""The minio client on a line: its own sockets and time limits, its errors in words.

Facts: error codes are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, InsecureRequestWarning

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.minio_s3 import MinioException, S3Error, minio
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.wire.connections import AsItComes

T = TypeVar("T")

_NOT_AUTHORISED = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken"})
# Where no CA is known nothing can be verified, and CX806 says so; the library would say it on standard error.
urllib3.disable_warnings(InsecureRequestWarning)

_NOT_READY = frozenset(
    {
        "SlowDown",
        "SlowDownRead",
        "SlowDownWrite",
        "ServiceUnavailable",
        "InternalError",
        "XMinioServerNotInitialized",
        "XMinioIAMNotInitialized",
        "XMinioBucketMetadataNotInitialized",
    }
)
"""What a MinIO says that starts, and with too few drives online to read (SlowDownRead) or to write (SlowDownWrite).

https://github.com/minio/minio/blob/RELEASE.2024-05-10T01-41-38Z/cmd/api-errors.go
"""


def asked(line: Line, credentials: Credentials, ask: Callable[[minio.Minio], T]) -> T:
    """Return what the client returns; raise Trouble in the words of S3."""
    with pool(line) as connections:
        client = minio.Minio(
            line.target.address,
            access_key=credentials.username or "",
            secret_key=credentials.password.get_secret_value() if credentials.password else "",
            secure=line.target.tls is not None,
            http_client=connections,
        )
        try:
            return ask(client)
        except S3Error as error:
            raise refusal(line, error) from None
        except (MinioException, HTTPError) as error:
            raise line.explain(error, Kind.ODD) from None


def refusal(line: Line, error: S3Error) -> Trouble:
    """Return what an error answer of S3 means."""
    address, code, text = line.target.address, line.said(error.code, 60), line.said.sentence(error.message)
    if code in _NOT_AUTHORISED:
        return Trouble(Kind.UNAUTHORIZED, f"S3 says: {code}: {text}")
    if code == "RequestTimeTooSkewed":
        # The key was not looked at; which of the two clocks is wrong, nobody said.
        words = f"{address} judges no login: the clocks of this machine and of the store differ ({code}); set both"
        return Trouble(Kind.GAVE_UP, words)
    if code in _NOT_READY:
        return Trouble(Kind.NOT_READY, f"{address} is not ready: {code}: {text}")
    return Trouble(Kind.ODD, f"{address} answers with an error: {code}: {text}")


def pool(line: Line) -> urllib3.PoolManager:
    """Return a pool whose connections are those of the line, signed and verified for the promised name."""

    class Plain(AsItComes, HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return line.dial()

    class Secure(AsItComes, HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = line.dial()
            self._handshake.enter_context(line.fuse.watching(sock))
            return sock

        def connect(self) -> None:
            with ExitStack() as self._handshake:
                super().connect()
                if self.sock is not None:
                    line.watch(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    target = line.target
    connections = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=target.limits.connect_s, read=line.patience()),
        retries=False,
        ssl_context=line.context() if target.tls is not None else None,
        assert_hostname=None if target.tls is None or target.tls.names_count else False,
    )
    connections.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return connections

"""S3 as MinIO serves it, asked by the minio client.

Facts: error codes are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, the health
endpoint is https://min.io/docs/minio/linux/operations/monitoring/healthcheck-probe.html.
"""

import io
import secrets
import socket
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

import minio
import urllib3
from minio.error import MinioException, S3Error
from pydantic import SecretStr
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation, Value
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.trouble import Kind, Trouble

T = TypeVar("T")

_NOT_AUTHORISED = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken"})
_NOT_READY = frozenset({"SlowDown", "ServiceUnavailable", "XMinioServerNotInitialized", "InternalError"})


def observe(
    target: Target,
    credentials: Credentials | None = None,
    *,
    bucket: str = "default",
    live_path: str = "/minio/health/live",
    allow_writes: bool = False,
) -> StoreObservation:
    """Ask an S3 server; the access key is the credentials' user name.

    Without ``allow_writes`` the bucket is only looked at; with it a small object is put, got and deleted.
    """
    with noting("s3", target, credentials) as notes:
        if notes.reach():
            _ask(notes, bucket, live_path, allow_writes=allow_writes)
        return notes.observation()


def _ask(notes: Notes, bucket: str, live_path: str, *, allow_writes: bool) -> None:
    with notes.speaking("S3", over="HTTP"):
        notes.line.tried(lambda: _greet(notes))
    if not notes.ok(Level.SPEAKS):
        return
    if notes.credentials is None:
        notes.not_asked(Level.LOGS_IN, "no credentials are given")
    else:
        _log_in(notes, notes.credentials, bucket, live_path, allow_writes=allow_writes)
    notes.refusing(Level.REFUSES_WRONG_PASSWORD, lambda: _wrong(notes), as_whom="a wrong key")


def _greet(notes: Notes) -> None:
    """Ask for the buckets unsigned: the answer tells the protocol, and whether a signature is needed."""
    address = notes.target.address
    status, body = _plain(notes, "/")
    if b"<ListAllMyBucketsResult" in body:
        words = f"{address} lists its buckets to anybody; take the anonymous policy away"
        notes.failed(Level.REFUSES_ANONYMOUS, Kind.OPEN, words)
    elif b"<Error>" in body and status in {401, 403}:
        notes.found(Level.REFUSES_ANONYMOUS, f"{address} refuses unsigned requests")
    elif b"<Error>" in body:
        raise Trouble(Kind.NOT_READY, f"{address} answers with HTTP {status}: {notes.said(body)}")
    else:
        raise Trouble(Kind.WRONG_PROTOCOL, f"{address} answers HTTP {status}, but not as S3 does")
    notes.found(Level.SPEAKS, f"{address} speaks S3")


def _plain(notes: Notes, path: str) -> tuple[int, bytes]:
    """Return the status and the first bytes of the answer to an unsigned GET."""
    scheme = "https" if notes.target.tls is not None else "http"
    url = f"{scheme}://{notes.target.address}{path}"
    try:
        with (
            _pool(notes.line) as pool,
            closing(pool.request("GET", url, preload_content=False, redirect=False)) as response,
        ):
            return response.status, response.read(4096)
    except HTTPError as error:
        raise notes.line.explain(error, Kind.ODD) from None


def _log_in(notes: Notes, credentials: Credentials, bucket: str, live_path: str, *, allow_writes: bool) -> None:
    with notes.logging_in(credentials):
        _said(notes, credentials, _signed)
    if notes.ok(Level.LOGS_IN):
        with notes.asking(Level.USABLE):
            _use(notes, credentials, bucket, live_path, allow_writes=allow_writes)


def _signed(client: minio.Minio) -> None:
    """Send a signed request; a key that may not list all buckets is a good key all the same."""
    try:
        client.list_buckets()
    except S3Error as error:
        if error.code != "AccessDenied":
            raise


def _use(notes: Notes, credentials: Credentials, bucket: str, live_path: str, *, allow_writes: bool) -> None:
    address = notes.target.address
    status, _ = _plain(notes, live_path)
    if status != 200:
        kind = Kind.NOT_READY if status >= 500 else Kind.UNUSABLE
        raise Trouble(kind, f"{address}{live_path} answers HTTP {status} where 200 is promised")
    if not _said(notes, credentials, lambda client: client.bucket_exists(bucket)):
        raise Trouble(Kind.UNUSABLE, f"{address} has no bucket {bucket}; create it, or look at which one is configured")
    detail: dict[str, Value] = {"bucket": bucket, "wrote": allow_writes}
    detail |= _noted(notes, credentials, bucket)
    if allow_writes:
        try:
            _said(notes, credentials, lambda client: _round_trip(notes, client, bucket))
        except Trouble as trouble:
            if trouble.kind is not Kind.UNAUTHORIZED:
                raise
            raise Trouble(
                Kind.UNUSABLE, f"{address} lets nothing be stored in bucket {bucket}: {trouble.words}"
            ) from None
    done = "stores, returns and deletes an object in" if allow_writes else "has"
    notes.found(Level.USABLE, f"{address} is live and {done} bucket {bucket}", **detail)


def _noted(notes: Notes, credentials: Credentials, bucket: str) -> dict[str, Value]:
    """Return region and versioning where this key may ask for them; they are noted, not judged."""
    try:
        versioning = _said(notes, credentials, lambda client: client.get_bucket_versioning(bucket).status)
    except Trouble as trouble:
        if trouble.kind is Kind.TIMED_OUT:
            raise
        return {"versioning": "not told"}
    region = _said(notes, credentials, lambda client: client._get_region(bucket))  # noqa: SLF001 - it has no public name
    return {"versioning": notes.said(versioning or "off", 20), "region": notes.said(region, 40)}


def _round_trip(notes: Notes, client: minio.Minio, bucket: str) -> None:
    name, data = f"cx-conformance/{secrets.token_hex(8)}", secrets.token_bytes(64)
    client.put_object(bucket, name, io.BytesIO(data), len(data))
    try:
        response = client.get_object(bucket, name)
        try:
            same = response.read() == data
        finally:
            response.close()
            response.release_conn()
    finally:
        client.remove_object(bucket, name)
    if not same:
        raise Trouble(Kind.ODD, f"{notes.target.address} gives back another object than was stored")


def _wrong(notes: Notes) -> str:
    nobody = Credentials(username=PROBE_USER, password=SecretStr(secrets.token_urlsafe(18)))
    _said(notes, nobody, lambda client: client.list_buckets())
    return f"key {PROBE_USER} with a random secret may list buckets"


def _said(notes: Notes, credentials: Credentials, ask: Callable[[minio.Minio], T]) -> T:
    """Return what the client returns; raise Trouble in the words of S3."""
    with _pool(notes.line) as pool:
        client = minio.Minio(
            notes.target.address,
            access_key=credentials.username or "",
            secret_key=credentials.password.get_secret_value() if credentials.password else "",
            secure=notes.target.tls is not None,
            http_client=pool,
        )
        try:
            return ask(client)
        except S3Error as error:
            raise _refusal(notes, error) from None
        except (MinioException, HTTPError) as error:
            raise notes.line.explain(error, Kind.ODD) from None


def _refusal(notes: Notes, error: S3Error) -> Trouble:
    address, code, text = notes.target.address, notes.said(error.code, 60), notes.said(error.message)
    if code in _NOT_AUTHORISED:
        return Trouble(Kind.UNAUTHORIZED, f"S3 says: {code}: {text}")
    if code == "RequestTimeTooSkewed":
        return Trouble(Kind.UNAUTHORIZED, f"S3 says: {code}: the clocks of this machine and of the store differ")
    if code in _NOT_READY:
        return Trouble(Kind.NOT_READY, f"{address} is not ready: {code}: {text}")
    return Trouble(Kind.ODD, f"{address} answers with an error: {code}: {text}")


def _pool(line: Line) -> urllib3.PoolManager:
    """Return a pool whose connections are those of the line, signed and verified for the promised name."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return line.dial()

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return line.dial()

        def connect(self) -> None:
            super().connect()
            if self.sock is not None:
                line.watch(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    target = line.target
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=target.limits.connect_s, read=line.patience()),
        retries=False,
        ssl_context=line.context() if target.tls is not None else None,
        assert_hostname=None if target.tls is None or target.tls.check_hostname else False,
    )
    pool.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return pool

"""S3 as MinIO serves it, asked by the minio client.

Facts: the health endpoint is https://min.io/docs/minio/linux/operations/monitoring/healthcheck-probe.html.
"""

import secrets
from contextlib import closing

from pydantic import SecretStr
from urllib3.exceptions import HTTPError

from cx_conformance.probes.stores.minio_s3 import S3Error, minio
from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation, Value
from cx_conformance.probes.stores.s3_client import asked, pool
from cx_conformance.probes.stores.s3_object import pass_object_through
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.trouble import Kind, Trouble

_LIVE, _CLUSTER = "/health/live", "/health/cluster"
"""https://min.io/docs/minio/linux/operations/monitoring/healthcheck-probe.html; the latter tells of write quorum."""


def observe(
    target: Target,
    credentials: Credentials | None = None,
    *,
    bucket: str | None = "default",
    live_path: str | None = "/minio/health/live",
    allow_writes: bool = False,
) -> StoreObservation:
    """Ask an S3 server; the access key is the credentials' user name.

    Without ``allow_writes`` the bucket is only looked at; with it a small object is put, got and deleted. None for the
    bucket, or for the path that says that it is live: no such thing is promised.
    """
    with noting("s3", target, credentials) as notes:
        if notes.reach():
            _ask(notes, bucket, live_path, allow_writes=allow_writes)
        return notes.observation()


def _ask(notes: Notes, bucket: str | None, live_path: str | None, *, allow_writes: bool) -> None:
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
    status, body, _ = _plain(notes, "/")
    if b"<ListAllMyBucketsResult" in body:
        words = f"{address} lists its buckets to anybody; take the anonymous policy away"
        notes.failed(Level.REFUSES_ANONYMOUS, Kind.OPEN, words)
    elif b"<Error>" in body and status in {401, 403}:
        notes.found(Level.REFUSES_ANONYMOUS, f"{address} refuses unsigned requests")
    elif b"<Error>" in body:
        raise Trouble(Kind.NOT_READY, f"{address} answers with HTTP {status}: {notes.said.sentence(body)}")
    else:
        raise Trouble(Kind.WRONG_PROTOCOL, f"{address} answers HTTP {status}, but not as S3 does")
    notes.found(Level.SPEAKS, f"{address} speaks S3")


def _plain(notes: Notes, path: str) -> tuple[int, bytes, str]:
    """Return the status, the first bytes, and the drives that must take a write, of the answer to an unsigned GET."""
    scheme = "https" if notes.target.tls is not None else "http"
    url = f"{scheme}://{notes.target.address}{path}"
    try:
        with (
            pool(notes.line) as connections,
            closing(connections.request("GET", url, preload_content=False, redirect=False)) as response,
        ):
            return response.status, response.read(4096), response.headers.get("x-minio-write-quorum", "")
    except HTTPError as error:
        raise notes.line.explain(error, Kind.ODD) from None


def _log_in(
    notes: Notes, credentials: Credentials, bucket: str | None, live_path: str | None, *, allow_writes: bool
) -> None:
    with notes.logging_in(credentials):
        notes.line.tried(lambda: asked(notes.line, credentials, _signed))
    if notes.ok(Level.LOGS_IN):
        with notes.asking(Level.USABLE, of_account=True):
            _use(notes, credentials, bucket, live_path, allow_writes=allow_writes)


def _signed(client: minio.Minio) -> None:
    """Send a signed request; a key that may not list all buckets is a good key all the same."""
    try:
        client.list_buckets()
    except S3Error as error:
        if error.code != "AccessDenied":
            raise


def _use(
    notes: Notes, credentials: Credentials, bucket: str | None, live_path: str | None, *, allow_writes: bool
) -> None:
    address = notes.target.address
    status = 200 if live_path is None else notes.line.tried(lambda: _plain(notes, live_path))[0]
    if status != 200:
        kind = Kind.NOT_READY if status >= 500 else Kind.UNUSABLE
        raise Trouble(kind, f"{address}{live_path} answers HTTP {status} where 200 is promised")
    _takes_writes(notes, live_path)
    if bucket is None:
        notes.found(Level.USABLE, f"{address} is live, as far as that is promised; no bucket is")
        return
    if not notes.line.tried(lambda: asked(notes.line, credentials, lambda client: client.bucket_exists(bucket))):
        raise Trouble(Kind.UNUSABLE, f"{address} has no bucket {bucket}; create it, or look at which one is configured")
    detail: dict[str, Value] = {"bucket": bucket}
    detail |= _noted(notes, credentials, bucket)
    if allow_writes:
        pass_object_through(notes, credentials, bucket)
    done = "stores, returns and deletes an object in" if allow_writes else "has"
    notes.found(Level.USABLE, f"{address} is live and {done} bucket {bucket}", **detail)


def _takes_writes(notes: Notes, live_path: str | None) -> None:
    """Raise Trouble for a MinIO with too few drives online to write, which lists, reads and is live all the same.

    Of a single drive, on which nothing depends, versions of summer 2022 say that, too
    (https://github.com/minio/minio/pull/15415); others that speak S3 do not know the path.
    """
    if live_path is None or not live_path.endswith(_LIVE):
        return
    path = live_path.removesuffix(_LIVE) + _CLUSTER
    told = notes.optional("whether enough drives are online", lambda: _plain(notes, path))
    status, _, quorum = told or (0, b"", "")
    if status == 503 and quorum.isascii() and quorum.isdigit() and int(quorum) > 1:
        words = f"too few of its drives are online to write: {quorum} of each set are needed"
        raise Trouble(Kind.UNUSABLE, f"{notes.target.address}: {words} ({path} answers HTTP 503)")


def _noted(notes: Notes, credentials: Credentials, bucket: str) -> dict[str, Value]:
    """Return region and versioning where this key may ask for them; they are noted, not judged."""
    versioning = notes.optional(
        f"whether bucket {bucket} keeps versions",
        lambda: asked(notes.line, credentials, lambda client: client.get_bucket_versioning(bucket).status or "off"),
    )
    if versioning is None:
        return {"versioning": "not told"}
    region = notes.optional(
        f"the region of bucket {bucket}",
        lambda: asked(notes.line, credentials, lambda client: client._get_region(bucket)),  # noqa: SLF001 - it has no public name
    )
    return {"versioning": notes.said(versioning, 20), "region": notes.said(region or "not told", 40)}


def _wrong(notes: Notes) -> str:
    nobody = Credentials(username=PROBE_USER, password=SecretStr(secrets.token_urlsafe(18)))
    asked(notes.line, nobody, lambda client: client.list_buckets())
    return f"key {PROBE_USER} with a random secret may list buckets"

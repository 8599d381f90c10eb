"""A bucket of an S3 server, MinIO or another, in which reports are kept; asked by the minio client.

Error codes are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, the names of environment
variables those of https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html.
"""

import io
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import SecretStr

from cx_conformance.blueprint.site import Publishing
from cx_conformance.cluster.references import NoSuchValue, References
from cx_conformance.objects.secrecy import mask_line
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.reports.nights.bucket_place import Place
from cx_conformance.wire.authorities import trusting
from cx_conformance.wire.bounds import SMALL
from cx_conformance.wire.connections import Bound, burning, watched
from cx_conformance.wire.counted import CountedTls
from cx_conformance.wire.fuse import Fuse
from cx_conformance.wire.whole_file import text_of

if TYPE_CHECKING:
    from minio import Minio
    from minio.datatypes import Object

CONNECT_S: Final = 5.0
ANSWER_S: Final = 20.0
WHOLE_S: Final = 60.0
"""How long all that one run asks of the bucket may take together."""
_LARGEST: Final = 32 << 20
"""Bytes of an object that is read."""
_MOST_NAMES: Final = 100_000

_REGION: Final = (
    "; as no region is named, the server is first asked for the bucket's: the account needs s3:GetBucketLocation, or"
    " name the region (AWS_REGION, or `region` under `publish`)"
)

AMAZON: Final = "https://s3.amazonaws.com"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".prom": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
}
_OTHER: Final = "application/octet-stream"


class BucketRefused(Exception):  # noqa: N818 - what happened
    """Something could not be stored, read or deleted; the text says what, why and what to do."""


class Access(Struct, frozen=True, kw_only=True):
    """Where the server is, and who asks."""

    endpoint: str
    """``https://host:port``."""
    access_key: SecretStr
    secret_key: SecretStr
    session_token: SecretStr | None = None
    ca_pem: str | None = None
    """None: the system's authorities."""
    region: str | None = None
    """None: the server is asked."""


def access_of_environment(environment: Mapping[str, str] = os.environ) -> Access:
    """Return what the variables say that every S3 client reads; raises BucketRefused for what lacks."""
    lacks = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not environment.get(name)]
    if lacks:
        raise BucketRefused(
            f"the environment lacks {' and '.join(lacks)}; set them, or name the account under `publish` in the site"
            " file"
        )
    authorities = environment.get("AWS_CA_BUNDLE")
    try:
        ca_pem = text_of(Path(authorities)) if authorities else None
    except (OSError, UnicodeDecodeError):
        raise BucketRefused(f"AWS_CA_BUNDLE names {authorities}, which cannot be read") from None
    token = environment.get("AWS_SESSION_TOKEN")
    return Access(
        endpoint=environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or AMAZON,
        access_key=SecretStr(environment["AWS_ACCESS_KEY_ID"]),
        secret_key=SecretStr(environment["AWS_SECRET_ACCESS_KEY"]),
        session_token=SecretStr(token) if token else None,
        ca_pem=ca_pem,
        region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"),
    )


def access_of_site(given: Publishing, references: References) -> Access:
    """Return what the site file refers to; raises BucketRefused for what is not there or may not be read."""
    try:
        ca = references.value(given.ca, "") if given.ca else None
        return Access(
            endpoint=given.endpoint,
            access_key=references.value(given.access_key, ""),
            secret_key=references.value(given.secret_key, ""),
            ca_pem=ca.get_secret_value() if ca else None,
            region=given.region,
        )
    except (NoSuchValue, CouldNotLook) as reason:
        raise BucketRefused(f"what `publish` in the site file refers to cannot be read: {reason}") from None


class Bucket:
    """Stores, reads and deletes below one place; every name is relative to it."""

    def __init__(self, place: Place, access: Access, seconds: float = WHOLE_S) -> None:
        """Ask the server of ``access``, for ``seconds`` in all; nothing is sent yet.

        Raises BucketRefused for an endpoint that is none.
        """
        self.place = place
        self._access = access
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._bound = Bound()
        self._client = self._made()

    def store(self, path: Path, name: str) -> None:
        """Store a file of this machine; raises BucketRefused."""
        kind = _TYPES.get(path.suffix, _OTHER)
        with self._in_words("store", name), path.open("rb") as file:
            self._client.put_object(
                self.place.bucket, self.place.prefix + name, file, path.stat().st_size, content_type=kind
            )

    def write(self, content: bytes, name: str) -> None:
        """Store some bytes; raises BucketRefused."""
        kind = _TYPES.get(Path(name).suffix, _OTHER)
        with self._in_words("store", name):
            self._client.put_object(
                self.place.bucket, self.place.prefix + name, io.BytesIO(content), len(content), content_type=kind
            )

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes; None where there is none. Raises BucketRefused."""
        from minio.error import S3Error

        with self._in_words("read", name):
            self._bound.most = _LARGEST
            try:
                answer = self._client.get_object(self.place.bucket, self.place.prefix + name)
            except S3Error as error:
                if error.code == "NoSuchKey":
                    return None
                raise
            try:
                return bytes(answer.read())
            finally:
                self._bound.most = SMALL
                answer.close()
                answer.release_conn()

    def names(self, below: str = "") -> list[str]:
        """Return the names of all objects whose names begin so; raises BucketRefused."""
        with self._in_words("list", below):
            found = self._client.list_objects(self.place.bucket, prefix=self.place.prefix + below, recursive=True)
            return self._relative(found)

    def folders(self) -> list[str]:
        """Return the names that stand before the next ``/``; raises BucketRefused."""
        with self._in_words("list", ""):
            found = self._client.list_objects(self.place.bucket, prefix=self.place.prefix)
            names = self._relative(found)
        return [name.removesuffix("/") for name in names if name.endswith("/")]

    def _relative(self, found: Iterator["Object"]) -> list[str]:
        names = [str(one.object_name).removeprefix(self.place.prefix) for one in islice(found, _MOST_NAMES + 1)]
        if len(names) > _MOST_NAMES:
            raise ValueError(f"it lists more than {_MOST_NAMES:,} objects")
        return names

    def delete(self, name: str) -> None:
        """Delete an object, if it is there; raises BucketRefused."""
        with self._in_words("delete", name):
            self._client.remove_object(self.place.bucket, self.place.prefix + name)

    def _made(self) -> "Minio":
        import urllib3
        from minio import Minio

        parts = urlsplit(self._access.endpoint)
        try:
            context = None
            if parts.scheme == "https":
                context = trusting(self._access.ca_pem)
                context.sslsocket_class = CountedTls
        except ssl.SSLError:
            raise BucketRefused("the certificate authority of the S3 server is no PEM file") from None
        token = self._access.session_token
        pool = watched(
            urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S), retries=False, ssl_context=context
            ),
            self._bound,
        )
        try:
            return Minio(
                parts.netloc,
                access_key=self._access.access_key.get_secret_value(),
                secret_key=self._access.secret_key.get_secret_value(),
                session_token=token.get_secret_value() if token else None,
                secure=parts.scheme == "https",
                region=self._access.region,
                http_client=pool,
            )
        except ValueError:
            raise BucketRefused(
                f"the S3 server's address is {self._access.endpoint}, which is none; write https://HOST:PORT"
            ) from None

    @contextmanager
    def _in_words(self, doing: str, name: str) -> Iterator[None]:
        from minio.error import S3Error

        what = f"could not {doing} {self.place}/{name} at {self._access.endpoint}"
        over = f"{what}: the {self._seconds:g} s are over that all of it may take"
        left = self._ends - time.monotonic()
        if left <= 0:
            raise BucketRefused(over)
        with Fuse(left) as fuse, burning(fuse):
            try:
                yield
            except S3Error as error:
                unknown = self._access.region is None and error.code == "AccessDenied"
                hint = _REGION if unknown else ""
                raise BucketRefused(f"{what}: {error.code}: {mask_line(str(error.message))[:300]}{hint}") from None
            except Exception as error:  # noqa: BLE001 - whatever comes of a server's answer is told in words
                if fuse.burnt:
                    raise BucketRefused(over) from None
                said = mask_line(str(error))[:300] or type(error).__name__
                raise BucketRefused(f"{what}: {said}; see that address and authority are right") from None

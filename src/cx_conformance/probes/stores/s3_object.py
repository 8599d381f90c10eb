"""One small object through a bucket and out again: stored, returned, deleted; deleted also when something fails.

Only asked for by ``--allow-writes``.
"""

import io
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.minio_s3 import S3Error, minio
from cx_conformance.probes.stores.notes import Notes
from cx_conformance.probes.stores.s3_client import asked, refusal
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.probes.stores.trouble import Kind, Trouble, seconds

FOLDER = "cx-conformance"
"""Where the suite's objects stand; an object left there by a run that was killed may be deleted at any time."""

_TO_DELETE_S = 3.0
"""Kept back of the store's time for deleting, so that a slow store is not left with the object."""
_TO_STORE_S = 1.0
"""With less than this nothing is stored at all."""
_PAUSE_S = 1.0
"""Between two tries."""


class _Object(Struct):
    """The object; ``stored`` None means that nobody knows: the answer to its storing was lost."""

    name: str
    stored: bool | None = False
    version: str | None = None


def pass_object_through(notes: Notes, credentials: Credentials, bucket: str) -> None:
    """Store, get and delete an object in ``bucket``, and note that; raises Trouble for what fails of it."""
    line, address = notes.line, notes.target.address
    left = line.remaining() - _TO_DELETE_S
    if left < _TO_STORE_S:
        needed = seconds(_TO_DELETE_S + _TO_STORE_S)
        raise Trouble(Kind.GAVE_UP, f"nothing was stored in {address}: less than {needed} were left to delete it again")
    made, data = _Object(f"{FOLDER}/{secrets.token_hex(8)}"), secrets.token_bytes(64)
    try:
        with _line(line, left) as storing:
            same = _patiently(
                storing,
                lambda: asked(
                    storing, credentials, lambda client: _stored_and_returned(storing, client, bucket, made, data)
                ),
            )
    except Trouble as trouble:
        if trouble.kind is not Kind.UNAUTHORIZED:
            raise
        words = f"{address} lets nothing be stored in bucket {bucket}: {trouble.words}"
        raise Trouble(Kind.UNUSABLE, words) from None
    finally:
        if made.stored is not False:
            _delete(notes, credentials, bucket, made)
    if not same:
        raise Trouble(Kind.ODD, f"{address} gives back another object than was stored")


def _patiently(line: Line, store: Callable[[], bool]) -> bool:
    """Store again while the server says that it is not ready, as every S3 client does."""
    while True:
        try:
            return store()
        except Trouble as trouble:
            if trouble.kind is not Kind.NOT_READY or line.remaining() < 2 * _PAUSE_S:
                raise
        time.sleep(_PAUSE_S)


@contextmanager
def _line(line: Line, total_s: float) -> Iterator[Line]:
    """Give a line to the same store with a deadline of its own."""
    target = line.target
    own = Line(replace(target, limits=replace(target.limits, total_s=total_s)), line.said)
    try:
        yield own
    finally:
        own.close()


def _stored_and_returned(line: Line, client: minio.Minio, bucket: str, made: _Object, data: bytes) -> bool:
    made.stored = None
    try:
        made.version = client.put_object(bucket, made.name, io.BytesIO(data), len(data)).version_id
    except S3Error as error:
        made.stored = False
        raise refusal(line, error) from None
    made.stored = True
    response = client.get_object(bucket, made.name)
    try:
        return bool(response.read() == data)
    finally:
        response.close()
        response.release_conn()


def _delete(notes: Notes, credentials: Credentials, bucket: str, made: _Object) -> None:
    """Delete the object and every version of it; raises Trouble that names it when that fails."""
    what = f"object {made.name} in bucket {bucket}"
    try:
        with _line(notes.line, _TO_DELETE_S) as deleting:
            asked(deleting, credentials, lambda client: _deleted(client, bucket, made))
    except Trouble as trouble:
        notes.wrote(f"{what}: stored, and perhaps left there")
        words = f"{notes.target.address} may still hold {what}, which could not be deleted ({trouble.words}); delete it"
        raise Trouble(Kind.UNUSABLE, words) from None
    notes.wrote(f"{what}: stored, read, deleted" if made.stored else f"{what}: stored, deleted")


def _deleted(client: minio.Minio, bucket: str, made: _Object) -> None:
    client.remove_object(bucket, made.name, version_id=made.version)
    if made.version is None and client.get_bucket_versioning(bucket).status == "Enabled":
        # Its version is not known, so that only a marker was put upon it.
        for one in client.list_objects(bucket, prefix=made.name, include_version=True):
            client.remove_object(bucket, made.name, version_id=one.version_id)

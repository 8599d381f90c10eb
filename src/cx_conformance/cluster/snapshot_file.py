"""A snapshot as one file, to be audited where the cluster is not.

It holds no Secret's value, for none is ever in a record, and of ConfigMaps only what may be shown. Certificates are
public. The file names its schema; one that another version wrote differently is refused rather than guessed at.
"""

import base64
import gzip
import io
import os
import tempfile
import zlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import ValidationError, convert, to_builtins

from cx_conformance.api.allocation import without_collection
from cx_conformance.api.identity import ClusterIdentity
from cx_conformance.api.refusal import Refusal
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.cluster.snapshot_record import Listing, SeenSecret, Snapshot
from cx_conformance.objects.config import SecretMetadata
from cx_conformance.wire.whole_file import NobodyWrites, TooLarge, bytes_of

if TYPE_CHECKING:
    from cx_conformance.objects.metadata import ApiObject

MOST: Final = 512 << 20
"""Bytes of a snapshot that is read, unpacked; one of 1,000 components has some 30 MiB."""
SCHEMA = "cx-conformance/snapshot/1"

_KINDS_BY_NAME = {kind.name: kind.record for kind in KINDS.values()}
_GZIP_MAGIC = b"\x1f\x8b"


class SnapshotFileError(ValueError):
    """The file is no snapshot that this version can read; the text names the file and what to do."""


def save(snapshot: Snapshot, path: Path | str) -> None:
    """Write ``snapshot`` to ``path``, compressed when the name ends in ``.gz``; whole or not at all.

    Only its owner may read the file. Raises OSError.
    """
    import orjson

    path = Path(path)
    body = orjson.dumps(to_builtins(_document(snapshot)), option=orjson.OPT_INDENT_2)
    if path.suffix == ".gz":
        # Without the time, equal snapshots make equal files.
        body = gzip.compress(body, mtime=0)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _document(snapshot: Snapshot) -> dict[str, Any]:
    groups = snapshot.groups
    return {
        "schema": SCHEMA,
        "namespaces": snapshot.namespaces,
        "identity": snapshot.identity,
        "taken_at": snapshot.taken_at,
        "clock_skew": snapshot.clock_skew,
        "seconds": snapshot.seconds,
        "requests": snapshot.requests,
        "retries": dict(snapshot.retries),
        "groups": None if isinstance(groups, Refusal) else dict(groups),
        "groups_refusal": groups if isinstance(groups, Refusal) else None,
        "listings": {
            KINDS[record].name: {
                "records": listing.records,
                "scope": None if listing.scope is None else sorted(listing.scope),
                "refusal": listing.refusal,
                "refusals": dict(listing.refusals),
            }
            for record, listing in snapshot.listings.items()
        },
        "secrets": [
            {
                "namespace": namespace,
                "name": name,
                "metadata": seen.metadata,
                "certificate": None if seen.certificate is None else base64.b64encode(seen.certificate).decode(),
                "certificate_looked_at": seen.certificate_looked_at,
                "key_fits": seen.key_fits,
                "keys": None if seen.keys is None else sorted(seen.keys),
                "authorities": sorted(seen.authorities),
                "refusal": seen.refusal,
            }
            for (namespace, name), seen in snapshot.secrets.items()
        ],
    }


def load(path: Path | str) -> Snapshot:
    """Read the snapshot that ``save`` wrote; it answers as the live one did, refusals included.

    Raises SnapshotFileError.
    """
    import orjson

    path = Path(path)
    try:
        document = orjson.loads(_unpacked(bytes_of(path, MOST), path))
    except (TooLarge, NobodyWrites) as error:
        raise SnapshotFileError(f"snapshot {path} {error.strerror}") from None
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile):
        raise SnapshotFileError(f"{path} is no snapshot: it is no JSON, or breaks off; save it again") from None
    except OSError as error:
        raise SnapshotFileError(f"snapshot {path} cannot be read: {error.strerror or error}") from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise SnapshotFileError(
            f"{path} is no snapshot of this version: its schema is {schema!r}, wanted is {SCHEMA!r}; "
            "save it again with `cx-conformance snapshot -o FILE`"
        )
    try:
        with without_collection():
            return _snapshot(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        where = f": {error}".replace("`", "") if isinstance(error, ValidationError) else ""
        raise SnapshotFileError(f"snapshot {path} is damaged{where}; save it again") from None


def _unpacked(body: bytes, path: Path) -> bytes:
    if not body.startswith(_GZIP_MAGIC):
        return body
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
        content = packed.read(MOST + 1)
    if len(content) > MOST:
        raise TooLarge(path, MOST)
    return content


def _snapshot(document: dict[str, Any]) -> Snapshot:
    listings: dict[type[ApiObject], Listing] = {}
    for name, source in document["listings"].items():
        record = _KINDS_BY_NAME[name]
        listings[record] = Listing(
            records=convert(source["records"], tuple[record, ...]),  # type: ignore[valid-type] # of this kind
            scope=None if source["scope"] is None else frozenset(source["scope"]),
            refusal=convert(source["refusal"], Refusal | None),
            refusals=convert(source["refusals"], dict[str, Refusal]),
        )
    refused_groups = document["groups_refusal"]
    return Snapshot(
        namespaces=convert(document["namespaces"], tuple[str, ...]),
        identity=convert(document["identity"], ClusterIdentity),
        listings=listings,
        secrets={
            (source["namespace"], source["name"]): SeenSecret(
                metadata=convert(source["metadata"], SecretMetadata | None),
                certificate=None if source["certificate"] is None else base64.b64decode(source["certificate"]),
                certificate_looked_at=convert(source["certificate_looked_at"], bool),
                key_fits=convert(source.get("key_fits"), bool | None),  # files of earlier versions do not say
                keys=convert(source.get("keys"), frozenset[str] | None),
                authorities=convert(source.get("authorities", []), frozenset[str]),
                refusal=convert(source["refusal"], Refusal | None),
            )
            for source in document["secrets"]
        },
        groups=convert(refused_groups, Refusal)
        if refused_groups
        else convert(document["groups"], dict[str, tuple[str, ...]]),
        taken_at=convert(document["taken_at"], datetime),
        clock_skew=convert(document["clock_skew"], float | None),
        seconds=convert(document["seconds"], float),
        requests=convert(document["requests"], int),
        retries=convert(document["retries"], dict[str, int]),
    )

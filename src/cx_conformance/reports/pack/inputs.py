"""Blueprint and site file as they were used, kept beside the report."""

import hashlib
from pathlib import Path
from typing import Final

from cx_conformance.blueprint.extending import EXTENDS, read
from cx_conformance.blueprint.problems import InputProblems
from cx_conformance.blueprint.writing import written_plain
from cx_conformance.blueprint.yaml_text import MAX_BYTES
from cx_conformance.outcome.record import Input
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import replacing
from cx_conformance.wire.whole_file import bytes_of

_WHOLE: Final = (
    "{name} {version}, whole: put together of the files that it is written in, each a difference from the one before.",
    "Of the bytes of all these files the sha256 is {sha256}: that is what report.json says.",
)


def keep_input(used: Input, target: Path, *, scrubber: Scrubber, there: Path, earlier: str | None) -> bool:
    """Copy the file that a run was made from to ``target``; return whether it is there as it was used.

    A file that extends others, as every release but the first does, is written as one whole.

    It is not there where the file has been changed or removed since, holds a known secret, or where its place ``there``
    is somebody else's: neither what was used nor the copy of an earlier run, whose hash is ``earlier``. Raises
    ReportNotWritten.
    """
    if not used.path or not used.sha256:
        return False
    try:
        present = there.read_bytes() if there.is_file() else None
        content = _as_used(used)
    except OSError:
        return False
    if present is not None and _hash(present) == used.sha256:
        content = present
    elif present is not None and _hash(present) != earlier:
        return False
    if content is None:
        return False
    text = content.decode("utf-8", "surrogateescape")
    if content != present and scrubber.scrub(text) != text:
        return False
    with replacing(target) as file:
        file.write(content)
    return True


def _as_used(used: Input) -> bytes | None:
    """Return the file's bytes, or one document of it and all that it extends; None: it is another by now."""
    content = bytes_of(Path(used.path), MAX_BYTES)
    if _hash(content) == used.sha256:
        return content
    try:
        tree, raw = read(Path(used.path))
    except InputProblems:
        return None
    if _hash(raw) != used.sha256 or not isinstance(tree.data, dict):
        return None
    document = {key: said for key, said in tree.data.items() if key != EXTENDS}
    remarks = (one.format(name=used.name, version=used.version, sha256=used.sha256) for one in _WHOLE)
    return written_plain(document, remarks).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

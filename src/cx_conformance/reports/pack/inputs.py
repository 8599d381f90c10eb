"""Blueprint and site file as they were used, kept beside the report."""

import hashlib
from pathlib import Path

from cx_conformance.outcome.record import Input
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import replacing


def keep_input(used: Input, target: Path, *, scrubber: Scrubber, there: Path, earlier: str | None) -> bool:
    """Copy the file that a run was made from to ``target``; return whether it is there as it was used.

    It is not where the file has been changed or removed since, holds a known secret, or where its place ``there`` is
    somebody else's: neither what was used nor the copy of an earlier run, whose hash is ``earlier``. Raises
    ReportNotWritten.
    """
    if not used.path or not used.sha256:
        return False
    try:
        present = there.read_bytes() if there.is_file() else None
        content = Path(used.path).read_bytes()
    except OSError:
        return False
    if present is not None and _hash(present) == used.sha256:
        content = present
    elif present is not None and _hash(present) != earlier:
        return False
    text = content.decode("utf-8", "surrogateescape")
    if _hash(content) != used.sha256 or (content != present and scrubber.scrub(text) != text):
        return False
    with replacing(target) as file:
        file.write(content)
    return True


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""Blueprint and site file as they were used, kept beside the report."""

import hashlib
from pathlib import Path

from cx_conformance.outcome.record import Input
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import replacing


def keep_input(used: Input, target: Path, scrubber: Scrubber, earlier: str | None) -> bool:
    """Copy the file that a run was made from to ``target``; return whether it is there as it was used.

    It is not where the file has been changed or removed since, holds a known secret, or where ``target`` is somebody
    else's: neither what was used nor the copy of an earlier run, whose hash is ``earlier``. Raises ReportNotWritten.
    """
    if not used.path or not used.sha256:
        _remove(target, earlier)
        return False
    try:
        content = Path(used.path).read_bytes()
        there = target.read_bytes() if target.exists() else None
    except OSError:
        return False
    if there is not None and _hash(there) == used.sha256:
        return True
    text = content.decode("utf-8", "surrogateescape")
    if _hash(content) != used.sha256 or scrubber.scrub(text) != text or (there is not None and _hash(there) != earlier):
        _remove(target, earlier)
        return False
    with replacing(target) as file:
        file.write(content)
    return True


def _remove(target: Path, earlier: str | None) -> None:
    """Take away the copy of an earlier run: beside this one's report it would be taken for its input."""
    if earlier is not None and target.is_file() and _hash(target.read_bytes()) == earlier:
        target.unlink()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

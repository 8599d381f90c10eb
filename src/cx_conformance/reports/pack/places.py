"""The one way from a name to a file of a pack: what a server calls something never leads outside."""

import hashlib
import re
from pathlib import Path
from typing import Final

from cx_conformance.reports.writing import ReportNotWritten, not_written

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9._-]*)")
_LONGEST: Final = 150
"""Bytes of one name; file systems take 255, and a temporary name is longer."""


def file_name(name: str) -> str:
    """Return ``name`` as one part of a path: everything but letters, digits, dots, - and _ as ``%41`` is in a URL.

    A name that begins with a dot, is empty or too long is no part of a path either; two names never become one.
    """
    quoted = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else _percent(one) for one in name)
    if quoted.startswith("."):
        quoted = f"%2E{quoted[1:]}"
    if len(quoted) <= _LONGEST and quoted:
        return quoted
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{quoted[: _LONGEST - 18]}~{digest}"


def _percent(one: str) -> str:
    return "".join(f"%{byte:02X}" for byte in one.encode("utf-8", "surrogatepass"))


def place_in(folder: Path, *names: str) -> Path:
    """Return the file of these names, whoever chose them, below ``folder``; raises ReportNotWritten."""
    return within(folder, *map(file_name, names))


def within(folder: Path, *parts: str) -> Path:
    """Return the file ``folder``/``parts``, its own folders made; raises ReportNotWritten.

    No part of it is a symbolic link: somebody else may have put that there to lead elsewhere.
    """
    path = folder
    try:
        for number, part in enumerate(parts):
            if part in ("", ".", "..") or "/" in part or "\0" in part:
                raise ReportNotWritten(f"could not write {path}: {part!r} is no name of a file")
            path /= part
            if path.is_symlink():
                raise ReportNotWritten(f"could not write {path}: it is a symbolic link; take it away")
            if number < len(parts) - 1:
                path.mkdir(exist_ok=True)
    except OSError as reason:
        raise not_written(path, reason) from reason
    return path

"""The one way from a name to a file of a pack: what a server calls something never leads outside."""

import hashlib
import os
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
    """Return the file of these names below ``folder``, its own folders made; raises ReportNotWritten.

    No part of it is a symbolic link: somebody else may have put that there to lead elsewhere.
    """
    path = folder
    try:
        for number, name in enumerate(names):
            path /= file_name(name)
            if number < len(names) - 1:
                path.mkdir(exist_ok=True)
            if path.is_symlink():
                raise ReportNotWritten(f"could not write {path}: it is a symbolic link; take it away")
    except OSError as reason:
        raise not_written(path, reason) from reason
    if Path(os.path.normpath(path)) != path or not path.is_relative_to(folder):
        raise AssertionError(f"{path} leads outside of {folder}")
    return path

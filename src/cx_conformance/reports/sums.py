"""``SHA256SUMS``: one line a file, as ``sha256sum --check`` reads it."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cx_conformance.reports.file_names import EVIDENCE, SUMMED, SUMS
from cx_conformance.reports.writing import not_written, replacing

_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")


class UnreadableSums(ValueError):  # noqa: N818 - what is wrong with the file
    """``SHA256SUMS`` cannot be read; the text says which line and why."""


def sha256(path: Path) -> str:
    """Return the hash of a file's bytes, in hex; OSError when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def summed(directory: Path) -> list[str]:
    """Return the names of the pack's files that are there, those that everything hangs on first."""
    here = [name for name in SUMMED if (directory / name).is_file()]
    evidence = sorted(path for path in (directory / EVIDENCE).rglob("*") if path.is_file())
    return [*here, *(path.relative_to(directory).as_posix() for path in evidence)]


def write_sums(directory: Path) -> bool:
    """Write the sums of what is there; return whether they differ from those before. Raises ReportNotWritten."""
    path = directory / SUMS
    try:
        text = _text({name: sha256(directory / name) for name in summed(directory)})
        if path.exists() and path.read_bytes() == text:
            return False
    except OSError as reason:
        raise not_written(path, reason) from reason
    with replacing(path) as file:
        file.write(text)
    return True


def write_listed(path: Path, sums: Mapping[str, str]) -> None:
    """Write ``sums`` in the order of the pack's files. Raises ReportNotWritten."""
    order = {name: place for place, name in enumerate(SUMMED)}
    listed = sorted(sums.items(), key=lambda one: (order.get(one[0], len(order)), one[0]))
    with replacing(path) as file:
        file.write(_text(dict(listed)))


def read_sums(directory: Path) -> dict[str, str]:
    """Return the hash of each file by its name.

    OSError when it cannot be read, UnreadableSums for a line that is none, a name twice, or one outside the pack.
    """
    path = directory / SUMS
    found: dict[str, str] = {}
    content = path.read_bytes()
    for number, line in enumerate(content.decode("utf-8", "backslashreplace").removesuffix("\n").split("\n"), start=1):
        matched = _LINE.fullmatch(line)
        if matched is None:
            raise UnreadableSums(f"{path}:{number} is no line of sums: a hash, two blanks and a name are")
        digest, name = matched.groups()
        if name.startswith("/") or ".." in Path(name).parts:
            raise UnreadableSums(f"{path}:{number}: {name!r} lies outside the pack")
        if name in found:
            raise UnreadableSums(f"{path}:{number}: {name} is listed twice")
        found[name] = digest
    if _text(found) != content:
        raise UnreadableSums(
            f"{path} is not as it is written: one line feed ends each line, and nothing else stands there"
        )
    return found


def _text(sums: Mapping[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode("utf-8")


def listed(directory: Path) -> dict[str, str]:
    """Return what an earlier pack in ``directory`` lists; nothing where there is none that can be read."""
    try:
        return read_sums(directory)
    except (OSError, UnreadableSums):
        return {}

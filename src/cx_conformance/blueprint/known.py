"""The releases of the platform that ship with the suite: names, files, and which one judges what lies between."""

import re
from pathlib import Path
from typing import Final

PAGE: Final = "4.5.3"
"""The release that the vendor's page documents; it stands in the file ``blueprint.yaml``."""
KNOWN: Final = (PAGE, "4.7", "4.9", "4.10", "5.0", "5.1")
"""Every release that is described, the oldest first."""

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_VERSION: Final = re.compile(r"v?(\d{1,6}(?:\.\d{1,6}){0,3})(?:[-+_].*)?")


def release_file(name: str, page: Path | None = None) -> Path:
    """Return the file that describes the release called ``name``; ``page`` is that of the page's, where it is known.

    Raises KeyError for a name that is not in ``KNOWN``.
    """
    if name not in KNOWN:
        raise KeyError(name)
    if name == PAGE:
        installed = _PACKAGE / "suite" / "blueprint.yaml"
        return page or (installed if installed.is_file() else _PACKAGE.parent.parent / "blueprint.yaml")
    return _PACKAGE / "blueprint" / "releases" / f"{name}.yaml"


def nearest(version: str) -> str:
    """Return the release by which ``version`` is judged: the last one that is not newer, or else the oldest.

    >>> nearest("4.8.1"), nearest("5.2"), nearest("4.10.6")
    ('4.7', '5.1', '4.10')

    Raises ValueError, with what is known, when ``version`` is no version.
    """
    numbers = _numbers(version)
    if not numbers:
        raise ValueError(
            f"{version[:40]!r} is not a release; known are {', '.join(KNOWN)}, and versions such as 4.10.6"
        )
    return next((name for name in reversed(KNOWN) if _numbers(name)[: len(numbers)] <= numbers), KNOWN[0])


def _numbers(version: str) -> tuple[int, ...]:
    match = _VERSION.fullmatch(version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()

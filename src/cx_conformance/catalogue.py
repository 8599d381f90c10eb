"""Every check of the suite, read from its files without running any."""

import sys
from importlib import import_module

from cx_conformance.outcome.check import AREAS, Check
from cx_conformance.suite_files import suite_root


def all_checks() -> tuple[Check, ...]:
    """Return the checks by ID."""
    root = str(suite_root())
    if root not in sys.path:
        sys.path.insert(0, root)
    found: list[Check] = []
    for area in AREAS:
        if (suite_root() / "checks" / f"{area}.py").exists():
            module = import_module(f"checks.{area}")
            found += [
                one.__check__ for one in vars(module).values() if isinstance(getattr(one, "__check__", None), Check)
            ]
    return tuple(sorted(found, key=lambda check: check.id))

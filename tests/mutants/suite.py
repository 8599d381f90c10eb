"""The tests that name a check: collected once, and run for each mutant that touches it."""

import re
import time
from collections.abc import Callable, Collection
from itertools import zip_longest
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[1] / "checks"
_ASKED_SOONER: Final = frozenset({"test_variations.py", "test_field_variations.py"})
"""What the oracle asks."""
_ID: Final = re.compile(r"\bCX[0-9]{3}\b")
_OPTIONS: Final = ("-s", "-p", "no:terminal", "-o", "addopts=", "-p", "no:cacheprovider")


class Tests:
    """Tests that were collected."""

    def __init__(self, items: Collection[pytest.Item]) -> None:
        """Take what pytest collected, and run it once; raises SystemExit where something fails without a mutant."""
        of_files = {path: _named(path.read_text(encoding="utf-8")) for path in {one.path for one in items}}
        self._checks = {item: _named_by_parameters(item) or of_files[item.path] for item in items}
        seconds = {}
        for item in items:
            begun = time.monotonic()
            if not _passes(item, None):
                raise SystemExit(f"{item.nodeid} fails without any mutation")
            seconds[item] = time.monotonic() - begun
        self._items = sorted(items, key=seconds.__getitem__)

    def pass_for(self, checks: Collection[str]) -> bool:
        """Run those that name one of the checks, the quickest first, until one fails.

        What is run for many checks in turn names them by its parameters; what is not, by its file.
        """
        wanted = [one for one in self._items if not self._checks[one].isdisjoint(checks)]
        return all(_passes(one, following) for one, following in zip_longest(wanted, wanted[1:]))


def with_tests(checks: Collection[str], use: Callable[[Tests], None]) -> None:
    """Collect the tests in files that name one of the checks, and hand them out."""
    files = [
        str(path)
        for path in sorted(FOLDER.glob("test_*.py"))
        if path.name not in _ASKED_SOONER and any(one in path.read_text(encoding="utf-8") for one in checks)
    ]
    pytest.main([*_OPTIONS, *files], plugins=[_Collected(use)])


def _named(text: str) -> frozenset[str]:
    return frozenset(_ID.findall(text))


def _named_by_parameters(item: pytest.Item) -> frozenset[str]:
    called = getattr(item, "callspec", None)
    return _named(repr(called.params)) if called else frozenset()


class _Collected:
    """Takes pytest's place once it has collected."""

    def __init__(self, use: Callable[[Tests], None]) -> None:
        self._use = use

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Hand out the tests instead of running them."""
        self._use(Tests(session.items))
        return True


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return not item.session.testsfailed

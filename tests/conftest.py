"""What holds for all tests."""

import os

import pytest

LONG = "CX_CONFORMANCE_LONG_TESTS"
"""Set by ``tox -e long``: whole runs that repeat, in further circumstances, what the other tests hold too."""


def pytest_configure(config: pytest.Config) -> None:
    """Make every warning an error, here and not in ``tox.ini``: a run on a customer's cluster must not end by one."""
    config.addinivalue_line("filterwarnings", "error")
    # Ten seconds a report, in every test that runs the command; the tests of the paper ask for it themselves.
    os.environ.setdefault("CX_CONFORMANCE_NO_PDF", "1")
    config.addinivalue_line("markers", f"long: a whole run of further circumstances; with {LONG}=1, or by its own name")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, but where it is asked for."""
    if os.environ.get(LONG) or any("::" in one for one in config.args):
        return
    left_out = [one for one in items if one.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [one for one in items if not one.get_closest_marker("long")]

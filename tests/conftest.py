"""What holds for all tests."""

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make every warning an error, here and not in ``tox.ini``: a run on a customer's cluster must not end by one."""
    config.addinivalue_line("filterwarnings", "error")
    # Ten seconds a report, in every test that runs the command; the tests of the paper ask for it themselves.
    os.environ.setdefault("CX_CONFORMANCE_NO_PDF", "1")

"""What holds for all tests."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make every warning an error, here and not in ``tox.ini``: a run on a customer's cluster must not end by one."""
    config.addinivalue_line("filterwarnings", "error")

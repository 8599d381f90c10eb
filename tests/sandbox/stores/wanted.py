"""Servers that a machine may lack: skipped where they are missing, a failure where all are wanted."""

import os

import pytest

ALL_SERVERS = "CX_CONFORMANCE_ALL_SERVERS"


def wanted(missing: str | None) -> None:
    """Skip the test with the reason why a server cannot run here; fail where CX_CONFORMANCE_ALL_SERVERS is 1."""
    if missing is None:
        return
    if os.environ.get(ALL_SERVERS) == "1":
        pytest.fail(f"{missing}, and {ALL_SERVERS}=1 wants every server")
    pytest.skip(missing)

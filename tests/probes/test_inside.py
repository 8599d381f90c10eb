"""testinfra on exec: what it tells of a container, and that it raises where it cannot look."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from cx_conformance.api.exec import runner
from cx_conformance.api.exec_record import ExecLimits
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage, OutOfTime, Unreachable
from cx_conformance.probes.inside import inside
from cx_conformance.probes.sockets import parse
from tests.api.stream_server import StreamServer, recorded, refusing, silent
from tests.probes.containers import PLACE, locally

if TYPE_CHECKING:
    from pathlib import Path


def test_files_are_told(tmp_path: Path) -> None:
    """Existence, kind, content, also with names and bytes that need care."""
    file = tmp_path / "a 'b' $c"
    file.write_bytes(b"caf\xc3\xa9\xff")
    host = inside(locally, PLACE)
    assert host.file(str(file)).is_file
    assert host.file(str(file)).content == b"caf\xc3\xa9\xff"
    assert host.file(str(file)).content_string == "caf\u00e9\ufffd"
    assert not host.file(str(tmp_path / "none")).exists


def test_mounts_and_addresses_are_told() -> None:
    """What testinfra reads from /proc/mounts and getent."""
    host = inside(locally, PLACE)
    assert host.mount_point("/proc").exists
    assert host.mount_point("/proc").filesystem == "proc"
    assert not host.mount_point("/no/such/mount").exists
    assert host.addr("localhost").is_resolvable


@pytest.mark.parametrize(
    ("session", "kind"),
    [("pod that does not exist", NoVantage), ("container restarting", NoVantage), ("forbidden", Forbidden)],
)
def test_a_pod_that_cannot_be_reached_raises_instead_of_answering_no(session: str, kind: type[CouldNotLook]) -> None:
    """The backend that comes with it says False here."""
    with refusing(recorded("exec")[session]) as server:
        host = inside(runner(server.configuration), PLACE)
        with pytest.raises(kind):
            _ = host.file("/etc/passwd").exists
        with pytest.raises(kind):
            _ = host.mount_point("/data").exists
        with pytest.raises(kind):
            _ = host.addr("redis").is_resolvable


def test_an_unreachable_api_server_raises() -> None:
    """Nor is a network that is down a file that is absent."""
    with StreamServer(silent) as server:
        configuration = server.configuration
    with pytest.raises(Unreachable):
        _ = inside(runner(configuration), PLACE).file("/etc/passwd").exists


def test_a_command_that_does_not_end_raises() -> None:
    """A hanging mount ends the look, not the run."""
    with StreamServer(silent) as server:
        host = inside(runner(server.configuration), PLACE, ExecLimits(total_seconds=0.3))
        with pytest.raises(OutOfTime, match=r"in pod expertflow/ef-ccm-0 did not end"):
            _ = host.file("/data").exists


def test_what_is_read_is_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A mounted Secret may be among it."""
    (tmp_path / "password").write_text("planted-password")
    with caplog.at_level(logging.DEBUG):
        assert inside(locally, PLACE).file(str(tmp_path / "password")).content_string == "planted-password"
    assert "planted-password" not in caplog.text


def test_mapped_addresses_and_broken_lines() -> None:
    """Java binds IPv4 in IPv6 form; what is no line of the table is skipped."""
    lines = [
        "  sl  local_address                         remote_address                        st tx_queue rx_queue",
        "   0: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000",
        "   1: 0100007F:1F91 00000000:0000 01 00000000:00000000",
        "   2: XYZ:1F92 00000000:0000 0A",
        "   3: 0100:1F93 00000000:0000 0A",
        "   4:",
    ]
    (found,) = parse("\n".join(lines))
    assert (found.port, found.only_loopback) == (8080, True)

"""One signal ends a run, whatever it waits for just then, and what was seen is told by a whole report."""

import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from cx_conformance.api.port_channel import SHARED
from tests.hostile import runs, servers, spdy_frames, streams
from tests.hostile.between import Answers, between
from tests.hostile.handshakes import HANDSHAKES
from tests.hostile.test_full_runs import EXEC, FORWARD, LISTED, ONE, said

INTERRUPTED = 130
WAITS: dict[str, Answers] = {
    "the first question": {"/version": said("headers")},
    "lists": {LISTED: said("body")},
    "objects": {ONE: said("status line")},
    "the upgrade of a stream": {f"{EXEC}|{FORWARD}": said("a header")},
    "execs": {EXEC: streams.granting(streams.FRAMES["pings that drip"])},
    "sessions of port-forward": {FORWARD: streams.granting(spdy_frames.SHARED["ears that are shut"], protocol=SHARED)},
    "answers to all": {".": said("nothing")},
}


HEARD = {
    ("the first question", signal.SIGTERM),
    ("lists", signal.SIGINT),
    ("execs", signal.SIGTERM),
    ("answers to all", signal.SIGINT),
}
"""Those of the waits and signals that are tried every time."""


@pytest.mark.parametrize(
    ("wait", "number"),
    [
        pytest.param(
            wait, number, marks=() if (wait, number) in HEARD else pytest.mark.long, id=f"{wait}, {number.name}"
        )
        for wait in WAITS
        for number in (signal.SIGTERM, signal.SIGINT)
    ],
)
def test_one_signal_ends_every_wait(wait: str, number: signal.Signals, kubeconfig: Path, tmp_path: Path) -> None:
    """No time limit is given: whatever hangs would hold the run for as long as its own patience lasts."""
    with between(kubeconfig, WAITS[wait], tmp_path) as here, runs.begun(here.kubeconfig, tmp_path) as run:
        assert here.met.wait(60)
        time.sleep(0.2)
        run.signal(number)
        runs.ended(run, 0, (INTERRUPTED,))
    told = runs.whole_report(tmp_path)
    assert (told["verdict"], told["run"]["interrupted"]) == ("inconclusive", True)


@pytest.mark.parametrize("said_instead", ["requests to say hello", "a record that drips"])
def test_one_signal_ends_the_wait_for_a_handshake(said_instead: str, tmp_path: Path) -> None:
    """A library of C that is kept busy hears no signal; the handshake's own deadline comes soon enough."""
    met, behaviour = threading.Event(), HANDSHAKES[said_instead]()

    def behave(connection: socket.socket) -> None:
        met.set()
        behaviour(connection)

    with servers.server(behave) as (host, port):
        kubeconfig = streams.kubeconfig(tmp_path, f"https://{host}:{port}")
        with runs.begun(kubeconfig, tmp_path) as run:
            assert met.wait(60)
            run.signal(signal.SIGTERM)
            runs.ended(run, 0, (INTERRUPTED,))
    assert runs.whole_report(tmp_path)["run"]["interrupted"] is True

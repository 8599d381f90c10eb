"""A whole run stays within 256 MiB and its time limit whatever is sent to it, and leaves a whole report."""

import socket
from pathlib import Path

import pytest

from cx_conformance.api.port_channel import SHARED, SINGLE
from tests.hostile import runs, servers, spdy_frames, streams
from tests.hostile.between import Answers, between
from tests.hostile.servers import ANSWERS, DRIPS, Behaviour

LIMIT_S = 30
ONE = r"/(secrets|configmaps)/[^/? ]+[? ]"
LISTED = r"/(pods|services|configmaps)\?"
EXEC, FORWARD = r"/exec\?", "/portforward"


def said(answer: str) -> Behaviour:
    """Return what answers a request of HTTP."""
    behaviour = (ANSWERS | DRIPS)[answer]()

    def behave(connection: socket.socket) -> None:
        servers.request_head(connection)
        behaviour(connection)

    return behave


def shared(sent: str) -> Behaviour:
    """Return what a session of port-forward does that connections share."""
    return streams.granting(spdy_frames.SHARED[sent], protocol=SHARED)


def printed(sent: str) -> Behaviour:
    """Return what an exec prints."""
    return streams.granting((streams.OUTPUT | streams.FRAMES)[sent])


EVERYTHING: dict[str, Answers] = {
    "an endless answer to everything": {".": said("endless")},
    "answers that swell": {".": said("zipped")},
    "values without end": {".": said("many values")},
}
"""Nothing is seen of the cluster then."""
SOME: dict[str, Answers] = {
    "lists that swell": {LISTED: said("zipped")},
    "objects without end": {ONE: said("endless chunks")},
    "upgrades that are answered by what swells": {f"{EXEC}|{FORWARD}": said("doubly zipped")},
    "execs: output without end": {EXEC: printed("output without end")},
    "execs: empty messages": {EXEC: printed("empty messages")},
    "sessions: data without end": {FORWARD: shared("data without end")},
    "sessions: messages of a byte": {FORWARD: shared("messages of a byte")},
    "sessions of old: data without end": {
        FORWARD: streams.granting(spdy_frames.SINGLE["data without end"], protocol=SINGLE)
    },
    "all streams": {EXEC: printed("output without end"), FORWARD: shared("data without end")},
}
"""The rest of what is asked is answered as by any cluster."""


BRIEF = {*EVERYTHING, "objects without end"}
"""What is tried every time."""


@pytest.mark.parametrize(
    "answers",
    [pytest.param(one, marks=() if one in BRIEF else pytest.mark.long, id=one) for one in (*EVERYTHING, *SOME)],
)
def test_a_run_stays_within_its_time_and_memory(answers: str, kubeconfig: Path, tmp_path: Path) -> None:
    """What could not be looked at is told so, and nothing of it is called broken."""
    harm = (EVERYTHING | SOME)[answers]
    limit = f"--time-limit={LIMIT_S}"
    with between(kubeconfig, harm, tmp_path) as here, runs.begun(here.kubeconfig, tmp_path, limit) as run:
        runs.ended(run, LIMIT_S, (1, 3))
        assert here.met.is_set()
    told = runs.whole_report(tmp_path)
    found = {one["outcome"] for one in told["outcomes"]}
    assert "error" in found
    if answers in EVERYTHING:
        assert found <= {"error", "blocked"}

"""An exec whose API server, or container, means harm: it ends in words, in its time, and takes little memory."""

from contextlib import AbstractContextManager
from typing import Any

import pytest

from cx_conformance.api.exec import run
from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult
from cx_conformance.api.stream import ApiStreams
from cx_conformance.outcome.looking import CouldNotLook, NoVantage, Unreachable
from tests.hostile import servers, streams
from tests.hostile.servers import ANSWERS, DRIPS, MIB
from tests.hostile.streams import FRAMES, OUTPUT, frame

PLACE = ContainerPlace(namespace="shop", pod="db-0", container="db")
LIMITS = ExecLimits(connect_seconds=2.0, total_seconds=2.0)
MOST = 8 * MIB
"""Of one exec; thirty run at once."""


def executed(server: AbstractContextManager[Any]) -> ExecResult:
    """Run something that reads its input, at a server, within its time and memory."""
    with server as configuration, servers.memory(MOST), servers.in_time(LIMITS.total_seconds):
        return run(ApiStreams(configuration), PLACE, ["cat"], stdin=b"x" * 200_000, limits=LIMITS)


@pytest.mark.parametrize("sent", FRAMES | OUTPUT)
def test_nothing_that_comes_hangs_an_exec_or_fills_the_memory(sent: str) -> None:
    """It ends without an exit code, and so is never taken for a program that has said all it had to say."""
    seen = executed(streams.streaming((FRAMES | OUTPUT)[sent]))
    assert (seen.exit_code, seen.ending is Ending.EXITED) == (None, False)
    with pytest.raises(CouldNotLook, match="the look"):
        seen.complete("the look")


@pytest.mark.parametrize(
    ("sent", "ending"),
    [
        ("messages of a byte", Ending.DROPPED),
        ("empty messages", Ending.DROPPED),
        ("a channel that nobody knows, without end", Ending.TOO_MUCH_OUTPUT),
    ],
)
def test_what_says_nothing_is_not_listened_to_until_the_limit(sent: str, ending: Ending) -> None:
    """It would take the processor from all other looks of the run."""
    patient = ExecLimits(connect_seconds=60, total_seconds=60)
    with streams.streaming((FRAMES | OUTPUT)[sent]) as configuration:
        assert run(ApiStreams(configuration), PLACE, ["cat"], limits=patient).ending is ending


@pytest.mark.parametrize("answer", ANSWERS | DRIPS)
def test_no_answer_to_the_upgrade_hangs_an_exec_or_fills_the_memory(answer: str) -> None:
    """A server that answers anything but 101."""
    with servers.web((ANSWERS | DRIPS)[answer]()) as address, pytest.raises(Unreachable, match="exec"):
        executed(streams.nothing_granted(address))


NO_STATUS = {
    "too deep": b"[" * 200_000,
    "a number that is none": '{"details":{"causes":[{"reason":"ExitCode","message":"²"}]}}'.encode(),
    "a number of 5,000 digits": b'{"details":{"causes":[{"reason":"ExitCode","message":"%s"}]}}' % (b"9" * 5000),
    "values without end": b"[" + b"[]," * 60_000 + b"[]]",
}


@pytest.mark.parametrize("status", NO_STATUS)
def test_a_status_that_means_harm_is_no_exit_code(status: str) -> None:
    """It says why nothing is known, in a line."""
    server = streams.streaming(servers.drip(frame(b"\x03" + NO_STATUS[status]), b""))
    with pytest.raises(NoVantage, match="cat could not be started in container db"):
        executed(server)

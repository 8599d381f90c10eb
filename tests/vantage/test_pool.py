"""Probes run at once, and none of them is waited for when the run is out of time."""

import subprocess
import sys
import threading
import time

import pytest

from cx_conformance.outcome.looking import NoVantage, OutOfTime
from cx_conformance.run.suite_files import suite_root
from cx_conformance.vantage.pool import Pending, ProbePool, abandon_all

LONG = 30.0


def test_a_probe_gives_what_it_finds() -> None:
    """With and without a deadline that is far away."""
    for deadline in (None, time.monotonic() + LONG):
        pool = ProbePool(deadline)
        assert pool.submit(lambda a, b: a + b, 1, 2).result() == 3
        pool.close()


def test_a_probe_raises_what_it_raised() -> None:
    """Whoever asks for the result hears why there is none."""

    def nowhere() -> None:
        raise NoVantage("no pod")

    pool = ProbePool()
    with pytest.raises(NoVantage, match="no pod"):
        pool.submit(nowhere).result()
    pool.close()


def test_all_probes_run_at_once_up_to_a_number() -> None:
    """Three probes that wait for each other end, where three threads are allowed."""
    together = threading.Barrier(3)
    pool = ProbePool(at_once=3)
    asked = [pool.submit(together.wait, LONG) for _ in range(3)]

    assert sorted(one.result() for one in asked) == [0, 1, 2]
    pool.close()


def test_no_more_threads_than_allowed_run() -> None:
    """A probe beyond the number waits until one has ended."""
    started, go_on = threading.Event(), threading.Event()

    def first() -> None:
        started.set()
        go_on.wait(LONG)

    pool = ProbePool(at_once=1)
    one, two = pool.submit(first), pool.submit(go_on.is_set)
    assert started.wait(LONG)
    go_on.set()

    one.result()
    assert two.result(), "the second began before the first had ended"
    pool.close()


def test_a_hanging_probe_is_out_of_time_at_the_deadline() -> None:
    """Its result is an error that names the option, and closing does not wait for it."""
    hanging = threading.Event()
    pool = ProbePool(time.monotonic() + 0.05)
    asked = pool.submit(hanging.wait, LONG)

    with pytest.raises(OutOfTime, match="--time-limit"):
        asked.result()
    pool.close()
    assert not hanging.is_set()
    hanging.set()


def _known(asked: Pending[str]) -> None:
    """Wait until a probe has ended."""
    known = threading.Event()
    asked.then(known.set)
    assert known.wait(LONG)


def test_what_is_found_after_the_deadline_was_not_looked_at_in_time() -> None:
    """A probe that was cut off by the deadline must not be taken for a failed one."""
    deadline = time.monotonic() + 0.05
    pool = ProbePool(deadline)

    def late() -> str:
        while time.monotonic() <= deadline:
            time.sleep(0.01)
        return "no answer within 0.1 s"

    asked = pool.submit(late)
    _known(asked)
    with pytest.raises(OutOfTime):
        asked.result()
    pool.close()


def test_what_was_found_in_time_stays_found() -> None:
    """Asking for it after the deadline changes nothing."""
    pool = ProbePool(time.monotonic() + 0.2)
    asked = pool.submit(lambda: "seen")
    _known(asked)
    while pool.allowed(LONG) > 0.3:
        time.sleep(0.01)

    assert asked.result() == "seen"
    pool.close()


def test_nothing_is_begun_after_the_deadline() -> None:
    """The probe is not even started."""
    begun = threading.Event()
    pool = ProbePool(time.monotonic() - 1)
    asked = pool.submit(begun.set)

    with pytest.raises(OutOfTime):
        asked.result()
    pool.close()
    assert not begun.is_set()


def test_the_limit_of_a_probe_shrinks_to_what_is_left() -> None:
    """And a little beyond, so that what the limit cuts off ends after the deadline."""
    assert ProbePool().allowed(12) == 12
    assert ProbePool(time.monotonic() + LONG).allowed(12) == 12
    assert 0 < ProbePool(time.monotonic() - 5).allowed(12) < 1


def test_a_process_ends_although_a_probe_hangs() -> None:
    """The threads of ``concurrent.futures`` would be joined at the end."""
    code = (
        "import time; from cx_conformance.vantage.pool import ProbePool; "
        f"pool = ProbePool(time.monotonic() + 0.1); pool.submit(time.sleep, {LONG}); pool.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(suite_root() / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG / 2,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_pool_that_is_closed_while_a_thread_begins_waits_for_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe that ends begins others in its own thread, whenever that is."""
    start, began, before = threading.Thread.start, threading.Event(), set(threading.enumerate())

    def slow(thread: threading.Thread) -> None:
        if thread.name.startswith("probe-"):
            began.set()
            time.sleep(0.2)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", slow)
    pool = ProbePool()
    beginner = threading.Thread(target=pool.submit, args=(lambda: None,))
    beginner.start()
    assert began.wait(5)
    pool.close()
    beginner.join(5)
    assert set(threading.enumerate()) <= before


def test_an_abandoned_pool_begins_nothing_more_and_is_not_waited_for() -> None:
    """Somebody wants the run to end: neither what runs nor what is still to begin may hold it."""
    over, begun = threading.Event(), threading.Event()
    pool = ProbePool(at_once=1)

    def hang() -> None:
        begun.set()
        over.wait()

    pool.submit(hang)
    queued = pool.submit(over.set)
    assert begun.wait(10)
    late = threading.Timer(5, over.set)
    late.start()
    abandon_all()
    later = pool.submit(over.set)
    pool.close(seconds=60)
    for pending in (queued, later):
        with pytest.raises(OutOfTime):
            pending.result(0.05)
    assert not over.is_set(), "it was waited for"
    late.cancel()
    over.set()

"""Every situation ends as promised: in time, without a traceback, with an exit status and words that say what to do."""

import re

import pytest

from tests.situations.endings import missing
from tests.situations.page import PAGE, Acted, all_acted, begin_of_row, page
from tests.situations.situation import EVERY
from tests.situations.stage import Stage


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> list[Acted]:
    """Give every situation that this machine can act out, acted once; one that hangs fails here."""
    return all_acted(Stage(tmp_path_factory.mktemp("situations")))


def test_there_are_as_many_situations_as_were_promised() -> None:
    """And no two have one name."""
    assert len({one.name for one in EVERY}) == len(EVERY) >= 40


def test_every_situation_ends_with_the_promised_exit_status(every: list[Acted]) -> None:
    """What scripts and CI servers go by."""
    wrong = {one.situation.name: one.done.status for one in every if one.done.status != one.situation.status}
    assert wrong == {}


def test_none_shows_a_traceback(every: list[Acted]) -> None:
    """Also where the suite itself breaks: there the report holds it."""
    signs = ("Traceback", "INTERNALERROR>   File", "Exception ignored", "object at 0x")
    shown = {one.situation.name for one in every for sign in signs if sign in one.done.stdout + one.done.stderr}
    assert shown == set()


def test_none_lets_anything_act_on_the_terminal(every: list[Acted]) -> None:
    """Neither what the cluster's objects hold, nor what servers and plug-ins print."""
    acting = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
    assert {one.situation.name for one in every if acting.search(one.done.stdout + one.done.stderr)} == set()


def test_a_report_is_written_in_all_cases_but_wrong_usage(every: list[Acted]) -> None:
    """The JUnit file that was asked for is there, whatever came of the run; and none where nothing was run."""
    assert {one.situation.name for one in every if one.junit != (one.done.status != 2)} == set()


def test_the_page_is_what_is_found(every: list[Acted]) -> None:
    """docs/situations.md is generated; when it is stale, run ``python -m tests.situations.page``."""
    elsewhere = tuple(begin_of_row(one) for one in EVERY if missing(one.needs))
    expected = [line for line in PAGE.read_text("utf-8").splitlines() if not line.startswith(elsewhere or "\0")]
    assert page(every).splitlines() == expected

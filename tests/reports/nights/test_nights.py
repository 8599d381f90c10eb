"""The page shows the last nights of each component, where they are remembered."""

import datetime as dt
from pathlib import Path

import pytest
from msgspec.structs import replace

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.language import Texts
from cx_conformance.reports.page.sheet.nights import nights
from cx_conformance.run.nightly import Nightly
from cx_conformance.run.options import Options
from tests.reports.made_up import STARTED, outcome, record
from tests.reports.page.test_html import read


def remembered(tmp_path: Path, *results: Result | None) -> RunRecord:
    """Return the last of several nights in which ccm ended so (None: it was not looked at); redis was always good."""
    run = record()
    for day, result in enumerate(results):
        seen = [outcome(result)] if result else []
        run = record(*seen, outcome(component="redis"), started=STARTED + dt.timedelta(days=day))
        run = Nightly(Options(history=tmp_path / "history.sqlite")).remember(run)
    return run


def test_each_component_has_a_strip(tmp_path: Path) -> None:
    """Oldest first; what is broken has its day, what was not looked at an empty cell, and what turns a word."""
    run = remembered(tmp_path, Result.PASS, Result.FAIL, Result.PASS, None, Result.FAIL, Result.FAIL)
    tree = read(run)
    rows = {row.findtext("th"): row for row in tree.xpath("//section[@id='nights']//tbody/tr")}
    ccm = rows["ccm"]
    assert [cell.text_content() for cell in ccm.findall("td")][:-1] == ["✓", "✗", "✓", "", "✗", "✗"]
    assert ccm.findall("td")[1].get("title") == "2026-11-24 02:00: broken"
    assert ccm.findall("td")[3].get("title") == "2026-11-26 02:00: not looked at"
    assert ccm.findall("td")[-1].text_content() == "2026-11-27 comes and goes"
    assert [cell.get("class") for cell in rows["redis"].findall("td")] == [*["pass"] * 6, "date"]
    assert "nights" in [link.get("href").removeprefix("#") for link in tree.xpath("//nav//a")]


def test_one_night_is_no_strip(tmp_path: Path) -> None:
    """Nor is a run without a history: there is no section then, and no link to one."""
    for run in (remembered(tmp_path, Result.PASS), record(outcome())):
        tree = read(run)
        assert tree.xpath("//section[@id='nights']") == []
        assert tree.xpath("//nav//a[@href='#nights']") == []


@pytest.mark.parametrize(
    "history",
    [
        "nonsense",
        {"nights": 3, "strips": {}},
        {"nights": [{"started": "x"}, {"started": "y"}], "strips": {"ccm": ["pass", "pass"]}},
        {"nights": [{}, 3, None], "strips": []},
    ],
)
def test_a_history_of_another_shape_is_left_out(history: object) -> None:
    """A report is a file that anybody may have written."""
    assert nights(replace(record(outcome()), extra={"history": history}), Texts()) is None


def test_a_strip_of_another_shape_is_left_out() -> None:
    """The others stay; a word that is no result counts as not looked at."""
    moments = [{"started": (STARTED + dt.timedelta(days=day)).isoformat()} for day in range(2)]
    strips = {"ccm": ["pass", "<b>"], "redis": ["pass"], "minio": "pass"}
    found = nights(replace(record(outcome()), extra={"history": {"nights": moments, "strips": strips}}), Texts())
    assert found is not None
    assert [(one.component, [night.sign for night in one.nights]) for one in found.strips] == [("ccm", ["✓", ""])]

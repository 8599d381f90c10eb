"""The page as its readers have it: in headless Chromium, from a file, with the network off."""

import base64
import datetime as dt
from pathlib import Path

import pytest
from msgspec import structs
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import EdgeRecord, RunRecord
from cx_conformance.reports.page.html import write_html
from cx_conformance.reports.page.sheet import anchors
from tests.reports import made_up
from tests.reports.formats.test_junit import HOSTILE
from tests.reports.page.browser import Browser

EDGES = (
    EdgeRecord(caller="agent-manager", callee="ccm", port=8081),
    EdgeRecord(caller="ccm", callee="mongo", port=27017),
    EdgeRecord(caller="ccm", callee="redis", port=6379),
    EdgeRecord(caller="bot-framework", callee="rasa-x"),
)


def failing() -> RunRecord:
    """Return a run with every kind of outcome, and calls."""
    record = made_up.three_failures()
    groups = dict.fromkeys(record.components, "internal") | dict.fromkeys(made_up.STORES, "external")
    edge = made_up.outcome(
        Result.FAIL, check="CX702", title="Callee accepts", area="edges", component="ccm", entry="ccm -> redis:6379"
    )
    outcomes = (*record.outcomes, edge)
    return structs.replace(record, edges=EDGES, groups=groups | {"rasa-x": "party"}, outcomes=outcomes)


def after_a_month(run: RunRecord) -> RunRecord:
    """Return the run with 30 nights remembered, in which every way of ending occurs."""
    moments = [(run.started - dt.timedelta(days=day)).isoformat() for day in range(29, -1, -1)]
    ends = [*(str(one) for one in Result), None]
    strips = {
        component: [ends[(place + night) % len(ends)] for night in range(len(moments))]
        for place, component in enumerate(run.components)
    }
    first = run.components[0]
    history = {
        "nights": [{"started": moment, "verdict": "non-conformant"} for moment in moments],
        "strips": strips,
        "failing_since": [{"check": "CX101", "component": first, "entry": "x", "since": moments[20]}],
        "flapping": [{"check": "CX101", "component": first, "entry": "x", "turns": 4}],
    }
    return structs.replace(run, extra={**run.extra, "history": history})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page of a failing run, the last of a month of nights."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_html(after_a_month(failing()), path)
    return path


def shown(browser: Browser) -> list[str]:
    """Return the anchors of the outcomes that are seen."""
    rows = "[...document.querySelectorAll('.outcomes tbody tr[id]')]"
    seen: list[str] = browser.run(f"return {rows}.filter((row) => !row.closest('[hidden]')).map((row) => row.id)")
    return seen


def choose(browser: Browser, css: str, value: str) -> None:
    """Choose an option as a hand does."""
    browser.run(
        "const s = document.querySelector(arguments[0]); s.value = arguments[1];"
        "s.dispatchEvent(new Event('input', {bubbles: true}));",
        css,
        value,
    )


@pytest.mark.parametrize("width", [1440, 768, 390])
def test_the_page_loads_without_a_complaint_and_without_a_sideways_scroll(
    browser: Browser, report: Path, width: int
) -> None:
    """With the network off, at the widths of a desk, a tablet and a telephone."""
    browser.open(report, width=width)
    assert browser.console() == []
    assert browser.one("h1").is_displayed()
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_long_names_and_hostile_texts_do_not_break_the_page(browser: Browser, tmp_path: Path) -> None:
    """Nothing runs, nothing sticks out on a telephone."""
    name = "n" * 253
    ones = [
        made_up.outcome(Result.FAIL, component=name, entry=name, message="word " * 2_000),
        made_up.outcome(Result.FAIL, component=HOSTILE[:60], entry=HOSTILE, message=HOSTILE),
        made_up.outcome(Result.FAIL, message="x" * 10_000),
    ]
    edges = (EdgeRecord(caller=name, callee="ccm", port=80), EdgeRecord(caller=HOSTILE, callee="ccm", port=81))
    record = made_up.record(*ones, components=(name, "ccm", HOSTILE), edges=edges, fqdn=name)
    write_html(record, tmp_path / "report.html")
    browser.open(tmp_path / "report.html", width=390)
    assert browser.console() == []
    assert browser.run("return document.documentElement.scrollWidth") <= 390
    assert "1000x" not in browser.driver.title


def test_the_page_reads_without_javascript(browser: Browser, report: Path) -> None:
    """Everything is there; what needs the script is not."""
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(report)
        assert browser.one("#verdict h2").text.endswith("non-conformant")
        assert len(browser.all(".outcomes tbody tr[id]")) == len(failing().outcomes)
        assert not browser.one("#filter").is_displayed()
        assert not browser.one("#theme").is_displayed()
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_filter_leaves_what_was_asked_for(browser: Browser, report: Path) -> None:
    """By outcome, by area, by words; and gives everything back."""
    browser.open(report)
    every = len(shown(browser))
    assert every == len(failing().outcomes)
    for choice in browser.all("#filter input[type=checkbox]"):
        if choice.get_attribute("value") != "fail":
            choice.click()
    assert len(shown(browser)) == 4
    assert browser.one("#shown").text == f"4 of {every} outcomes are shown"
    choose(browser, "#area", "storage")
    assert len(shown(browser)) == 1
    browser.one("#filter button[type=reset]").click()
    browser.until(f"document.querySelector('#shown').textContent.startsWith('{every} of')")
    browser.one("#search").send_keys("Pending fast-ssd")
    browser.until("document.querySelector('#shown').textContent.startsWith('1 of')")
    assert len([one for one in browser.all("section.component") if one.is_displayed()]) == 1


def test_rows_sort_and_go_back_to_their_places(browser: Browser, report: Path) -> None:
    """Worst first puts what is broken on top, each with its component."""
    browser.open(report)
    before = shown(browser)
    choose(browser, "#sort", "worst")
    first = browser.one("#sorted tbody tr")
    assert first.get_attribute("class") == "fail"
    assert first.find_element(By.CSS_SELECTOR, ".of").text == "ccm · ef-ccm"
    choose(browser, "#sort", "page")
    assert shown(browser) == before
    assert browser.all(".of") == []


def test_a_deep_link_finds_its_outcome_whatever_the_filter_hides(browser: Browser, report: Path) -> None:
    """And gives it the focus, so that the keyboard goes on from there."""
    one = next(one for one in failing().outcomes if one.result is Result.ERROR)
    browser.open(report, anchors.of_outcome(one))
    assert browser.run("return document.activeElement.id") == anchors.of_outcome(one)
    browser.one("#search").send_keys("nothing has this")
    browser.until("document.querySelector('#shown').textContent.startsWith('0 of')")
    browser.run("location.hash = '#x'; location.hash = arguments[0]", "#" + anchors.of_outcome(one))
    browser.until("document.querySelector(location.hash).checkVisibility()")


def test_a_cell_of_the_matrix_leads_to_its_outcomes_by_keyboard(browser: Browser, report: Path) -> None:
    """Enter on a focused cell."""
    browser.open(report)
    cell = browser.one(".matrix td.fail a")
    browser.run("arguments[0].focus()", cell)
    cell.send_keys(Keys.ENTER)
    browser.until("location.hash.startsWith('#c-')")
    assert browser.run("return document.querySelector(location.hash.replaceAll('.', '\\\\.')).checkVisibility()")


def test_the_first_tab_skips_to_the_outcomes(browser: Browser, report: Path) -> None:
    """Nobody tabs through three hundred cells to reach them."""
    browser.open(report)
    browser.one("body").send_keys(Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    browser.until("location.hash === '#outcomes'")


def test_an_outcome_is_copied_as_markdown(browser: Browser, report: Path) -> None:
    """Check, message, evidence, remedy, and of which cluster: what a ticket needs."""
    browser.open(report)
    browser.run("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };")
    browser.one(".cause .copy").click()
    text = str(browser.until("window.copied"))
    assert text.startswith("### CX101 ef-ccm (ccm): broken, critical")
    assert "Deployment expertflow/ef-ccm does not exist, promised by the blueprint" in text
    assert "- remedy: Install the component" in text
    assert "Cluster: https://10.20.0.11:6443" in text
    browser.until("document.querySelector('.cause .copy').textContent === 'Copied'")


def test_the_picture_shows_the_evidence_of_a_focused_component(browser: Browser, report: Path) -> None:
    """In words beneath it, and the calls of others step back."""
    browser.open(report, "picture")
    browser.run("[...document.querySelectorAll('svg a')].find((a) => a.textContent.includes('ccm')).focus()")
    assert "ccm: broken 1" in browser.one("#told").text
    assert "Deployment expertflow/ef-ccm does not exist" in browser.one("#told").text
    assert len(browser.all("svg.asked .arrow.near")) == 3
    assert len(browser.all("svg .fail .arrow")) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_against_accessibility(
    browser: Browser, report: Path, axe: str, scheme: str, width: int
) -> None:
    """Contrast included, in the light and in the dark."""
    browser.open(report, width=width, prefers_color_scheme=scheme)
    # What lies beyond the window is not laid out until it is scrolled to, and so would not be looked at.
    browser.run("for (const one of document.querySelectorAll('.component')) one.style.contentVisibility = 'visible'")
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    browser.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    found = browser.driver.execute_async_script(
        "const done = arguments[0], said = (one) => one.html + ' ' + one.failureSummary;"
        "axe.run(document, {resultTypes: ['violations']}).then((all) => done("
        "all.violations.map((one) => one.id + ': ' + one.nodes.slice(0, 3).map(said))));"
    )
    assert found == []


def test_the_button_turns_the_light_off_and_on(browser: Browser, report: Path) -> None:
    """Whatever the system prefers."""
    browser.open(report, prefers_color_scheme="light")
    colours = []
    for _ in range(2):
        browser.one("#theme").click()
        colours.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(20, 23, 27)", "rgb(255, 255, 255)"]


@pytest.mark.parametrize(("width", "height"), [(8.27, 11.69), (8.5, 11)])
def test_the_page_prints_on_a4_and_letter(browser: Browser, report: Path, width: float, height: float) -> None:
    """Every page carries its number; what was folded away is on paper."""
    browser.open(report)
    printed = browser.driver.execute_cdp_cmd(
        "Page.printToPDF", {"paperWidth": width, "paperHeight": height, "printBackground": True}
    )
    assert base64.b64decode(printed["data"]).startswith(b"%PDF-")


def test_a_thousand_components_open(browser: Browser, tmp_path: Path) -> None:
    """Without a complaint, every component in the matrix."""
    write_html(made_up.large(components=1_000, outcomes_each=36), tmp_path / "report.html")
    browser.open(tmp_path / "report.html")
    assert browser.console() == []
    assert len(browser.all(".matrix tbody tr")) == 1_000

"""What a hand does on the page: keys, links, filters, copies, print."""

from pathlib import Path

import pytest
from msgspec import structs
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import EdgeRecord
from cx_conformance.reports.page.html import write_html
from cx_conformance.reports.page.sheet import anchors, listing
from tests.reports import made_up
from tests.reports.page.browser import Browser
from tests.reports.page.test_html_in_chromium import choose, failing, shown

FOCUSED = "document.activeElement"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page of a failing run."""
    path = tmp_path_factory.mktemp("by_hand") / "report.html"
    write_html(failing(), path)
    return path


def press(browser: Browser, key: str) -> None:
    """Press a key wherever the focus is."""
    browser.driver.switch_to.active_element.send_keys(key)


def anchor(result: Result) -> str:
    """Return the anchor of the first outcome that ended so."""
    return anchors.of_outcome(next(one for one in failing().outcomes if one.result is result))


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_first_screen_has_the_verdict_and_the_first_cause(
    browser: Browser, report: Path, width: int, height: int
) -> None:
    """On a desk and on a telephone: what, where, and what to do, without a scroll."""
    browser.open(report, width=width, height=height)
    for css in ("#verdict", ".cause h3", ".cause .message", ".cause .message + p"):
        assert browser.run("return document.querySelector(arguments[0]).getBoundingClientRect().bottom", css) <= height


def test_keys_go_from_cause_to_cause_and_stop_at_the_ends(browser: Browser, report: Path) -> None:
    """J to the next, k to the one before."""
    browser.open(report)
    causes = len(browser.all(".cause"))
    assert causes > 3
    at = f"[...document.querySelectorAll('.cause')].indexOf({FOCUSED})"
    seen = []
    for key in ("j", "j", "k", "k", "k", *("j" * causes)):
        press(browser, key)
        seen.append(browser.run(f"return {at}"))
    assert seen[:5] == [0, 1, 0, 0, 0]
    assert seen[-1] == causes - 1
    top = browser.run(f"return {FOCUSED}.getBoundingClientRect().top")
    assert 0 <= top < 900


def test_a_slash_goes_to_the_search_and_is_typed_there(browser: Browser, report: Path) -> None:
    """Keys do nothing where one types, nor once they are turned off."""
    browser.open(report)
    press(browser, "/")
    assert browser.run(f"return {FOCUSED}.id") == "search"
    press(browser, "j/k")
    assert browser.one("#search").get_attribute("value") == "j/k"
    browser.open(report)
    browser.one("#keys input").click()
    press(browser, "j")
    assert browser.all(".cause:focus") == []


def test_the_filter_is_kept_in_the_address_and_comes_back_from_it(browser: Browser, report: Path) -> None:
    """Component, area, outcome, severity, words and order: a link to what one sees."""
    browser.open(report)
    choose(browser, "#component", "minio")
    choose(browser, "#area", "storage")
    choose(browser, "#severity", "0")
    choose(browser, "#sort", "worst")
    browser.one("#search").send_keys("fast-ssd")
    for choice in browser.all("#filter input[type=checkbox]"):
        if choice.get_attribute("value") != "fail":
            choice.click()
    before, fragment = shown(browser), str(browser.run("return location.hash"))
    assert len(before) == 1
    assert fragment == "#?search=fast-ssd&component=minio&area=storage&severity=0&sort=worst&outcome=fail"
    browser.open(report, fragment[1:])
    assert shown(browser) == before
    assert browser.one("#component").get_attribute("value") == "minio"
    browser.one("#filter button[type=reset]").click()
    browser.until("location.hash === ''")
    assert len(shown(browser)) == len(failing().outcomes)
    assert browser.console() == []


def test_a_link_may_carry_an_outcome_and_a_filter(browser: Browser, report: Path) -> None:
    """The filter stays in the address while one follows links that it shows."""
    name = anchor(Result.FAIL)
    browser.open(report, f"{name}?outcome=fail")
    assert browser.run(f"return {FOCUSED}.id") == name
    assert len(shown(browser)) == 4
    other = next(one for one in shown(browser) if one != name)
    browser.run("location.hash = arguments[0]", other)
    browser.until(f"{FOCUSED}.id === '{other}'")
    assert browser.run("return location.hash") == f"#{other}?outcome=fail"
    browser.run("location.hash = arguments[0]", anchor(Result.ERROR))
    browser.until(f"{FOCUSED}.id === '{anchor(Result.ERROR)}'")
    assert browser.run("return location.hash") == f"#{anchor(Result.ERROR)}"


def test_a_link_leads_to_an_outcome_that_is_named_by_its_check_only(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a page that is too long for all evidence, as well as on a short one."""
    monkeypatch.setattr(listing, "ROOM", 0)
    monkeypatch.setattr(listing, "CROWDED", 0)
    write_html(failing(), tmp_path / "report.html")
    one = failing().outcomes[-1]
    browser.open(tmp_path / "report.html", anchors.of_outcome(one))
    place = browser.one(".here")
    assert one.check in place.text
    assert place.find_element(By.XPATH, "ancestor::section/h3").text == one.component


def test_a_cause_gives_the_command_that_shows_its_object(browser: Browser, report: Path) -> None:
    """As it stands on the page."""
    browser.open(report)
    browser.run("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };")
    [button] = [one for one in browser.one(".cause").find_elements(By.CSS_SELECTOR, ".copy") if "command" in one.text]
    button.send_keys(Keys.ENTER)
    state = "kubectl --context acme-production -n expertflow get deployment ef-ccm -o wide"
    of = "involvedObject.kind=Deployment,involvedObject.name=ef-ccm"
    events = f"kubectl --context acme-production -n expertflow get events --field-selector {of}"
    assert browser.until("window.copied") == f"{state}; {events}" == browser.one(".cause .command code").text


def test_paper_has_every_outcome_and_causes_first_whatever_the_screen_shows(browser: Browser, report: Path) -> None:
    """A filtered page that is printed must not pass for the whole."""
    browser.open(report, "?outcome=fail&sort=worst")
    on_screen = shown(browser)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert len(shown(browser)) == len(failing().outcomes)
    assert browser.all("details:not([open])") == []
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    tops = [
        browser.run("return document.querySelector(arguments[0]).offsetTop", f"#{one}") for one in ("roots", "scope")
    ]
    assert tops == sorted(tops)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert shown(browser) == on_screen


def test_the_picture_stands_on_one_page_with_its_heading(browser: Browser, tmp_path: Path) -> None:
    """A4 on its side is the lowest; a picture that was higher left a page to its heading, and what a pointer does."""
    record = failing()
    called = tuple(f"callee-{number}" for number in range(40))
    tall = structs.replace(
        record,
        components=(*record.components, *called),
        groups={**record.groups, **dict.fromkeys(called, "internal")},
        edges=tuple(EdgeRecord(caller="agent-manager", callee=one) for one in called),
    )
    path = tmp_path / "report.html"
    write_html(tall, path)
    browser.open(path, width=1062)  # pixels of 281 mm
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        height = browser.run("return document.querySelector('#picture').getBoundingClientRect().height")
        assert browser.run("return document.querySelector('.drawing svg').getBoundingClientRect().height") > 400
        assert height <= 186 / 25.4 * 96
        assert not browser.one(".hover").is_displayed()
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_component_stands_out_with_its_callers_and_callees(browser: Browser, report: Path) -> None:
    """By focus as well as by pointing; the others step back, and the words beneath name them."""
    browser.open(report, "picture")
    near = "return [...document.querySelectorAll('svg.asked .node.near')].map((one) => one.dataset.id).sort()"
    browser.run("document.querySelector('[data-id=ccm]').parentNode.focus()")
    assert browser.run(near) == ["agent-manager", "ccm", "mongo", "redis"]
    told = browser.one("#told").text
    assert "Calls: mongo, redis" in told
    assert "Called by: agent-manager" in told
    browser.run("document.activeElement.blur()")
    assert browser.run(near) == []
    browser.run("document.querySelector('[data-id=redis]').dispatchEvent(new Event('pointerover', {bubbles: true}))")
    assert browser.run(near) == ["ccm", "redis"]


def test_the_table_says_what_the_picture_shows(browser: Browser, report: Path) -> None:
    """Each component with how it ended, each call with how it ended, both ways round; screen readers are led to it."""
    browser.open(report)
    assert browser.one(".drawing").get_attribute("aria-details") == browser.one("details.calls").get_attribute("id")
    rows = {
        cells[0]: cells[1:]
        for cells in browser.run(
            "return [...document.querySelectorAll('.calls tbody tr')]"
            ".map((row) => [...row.cells].map((cell) => cell.textContent.trim()))"
        )
    }
    assert set(rows) == set(browser.run("return [...document.querySelectorAll('.node')].map((one) => one.dataset.id)"))
    assert rows["ccm"] == [
        "component",
        "✗ broken",
        "✗ broken: redis:6379; not looked at: mongo:27017",
        "agent-manager",
    ]
    assert rows["rasa-x"] == ["outside the platform", "not looked at", "", "bot-framework"]


def test_what_an_entry_has_in_common_stays_with_each_outcome_that_leaves_it(browser: Browser, tmp_path: Path) -> None:
    """Sorted into another order, or copied into a ticket."""
    evidence = {"found": "x", "promised": "x", "object": "Service expertflow/ef-ccm-svc"}
    ones = [made_up.outcome(check=check, evidence=evidence) for check in ("CX201", "CX202")]
    write_html(structs.replace(failing(), outcomes=tuple(ones)), tmp_path / "report.html")
    browser.open(tmp_path / "report.html", anchors.of_outcome(ones[0]))
    browser.run("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };")
    browser.one("tr.here .copy").click()
    assert "- object: Service expertflow/ef-ccm-svc" in str(browser.until("window.copied"))
    choose(browser, "#sort", "check")
    assert [row.text.count("Service expertflow/ef-ccm-svc") for row in browser.all("#sorted tbody tr")] == [1, 1]

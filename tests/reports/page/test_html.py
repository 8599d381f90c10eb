import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.outcome.check import AREAS
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import EdgeRecord, RunRecord
from cx_conformance.reports import language
from cx_conformance.reports.page import html
from cx_conformance.reports.page.html import page, write_html
from cx_conformance.reports.scrubber import Scrubber
from tests.reports import made_up
from tests.reports.formats.test_junit import HOSTILE

PAGE = Path(html.__file__).parent
SOURCES = [
    *PAGE.glob("templates/**/*.j2"),
    *PAGE.parent.glob("*.py"),
    *PAGE.glob("*.py"),
    *PAGE.glob("sheet/*.py"),
    *PAGE.parent.glob("pack/*.py"),
]


def parsed(source: str) -> Any:
    """Return a page as a parser sees it."""
    return lxml.html.document_fromstring(source)


def read(record: RunRecord) -> Any:
    """Return the page of a run as a parser sees it."""
    return parsed(page(record))


def text(element: Any) -> str:
    """Return an element's text, its gaps as one blank."""
    return " ".join(" ".join(element.itertext()).split())


def test_sections_stand_in_the_order_in_which_a_customer_reads_them() -> None:
    """From the verdict to the signatures."""
    sections = [one.get("id") for one in read(made_up.three_failures()).xpath("//main/section")]
    assert sections == [
        *("verdict", "roots", "scope", "matrix", "picture", "deviations", "unchecked", "outcomes", "sign")
    ]


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        (made_up.conformant(), "conformant"),
        (made_up.three_failures(), "non-conformant"),
        (made_up.unreachable(), "inconclusive"),
        (made_up.record(), "inconclusive"),
    ],
)
def test_the_verdict_is_the_first_heading(record: RunRecord, verdict: str) -> None:
    """And the title of the page."""
    document = read(record)
    assert text(document.xpath("//h2")[0]) == f"Verdict {verdict}"
    assert document.xpath("//title")[0].text.endswith(verdict)


def test_every_outcome_stands_on_the_page_once_with_its_evidence() -> None:
    """Found, promised, object, vantage and time."""
    record = made_up.three_failures()
    rows = read(record).xpath("//tr[starts-with(@id, 'o-')]")
    assert len(rows) == len({one.get("id") for one in rows}) == len(record.outcomes)
    claim = next(text(one) for one in rows if "CX402" in text(one) and "broken" in text(one))
    assert "found Pending" in claim
    assert "promised Bound" in claim
    assert "PersistentVolumeClaim ef-external/minio" in claim
    assert "api · 0.4 ms" in claim


def test_of_many_notes_of_one_promise_its_row_tells_the_first() -> None:
    """All of them stand under Deviations; on paper the row of sixteen mistakes of the charts was a page long."""
    noted = made_up.outcome(Result.PASS, message="", evidence={"notes": [f"mistake {one}" for one in range(16)]})
    page_ = read(made_up.record(noted))
    [row] = page_.xpath("//tr[starts-with(@id, 'o-')]")
    assert "mistake 3 note 12 more, under Deviations" in text(row)
    assert "mistake 4" not in text(row)
    [told] = page_.xpath("//section[@id='deviations']")
    assert all(f"mistake {one}" in text(told) for one in range(16))


def test_what_many_components_have_in_common_is_one_root_cause() -> None:
    """It says how many promises it breaks and of whom, and leads to the evidence of the first dozen."""
    many = [made_up.outcome(Result.FAIL, component=one, message="expired") for one in made_up.COMPONENTS]
    [cause] = read(made_up.record(*many)).xpath("//section[@id='roots']/article")
    assert "one cause of 29 broken promises of 29 components" in text(cause)
    assert "and 17 more" in text(cause)
    assert len(cause.xpath(".//p[@class='links']/a")) == 12


def test_a_cell_of_the_matrix_leads_to_the_outcomes_it_stands_for() -> None:
    """Every link of the page has a target on it."""
    document = read(made_up.three_failures())
    targets = set(document.xpath("//@id"))
    links = document.xpath("//a/@href")
    assert len(links) > 100
    assert {link.removeprefix("#") for link in links} <= targets
    cell = document.xpath("//table[@class='matrix']//tr[th='minio']/td[@class='fail']/a")[-1]
    assert "CX402" in text(document.get_element_by_id(cell.get("href")[1:]))


def test_anchors_are_the_same_from_night_to_night() -> None:
    """A link in a ticket holds for the next run."""
    first, second = (set(read(record).xpath("//tr/@id")) for record in (made_up.conformant(), made_up.three_failures()))
    assert len(first & second) > 150


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    """No network, no inline style, no handler: whatever slips into the page cannot run."""
    document = read(made_up.conformant())
    policy = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    for name, source in (("style", "//style"), ("script", "//script[not(@type)]")):
        [inline] = document.xpath(source)
        digest = base64.b64encode(hashlib.sha256(inline.text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not document.xpath("//@style | //@src | //link | //@*[starts-with(name(), 'on')]")
    assert not [link for link in document.xpath("//@href") if not link.startswith("#")]


def test_hostile_text_stays_text() -> None:
    """Markup of a pod's output is shown, not obeyed; controls and bidirectional overrides are escaped."""
    hostile = HOSTILE
    one = made_up.outcome(
        Result.FAIL, message=hostile, entry=hostile, component=hostile, evidence={"found": hostile, hostile: hostile}
    )
    edge = EdgeRecord(caller=hostile, callee="ccm", port=80)
    record = made_up.record(one, fqdn=hostile, components=(hostile, "ccm"), edges=(edge,), command=hostile)
    source = page(record)
    document = parsed(source)
    assert len(document.xpath("//script")) == 2
    assert not document.xpath("//img | //iframe | //@onerror | //@onload")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", source)
    assert "</section>" in source


def test_no_secret_stands_on_the_page() -> None:
    """Neither in a message, nor in evidence, nor in the command."""
    one = made_up.outcome(Result.FAIL, message="refused: s3cr3t-pass", evidence={"found": ["s3cr3t-pass"]})
    record = made_up.record(one, command="cx-conformance run s3cr3t-pass")
    source = page(record, Scrubber([SecretStr("s3cr3t-pass")]))
    assert "s3cr3t" not in source
    assert source.count("***") >= 3


def test_what_was_not_looked_at_says_why() -> None:
    """Errors by reason, not applicable by reason, blocked, left out."""
    said = text(read(made_up.three_failures()).get_element_by_id("unchecked"))
    assert "forbidden: the account may not get secrets in namespace ef-external" in said
    assert "CX802 Store speaks its protocol: redis" in said
    assert "4 blocked by what is broken, or could not be looked at" in said
    assert "42 left out by --skip CX9*" in said


def test_deviations_have_owner_and_last_day() -> None:
    """And stale waivers say what to do."""
    said = text(read(made_up.three_failures()).get_element_by_id("deviations"))
    assert "moves to its own cluster J. Smith 2026-12-31 in use" in said
    assert "2026-11-01 expired: renew it, or mend the deviation" in said
    assert "no longer needed: remove it" in said


def test_scope_names_cluster_blueprint_and_who_looked() -> None:
    """So that a person who was not there knows what was compared with what."""
    record = made_up.record(who="jsmith@jump", local_time="2026-11-23T07:00:05+05:00")
    said = text(read(record).get_element_by_id("scope"))
    for fact in (
        *("acme-production, sha256 c2c2", "cx.acme.example", "https://10.20.0.11:6443, context acme-production"),
        *("3f0d0a52-5a6e", "v1.36.2 rke2", "longhorn", "nginx", "expertflow-cx 4.5.3, sha256 b1b1", "jsmith@jump"),
        *("2026-11-23 02:00:05 UTC", "2026-11-23 07:00:05 +0500", "cx-conformance run --site acme.yaml --report out"),
    ):
        assert fact in said


def test_an_unreachable_cluster_still_gives_a_page() -> None:
    """It says that nothing is known."""
    said = text(read(made_up.unreachable()))
    assert "The cluster could not be reached; nothing is known about it." in said
    assert "did not answer in 5 s, 3 tries: connection refused" in said


def test_a_thousand_components_stay_under_five_megabytes() -> None:
    """What is not kept has the first claim on room; the rest is named by check."""
    record = made_up.large(components=1_000, outcomes_each=36)
    long = {"found": "x" * 300, "object": "Deployment expertflow/ef-component-000"}
    record = replace(record, outcomes=tuple(replace(one, evidence=long) for one in record.outcomes))
    source = page(record)
    assert len(source.encode()) < 5_000_000
    document = parsed(source)
    assert len(document.xpath("//tr[contains(@class, 'fail') and @id]")) == 143
    assert "outcomes are listed by check only" in text(document.get_element_by_id("outcomes"))


def test_messages_of_ten_kilobytes_are_cut_only_as_far_as_a_report_cuts_them() -> None:
    """And a run of thousands of them still stays under five megabytes."""
    long = made_up.outcome(Result.FAIL, message="word " * 1_500)
    assert page(made_up.record(long)).count("word " * 1_499) == 2
    many = [replace(long, entry=f"e{number}", message="x" * 10_000) for number in range(2_000)]
    assert len(page(made_up.record(*many)).encode()) < 5_000_000


def test_every_text_of_the_catalogue_is_used_and_every_text_used_is_in_it() -> None:
    """A language is one file; a missing line of it would stop a report."""
    catalogue = language.Texts().all
    source = "\n".join(path.read_text() for path in SOURCES)
    composed = re.compile("verdict|meaning|result|severity|area|state|label|scope|sign|deviations|sort|group|picture")
    unused = [key for key in catalogue if f'"{key}"' not in source and f"'{key}'" not in source]
    assert [key for key in unused if not composed.match(key)] == []
    used = set(re.findall(r"\bt\('([^'~]+)'[,)]", source)) | set(re.findall(r'\btexts\("([^"{]+)"[,)]', source))
    assert used <= set(catalogue)


def test_every_area_has_its_name() -> None:
    """One without would stop the page of a run that judges it."""
    assert [one for one in AREAS if f"area.{one}" not in language.Texts().all] == []


@pytest.mark.parametrize("name", language.languages())
def test_every_language_has_every_text_with_the_same_gaps(name: str) -> None:
    """So that another language cannot break a report."""

    def gaps(catalogue: dict[str, str]) -> dict[str, list[str]]:
        return {key: sorted(re.findall(r"\{(\w+)\}", one)) for key, one in catalogue.items()}

    assert gaps(language.Texts(name).all) == gaps(language.Texts("en").all)


def test_an_unknown_language_names_those_that_there_are() -> None:
    """The sentence is for who gave it."""
    with pytest.raises(ValueError, match="no texts in language 'xx'; there are: en"):
        page(made_up.conformant(), language="xx")


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    """As UTF-8, whatever the system's encoding is."""
    write_html(made_up.conformant(), tmp_path / "report.html")
    assert (tmp_path / "report.html").read_bytes().decode("utf-8").endswith("</html>")


def test_texts_for_the_script_are_data() -> None:
    """The script takes its words from the catalogue too."""
    [data] = read(made_up.conformant()).xpath("//script[@type='application/json']")
    assert json.loads(data.text)["copy"] == "Copy as Markdown"

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Properties, Skipped, TestSuite
from junitparser import TestCase as Case
from lxml import etree
from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.formats.junit import write_junit
from cx_conformance.reports.scrubber import Scrubber
from tests.reports import made_up

XSD = Path(__file__).with_name("xunit.xsd")
ALL = [made_up.conformant, made_up.three_failures, made_up.everything_missing, made_up.unreachable, made_up.record]
RUNS = [made() for made in ALL]
HOSTILE = "\x1b[2J]]>\0<script>alert(1)</script>&amp;\u202e\ud800\uffff'\"\n<testcase name='forged'/>" + "x" * 50_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "junit.xml"


def written(record: RunRecord, path: Path, *, case_properties: bool = True) -> etree._Element:
    """Return the root element of what is written of a run."""
    write_junit(record, path, case_properties=case_properties)
    return etree.parse(path).getroot()


def schema(*, with_case_properties: bool) -> etree.XMLSchema:
    """Return the schema; pytest and Jenkins' junit step know properties of testcases, which it leaves out."""
    document = etree.parse(XSD)
    if with_case_properties:
        name = "{http://www.w3.org/2001/XMLSchema}"
        choice = document.find(f"{name}element[@name='testcase']/{name}complexType/{name}choice")
        assert choice is not None
        choice.append(etree.Element(f"{name}element", name="properties", type="properties"))
    return etree.XMLSchema(document)


@pytest.mark.parametrize("record", RUNS)
def test_the_file_is_valid_xunit2_with_properties_of_testcases(record: RunRecord, path: Path) -> None:
    """Only the properties of testcases go beyond the schema, as they do in pytest's own files."""
    schema(with_case_properties=True).assertValid(written(record, path))


@pytest.mark.parametrize("record", RUNS)
def test_the_file_without_case_properties_is_valid_for_the_xunit_plugin(record: RunRecord, path: Path) -> None:
    """Jenkins' xUnit plug-in drops a file that its schema does not allow to the letter."""
    root = written(record, path, case_properties=False)
    schema(with_case_properties=False).assertValid(root)
    for case in root.iter("testcase"):
        assert "check: CX" in (case.findtext("system-out") or "")


def properties(of: Case | TestSuite) -> dict[str, str]:
    """Return the properties as junitparser reads them."""
    return {one.name: one.value for said in of.iterchildren(Properties) for one in said}  # type: ignore[no-untyped-call] # so it is published


def test_each_outcome_is_one_testcase_with_its_facts(path: Path) -> None:
    """``classname`` is area and component, name is ID, title and entry; the facts are properties."""
    write_junit(made_up.record(made_up.outcome(Result.PASS, duration_ms=1234.5, vantage="exec")), path)
    (suite,) = JUnitXml.fromfile(str(path))
    (case,) = suite
    assert isinstance(case, Case)
    assert (case.classname, case.name) == ("services.ccm", "CX203 Service type [ef-ccm-svc]")
    assert case.time == pytest.approx(1.234)
    assert properties(case) == {
        "check": "CX203",
        "severity": "major",
        "component": "ccm",
        "vantage": "exec",
    }
    assert case.is_passed


def test_the_suite_says_what_was_compared_with_what(path: Path) -> None:
    """Cluster, versions, blueprint, site, host name, start and verdict are properties of the suite."""
    write_junit(made_up.three_failures(), path)
    (suite,) = JUnitXml.fromfile(str(path))
    said = properties(suite)
    assert said["cluster.uid"] == made_up.CLUSTER.uid
    assert said["cluster.version"] == "v1.36.2"
    assert said["suite.version"] == "0.1.0"
    assert said["blueprint.name"] == "expertflow-cx"
    assert said["blueprint.version"] == "4.5.3"
    assert said["blueprint.sha256"] == "b1" * 32
    assert said["site"] == "acme-production"
    assert said["fqdn"] == "cx.acme.example"
    assert said["started"] == "2026-11-23T02:00:05+00:00"
    assert (said["verdict"], said["partial"]) == ("non-conformant", "true")
    assert (said["deselected"], said["selection"]) == ("42", "--skip CX9*")


def test_a_run_without_a_cluster_has_a_file_too(path: Path) -> None:
    """One error says that the cluster could not be reached, the rest is skipped as blocked by it."""
    root = written(made_up.unreachable(), path)
    error = root.find(".//error")
    assert error is not None
    assert error.get("message", "").startswith("the API server https://10.20.0.11:6443 did not answer")
    assert {one.get("message") for one in root.iter("skipped")} == {"blocked: CX000 cluster"}
    assert root.find(".//property[@name='verdict'][@value='inconclusive']") is not None


def test_a_failure_says_found_promised_and_remedy_in_message_and_text(path: Path) -> None:
    """Some consumers show only the attribute, others only the text."""
    failure = written(made_up.record(made_up.outcome(Result.FAIL)), path).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "major"
    for said in (failure.get("message"), failure.text):
        assert "NodePort, promised ClusterIP" in (said or "")
        assert "found: NodePort" in (said or "")
        assert "promised: ClusterIP" in (said or "")
        assert "remedy: Set spec.type of the Service to ClusterIP." in (said or "")


def test_the_text_says_what_else_was_seen_one_line_each(path: Path) -> None:
    """Vantage, tries and further evidence; a value with line feeds cannot forge a line."""
    seen = {"found": "503\nverdict: conformant", "last_seen": {"age_s": 12, "codes": [503, 502]}, "notes": ["flaky"]}
    one = made_up.outcome(Result.FAIL, message="GET /health failed", vantage="exec", tries=3, evidence=seen)
    failure = written(made_up.record(one), path).find(".//failure")
    assert failure is not None
    assert (failure.text or "").split("\n") == [
        "GET /health failed",
        "found: 503 | verdict: conformant",
        "vantage: exec",
        "tries: 3",
        "last seen: age_s: 12, codes: 503, 502",
        "note: flaky",
        "remedy: Set spec.type of the Service to ClusterIP.",
    ]


@pytest.mark.parametrize(
    ("result", "kind", "begins"),
    [
        (Result.FAIL, Failure, "Service"),
        (Result.ERROR, Error, "Service"),
        (Result.WAIVED, Skipped, "waived: "),
        (Result.BLOCKED, Skipped, "blocked: "),
        (Result.NOT_APPLICABLE, Skipped, "n/a: "),
    ],
)
def test_results_are_told_apart(result: Result, kind: type, begins: str, path: Path) -> None:
    """A broken promise is a failure, what could not be looked at an error, the rest skipped with its reason."""
    write_junit(made_up.record(made_up.outcome(result)), path)
    (suite,) = JUnitXml.fromfile(str(path))
    (case,) = suite
    (found,) = case.result
    assert type(found) is kind
    assert found.message.startswith(begins)


@pytest.mark.parametrize("record", RUNS)
def test_counts_are_those_of_the_elements(record: RunRecord, path: Path) -> None:
    """Sonobuoy and Jenkins believe the attributes, GitLab counts for itself."""
    root = written(record, path)
    for counting in (root, root[0]):
        assert int(counting.get("tests", -1)) == len(list(root.iter("testcase"))) == len(record.outcomes)
        assert int(counting.get("failures", -1)) == len(list(root.iter("failure")))
        assert int(counting.get("errors", -1)) == len(list(root.iter("error")))
    assert int(root[0].get("skipped", -1)) == len(list(root.iter("skipped")))


def test_the_order_of_outcomes_makes_no_difference(path: Path) -> None:
    """Several processes deliver outcomes in any order; the file is the same."""
    record = made_up.three_failures()
    write_junit(record, path)
    first = path.read_bytes()
    write_junit(replace(record, outcomes=record.outcomes[::-1]), path)
    assert path.read_bytes() == first


def test_gitlab_sees_every_testcase(path: Path) -> None:
    """GitLab keeps the first of testcases with the same classname and name; even doubled outcomes stay apart."""
    doubled = made_up.record(made_up.outcome(), made_up.outcome(Result.FAIL), made_up.outcome(entry="other"))
    names = [(case.get("classname"), case.get("name")) for case in written(doubled, path).iter("testcase")]
    assert len(set(names)) == 3


def test_gitlab_takes_the_file_when_everything_fails_at_length(path: Path) -> None:
    """Thousands of failures with long messages stay under 30 MB, and each keeps the beginning of its message."""
    outcomes = [made_up.outcome(Result.FAIL, entry=f"e{n}", message=f'e{n} "&<ü' * 2_000) for n in range(4_000)]
    write_junit(made_up.record(*outcomes), path)
    assert path.stat().st_size < 30_000_000
    messages = [one.get("message", "") for one in etree.parse(path).iter("failure")]
    assert len(messages) == 4_000
    assert all(message.startswith("e") for message in messages)


def test_testkube_finds_the_suite_in_the_first_8_kilobytes(path: Path) -> None:
    """It looks for ``<testsuite`` there to tell that this is JUnit XML."""
    write_junit(replace(made_up.large(20, 20), fqdn="x" * 100_000), path)
    assert b"<testsuite " in path.read_bytes()[:8192]


def test_azure_devops_gets_seconds_and_a_moment(path: Path) -> None:
    """Times are seconds with a decimal point, the timestamp has its offset."""
    root = written(made_up.record(made_up.outcome(duration_ms=2_000.0)), path)
    assert root[0].get("timestamp") == "2026-11-23T02:00:05+00:00"
    assert [case.get("time") for case in root.iter("testcase")] == ["2.000"]


def test_notes_on_kept_promises_are_in_the_file(path: Path) -> None:
    """A pass by another name than the documented one is a pass that says so."""
    root = written(made_up.conformant(), path)
    assert [one.text for one in root.findall(".//testcase/system-out")] == [
        "note: the alias /ccm-old matched, not the documented /ccm"
    ]


def test_waivers_and_root_causes_are_in_the_file(path: Path) -> None:
    """They are true of the run, so the suite says them."""
    said = written(made_up.three_failures(), path).findtext("testsuite/system-out") or ""
    assert "cause: CX101 ccm [ef-ccm] breaks 1 promise, blocks 4 outcomes: Deployment expertflow/ef-ccm " in said
    assert "waiver: CX203 unified-agent []: expired; load balancer is late" in said


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=())))
def test_any_text_of_an_outcome_makes_a_valid_file(path: Path, text: str) -> None:
    """Whatever a cluster answers, the file can be read."""
    said = made_up.outcome(Result.FAIL, message=text, evidence={"found": text, text: [text, {text: text}]}, entry=text)
    schema(with_case_properties=True).assertValid(written(made_up.record(said), path))


def test_hostile_text_stays_text(path: Path) -> None:
    """Markup, control characters and a forged testcase are shown, not obeyed."""
    root = written(made_up.record(made_up.outcome(Result.ERROR, message=HOSTILE)), path)
    assert len(list(root.iter("testcase"))) == 1
    error = root.find(".//error")
    assert error is not None
    assert "\\x1b[2J]]>\\x00<script>alert(1)</script>&amp;\\u202e\\ud800\\uffff" in (error.text or "")
    assert len(error.text or "") < 10_000


def test_no_secret_is_in_the_file(path: Path) -> None:
    """Not in a message, not in evidence, not at a cut; names are those of the blueprint."""
    secret = "correct-horse-battery"
    long = "x" * 7_990 + secret
    said = made_up.outcome(Result.FAIL, message=long, evidence={"found": [secret, {secret: secret}]})
    write_junit(made_up.record(said, fqdn=secret), path, Scrubber([SecretStr(secret)]))
    text = path.read_text()
    assert "***" in text
    assert not [piece for piece in (secret, secret[:8]) if text.count(piece)]


def test_what_shares_a_cause_names_it_and_where_it_is_told_whole(path: Path) -> None:
    """Twenty failures of one thing at fault are read once; names and number of testcases stay as they are."""
    cause = {"cause": "ConfigMap expertflow/shared key HOST", "found": "devops.ef.com"}
    many = [
        made_up.outcome(Result.FAIL, component=name, entry=name, message=f"{name} is told it", evidence=cause)
        for name in ("ccm", "grafana", "redis")
    ]
    cases = list(written(made_up.record(*many), path).iter("testcase"))
    texts = [case.findtext("failure") or "" for case in cases]
    assert [case.get("name") for case in cases] == [f"CX203 Service type [{one.entry}]" for one in many]
    assert ["remedy" in text for text in texts] == [True, False, False]
    assert texts[1] == (
        "grafana is told it\ncause: ConfigMap expertflow/shared key HOST; told whole with CX203 ccm [ccm]"
    )
    alike = [replace(one, message="it has expired", evidence={}) for one in many]
    told = [failure.text for failure in written(made_up.record(*alike), path).iter("failure")]
    assert told[1] == "it has expired\ncause: told whole with CX203 ccm [ccm]"

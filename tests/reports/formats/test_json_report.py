import json
from pathlib import Path

import jsonschema
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.formats.json_report import UnreadableReport, read_json, write_json
from cx_conformance.reports.formats.report_schema import schema
from cx_conformance.reports.formats.report_shape import SCHEMA_ID
from cx_conformance.reports.scrubber import Scrubber
from tests.reports import made_up

PUBLISHED = Path(__file__).parents[3] / "docs" / "schema" / "report.schema.json"
ALL = [made_up.conformant, made_up.three_failures, made_up.everything_missing, made_up.unreachable, made_up.record]
RUNS = [made() for made in ALL]
VALIDATOR = jsonschema.Draft202012Validator(schema())

JSON_LIKE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the report is to be."""
    return tmp_path / "report.json"


def test_the_published_schema_is_the_current_one() -> None:
    """When stale: ``python -m cx_conformance.reports.formats.report_schema > docs/schema/report.schema.json``."""
    assert json.loads(PUBLISHED.read_text()) == schema()


def test_the_schema_is_a_schema() -> None:
    """It keeps the rules of JSON Schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("record", RUNS)
def test_every_report_is_valid_by_its_schema(record: RunRecord, path: Path) -> None:
    """A reader that trusts the schema is never surprised."""
    write_json(record, path)
    VALIDATOR.validate(json.loads(path.read_text()))


def test_the_schema_refuses_what_is_no_report(path: Path) -> None:
    """A verdict of its own making, an outcome without its check, an unknown key."""
    write_json(made_up.three_failures(), path)
    document = json.loads(path.read_text())
    without_check = [{key: said for key, said in document["outcomes"][0].items() if key != "check"}]
    for wrong in ({"verdict": "fine"}, {"outcomes": without_check}, {"score": 99}):
        assert not VALIDATOR.is_valid(document | wrong)


@pytest.mark.parametrize("record", RUNS)
def test_what_was_written_is_read_back(record: RunRecord, path: Path) -> None:
    """Nothing of a run is lost; outcomes come in the order of the report."""
    write_json(record, path)
    again = read_json(path)
    by_key = {one.key: one for one in record.outcomes}
    for one in again.outcomes:
        assert one.as_mapping() == by_key[one.key].as_mapping()
    assert len(again.outcomes) == len(record.outcomes)
    assert replace(again, outcomes=()) == replace(record, outcomes=())
    assert (again.verdict, again.partial) == (record.verdict, record.partial)


def test_the_report_has_the_contracts_shape(path: Path) -> None:
    """Schema, verdict, partial, run and outcomes, in this order."""
    write_json(made_up.record(made_up.outcome(Result.FAIL)), path)
    document = json.loads(path.read_text())
    assert list(document) == ["schema", "verdict", "partial", "run", "outcomes"]
    assert document["schema"] == SCHEMA_ID == schema()["$id"]
    assert document["verdict"] == "non-conformant"
    assert document["partial"] is False
    assert document["outcomes"] == [made_up.outcome(Result.FAIL).as_mapping()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(JSON_LIKE)
def test_any_evidence_makes_a_valid_report(path: Path, seen: object) -> None:
    """NaN, huge numbers, bytes, lone surrogates: the report is valid JSON by its schema, and can be read back."""
    write_json(made_up.record(made_up.outcome(evidence={"found": seen})), path)
    VALIDATOR.validate(orjson.loads(path.read_bytes()))
    assert len(read_json(path).outcomes) == 1


def test_evidence_cannot_fill_the_disk(path: Path) -> None:
    """Long texts, long lists and deep nesting are cut, and say so."""
    deep: object = "bottom"
    for _ in range(100):
        deep = [deep]
    write_json(
        made_up.record(made_up.outcome(evidence={"long": "x" * 10**6, "many": ["y"] * 10**5, "deep": deep})), path
    )
    assert path.stat().st_size < 40_000
    evidence = read_json(path).outcomes[0].evidence
    assert evidence["long"].endswith("(cut, 1,000,000 characters)")
    assert evidence["many"][-1] == "... 99,000 more"
    assert json.dumps(evidence["deep"]).count("[") == 7
    assert json.dumps(evidence["deep"]).strip("[]") == '"..."'


def test_a_partial_run_says_so(path: Path) -> None:
    """What was left out, or cut off, is no full verdict."""
    for cut in ({"deselected": 1}, {"interrupted": True}):
        write_json(made_up.record(made_up.outcome(), **cut), path)
        assert json.loads(path.read_text())["partial"] is True


def test_no_secret_is_in_the_report(path: Path) -> None:
    """Neither in the run nor in an outcome, as key or value."""
    secret = "correct-horse-battery"
    said = made_up.outcome(Result.ERROR, message=f"login {secret}", evidence={secret: [secret]}, remedy=secret)
    run = made_up.record(said, command=f"run --password {secret}", extra={"k": {"v": secret}})
    write_json(run, path, Scrubber([SecretStr(secret)]))
    assert path.read_text().count(secret) == 0
    assert path.read_text().count("***") == 6


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not JSON", "is not JSON"),
        ("[]", "has schema None"),
        ('{"schema": "urn:other"}', "has schema 'urn:other'"),
        (f'{{"schema": "{SCHEMA_ID}"}}', "lacks verdict"),
        (f'{{"schema": "{SCHEMA_ID}", "verdict": 1, "partial": 1}}', "does not fit: verdict: "),
    ],
)
def test_what_is_no_report_is_refused_in_a_sentence(text: str, told: str, path: Path) -> None:
    """The sentence names the file and what it should have been."""
    path.write_text(text)
    with pytest.raises(UnreadableReport, match=told) as refused:
        read_json(path)
    assert str(path) in str(refused.value)

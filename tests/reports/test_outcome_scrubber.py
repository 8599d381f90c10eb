"""Outcomes without the secrets that a run has read, whoever put them there."""

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import SecretStr

from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.promise import Severity
from cx_conformance.cluster.snapshot import save
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.reports.outcome_scrubber import OutcomeScrubber
from cx_conformance.run.options import Options
from cx_conformance.run.recording import record_of
from cx_conformance.run.run import Run
from tests.checks.installation import Installation, blueprint

PASSWORD = SecretStr("0f-another/store")


def outcome(message: str, **evidence: Any) -> Outcome:
    """Return an outcome that says this."""
    return Outcome(
        check="CX803",
        title="Store accepts the login",
        area="stores",
        component="redis",
        entry="redis:6379",
        severity=Severity.CRITICAL,
        result=Result.FAIL,
        message=message,
        evidence=evidence,
    )


def test_a_secret_is_taken_out_of_message_and_evidence() -> None:
    """A store may repeat what it was given, or what another one was."""
    value = PASSWORD.get_secret_value()
    coded = base64.b64encode(value.encode()).decode()
    told = outcome(f"refused {value}", found=[{"said": f"no {coded}"}, 3], notes=[f"tried {value}"])
    clean = OutcomeScrubber("")(told, [PASSWORD])
    assert clean.message == "refused ***"
    assert clean.evidence["notes"] == ["tried ***"]
    assert clean.evidence["found"][1] == 3
    assert "***" in clean.evidence["found"][0]["said"]
    held = value in str(clean) or coded in str(clean)
    assert not held


def test_what_becomes_known_later_is_taken_out_from_then_on() -> None:
    """Stores are asked while other checks are judged already."""
    scrub, told = OutcomeScrubber(""), outcome(f"refused {PASSWORD.get_secret_value()}")
    assert scrub(told, []) == told
    assert scrub(told, [PASSWORD]).message == "refused ***"


def test_a_run_scrubs_what_it_judged_before_a_secret_was_read(tmp_path: Path) -> None:
    """Whatever shows an outcome at the end shows it clean."""
    installation = Installation()
    saved = tmp_path / "snapshot.json"
    save(installation.snapshot(Plan(blueprint(), installation.site)), saved)
    run = Run(Options(snapshot=saved, static=True))
    run.outcomes["one"] = outcome(f"refused {PASSWORD.get_secret_value()}")
    run.looks._found["live"] = SimpleNamespace(secrets=(PASSWORD,), close=lambda: None)
    assert [one.message for one in record_of(run).outcomes] == ["refused ***"]


def test_a_password_that_is_a_word_of_the_blueprint_hides_nothing() -> None:
    """Everybody may read that word, and the report is to stay legible."""
    told = outcome("ConfigMap expertflow/ef-ccm-cm does not exist")
    assert OutcomeScrubber("namespace: {name: expertflow}")(told, [SecretStr("expertflow")]) == told

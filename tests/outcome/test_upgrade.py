"""What an upgrade has done: told by the run before it and the run after it."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.__main__ import main
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.upgrade import Change, upgrade
from cx_conformance.outcome.verdict import Verdict
from cx_conformance.reports.formats.json_report import write_json
from tests.reports.made_up import STARTED, outcome, record

CLAIM = {"volume": "pvc-1", "class": "longhorn", "size": "8Gi"}
INSTALLED = {
    "images": {"ccm": ["customer-channel-manager:4.10.2"]},
    "claims": {"ef-external/minio": CLAIM},
    "secrets": {"expertflow/redis-crt": "uid-1"},
    "helm": {"expertflow/ef-cx": {"revision": 3, "status": "deployed"}},
}


def run(*outcomes: Any, version: str, day: int, installed: dict[str, Any], **changed: Any) -> RunRecord:
    """Return a run of a release."""
    made = record(*outcomes, started=STARTED + dt.timedelta(days=day), extra={"installed": installed}, **changed)
    return replace(made, blueprint=replace(made.blueprint, version=version))


def before(*outcomes: Any, **changed: Any) -> RunRecord:
    """Return the run before the upgrade."""
    return run(*outcomes, version="4.10", day=0, installed=INSTALLED, **changed)


def after(*outcomes: Any, installed: dict[str, Any] | None = None, **changed: Any) -> RunRecord:
    """Return the run after it."""
    return run(*outcomes, version="5.1", day=1, installed=INSTALLED | (installed or {}), **changed)


def test_what_was_well_and_is_not_now_is_parted_from_what_the_new_release_adds() -> None:
    """And from what was broken before."""
    new = outcome(Result.FAIL, component="cx-tenant", entry="new")
    found = upgrade(
        before(outcome(), outcome(Result.FAIL, component="redis"), outcome(Result.FAIL, component="mongo")),
        after(
            outcome(Result.FAIL),
            outcome(Result.FAIL, component="redis"),
            outcome(component="mongo"),
            new,
            outcome(component="minio"),
        ),
    )
    named = {
        field: [one.component for one in getattr(found, field)]
        for field in ("was_well", "new_broken", "still", "healed")
    }
    assert named == {"was_well": ["ccm"], "new_broken": ["cx-tenant"], "still": ["redis"], "healed": ["mongo"]}
    assert found.new_kept == 1
    assert (found.before, found.now, found.verdict) == ("4.10", "5.1", Verdict.NON_CONFORMANT)


def test_components_that_go_and_come_are_named() -> None:
    """They go on purpose: no promise of theirs is broken."""
    old = before(outcome(), components=("ccm", "conversation-controller"))
    found = upgrade(old, after(outcome(), components=("ccm", "conversation-studio")))
    assert (found.gone, found.added) == (("conversation-controller",), ("conversation-studio",))
    assert found.verdict is Verdict.CONFORMANT


def test_what_is_another_now_is_told_by_name() -> None:
    """Images, Helm revisions, Secrets that were made anew; what is the same is not."""
    found = upgrade(
        before(outcome()),
        after(
            outcome(),
            installed={
                "images": {"ccm": ["customer-channel-manager:5.1"]},
                "secrets": {"expertflow/redis-crt": "uid-2"},
                "helm": {"expertflow/ef-cx": {"revision": 4, "status": "deployed"}},
            },
        ),
    )
    assert found.images == (Change("ccm", "customer-channel-manager:4.10.2", "customer-channel-manager:5.1"),)
    assert found.helm == (Change("expertflow/ef-cx", "revision 3, status deployed", "revision 4, status deployed"),)
    assert [one.what for one in found.secrets] == ["expertflow/redis-crt"]
    assert found.claims == ()


def test_a_claim_that_is_bound_to_another_volume_has_left_its_data_behind() -> None:
    """Nothing else may be broken: the promise is kept by an empty volume."""
    moved = {"claims": {"ef-external/minio": CLAIM | {"volume": "pvc-2"}}}
    found = upgrade(before(outcome()), after(outcome(), installed=moved))
    assert found.lost_data == (
        "claim ef-external/minio is bound to volume pvc-2; before it was pvc-1, where its data are",
    )
    assert found.verdict is Verdict.NON_CONFORMANT
    grown = {"claims": {"ef-external/minio": CLAIM | {"size": "16Gi"}}}
    assert upgrade(before(outcome()), after(outcome(), installed=grown)).lost_data == ()


def test_on_another_cluster_a_claim_has_another_volume_and_left_nothing_behind() -> None:
    """As where the new release is installed beside the old one, and the data are restored there: that is said."""
    old = before(outcome())
    new = after(outcome(), installed={"claims": {"ef-external/minio": CLAIM | {"volume": "pvc-2"}}})
    assert new.cluster is not None
    found = upgrade(old, replace(new, cluster=replace(new.cluster, uid="another")))
    assert (found.lost_data, found.verdict) == ((), Verdict.CONFORMANT)
    assert [change.what for change in found.claims] == ["ef-external/minio"]
    assert "these are runs of two clusters" in found.doubts[0]
    assert found.doubts[0].endswith(
        "and another, whose volumes are never the same; whether the data came along is not seen"
    )


def test_doubts_about_the_two_runs_are_said() -> None:
    """Given the wrong way round, of one release, or without what was installed."""
    same = replace(after(outcome()), extra={})
    assert upgrade(same, before(outcome())).doubts == (
        "the first run is the younger one; give the one before the upgrade first",
        "the run before the upgrade does not say what was installed: images and claims are not compared",
    )


def written(record_of: RunRecord, path: Path) -> Path:
    """Write a report."""
    write_json(record_of, path)
    return path


@pytest.mark.parametrize(("result", "status"), [(Result.PASS, 0), (Result.FAIL, 1), (Result.ERROR, 3)])
def test_the_command_ends_as_a_run_does_and_writes_a_page(
    result: Result, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the verdict of the run after the upgrade."""
    old, new = written(before(outcome()), tmp_path / "old.json"), written(after(outcome(result)), tmp_path / "new.json")
    arguments = ["compare", "--upgrade", str(old), str(new), "--html", str(tmp_path / "upgrade.html")]
    assert main(arguments) == status
    assert "Upgrade from 4.10 to 5.1" in capsys.readouterr().out
    page = (tmp_path / "upgrade.html").read_text()
    assert "<h1>" in page
    assert "Upgrade from 4.10 to 5.1" in page
    assert main([*arguments, "--json"]) == status
    assert json.loads(capsys.readouterr().out)["now"] == "5.1"


def test_the_page_escapes_what_a_report_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A foreign report writes no markup."""
    hostile = {"images": {"<script>alert(1)</script>": ["<img src=x>"]}}
    old, new = written(before(outcome()), tmp_path / "old.json"), tmp_path / "new.json"
    written(after(outcome(), installed=hostile), new)
    main(["compare", "--upgrade", str(old), str(new), "--html", str(tmp_path / "upgrade.html")])
    page = (tmp_path / "upgrade.html").read_text()
    assert "<script>alert" not in page
    assert "<img" not in page

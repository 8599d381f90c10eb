"""An installation that is captured, and judged by what was captured of it; no server, no network."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from msgspec.structs import replace

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.lint import lint
from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.capture.capture import Captured, capture
from cx_conformance.capture.gathered import Gathered
from cx_conformance.capture.writing import text_of
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation, blueprint, snapshot_of

Object = dict[str, Any]
WELL = (Result.PASS, Result.NOT_APPLICABLE)


def seen(objects: Iterable[Object], *namespaces: str) -> Snapshot:
    """Return what a look at these live objects shows."""
    return replace(snapshot_of(objects, Plan(blueprint(), Site())), namespaces=namespaces)


def captured(snapshot: Snapshot) -> Captured:
    """Capture what a look shows of a living installation."""
    return capture(Gathered(snapshot, snapshot.namespaces, whole=True))


def captured_from(manifests: list[Object], *namespaces: str) -> Captured:
    """Capture the installation that a cluster makes of these manifests."""
    return captured(seen(Installation(manifests=orjson.dumps(manifests)).objects(), *namespaces))


def read_back(made: Captured, folder: Path) -> Blueprint:
    """Write a captured blueprint and read it again; it must lint without a finding."""
    file = folder / "captured.yaml"
    file.write_text(text_of(made), encoding="utf-8")
    loaded = load_blueprint(file)
    assert lint(loaded) == ()
    return loaded.document


def judged(manifests: list[Object], promised: Blueprint) -> list[Outcome]:
    """Judge the installation that a cluster makes of these manifests by a blueprint, by every static check."""
    installed = Installation(manifests=orjson.dumps(manifests), promised=promised)
    return installed.all_outcomes([one.id for one in all_checks() if not one.live])


def unkept(told: Iterable[Outcome]) -> list[str]:
    """Return what is told of promises that are not kept."""
    return [f"{one.check} {one.component} [{one.entry}]: {one.message}" for one in told if one.result not in WELL]

"""A blueprint that somebody changed is judged by what it says, and by nothing that it no longer says."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.lint.edges import calls_leading_nowhere
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.outcome.judge import Judge
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.waivers import Waivers
from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.suite_files import suite_root
from tests.checks.installation import Installation, blueprint

CHECKS = tuple(one for one in all_checks() if not one.live)
Document = dict[str, Any]


@pytest.fixture(scope="module")
def reference() -> Snapshot:
    """Look at the installation of the blueprint as it is shipped."""
    return Installation().snapshot(Plan(blueprint(), Site()))


def changed(change: Callable[[Document], object]) -> Blueprint:
    """Return the shipped blueprint with a change."""
    document = yaml.safe_load((suite_root() / "blueprint.yaml").read_text("utf-8"))
    change(document)
    return Blueprint.model_validate(document)


def broken(document: Blueprint, snapshot: Snapshot) -> list[Outcome]:
    """Judge everything by a blueprint and return what is broken, or could not be looked at."""
    plan = Plan(document, Site())
    court = Judge(plan, Waivers((), dt.datetime.now(dt.UTC).date()))
    court.register(all_checks())
    looks = {"snapshot": snapshot, "seen": Seen(snapshot, plan)}
    every = [court.outcome(one, entry, looks.__getitem__) for one in CHECKS for entry in plan.entries(one.per)]
    return [one for one in every if one.result in (Result.FAIL, Result.ERROR)]


def _no_service(document: Document) -> None:
    del document["components"]["web-widget"]["service"]


def _no_platform(document: Document) -> None:
    del document["platform"]


def _no_stores(document: Document) -> None:
    components = {name: one for name, one in document["components"].items() if "store" not in one}
    document["components"] = components
    for one in components.values():
        one["calls"] = [call for call in one.get("calls", ()) if call["to"] in components]


def _one_component(document: Document) -> None:
    document["components"] = {"ccm": document["components"]["ccm"]}


@pytest.mark.parametrize("change", [_no_service, _no_platform, _no_stores, _one_component])
def test_what_is_no_longer_promised_is_not_missed(change: Callable[[Document], None], reference: Snapshot) -> None:
    """The reference installation has more than the blueprint says; nothing of that is broken, nor breaks a check."""
    assert [(one.check, one.component, one.message) for one in broken(changed(change), reference)] == []


def _set(value: object, *path: str | int) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        place: Any = document["components"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "check", "component"),
    [
        (_set(8099, "ccm", "service", "ports", 0, "port"), "CX203", "ccm"),
        (_set(8099, "ccm", "containerPorts", 0, "port"), "CX109", "ccm"),
        (_set("web", "ccm", "service", "ports", 0, "name"), "CX204", "ccm"),
        (_set("NodePort", "ccm", "service", "type"), "CX202", "ccm"),
        (_set("ccm-svc", "ccm", "service", "name"), "CX201", "ccm"),
        (_set("StatefulSet", "ccm", "workload", "kind"), "CX102", "ccm"),
        (_set(2, "ccm", "workload", "replicas"), "CX103", "ccm"),
        (_set("other-cm", "ccm", "configMaps", 0, "name"), "CX301", "ccm"),
        (_set("2Gi", "ccm", "resources", "limits", "memory"), "CX110", "ccm"),
        (_set("https://${FQDN}/ccm2", "ccm", "ingress", "url"), "CX501", "ccm"),
        (_set("16Gi", "redis", "volumes", 0, "size"), "CX403", "redis"),
        (_set("/var/lib/redis", "redis", "volumes", 0, "mountPath"), "CX401", "redis"),
        (_set("other", "ccm", "namespace", "name"), "CX001", "platform"),
    ],
)
def test_a_changed_promise_is_the_only_one_that_is_broken(
    change: Callable[[Document], None], check: str, component: str, reference: Snapshot
) -> None:
    """One cause, of the component that was changed."""
    assert [(one.check, one.component) for one in broken(changed(change), reference)] == [(check, component)]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"to": "cim-custmer"}, "ccm calls cim-custmer, which is neither a component nor a party"),
        ({"to": "reporting-connector"}, "ccm calls reporting-connector, which has no Service"),
        ({"to": "redis", "ports": [6380]}, "ccm calls redis on port 6380; its Service has 6379"),
    ],
)
def test_a_call_that_leads_nowhere_is_told(call: Document, words: str) -> None:
    """There is no check of it, which nobody would notice otherwise."""
    assert calls_leading_nowhere(changed(lambda document: document["components"]["ccm"]["calls"].append(call))) == [
        words
    ]
    assert calls_leading_nowhere(blueprint()) == []

"""``preflight`` names what the account lacks, and exactly the checks that become errors without it."""

import datetime as dt
from functools import cache
from typing import Any

import pytest
from msgspec import structs

from cx_conformance.__main__ import main
from cx_conformance.api.refusal import Refusal
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.cluster.rights import EXEC, PORT_FORWARD, Right, kinds_for
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import Listing, SeenSecret, Snapshot
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.namespace import Namespace
from cx_conformance.outcome.judge import Judge
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.waivers import Waivers
from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.preflight import NEEDED_BY, Lacking, errors_without
from tests.checks.installation import FQDN, Installation, blueprint

PLAN = Plan(blueprint(), Site())


@cache
def snapshot() -> Snapshot:
    """Return a look at the reference installation."""
    return Installation().snapshot(PLAN)


def errors(seen: Snapshot) -> set[str]:
    """Return the checks that end as errors, blocked ones left out, when this is what could be looked at."""
    looks = {"snapshot": seen, "seen": Seen(seen, PLAN, FQDN)}
    court = Judge(PLAN, Waivers((), dt.datetime.now(dt.UTC).date()), static=True)
    checks = all_checks()
    court.register(checks)
    outcomes = [court.outcome(one, entry, looks.__getitem__) for one in checks for entry in PLAN.entries(one.per)]
    return {one.check for one in outcomes if one.result is Result.ERROR}


def forbidden(plural: str) -> Refusal:
    """Return the refusal of a whole kind."""
    return Refusal(reason="Forbidden", words="", verb="list", resource=plural)


class _NoSecret(dict[Any, Any]):
    """Secrets that were asked for and refused, every one."""

    def get(self, _place: Any, _default: Any = None) -> SeenSecret:
        return SeenSecret(refusal=forbidden("secrets"))

    def __contains__(self, _place: object) -> bool:
        return True


@pytest.mark.parametrize("record", [Namespace, *kinds_for(PLAN)], ids=lambda record: KINDS[record].plural)
def test_the_checks_that_need_a_kind_are_known(record: type[ApiObject]) -> None:
    """Without the kind exactly these checks are errors."""
    plural = KINDS[record].plural
    listings = {**snapshot().listings, record: Listing(refusal=forbidden(plural))}

    assert errors(structs.replace(snapshot(), listings=listings)) == set(NEEDED_BY[plural])


def test_the_checks_that_need_secrets_are_known() -> None:
    """Without any Secret exactly these checks are errors."""
    assert errors(structs.replace(snapshot(), secrets=_NoSecret())) == set(NEEDED_BY["secrets"])


@pytest.mark.parametrize(
    ("right", "checks"),
    [
        (Right(verb="get", resource=EXEC, namespace="expertflow"), {"edges", "health", "storage"}),
        (Right(verb="get", resource=EXEC, namespace="elsewhere"), set()),
        (Right(verb="create", resource=PORT_FORWARD, namespace="ef-external"), {"health", "stores"}),
        (Right(verb="get", resource="configmaps", namespace="expertflow", name="ef-connection-env-cm"), {"stores"}),
        (Right(verb="list", resource="events", namespace="expertflow"), set()),
        (Right(verb="list", resource="endpointslices", namespace="expertflow"), {"services"}),
    ],
    ids=lambda value: value.words if isinstance(value, Right) else "",
)
def test_a_missing_right_costs_the_areas_that_look_by_it(right: Right, checks: set[str]) -> None:
    """Exec costs edges and looks inside, port-forward health and stores, each only where the right counts."""
    assert {check.area for check in errors_without(right, PLAN, all_checks())} == checks


def test_an_account_that_may_do_everything_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0, one sentence."""
    assert main(["preflight", "--sandbox", "--static"]) == 0
    assert "the account has all of them" in " ".join(capsys.readouterr().out.split())


def test_what_is_lacking_is_named_with_verb_resource_namespace_and_checks(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 3; a namespace that does not exist is not spoken of."""
    assert main(["preflight", "--sandbox=list-forbidden:pods,exec-forbidden"]) == 3

    said = " ".join(capsys.readouterr().out.split())
    assert "may not list pods in namespace expertflow" in said
    assert "may not get and create pods/exec in namespace expertflow" in said
    assert "CX105 Containers start" in said
    assert "CX702 Callee accepts" in said
    assert "ef-bi" not in said


def test_what_only_lets_a_run_see_more_is_not_lacking(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0, as for an account that was granted before a run knew of HTTPRoutes: its checks go on."""
    assert main(["preflight", "--sandbox=list-forbidden:events"]) == 0

    said = " ".join(capsys.readouterr().out.split())
    assert "the account lacks none that a check cannot do without" in said
    assert "httproutes.gateway.networking.k8s.io, ingressroutes.traefik.io in namespaces expertflow, ef-ext" in said
    assert "networkpolicies.crd.projectcalico.org" in said
    assert "may not" not in said


@pytest.mark.parametrize("resource", sorted(kind for kind, checks in NEEDED_BY.items() if not checks))
def test_what_no_check_needs_says_what_it_is_for(resource: str) -> None:
    """Whoever is to grant it wants to know what for."""
    right = Right(verb="list", resource=resource, namespace="expertflow")
    assert Lacking(right=right, reason="", errors={}).more


def test_an_unreachable_cluster_is_said_in_one_sentence(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 3: nothing is known of the account."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: dead\n"
        "contexts: [{name: dead, context: {cluster: dead, user: nobody}}]\n"
        'clusters: [{name: dead, cluster: {server: "https://127.0.0.1:9"}}]\n'
        "users: [{name: nobody, user: {token: x}}]\n"
    )

    assert main(["preflight", "--kubeconfig", str(kubeconfig)]) == 3
    assert "gave no answer" in capsys.readouterr().err


def test_an_unknown_fault_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2."""
    assert main(["preflight", "--sandbox=nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("create", "pods"),
        ("delete", "pods"),
        ("get", "pods"),
        ("get", "pods/log"),
        ("patch", "pods/ephemeralcontainers"),
    ],
)
def test_what_probe_pods_take_is_lacked_by_the_edges_alone(verb: str, resource: str) -> None:
    """Not by what lists pods."""
    lacked = errors_without(Right(verb=verb, resource=resource, namespace="expertflow"), PLAN, all_checks())
    assert {one.id for one in lacked} == {"CX701", "CX702"}

"""Each fault changes what it says, can be seen from outside, and leaves everything else as it was."""

import re
from typing import Any

import pytest

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.bootstrap import bootstrap
from cx_conformance.sandbox.controllers import reconcile
from cx_conformance.sandbox.faults import CannotApply, Fault, UnknownFault, catalogue, parse
from cx_conformance.sandbox.world import World
from tests.blueprint.conftest import SHIPPED

Object = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    """Give the world that the reference installation is admitted to."""
    return World()


@pytest.fixture(scope="module")
def installed(world: World) -> list[Object]:
    """Return the reference installation, admitted."""
    objects = reference_installation(load_blueprint(SHIPPED).document, seed=1)
    return bootstrap(objects, world)


def by_path(objects: list[Object]) -> dict[tuple[str, str, str], Object]:
    """Index objects."""
    return {(o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"]): o for o in objects}


def test_there_are_at_least_thirty() -> None:
    """The catalogue is as large as promised, and every name is its own."""
    names = [fault.name for fault in catalogue()]

    assert len(names) >= 30
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("fault", catalogue(), ids=lambda fault: fault.name)
def test_each_says_what_it_is_and_who_finds_it(fault: Fault) -> None:
    """The name is a word for the command line, the description one sentence, the check an ID or an area."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fault.name)
    assert "\n" not in fault.description
    assert len(fault.description) > 20
    assert re.fullmatch(r"CX\d{3}|services|health|edges|stores", fault.check)
    assert fault.found_as in {"fail", "error", "note"}


@pytest.mark.parametrize("fault", catalogue(), ids=lambda fault: fault.name)
def test_each_changes_the_reference_installation(installed: list[Object], world: World, fault: Fault) -> None:
    """Aimed at its own target, it changes what the API shows, and leaves the objects it was given alone."""
    before = repr(installed)

    broken = parse(fault.name).apply(installed)

    assert repr(installed) == before
    assert by_path(reconcile(broken, world, "")) != by_path(reconcile(installed, world, ""))


def test_an_unknown_name_lists_what_is_allowed() -> None:
    """The message names the nearest faults, and all."""
    with pytest.raises(
        UnknownFault, match=r"no fault 'absent-servise'; did you mean absent-service.*allowed are absent"
    ):
        parse("absent-servise")


def test_an_unknown_target_lists_what_there_is(installed: list[Object]) -> None:
    """The message names the workloads that there are."""
    with pytest.raises(CannotApply, match=r"no workload belongs to a component 'nobody'; there are .*ef-ccm"):
        parse("absent-workload:nobody").apply(installed)


def test_a_target_can_be_named(installed: list[Object]) -> None:
    """The component after the colon is the one that breaks."""
    broken = by_path(parse("absent-workload:agent-manager").apply(installed))

    assert ("Deployment", "expertflow", "ef-agent-manager") not in broken
    assert ("Deployment", "expertflow", "ef-ccm") in broken


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("image-pull", "ImagePullBackOff"),
        ("crash-loop", "CrashLoopBackOff"),
        ("out-of-memory", "CrashLoopBackOff"),
        ("absent-configmap", "CreateContainerConfigError"),
        ("absent-reference", "CreateContainerConfigError"),
    ],
)
def test_a_container_waits_for_the_reason_of_the_fault(
    installed: list[Object], world: World, name: str, reason: str
) -> None:
    """The kubelet's reason is the one that an engineer knows."""
    pod = pod_of(reconcile(parse(name).apply(installed), world, ""), "ef-ccm-")

    assert [each["state"]["waiting"]["reason"] for each in pod["status"]["containerStatuses"]] == [reason]
    assert not [c for c in pod["status"]["conditions"] if c["type"] == "Ready" and c["status"] == "True"]


def pod_of(objects: list[Object], prefix: str) -> Object:
    """Return the one pod whose name starts so."""
    found = [o for o in objects if o["kind"] == "Pod" and o["metadata"]["name"].startswith(prefix)]
    assert len(found) == 1
    return found[0]


def test_a_stuck_rollout_keeps_the_old_pod(installed: list[Object], world: World) -> None:
    """The old pod is Ready and serves, the new one cannot pull its image, and the deadline has passed."""
    made = reconcile(parse("rollout-stuck").apply(installed), world, "")
    pods = [o for o in made if o["kind"] == "Pod" and o["metadata"]["name"].startswith("ef-ccm-")]
    status = by_path(made)["Deployment", "expertflow", "ef-ccm"]["status"]

    assert sorted(c["status"] for pod in pods for c in pod["status"]["conditions"] if c["type"] == "Ready") == [
        "False",
        "True",
    ]
    assert (status["replicas"], status["updatedReplicas"], status["readyReplicas"]) == (2, 1, 1)
    assert "ProgressDeadlineExceeded" in [condition["reason"] for condition in status["conditions"]]
    ready = slice_of(made, "ef-ccm-svc")["endpoints"]
    assert sorted(endpoint["conditions"]["ready"] for endpoint in ready) == [False, True]


def slice_of(objects: list[Object], service: str) -> Object:
    """Return the EndpointSlice of a Service."""
    name = "kubernetes.io/service-name"
    found = [o for o in objects if o["kind"] == "EndpointSlice" and o["metadata"]["labels"][name] == service]
    assert len(found) == 1
    return found[0]


def test_a_pending_claim_keeps_its_pod_from_being_scheduled(installed: list[Object], world: World) -> None:
    """The claim waits, the pod has no node, and the scheduler says why."""
    made = reconcile(parse("claim-pending").apply(installed), world, "")
    pod = by_path(made)["Pod", "ef-external", "redis-0"]

    assert by_path(made)["PersistentVolumeClaim", "ef-external", "data-redis-0"]["status"] == {"phase": "Pending"}
    assert "nodeName" not in pod["spec"]
    assert "unbound immediate PersistentVolumeClaims" in pod["status"]["conditions"][0]["message"]


@pytest.mark.parametrize("name", ["no-default-class", "two-default-classes", "unsupported-provisioner"])
def test_claims_that_are_bound_stay_bound(installed: list[Object], world: World, name: str) -> None:
    """What happens to a StorageClass afterwards does not unbind a volume."""
    made = reconcile(parse(name).apply(installed), world, "")

    claims = [o for o in made if o["kind"] == "PersistentVolumeClaim"]
    assert {claim["status"]["phase"] for claim in claims} == {"Bound"}


def test_the_reference_installation_itself_is_healthy(installed: list[Object], world: World) -> None:
    """Without a fault every pod is Ready, every claim Bound, every slice has ready endpoints with ports."""
    made = reconcile(installed, world, "")

    pods = [o for o in made if o["kind"] == "Pod"]
    assert all(c["status"] == "True" for pod in pods for c in pod["status"]["conditions"])
    assert {o["status"]["phase"] for o in made if o["kind"] == "PersistentVolumeClaim"} == {"Bound"}
    assert all(o["endpoints"] and o["ports"] for o in made if o["kind"] == "EndpointSlice")
    assert not [o for o in made if o["kind"] == "Event"]

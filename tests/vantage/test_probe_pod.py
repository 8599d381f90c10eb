"""A pod in another one's place: seen by NetworkPolicies as that one, taken by nobody for its own."""

import re
from typing import Any

import pytest

from cx_conformance.objects.service import service
from cx_conformance.vantage.probe_pod import labels_of, pod_name, probe_pod, takes_unready
from cx_conformance.vantage.script_container import NOBODY, script_container, user_of

Object = dict[str, Any]
ARGV = ("sh", "-s", "--", "3", "host", "80")


def caller(**more: Any) -> Object:
    """Return a pod of a Deployment; ``more`` goes into its spec."""
    labels = {"app": "ccm", "pod-template-hash": "abc", "controller-revision-hash": "def"}
    metadata = {"name": "ef-ccm-abc-de", "namespace": "expertflow", "uid": "u-1", "labels": labels}
    return {"metadata": metadata, "spec": {"nodeName": "node-7", "dnsPolicy": "ClusterFirst", **more}}


def made(**more: Any) -> Object:
    """Return the probe pod in its place."""
    return probe_pod("probe", caller(**more), script_container("probe", "busybox", ARGV, b"echo $HOME"))


def test_it_has_the_callers_namespace_and_labels_but_for_those_of_controllers() -> None:
    """Policies select it as they select the caller; a ReplicaSet's selector does not match."""
    assert made()["metadata"]["namespace"] == "expertflow"
    assert made()["metadata"]["labels"] == labels_of(caller()) == {"app": "ccm"}


def test_it_has_a_controller_so_that_none_adopts_it() -> None:
    """Its owner is the caller, with which it goes."""
    (owner,) = made()["metadata"]["ownerReferences"]
    assert owner == {"apiVersion": "v1", "kind": "Pod", "name": "ef-ccm-abc-de", "uid": "u-1", "controller": True}


def test_it_is_never_ready_and_ends_by_itself() -> None:
    """A gate that nobody sets, no restart, and a deadline."""
    spec = made()["spec"]
    assert spec["readinessGates"] == [{"conditionType": "cx-conformance/never-ready"}]
    assert (spec["restartPolicy"], spec["activeDeadlineSeconds"]) == ("Never", 120)
    assert "ports" not in spec["containers"][0]


def test_it_resolves_names_as_the_caller_does_and_wishes_to_stand_on_its_node() -> None:
    """What decides on DNS is the caller's; a full node does not keep it from standing elsewhere."""
    config = {"nameservers": ["192.0.2.53"]}
    spec = made(dnsPolicy="None", dnsConfig=config, hostAliases=[{"ip": "192.0.2.1", "hostnames": ["a"]}])["spec"]
    assert (spec["dnsPolicy"], spec["dnsConfig"]) == ("None", config)
    assert spec["hostAliases"] == [{"ip": "192.0.2.1", "hostnames": ["a"]}]
    (wish,) = spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert wish["preference"]["matchFields"][0]["values"] == ["node-7"]


def test_it_gets_no_token_and_bounded_resources() -> None:
    """It looks at the network and at nothing else."""
    spec = made(serviceAccountName="ccm")["spec"]
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("ccm", False)
    assert spec["containers"][0]["resources"]["limits"] == {"cpu": "500m", "memory": "128Mi"}


def test_its_name_is_no_statefulsets() -> None:
    """A StatefulSet adopts what is named NAME-0; a name holds no more than 63 characters."""
    for name in ("redis-0", "a" * 80, "with.dots-1"):
        found = pod_name(name)
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z])", found)
        assert len(found) <= 63


def test_every_dollar_of_a_script_is_doubled() -> None:
    """Kubernetes fills in $(NAME) in arguments, and makes one of two."""
    container = script_container("probe", "busybox", ARGV, b"a=$(hostname) b=$$")
    assert container["command"] == ["sh", "-c"]
    assert container["args"] == ["a=$$(hostname) b=$$$$", "sh", "3", "host", "80"]


def test_only_a_script_on_standard_input_can_become_an_argument() -> None:
    """Another command is a mistake of the suite."""
    with pytest.raises(ValueError, match="sh -s --"):
        script_container("probe", "busybox", ("cat",), b"")


@pytest.mark.parametrize(
    ("pod", "user"),
    [
        (caller(), {"runAsUser": NOBODY}),
        (caller(securityContext={"runAsUser": 0}), {"runAsUser": NOBODY}),
        (caller(securityContext={"runAsUser": 1001}), {"runAsUser": 1001}),
        ({"metadata": {"annotations": {"openshift.io/scc": "restricted-v2"}}, "spec": {}}, {}),
    ],
)
def test_it_runs_as_nobody_or_as_the_caller_does(pod: Object, user: Object) -> None:
    """Never as root; OpenShift gives out users itself."""
    assert user_of(pod) == user


@pytest.mark.parametrize(
    ("selector", "publishes", "taken"),
    [({"app": "ccm"}, True, True), ({"app": "ccm"}, False, False), ({"app": "other"}, True, False)],
)
def test_a_service_that_publishes_unready_pods_would_take_it(selector: Object, publishes: bool, taken: bool) -> None:
    """Only one that selects it."""
    spec = {"selector": selector, "publishNotReadyAddresses": publishes, "ports": [{"port": 80}]}
    live = service({"metadata": {"name": "ccm", "namespace": "expertflow"}, "spec": spec})
    assert (takes_unready([live], caller()) is live) is taken

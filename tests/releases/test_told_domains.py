"""Names that the cluster's DNS does not know: of another domain than its own, or with a letter wrong."""

from typing import Any

import pytest

from cx_conformance.outcome.outcome import Result
from tests.checks.installation import Installation
from tests.releases import from_facts
from tests.releases.installed import installed
from tests.releases.test_told_addresses import edge, shared, tell

pytestmark = from_facts.needed

Object = dict[str, Any]


def api_server(domain: str, namespace: str = "kube-system") -> Object:
    """Return the pod of an API server as kubeadm starts it."""
    words = ["kube-apiserver", f"--service-account-issuer=https://kubernetes.default.svc.{domain}"]
    spec = {"containers": [{"name": "kube-apiserver", "image": "kube-apiserver:v1.34.1", "command": words}]}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    metadata = {"name": "kube-apiserver-node-1", "namespace": namespace}
    return {"kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def told(domain: str, *live: Object) -> Installation:
    """Return an installation that is told names in a domain: by a variable, by a store's setting, by any other key."""
    installation = installed("5.1")
    tell(installation, "ef-cx-agent-manager", "CCM_URL", f"http://ef-cx-ccm-svc.expertflow.svc.{domain}:8081")
    shared(installation)["REDIS_HOST"] = f"redis-master.ef-external.svc.{domain}"
    shared(installation)["CALLBACK"] = f"http://ef-cx-ccm-svc.expertflow.svc.{domain}:8081/message"
    installation.add_live(*live)
    return installation


def results(installation: Installation) -> set[Result]:
    """Judge where each of the three leads."""
    return {
        edge(installation, "agent-manager", "ccm").result,
        installation.outcome("CX308", "redis").result,
        installation.outcome("CX310", "agent-manager").result,
    }


def test_a_name_in_another_domain_is_broken_wherever_it_is_told() -> None:
    """The API server's own pod shows the cluster's."""
    installation = told("cluster.lokal", api_server("cluster.local"))
    own = "cluster.local (pod kube-system/kube-apiserver-node-1)"
    why = f"is a name in the domain cluster.lokal, and the cluster's is {own}"
    host = "ef-cx-ccm-svc.expertflow.svc"
    assert edge(installation, "agent-manager", "ccm").message == (
        f"CCM_URL in Deployment expertflow/ef-cx-agent-manager says {host}.cluster.lokal: it {why}; promised is {host}"
    )
    assert installation.outcome("CX308", "redis").message.startswith(
        "REDIS_HOST in ConfigMap expertflow/ef-cx-efconnections-cm says redis-master.ef-external.svc.cluster.lokal: "
        f"it {why}; promised is redis-master.ef-external.svc; it is read by "
    )
    assert installation.outcome("CX310", "ccm").message == (
        f"ConfigMap ef-cx-efconnections-cm key CALLBACK: http://{host}.cluster.lokal:8081 {why}"
    )
    assert results(told("corp.example", api_server("cluster.local"))) == {Result.FAIL}


@pytest.mark.parametrize("domain", ["cluster.lokal", "cluster", "clutser.local", "cluster-local", "cluster.localx"])
def test_a_misspelling_of_the_usual_domain_is_broken(domain: str) -> None:
    """Where no API server is a pod; nor does one of another cluster, which runs in this one, say which domain it is."""
    for elsewhere in ((), (api_server("corp.example", "vcluster"),)):
        installation = told(domain, *elsewhere)
        assert results(installation) == {Result.FAIL}
        assert f"is a name in the domain {domain}, a misspelling of cluster.local" in (
            installation.outcome("CX310", "agent-manager").message
        )


@pytest.mark.parametrize(
    "domain", ["k8s.example.com", "mycluster.local", "cluster2.local", "cluster.local2", "cluster.lan", "lan"]
)
def test_a_domain_of_the_clusters_own_is_not_guessed_at(domain: str) -> None:
    """It is set up with the cluster, and most show it nowhere."""
    assert results(told(domain)) == {Result.PASS}
    assert results(told(domain, api_server(domain))) == {Result.PASS}


@pytest.mark.parametrize("domain", ["cluster.local", "CLUSTER.local.", "clusterset.local"])
def test_names_that_dns_may_know_beside_its_own_are_kept(domain: str) -> None:
    """CoreDNS may serve the usual domain beside another, and that of Services of several clusters."""
    for own in ("cluster.local", "k8s.example.com"):
        assert results(told(domain, api_server(own))) == {Result.PASS}


def test_an_alias_in_another_domain_leads_nowhere() -> None:
    """A Service of type ExternalName is followed by DNS, too."""
    installation = installed("5.1")
    tell(installation, "ef-cx-agent-manager", "CCM_URL", "http://ccm:8081")
    spec = {"type": "ExternalName", "externalName": "ef-cx-ccm-svc.expertflow.svc.cluster.local"}
    about = {"name": "ccm", "namespace": "expertflow"}
    installation.manifests.append({"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec})
    assert edge(installation, "agent-manager", "ccm").result is Result.PASS
    spec["externalName"] = "ef-cx-ccm-svc.expertflow.svc.cluster.lokal"
    assert edge(installation, "agent-manager", "ccm").result is Result.FAIL


@pytest.mark.parametrize(
    "host",
    [
        "activemq.ef-external.svcx",
        "activemq.ef-external.sv",
        "activemq.ef-external.cluster.local",
        "activemq.ef-externl",
        "activemq.ef-externl.svc",
        "activemq.efexternal.svc.cluster.local",
        "activemq-0.activemq.ef-externl.svc",
    ],
)
def test_a_misspelt_name_of_a_service_is_lost_whatever_tells_it(host: str) -> None:
    """Nothing documents the variable; but for a letter or two it is the name of what is there."""
    installation = installed("5.1")
    shared(installation)["ACTIVEMQ_SECONDARY_URL"] = host
    ended = installation.outcome("CX310", "ccm")
    assert (ended.result, ended.message) == (
        Result.FAIL,
        f"ConfigMap ef-cx-efconnections-cm key ACTIVEMQ_SECONDARY_URL: {host} names no Service that was seen",
    )


@pytest.mark.parametrize(
    "host",
    [
        "activemq.expertflow.com",
        "broker.ef-external.sv",
        "activemq.vault.svc",
        "activemq.site.example.com",
        "activemq.ef-prod.svc",
        "activemq.kube-system.svc",
    ],
)
def test_names_of_others_are_not_judged(host: str) -> None:
    """Machines outside, and other namespaces, whether or not they are there."""
    installation = installed("5.1")
    shared(installation)["ACTIVEMQ_SECONDARY_URL"] = host
    assert installation.outcome("CX310", "ccm").result is Result.PASS


def test_a_namespace_of_a_name_like_the_platforms_may_be_there() -> None:
    """What stands in it is not looked at."""
    installation = installed("5.1")
    installation.manifests.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ef-external2"}})
    shared(installation)["ACTIVEMQ_SECONDARY_URL"] = "activemq.ef-external2.svc"
    assert installation.outcome("CX310", "ccm").result is Result.PASS

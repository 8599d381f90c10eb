"""What one would write without this project: the typed official client, one GET an assertion, kubectl an edge.

It looks for what it can in the same blueprint, with each library's own time limits, and is not meant to be good.
``compare.py`` runs it; KUBECONFIG names the cluster.
"""  # noqa: INP001 - a suite of its own

import os
from pathlib import Path
from typing import Any

import pytest
import testinfra
import yaml
from kubernetes import client, config

BLUEPRINT = yaml.safe_load((Path(__file__).parents[2] / "blueprint.yaml").read_text(encoding="utf-8"))
COMPONENTS: dict[str, Any] = BLUEPRINT["components"]
NAMESPACE = {name: one["namespace"]["name"] for name, one in COMPONENTS.items()}
SERVICES = [name for name, one in COMPONENTS.items() if "service" in one]
MAPS = [(name, each["name"]) for name, one in COMPONENTS.items() for each in one.get("configMaps", [])]
PORTS = [(name, each["port"]) for name in SERVICES for each in COMPONENTS[name]["service"]["ports"]]
INGRESSES = [name for name, one in COMPONENTS.items() if "ingress" in one]
EDGES = [
    (name, call["to"], port)
    for name, one in COMPONENTS.items()
    for call in one.get("calls", [])
    if call["to"] in SERVICES
    for port in call.get("ports") or [COMPONENTS[call["to"]]["service"]["ports"][0]["port"]]
]


@pytest.fixture(scope="session", autouse=True)
def kubeconfig() -> None:
    """Read KUBECONFIG once."""
    config.load_kube_config()


def _workload(name: str) -> Any:
    promised = COMPONENTS[name]["workload"]
    read = getattr(client.AppsV1Api(), f"read_namespaced_{promised['kind'].lower().replace('set', '_set')}")
    return read(promised["name"], NAMESPACE[name])


def _service(name: str) -> Any:
    return client.CoreV1Api().read_namespaced_service(COMPONENTS[name]["service"]["name"], NAMESPACE[name])


@pytest.mark.parametrize("name", COMPONENTS)
def test_workload_exists(name: str) -> None:
    """A GET."""
    assert _workload(name).metadata.name


@pytest.mark.parametrize("name", COMPONENTS)
def test_replicas_are_ready(name: str) -> None:
    """A GET."""
    live = _workload(name)
    assert live.status.ready_replicas == live.spec.replicas


@pytest.mark.parametrize("name", COMPONENTS)
def test_restart_policy(name: str) -> None:
    """A GET."""
    assert _workload(name).spec.template.spec.restart_policy == "Always"


@pytest.mark.parametrize("name", SERVICES)
def test_service_type(name: str) -> None:
    """A GET."""
    assert _service(name).spec.type == "ClusterIP"


@pytest.mark.parametrize(("name", "port"), PORTS)
def test_service_port(name: str, port: int) -> None:
    """A GET."""
    assert port in [one.port for one in _service(name).spec.ports]


@pytest.mark.parametrize(("name", "config_map"), MAPS)
def test_config_map(name: str, config_map: str) -> None:
    """A GET."""
    assert client.CoreV1Api().read_namespaced_config_map(config_map, NAMESPACE[name]).metadata.name


@pytest.mark.parametrize("name", INGRESSES)
def test_ingress(name: str) -> None:
    """A LIST."""
    found = client.NetworkingV1Api().list_namespaced_ingress(NAMESPACE[name]).items
    backends = [path.backend.service.name for one in found for rule in one.spec.rules for path in rule.http.paths]
    assert COMPONENTS[name]["service"]["name"] in backends


def _pod(name: str) -> Any:
    labels = _workload(name).spec.selector.match_labels
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return client.CoreV1Api().list_namespaced_pod(NAMESPACE[name], label_selector=selector).items[0]


@pytest.mark.live
@pytest.mark.parametrize(("caller", "callee", "port"), EDGES)
def test_edge(caller: str, callee: str, port: int) -> None:
    """A kubectl exec."""
    pod = _pod(caller)
    inside = testinfra.get_host(
        f"kubectl://{pod.metadata.name}?namespace={NAMESPACE[caller]}&container={pod.spec.containers[0].name}"
        f"&kubeconfig={os.environ['KUBECONFIG']}"
    )
    host = f"{COMPONENTS[callee]['service']['name']}.{NAMESPACE[callee]}.svc.cluster.local"
    assert inside.addr(host).is_resolvable
    assert inside.run(f"timeout 5 bash -c '</dev/tcp/{host}/{port}'").rc == 0


@pytest.mark.live
def test_file_engine_health() -> None:
    """The page's own command."""
    pod = _pod("file-engine")
    inside = testinfra.get_host(
        f"kubectl://{pod.metadata.name}?namespace={NAMESPACE['file-engine']}&kubeconfig={os.environ['KUBECONFIG']}"
    )
    assert inside.run("curl -fsk https://localhost:8443/api/SystemInfo").rc == 0


@pytest.mark.live
@pytest.mark.parametrize(
    ("name", "port"),
    [(name, port) for name, port in PORTS if COMPONENTS[name]["group"] == "external"],
)
def test_store_listens(name: str, port: int) -> None:
    """A kubectl exec in ccm: less than a login, and what most suites leave it at."""
    pod = _pod("ccm")
    inside = testinfra.get_host(
        f"kubectl://{pod.metadata.name}?namespace={NAMESPACE['ccm']}&kubeconfig={os.environ['KUBECONFIG']}"
    )
    host = f"{COMPONENTS[name]['service']['name']}.{NAMESPACE[name]}.svc.cluster.local"
    assert inside.run(f"timeout 5 bash -c '</dev/tcp/{host}/{port}'").rc == 0

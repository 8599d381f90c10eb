"""Capture: from the objects of an application to what is promised of it."""

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from cx_conformance.blueprint.component import Component, Kind
from cx_conformance.blueprint.promise import Promise, Source
from cx_conformance.blueprint.store import Protocol, Reference
from cx_conformance.capture.capture import NothingToCapture
from tests.capture.stage import captured_from, judged, read_back, unkept
from tests.checks.installation import Installation

ZOO = """\
apiVersion: v1
kind: Namespace
metadata: {name: zoo}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: zoo}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gate, namespace: zoo}
spec:
  replicas: 2
  selector: {matchLabels: {app: gate}}
  template:
    metadata: {labels: {app: gate}}
    spec:
      containers:
      - name: gate
        image: registry.example.com/zoo/gate:1.2
        ports: [{containerPort: 8080, name: web}, {containerPort: 9090}, {containerPort: 5353, protocol: UDP}]
        env:
        - {name: KEEPER_URL, value: "http://keeper.zoo.svc:81/feed"}
        - {name: CACHE_HOST, value: cache}
        - {name: CACHE_PORT, value: "6379"}
        - {name: CACHE_KIND, value: cache}
        - {name: API_TOKEN, value: hunter2-in-clear}
        - {name: DB_URL, value: "postgres://gate:hunter2-in-clear@db/zoo"}
        envFrom: [{configMapRef: {name: gate-env-7h5k2m9bd4}}, {secretRef: {name: maybe, optional: true}}]
        resources: {limits: {memory: 256Mi}}
        readinessProbe: {httpGet: {path: /ready, port: web}}
        livenessProbe: {httpGet: {path: /live, port: 9090, scheme: HTTPS}}
        volumeMounts: [{name: etc, mountPath: /etc/gate}, {name: etc, mountPath: /opt/gate}]
      volumes: [{name: etc, configMap: {name: gate-files}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: gate-env-7h5k2m9bd4, namespace: zoo}
data: {ZOO: open}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: gate-files, namespace: zoo}
data:
  gate.conf: |
    upstream cages { server cages.zoo.svc.cluster.local:7000; }
    # the keeper is told elsewhere
---
apiVersion: v1
kind: Service
metadata: {name: gate, namespace: zoo}
spec:
  selector: {app: gate}
  ports: [{name: web, port: 80, targetPort: web}, {name: gone, port: 81, targetPort: no-such}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: keeper, namespace: zoo}
spec:
  selector: {matchLabels: {app: keeper}}
  template:
    metadata: {labels: {app: keeper}}
    spec: {containers: [{name: keeper, image: keeper}]}
---
apiVersion: v1
kind: Service
metadata: {name: keeper, namespace: zoo}
spec: {selector: {app: keeper}, ports: [{port: 81, targetPort: 8181}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cages, namespace: zoo}
spec:
  selector: {matchLabels: {app: cages}}
  template:
    metadata: {labels: {app: cages}}
    spec: {containers: [{name: cages, image: cages, ports: [{containerPort: 7000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: cages, namespace: zoo}
spec: {selector: {app: cages}, ports: [{port: 7000}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cache, namespace: zoo}
spec:
  selector: {matchLabels: {app: cache}}
  serviceName: cache
  template:
    metadata: {labels: {app: cache}}
    spec:
      containers:
      - name: cache
        image: docker.io/bitnami/valkey:8
        ports: [{containerPort: 6379}]
        env: [{name: REDIS_PASSWORD, valueFrom: {secretKeyRef: {name: cache, key: pass}}}]
        volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
  - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}}
---
apiVersion: v1
kind: Secret
metadata: {name: cache, namespace: zoo}
stringData: {pass: hunter2-in-secret}
---
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: zoo}
spec: {selector: {app: cache}, ports: [{port: 6379}]}
---
apiVersion: v1
kind: Service
metadata: {name: cache-headless, namespace: zoo}
spec: {selector: {app: cache}, clusterIP: None, ports: [{port: 6379}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: feeding.nightly, namespace: zoo}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: feeding}}
        spec: {restartPolicy: Never, containers: [{name: feeding, image: feeding, args: ["--keeper=http://keeper:81"]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: gate, namespace: zoo}
spec:
  ingressClassName: zoo
  rules:
  - host: zoo.example.com
    http:
      paths:
      - {path: /tickets, pathType: Prefix, backend: {service: {name: gate, port: {name: web}}}}
      - {path: /map, pathType: Prefix, backend: {service: {name: gate, port: {number: 80}}}}
  - host: cages.example.com
    http: {paths: [{path: /, pathType: Exact, backend: {service: {name: cages, port: {number: 7000}}}}]}
"""


def zoo() -> list[dict[str, Any]]:
    """Return the manifests of an application that has nothing to do with the platform."""
    return list(yaml.safe_load_all(ZOO))


@pytest.fixture(scope="module")
def components() -> dict[str, Component]:
    """Return what is captured of the zoo."""
    return captured_from(zoo(), "zoo").blueprint.components


def test_every_workload_is_a_component_under_its_name(components: dict[str, Component]) -> None:
    """A dot, which an id cannot have, becomes a dash."""
    assert {name: one.workload.kind for name, one in components.items()} == {
        "cache": Kind.STATEFUL_SET,
        "cages": Kind.DEPLOYMENT,
        "feeding-nightly": Kind.CRON_JOB,
        "gate": Kind.DEPLOYMENT,
        "keeper": Kind.DAEMON_SET,
    }


def test_ports_of_containers_and_services_are_those_of_tcp(components: dict[str, Component]) -> None:
    """A port that leads to no container is not promised."""
    gate = components["gate"]
    assert [(one.port, one.name) for one in gate.container_ports] == [(8080, "web"), (9090, None)]
    assert gate.service
    assert [(one.port, one.container_port, one.name) for one in gate.service.ports] == [(80, 8080, "web")]


def test_of_several_services_the_called_one_with_an_address_comes_first(components: dict[str, Component]) -> None:
    """The headless one of a StatefulSet is a further one."""
    cache = components["cache"]
    assert cache.service
    assert (cache.service.name, [one.name for one in cache.further_services]) == ("cache", ["cache-headless"])


def test_objects_are_referred_to_by_the_names_that_people_gave_them(components: dict[str, Component]) -> None:
    """What kustomize puts behind a name changes; an optional Secret that is not there is not promised."""
    gate = components["gate"]
    assert [one.name for one in gate.config_maps] == ["gate-env", "gate-files"]
    assert [one.name for one in gate.secrets] == []
    assert [one.name for one in components["cache"].secrets] == ["cache"]


def test_volumes_have_their_paths_and_the_size_that_is_claimed(components: dict[str, Component]) -> None:
    """One volume may be mounted twice."""
    gate = [(one.name, one.mount_path) for one in components["gate"].volumes]
    assert gate == [("etc", "/etc/gate"), ("etc", "/opt/gate")]
    assert [(one.mount_path, str(one.size)) for one in components["cache"].volumes] == [("/data", "2Gi")]


def test_only_the_amounts_that_are_set_are_promised(components: dict[str, Component]) -> None:
    """A request that is not set is the limit, as Kubernetes fills it in."""
    found = components["gate"].resources
    assert found
    assert {kind: {name: str(one) for name, one in amounts.promised.items()} for kind, amounts in found.promised} == {
        "requests": {"memory": "256Mi"},
        "limits": {"memory": "256Mi"},
    }


def test_health_is_what_the_kubelet_asks(components: dict[str, Component]) -> None:
    """Readiness comes before liveness, and any status is healthy that a kubelet is content with."""
    found = [(one.scheme, one.port, one.path, one.status) for one in components["gate"].health]
    assert found == [("http", 8080, "/ready", None), ("https", 9090, "/live", None)]


def test_calls_are_the_addresses_that_it_is_told(components: dict[str, Component]) -> None:
    """By a URL, by a host with its port beside it, in a file, on a command line; a bare word is no address."""
    found = {one.to: (one.ports, one.via) for one in components["gate"].calls}
    assert found == {
        "cache": ((6379,), ("CACHE_HOST:CACHE_PORT",)),
        "cages": ((7000,), ()),
        "keeper": ((81,), ("KEEPER_URL",)),
    }
    assert [(one.to, one.ports) for one in components["feeding-nightly"].calls] == [("keeper", (81,))]


def test_a_store_is_asked_in_its_protocol_with_an_account_by_reference(components: dict[str, Component]) -> None:
    """The image tells the protocol; the password is named, never said."""
    store = components["cache"].store
    assert store
    assert store.login
    assert (store.protocol, store.port) == (Protocol.REDIS, 6379)
    assert store.login.password == Reference(secret="cache", key="pass")
    assert [name for name, one in components.items() if one.store] == ["cache"]


def test_addresses_from_outside_have_the_main_host_as_a_placeholder(components: dict[str, Component]) -> None:
    """Another host name stands as it is, and so does a path that is exact."""
    gate, cages = components["gate"].ingress, components["cages"].ingress
    assert gate
    assert cages
    assert (gate.url, [one.path for one in gate.paths]) == ("http://${FQDN}/tickets", ["/map"])
    assert (cages.url, cages.exact) == ("http://cages.example.com/", True)


def test_each_fact_says_that_it_was_captured(components: dict[str, Component]) -> None:
    """So that whoever reads an outcome knows where the promise comes from."""

    def promises(value: Any) -> Any:
        if isinstance(value, Promise):
            yield value
        if isinstance(value, tuple):
            for one in value:
                yield from promises(one)
        elif hasattr(type(value), "model_fields"):
            for name in type(value).model_fields:
                yield from promises(getattr(value, name))

    found = [one for component in components.values() for one in promises(component)]
    assert len(found) > 40
    assert {one.source for one in found} == {Source.CAPTURED}


def test_what_is_written_reads_back_as_it_was_without_a_secret_in_it(tmp_path: Path) -> None:
    """The file loads, lints without a finding, and holds no value that looks secret."""
    made = captured_from(zoo(), "zoo")
    assert read_back(made, tmp_path) == made.blueprint
    assert "hunter2" not in (tmp_path / "captured.yaml").read_text(encoding="utf-8")


def test_what_was_captured_is_kept_where_it_was_captured() -> None:
    """Of the application itself every promise is kept; the head says when and of which cluster it was captured."""
    made = captured_from(zoo(), "zoo").blueprint
    assert unkept(one for one in judged(zoo(), made) if one.component in made.components) == []
    head = made.blueprint.captured
    assert head
    assert (head.cluster, head.namespaces) == ("00000000-0000-0000-0000-000000000000", ("zoo",))


def test_what_is_seen_and_not_promised_is_told() -> None:
    """A dangling port, UDP, an optional Secret that lacks."""
    told = captured_from(zoo(), "zoo").left_out
    assert any("port 81 of Service zoo/gate leads to targetPort no-such" in one for one in told)


def test_the_same_name_in_two_namespaces_is_told_apart() -> None:
    """The second has its namespace before its name; nothing may be called as the cluster itself is."""
    twin = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "c", "image": "c"}]},
                },
            },
        }
        for namespace, name in (("a", "web"), ("b", "web"), ("b", "platform"))
    ]
    assert list(captured_from(twin, "a", "b").blueprint.components) == ["web", "b-platform", "b-web"]


def test_no_workload_is_nothing_to_capture() -> None:
    """The words name the namespace."""
    with pytest.raises(NothingToCapture, match="no workload in empty"):
        captured_from(zoo(), "empty")


def test_the_reference_installation_keeps_what_is_captured_of_it(tmp_path: Path) -> None:
    """All of it, by every static check."""
    manifests = Installation().manifests
    made = read_back(captured_from(orjson.loads(orjson.dumps(manifests)), "expertflow", "ef-external"), tmp_path)
    assert len(made.components) == 29
    assert unkept(one for one in judged(manifests, made) if one.component in made.components) == []

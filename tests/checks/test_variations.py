"""Legitimate variations of an installation raise no alarm: a red line that is wrong costs an engineer a night."""

import copy
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from cx_conformance.outcome.outcome import Result
from cx_conformance.run.catalogue import all_checks
from tests.campaign.ground import Ground, base
from tests.checks.installation import Installation, Object
from tests.checks.variations import by_release
from tests.checks.variations.vary import (
    Vary,
    live,
    named,
    of_kind,
    own_config_map,
    pod_spec,
    pods_of,
    promised,
    served_by_traefik,
    service,
    shared_config_map,
    told,
    without_config_map,
    workload,
    workload_name,
    workloads,
)

STATIC = [one.id for one in all_checks() if not one.live]


def containers(installation: Installation) -> Iterator[Object]:
    """Yield every container of every template."""
    for one in workloads(installation):
        yield from one["spec"]["template"]["spec"]["containers"]


def paths(installation: Installation) -> Iterator[Object]:
    """Yield every path of every Ingress."""
    for one in installation.manifests:
        if one["kind"] == "Ingress":
            for rule in one["spec"]["rules"]:
                yield from rule["http"]["paths"]


def other_units(installation: Installation) -> None:
    """Write quantities in other units of the same value."""
    same = {"1Gi": "1024Mi", "50m": "0.05", "256M": "256000k", "64Mi": "65536Ki", "8Gi": "8192Mi", "100m": "0.1"}
    for one in containers(installation):
        for kind in one.get("resources", {}).values():
            kind.update({name: same.get(amount, amount) for name, amount in kind.items()})


def target_ports_by_number(installation: Installation) -> None:
    """Give each targetPort as the number that its name stands for in the pods behind."""
    for one in installation.manifests:
        if one["kind"] == "Service":
            numbers = _port_numbers(installation, one["spec"]["selector"])
            for port in one["spec"]["ports"]:
                port["targetPort"] = numbers.get(port.get("targetPort"), port.get("targetPort", port["port"]))


def _port_numbers(installation: Installation, selector: dict[str, str]) -> dict[str, int]:
    return {
        port["name"]: port["containerPort"]
        for one in workloads(installation)
        if selector.items() <= one["spec"]["template"]["metadata"]["labels"].items()
        for container in one["spec"]["template"]["spec"]["containers"]
        for port in container.get("ports", [])
        if "name" in port
    }


def extra_labels(installation: Installation) -> None:
    """Label everything for somebody else's purposes."""
    for one in installation.manifests:
        one["metadata"].setdefault("labels", {})["team"] = "voice"
    for one in workloads(installation):
        one["spec"]["template"]["metadata"]["labels"]["version"] = "v1"


def sidecar(position: int) -> Vary:
    """Let a mesh's proxy stand in every template."""

    def vary(installation: Installation) -> None:
        proxy = {
            "name": "istio-proxy",
            "image": "istio/proxyv2",
            "ports": [{"name": "http-envoy-prom", "containerPort": 15090}],
            "resources": {"requests": {"cpu": "10m", "memory": "40Mi"}},
        }
        for one in workloads(installation):
            one["spec"]["template"]["spec"]["containers"].insert(position, copy.deepcopy(proxy))

    return vary


def native_sidecar(installation: Installation) -> None:
    """Let a log shipper run as a native sidecar."""
    for one in workloads(installation):
        shipper = {"name": "shipper", "image": "fluent-bit", "restartPolicy": "Always"}
        one["spec"]["template"]["spec"].setdefault("initContainers", []).append(shipper)


def injected_sidecar(pod: Object) -> None:
    """Let the proxy be in the pods only, as an admission webhook puts it there."""
    pod["spec"]["containers"].insert(0, {"name": "istio-proxy", "image": "istio/proxyv2"})
    pod["status"]["containerStatuses"].insert(
        0,
        {"name": "istio-proxy", "ready": True, "restartCount": 0, "state": {"running": {}}, "image": "istio/proxyv2"},
    )


def extra_ports(installation: Installation) -> None:
    """Let every container and Service have a port for metrics."""
    for one in containers(installation):
        one.setdefault("ports", []).append({"name": "metrics", "containerPort": 9404})
    for one in installation.manifests:
        if one["kind"] == "Service":
            for port in one["spec"]["ports"]:
                port.setdefault("name", f"port-{port['port']}")
            one["spec"]["ports"].append({"name": "metrics", "port": 9404, "targetPort": "metrics"})


def second_service(installation: Installation) -> None:
    """Let every Service have a headless twin."""
    for one in [one for one in installation.manifests if one["kind"] == "Service"]:
        twin = copy.deepcopy(one)
        twin["metadata"]["name"] += "-hl"
        twin["spec"]["clusterIP"] = "None"
        installation.manifests.append(twin)


def other_release(installation: Installation) -> None:
    """Let another product's workload and Service live in the namespace, on a port of ours."""
    labels = {"app": "other"}
    beside, before = copy.deepcopy(workload(installation)), copy.deepcopy(service(installation))
    for one in (beside, before):
        one["metadata"] |= {"name": f"other-{one['metadata']['name']}", "labels": labels}
        installation.manifests.append(one)
    beside["spec"]["selector"]["matchLabels"] = beside["spec"]["template"]["metadata"]["labels"] = labels
    before["spec"]["selector"] = labels


def path_form(form: str, path_type: str, target: str = "/$2") -> Vary:
    """Write every Ingress path in another form, and what it is rewritten to."""

    def vary(installation: Installation) -> None:
        for one in paths(installation):
            base = one["path"].partition("(")[0].rstrip("/")
            if base:
                one |= {"path": form.replace("BASE", base), "pathType": path_type}
        for ingress in (one for one in installation.manifests if one["kind"] == "Ingress"):
            annotations = ingress["metadata"].get("annotations", {})
            annotations.update({key: target for key in annotations if key.endswith("rewrite-target")})

    return vary


def one_ingress(installation: Installation) -> None:
    """Put all of a namespace's paths into one Ingress."""
    for namespace in ("expertflow", "ef-external"):
        every = [
            one
            for one in installation.manifests
            if one["kind"] == "Ingress" and one["metadata"]["namespace"] == namespace
        ]
        for one in every[1:]:
            every[0]["spec"]["rules"][0]["http"]["paths"] += one["spec"]["rules"][0]["http"]["paths"]
            installation.manifests.remove(one)


def class_by_annotation(installation: Installation) -> None:
    """Name the class in the old way."""
    for one in installation.manifests:
        if one["kind"] == "Ingress":
            one["spec"].pop("ingressClassName")
            one["metadata"].setdefault("annotations", {})["kubernetes.io/ingress.class"] = "nginx"


def default_class(installation: Installation) -> None:
    """Leave the class to the default one."""
    for one in installation.manifests:
        if one["kind"] == "Ingress":
            one["spec"].pop("ingressClassName")
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    installation.live("IngressClass", "nginx", lambda c: c["metadata"].update(annotations=default))


def tls_without_hosts(installation: Installation) -> None:
    """Let the TLS section name the Secret only."""
    for one in installation.manifests:
        if one["kind"] == "Ingress":
            for tls in one["spec"]["tls"]:
                tls.pop("hosts", None)


def renamed(installation: Installation, kind: str, name: str, other: str) -> None:
    """Rename an object and every reference to it."""

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: replaced(item) for key, item in value.items()}
        if isinstance(value, list):
            return [replaced(item) for item in value]
        return other if value == name else value

    found = installation.find(kind, name)
    found["metadata"]["name"] = other
    for one in installation.manifests:
        if kind in ("ConfigMap", "Secret") and one["kind"] in ("Deployment", "StatefulSet", "CronJob"):
            field = "jobTemplate" if one["kind"] == "CronJob" else "template"
            one["spec"][field] = replaced(one["spec"][field])
        if kind == "Service" and one["kind"] == "Ingress":
            one["spec"] = replaced(one["spec"])


def moved(names: tuple[str, ...], namespace: str) -> Vary:
    """Move a component's objects to another namespace."""

    def vary(installation: Installation) -> None:
        installation.manifests.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        for one in installation.manifests:
            if any(one["metadata"]["name"].startswith(name) for name in names) and one["kind"] != "Namespace":
                one["metadata"]["namespace"] = namespace
        for kind, name in (("Secret", "expertflow-reg-cred"), ("ConfigMap", "cx-conformance-simulator")):
            for one in list(installation.manifests):
                if one["kind"] == kind and one["metadata"]["name"] == name:
                    twin = copy.deepcopy(one)
                    twin["metadata"]["namespace"] = namespace
                    installation.manifests.append(twin)

    return vary


def keycloak_as_charted(installation: Installation) -> None:
    """Install Keycloak as the charts do: a StatefulSet, Service port 80, neither 8443 nor a volume."""
    keycloak = installation.find("Deployment", "keycloak")
    keycloak["kind"] = "StatefulSet"
    spec = keycloak["spec"]["template"]["spec"]
    spec["volumes"] = [one for one in spec.get("volumes", []) if "persistentVolumeClaim" not in one]
    kept = {one["name"] for one in spec["volumes"]}
    for one in spec["containers"]:
        one["volumeMounts"] = [mount for mount in one.get("volumeMounts", []) if mount["name"] in kept]
        one["ports"] = [port for port in one["ports"] if port["containerPort"] != 8443]
    service = installation.find("Service", "keycloak")["spec"]
    service["ports"] = [{"name": "http", "port": 80, "targetPort": 8080}]
    for one in paths(installation):
        if one["backend"]["service"]["name"] == "keycloak":
            one["backend"]["service"]["port"] = {"number": 80}
    told(KEYCLOAK_HOST="http://keycloak.ef-external.svc.cluster.local/auth/")(installation)


def redis_exporter(installation: Installation) -> None:
    """Have the StatefulSet by the chart's name, and a Deployment of somebody else's by the documented one."""
    renamed(installation, "StatefulSet", "redis", "redis-master")
    other = copy.deepcopy(workload(installation))
    other["metadata"] = {"name": "redis", "namespace": "ef-external", "labels": {"app": "exporter"}}
    exporter = {"name": "exporter", "image": "oliver006/redis_exporter:v1.74.0"}
    other["spec"]["template"]["spec"] = {"containers": [exporter]}
    other["spec"]["selector"]["matchLabels"] = other["spec"]["template"]["metadata"]["labels"] = {"app": "exporter"}
    installation.manifests.append(other)


def larger_volumes(installation: Installation) -> None:
    """Claim twice as much."""
    for one in installation.manifests:
        if one["kind"] == "PersistentVolumeClaim":
            one["spec"]["resources"]["requests"]["storage"] = "100Gi"
        if one["kind"] == "StatefulSet":
            for template in one["spec"].get("volumeClaimTemplates", []):
                template["spec"]["resources"]["requests"]["storage"] = "100Gi"


def bound_larger(claim: Object) -> None:
    """Let the provisioner have given more than was asked for."""
    claim["status"]["capacity"] = {"storage": "200Gi"}


def config_by_key(installation: Installation) -> None:
    """Read ccm's ConfigMap by single keys."""
    key = next(iter(own_config_map(installation)["data"]))
    spec, name = without_config_map(installation)
    spec["containers"][0]["env"].append({"name": "ONE", "valueFrom": {"configMapKeyRef": {"name": name, "key": key}}})


def config_projected(installation: Installation) -> None:
    """Read ccm's ConfigMap from a projected volume."""
    spec, name = without_config_map(installation)
    projected = {"name": "all", "projected": {"sources": [{"configMap": {"name": name}}]}}
    spec.setdefault("volumes", []).append(projected)
    spec["containers"][0]["volumeMounts"].append({"name": "all", "mountPath": "/etc/ccm"})


def unmounted_volume(installation: Installation) -> None:
    """Leave a volume that no container mounts any more, of a ConfigMap that is gone; the kubelet passes over it."""
    pod_spec(installation)["volumes"].append({"name": "left", "configMap": {"name": "gone"}})


def one_file_by_sub_path(installation: Installation) -> None:
    """Mount one key of ccm's ConfigMap as a file, by its own name and by the path that items give it."""
    held, spec = own_config_map(installation), pod_spec(installation)
    held["data"]["ccm.conf"] = "x"
    name = held["metadata"]["name"]
    items = [{"key": "ccm.conf", "path": "conf/main.conf"}]
    spec["volumes"] += [
        {"name": "whole", "configMap": {"name": name}},
        {"name": "picked", "configMap": {"name": name, "items": items}},
    ]
    spec["containers"][0]["volumeMounts"] += [
        {"name": "whole", "mountPath": "/a.conf", "subPath": "ccm.conf"},
        {"name": "picked", "mountPath": "/b.conf", "subPath": "conf/main.conf"},
        {"name": "picked", "mountPath": "/conf", "subPath": "conf"},
        {"name": "whole", "mountPath": "/c.conf", "subPathExpr": "$(ROLE).conf"},
    ]


def generated_by_kustomize(installation: Installation) -> None:
    """Let kustomize name ConfigMaps and Secrets after their contents too."""
    config_maps = [one.name for one in promised(installation, "business-calendar").config_maps]
    config_maps += [own_config_map(installation)["metadata"]["name"]]
    secrets = [one.name for one in promised(installation, "grafana").secrets]
    for kind, names in (("ConfigMap", config_maps), ("Secret", secrets)):
        for name in dict.fromkeys(names):
            renamed(installation, kind, name, f"{name}-7f8g9h2k5d")


def optional_reference(installation: Installation) -> None:
    """Refer to what need not exist."""
    one = pod_spec(installation)["containers"][0]
    one["envFrom"].append({"configMapRef": {"name": "tuning", "optional": True}})
    one["envFrom"].append({"secretRef": {"name": "tuning", "optional": True}})


def restarted_long_ago(pod: Object) -> None:
    """Let the container have been restarted once, two days ago."""
    status = pod["status"]["containerStatuses"][0]
    status["restartCount"] = 1
    status["lastState"] = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-01T00:00:00Z"}}


def job_pod(installation: Installation) -> None:
    """Have the finished pod of a Job, with labels that a Service selects."""
    metadata = {
        "labels": dict(service(installation)["spec"]["selector"]),
        "ownerReferences": [{"kind": "Job", "name": "migrate", "uid": "1", "controller": True}],
    }
    spec = {"containers": [{"name": "migrate", "image": "migrate"}]}
    ended = {"phase": "Succeeded"}
    installation.add_live(named("Pod", "migrate-x", "expertflow", metadata=metadata, spec=spec, status=ended))


def evicted_pod(installation: Installation) -> None:
    """Have the remains of an evicted pod of nobody's any more."""
    metadata = {"labels": dict(service(installation)["spec"]["selector"])}
    spec = {"containers": [{"name": "ccm", "image": "ccm"}]}
    ended = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
    name = f"{workload_name(installation)}-old"
    installation.add_live(named("Pod", name, "expertflow", metadata=metadata, spec=spec, status=ended))


def dual_stack(installation: Installation) -> None:
    """Give every Service a second address and a second slice."""

    def second_address(live: Object) -> None:
        if live["spec"].get("clusterIP") not in (None, "", "None"):
            live["spec"]["clusterIPs"] = [live["spec"]["clusterIP"], "fd00::1"]

    installation.live("Service", "", second_address)
    installation.live("EndpointSlice", "", lambda live: live["metadata"].update(name=live["metadata"]["name"] + "4"))
    slices: list[Object] = []
    installation.live("EndpointSlice", "", lambda live: slices.append(copy.deepcopy(live)))

    def doubled(objects: list[Object]) -> None:
        for one in slices:
            one["metadata"]["name"] += "6"
            one["addressType"] = "IPv6"
            for endpoint in one["endpoints"] or []:
                endpoint["addresses"] = ["fd00::2"]
        objects.extend(slices)

    installation.change_live(doubled)


def many_slices(installation: Installation) -> None:
    """Let an empty slice stand beside each one that has endpoints."""

    def doubled(objects: list[Object]) -> None:
        for one in [one for one in objects if one["kind"] == "EndpointSlice"]:
            twin = copy.deepcopy(one)
            twin["metadata"]["name"] += "-b"
            twin["endpoints"] = None
            objects.insert(0, twin)

    installation.change_live(doubled)


def rolled_over(workload: Object) -> None:
    """Let a rolling update have finished."""
    workload["metadata"]["generation"] = workload["status"]["observedGeneration"] = 7
    workload["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = "7"


def three_nodes(installation: Installation) -> None:
    """Run on three nodes, with Longhorn."""
    installation.live("StorageClass", "", lambda one: one.update(provisioner="driver.longhorn.io"))
    for number in (2, 3):
        node = {
            "kind": "Node",
            "metadata": {"name": f"node-{number}"},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "nodeInfo": {"kubeletVersion": "v1.34.1"},
            },
        }
        installation.add_live(node)


def second_class(installation: Installation) -> None:
    """Have another StorageClass that is not the default."""
    annotations = {"storageclass.kubernetes.io/is-default-class": "false"}
    other = {"kind": "StorageClass", "metadata": {"name": "fast", "annotations": annotations}, "provisioner": "x/y"}
    installation.add_live(other)


def load_balancer(installation: Installation) -> None:
    """Have an ingress controller behind a load balancer that gave it an address."""
    service = {
        "kind": "Service",
        "metadata": {"name": "ingress-nginx-controller", "namespace": "ingress-nginx"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 443}], "selector": {"app": "nginx"}},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}},
    }
    installation.add_live(service)


def empty_config_map(installation: Installation) -> None:
    """Leave a component's ConfigMap empty: the page promises that it is there."""
    own_config_map(installation).update(data={})


def foreign_load_balancer(installation: Installation) -> None:
    """Have another application's database wait for an address of its own."""
    spec = {"type": "LoadBalancer", "ports": [{"port": 5432}], "selector": {"app": "shop-db"}}
    installation.add_live({"kind": "Service", "metadata": {"name": "db", "namespace": "shop"}, "spec": spec})


def provider_config_map(installation: Installation) -> None:
    """Have Grafana's provider in a ConfigMap, as in the field."""
    name = "ef-grafana-dashboard-provider-secret"
    installation.remove("Secret", name)
    spec = installation.find("Deployment", "grafana")["spec"]["template"]["spec"]
    for one in spec["containers"]:
        one["envFrom"] = [item for item in one.get("envFrom", []) if name not in str(item)]
        one["env"] = [item for item in one.get("env", []) if name not in str(item)]
    spec["volumes"] = [item for item in spec.get("volumes", []) if name not in str(item)]
    other = "ef-grafana-dashboard-provider-cm"
    spec["containers"][0].setdefault("envFrom", []).append({"configMapRef": {"name": other}})
    meta = {"name": other, "namespace": "ef-external"}
    installation.manifests.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a": "b"}})


def unnamed_service_ports(installation: Installation) -> None:
    """Leave the only port of a Service without a name."""
    for one in installation.manifests:
        if one["kind"] == "Service" and len(one["spec"]["ports"]) == 1:
            one["spec"]["ports"][0].pop("name", None)


def activemq_as_charted(installation: Installation) -> None:
    """Name ActiveMQ as the charts do."""
    renamed(installation, "StatefulSet", "ef-amq", "activemq")
    renamed(installation, "Service", "ef-amq", "activemq")
    told(ACTIVEMQ_PRIMARY_URL="failover:(tcp://activemq.ef-external.svc:61616)?maxReconnectAttempts=3")(installation)


def second_name_of_mongo(installation: Installation) -> None:
    """Tell the components a headless Service of the same pods, and a name of their own for Redis."""
    headless = copy.deepcopy(service(installation, "mongo"))
    headless["metadata"]["name"], headless["spec"]["clusterIP"] = "mongo-mongodb-headless", "None"
    alias = {"type": "ExternalName", "externalName": "redis-master.ef-external.svc.cluster.local"}
    about = {"name": "cache", "namespace": "expertflow"}
    installation.manifests += [headless, {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": alias}]
    told(MONGODB_HOST="mongo-mongodb-0.mongo-mongodb-headless.ef-external.svc.cluster.local", REDIS_HOST="cache")(
        installation
    )


def settings_of_an_older_release(installation: Installation) -> None:
    """Leave out every key about stores."""
    shared_config_map(installation)["data"] = {"OLD": "1"}


def wildcard_host(installation: Installation) -> None:
    """Serve every name of the domain."""
    for one in installation.manifests:
        if one["kind"] == "Ingress":
            for rule in one["spec"]["rules"]:
                rule["host"] = "*.example.com"
    tls_without_hosts(installation)


def policy(name: str, namespace: str, **spec: Any) -> Object:
    """Make a NetworkPolicy on every pod of a namespace."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {}} | spec,
    }


def fenced_namespaces(installation: Installation) -> None:
    """Deny by default, and allow what the platform needs: its own namespaces, and DNS."""
    both = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
        for name in ("expertflow", "ef-external")
    ]
    dns = {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    }
    for namespace in ("expertflow", "ef-external"):
        installation.manifests += [
            policy("default-deny", namespace, policyTypes=["Ingress", "Egress"]),
            policy("in", namespace, policyTypes=["Ingress"], ingress=[{"from": both}]),
            policy("out", namespace, policyTypes=["Egress"], egress=[{"to": both}, dns]),
        ]


def egress_anywhere(installation: Installation) -> None:
    """Let the pods out to every address, written as a block."""
    anywhere = [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]
    installation.manifests.append(policy("out", "expertflow", policyTypes=["Egress"], egress=anywhere))


def on_their_nodes(installation: Installation) -> None:
    """Let the pods use their nodes' network, where it is not defined how policies apply."""
    on_node = {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    for one in workloads(installation):
        one["spec"]["template"]["spec"] |= on_node
    for one in of_kind(installation, "CronJob"):
        one["spec"]["jobTemplate"]["spec"]["template"]["spec"] |= on_node
    installation.manifests.append(policy("default-deny", "expertflow", policyTypes=["Ingress", "Egress"]))


def node_local_dns(installation: Installation) -> None:
    """Answer DNS on the nodes, which pods reach whatever their policies say of kube-dns."""
    cache = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "node-local-dns-1",
            "namespace": "kube-system",
            "labels": {"k8s-app": "node-local-dns"},
        },
        "spec": {"hostNetwork": True, "containers": [{"name": "cache", "image": "x"}]},
        "status": {"phase": "Running"},
    }
    installation.add_live(cache)
    installation.inject("policy-forbids-dns")


def keycloak_by_wildcard(installation: Installation) -> None:
    """Serve every name of the domain, and tell the components one of them."""
    wildcard_host(installation)
    told(KEYCLOAK_HOST="https://cx.example.com/auth")(installation)


def cordoned_beside_another(installation: Installation) -> None:
    """Take one of two nodes out for its maintenance."""

    def double(objects: list[Object]) -> None:
        (only,) = [one for one in objects if one["kind"] == "Node"]
        other = copy.deepcopy(only)
        other["metadata"] |= {"name": "node-2", "uid": "node-2"}
        other["spec"]["unschedulable"] = True
        objects.append(other)

    installation.change_live(double)


VARIATIONS: dict[str, Vary] = {
    "nothing": lambda _: None,
    "other units": other_units,
    "targetPort by number": target_ports_by_number,
    "extra labels": extra_labels,
    "a mesh's sidecar in front": sidecar(0),
    "a mesh's sidecar behind": sidecar(9),
    "a native sidecar": native_sidecar,
    "a sidecar injected into the pods": live("Pod", injected_sidecar),
    "extra ports": extra_ports,
    "a second Service": second_service,
    "another release in the namespace": other_release,
    "plain paths": path_form("BASE", "Prefix"),
    "plain paths with a slash": path_form("BASE/", "Prefix"),
    "rewritten paths, one group": path_form("BASE/(.*)", "ImplementationSpecific", "/$1"),
    "rewritten paths, optional slash": path_form("BASE/?(.*)", "ImplementationSpecific", "/$1"),
    "rewritten paths, below a folder": path_form("BASE(/|$)(.*)", "ImplementationSpecific", "/api$1$2"),
    "rewritten paths, anything": path_form("BASE/.*", "ImplementationSpecific"),
    "anchored paths": path_form("^BASE(/|$)(.*)", "ImplementationSpecific"),
    "one Ingress for all": one_ingress,
    "class by annotation": class_by_annotation,
    "the default class": default_class,
    "Traefik": served_by_traefik,
    "TLS without hosts": tls_without_hosts,
    "Twilio spelt right": lambda i: renamed(i, "Deployment", "ef-twillio-connecctor", "ef-twilio-connector"),
    "calendar's Service spelt right": lambda i: renamed(
        i, "Service", "ef-business-calender-svc", "ef-business-calendar-svc"
    ),
    "calendar's ConfigMap spelt right": lambda i: renamed(
        i, "ConfigMap", "ef-business-calender-cm", "ef-business-calendar-cm"
    ),
    "bot-framework's ConfigMap spelt right": lambda i: renamed(
        i, "ConfigMap", "ef-bot-framwork-cm", "ef-bot-framework-cm"
    ),
    "a Deployment with a name of Redis's": redis_exporter,
    "Redis by the chart's name": lambda i: renamed(i, "StatefulSet", "redis", "redis-master"),
    "ActiveMQ by the chart's name": activemq_as_charted,
    "Superset in ef-bi": moved(("superset",), "ef-bi"),
    "Superset as NodePort": lambda i: i.find("Service", "superset")["spec"].update(type="NodePort"),
    "Keycloak as charted": keycloak_as_charted,
    "larger volumes": larger_volumes,
    "more capacity than asked for": lambda i: i.live("PersistentVolumeClaim", "", bound_larger),
    "a ConfigMap read by key": config_by_key,
    "a ConfigMap read from a projected volume": config_projected,
    "a volume of a lost ConfigMap that nothing mounts": unmounted_volume,
    "files mounted by subPath": one_file_by_sub_path,
    "ConfigMaps and a Secret that kustomize generates": generated_by_kustomize,
    "optional references to nothing": optional_reference,
    "more keys in a ConfigMap": lambda i: own_config_map(i)["data"].update(MORE="x", AND="y"),
    "a restart long ago": pods_of("ccm", restarted_long_ago),
    "a finished Job's pod": job_pod,
    "the remains of an evicted pod": evicted_pod,
    "dual stack": dual_stack,
    "several EndpointSlices": many_slices,
    "a finished rolling update": live("Deployment", rolled_over),
    "three nodes with Longhorn": three_nodes,
    "a second StorageClass": second_class,
    "a load balancer with an address": load_balancer,
    "an empty ConfigMap": empty_config_map,
    "another application's Service that waits for an address": foreign_load_balancer,
    "a cordoned node beside another": cordoned_beside_another,
    "K3s": lambda i: setattr(i, "version", "v1.36.5+k3s1"),
    "kubelets two versions older": lambda i: i.live(
        "Node", "", lambda one: one["status"]["nodeInfo"].update(kubeletVersion="v1.34.9")
    ),
    "Grafana's provider in a ConfigMap": provider_config_map,
    "unnamed Service ports": unnamed_service_ports,
    "no pull secrets": lambda i: [
        one["spec"]["template"]["spec"].pop("imagePullSecrets", None) for one in workloads(i)
    ],
    "wildcard host": wildcard_host,
    "namespaces fenced by policies": fenced_namespaces,
    "egress to every address": egress_anywhere,
    "pods on their nodes' network": on_their_nodes,
    "NodeLocal DNSCache": node_local_dns,
    "stores by other names": second_name_of_mongo,
    "stores by short and long names": told(
        MONGODB_HOST="mongo-mongodb.ef-external", REDIS_HOST="redis-master.ef-external.svc.cluster.local."
    ),
    "Keycloak through the Ingress": told(KEYCLOAK_HOST="https://cx.example.com/auth"),
    "Keycloak through an Ingress for every name of the domain": keycloak_by_wildcard,
    "addresses put in later": told(KEYCLOAK_HOST="https://${FQDN}/auth", MONGODB_PORT="$(MONGO_PORT)"),
    "switches of a highly available store": told(MONGODB_REPLICASET_ENABLED="true", REDIS_SENTINEL_ENABLE="true"),
    "a store named by the pod template itself": lambda i: [
        one["spec"]["template"]["spec"]["containers"][0]["env"].append(
            {"name": "MONGODB_HOST", "value": "mongo-mongodb.ef-external.svc:27017"}
        )
        for one in workloads(i)
    ],
    "no settings of stores": settings_of_an_older_release,
}


@pytest.mark.parametrize(("release", "names"), by_release(VARIATIONS))
def test_a_legitimate_variation_raises_no_alarm(release: str, names: tuple[str, ...]) -> None:
    """Every static check still passes, or has nothing to look at."""
    installation = Ground(base(release))
    for name in names:
        VARIATIONS[name](installation)
    alarms = [
        f"{one.check} {one.component} [{one.entry}]: {one.message} {one.evidence.get('seen', '')}"
        for one in installation.all_outcomes(STATIC)
        if one.result not in (Result.PASS, Result.NOT_APPLICABLE)
    ]
    assert alarms == []


def test_replicas_that_the_site_allows_raise_no_alarm() -> None:
    """An autoscaler may move the number within what the site file allows."""
    installation = Installation(site={"overrides": {"ccm": {"replicas": {"least": 1, "most": 4}}}})
    workload(installation)["spec"]["replicas"] = 3
    assert installation.outcome("CX103", "ccm").result is Result.PASS
    assert installation.outcome("CX104", "ccm").result is Result.PASS


def test_a_component_that_the_site_lets_scale_to_zero_raises_no_alarm_there() -> None:
    """It has no endpoint then, and need not have one; where the site does not say so, it is switched off."""
    for least, wanted in ((0, (Result.PASS, Result.NOT_APPLICABLE)), (1, (Result.FAIL, Result.BLOCKED))):
        installation = Installation(site={"overrides": {"ccm": {"replicas": {"least": least, "most": 4}}}})
        workload(installation)["spec"]["replicas"] = 0
        assert (installation.outcome("CX103", "ccm").result, installation.outcome("CX206", "ccm").result) == wanted


def test_forty_variations_at_least_are_tried() -> None:
    """The list is long enough to mean something."""
    assert len(VARIATIONS) >= 40


def released_as_prod(installation: Installation) -> None:
    """Let the charts' core release be called prod, and write the labels that charts write."""
    text = orjson.dumps(installation.manifests).replace(b"ef-cx-", b"prod-")
    installation.manifests[:] = orjson.loads(text)
    for one in installation.manifests:
        name = one["metadata"]["name"]
        if one["kind"] in ("Deployment", "StatefulSet", "CronJob", "Service") and name.startswith("prod-"):
            chart = name.removeprefix("prod-").removesuffix("-svc")
            one["metadata"].setdefault("labels", {}).update(
                {"app.kubernetes.io/instance": "prod", "app.kubernetes.io/name": chart}
            )


@pytest.mark.parametrize("vary", [lambda _: None, released_as_prod], ids=["as documented", "a release of another name"])
def test_what_the_charts_install_raises_no_alarm(vary: Vary) -> None:
    """One ConfigMap of connections for all, named after the core release, which may have any name."""
    charted = base("4.10")
    installation = Installation(site=charted.site, manifests=charted.manifests, promised=charted.promised)
    vary(installation)
    alarms = [
        f"{one.check} {one.component} [{one.entry}]: {one.message}"
        for one in installation.all_outcomes(STATIC)
        if one.result not in (Result.PASS, Result.NOT_APPLICABLE)
    ]
    assert alarms == []
    assert installation.outcome("CX301", "ccm").result is Result.PASS

"""APISIX as the vendor installs it: the standalone configuration's text, and what stands in front of release 4.9."""

from typing import Any

import yaml

Fact = dict[str, Any]

_LABELS = {"app.kubernetes.io/instance": "apisix", "app.kubernetes.io/name": "apisix"}
_REGISTRY = "apisix-2.8.0"


def standalone_routes(facts: list[Fact]) -> str:
    """Return the text of ``apisix.yaml``: each route finds its Service by namespace, name and port name."""
    routes = []
    for number, fact in enumerate(facts):
        route: Fact = {"id": f"route-{number}", "uris": fact["paths"]}
        if fact.get("methods"):
            route["methods"] = fact["methods"]
        if fact.get("webSocket"):
            route["enable_websocket"] = True
        for to in fact["to"]:
            upstream: Fact = {"type": "roundrobin"}
            if "/" in to:
                upstream |= {"service_name": to, "discovery_type": "kubernetes"}
            else:
                upstream["nodes"] = {to: 1}
            route["upstream"] = upstream
        routes.append(route)
    return yaml.safe_dump({"routes": routes}, sort_keys=False) + "#END\n"


def _container(name: str, image: str, *ports: tuple[str, int]) -> Fact:
    return {
        "name": name,
        "image": image,
        "ports": [{"name": port, "containerPort": number} for port, number in ports],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"cpu": "150m", "memory": "192Mi"},
        },
    }


def _workload(name: str, component: str, container: Fact, **more: Any) -> Fact:
    selector = _LABELS | {"app.kubernetes.io/component": component}
    about = {"name": name, "namespace": "ef-external", "chart": _REGISTRY, "replicas": 1, "selector": selector}
    return about | {"containers": [container], **more}


def _service(name: str, component: str, *ports: tuple[str, int], **more: Any) -> Fact:
    selector = _LABELS | {"app.kubernetes.io/component": component}
    about = {"name": name, "namespace": "ef-external", "chart": _REGISTRY, "selector": selector}
    return about | {"ports": [{"name": port, "port": number, "targetPort": port} for port, number in ports], **more}


_ADMIN = (("https-admin-api", 9180), ("https-cfg-srv", 9280))
_ETCD = (("client", 2379), ("peer", 2380))
_PROBE = {"readinessProbe": {"http": "http:http-control/v1/healthcheck"}, "livenessProbe": {"tcp": "http-control"}}

GATEWAY_OF_4_9: dict[str, list[Fact]] = {
    "Deployment": [
        _workload(
            "apisix-control-plane",
            "control-plane",
            _container("apisix", "apisix:3.8.0-debian-12-r3", *_ADMIN, ("http-control", 9090)) | _PROBE,
        ),
        _workload(
            "apisix-data-plane",
            "data-plane",
            _container("apisix", "apisix:3.8.0-debian-12-r3", ("http", 9080), ("https", 9443), ("http-control", 9090))
            | _PROBE,
        ),
        _workload(
            "apisix-ingress-controller",
            "ingress-controller",
            _container(
                "apisix-ingress-controller",
                "apisix-ingress-controller:1.8.0-debian-12-r3",
                ("http", 8080),
                ("https", 8443),
            )
            | {"readinessProbe": {"http": "http:http/healthz"}, "livenessProbe": {"tcp": "http"}},
        ),
    ],
    "StatefulSet": [
        _workload(
            "apisix-etcd",
            "etcd",
            _container("etcd", "etcd:3.5.11-debian-12-r3", *_ETCD)
            | {
                "mounts": [{"name": "data", "mountPath": "/bitnami/etcd"}],
                "livenessProbe": {"http": "http:2379/livez"},
                "readinessProbe": {"exec": "/opt/bitnami/scripts/etcd/healthcheck.sh"},
            },
            claims=[{"name": "data", "size": "8Gi", "storageClass": None}],
            serviceName="apisix-etcd-headless",
        )
    ],
    "Service": [
        _service("apisix-control-plane", "control-plane", *_ADMIN),
        _service("apisix-data-plane", "data-plane", ("http", 80), ("https", 443)),
        _service("apisix-ingress-controller", "ingress-controller", ("http", 80), ("https", 443)),
        _service("apisix-etcd", "etcd", *_ETCD),
        _service("apisix-etcd-headless", "etcd", *_ETCD, headless=True),
    ],
    "Ingress": [
        {
            "name": "apisix-data-plane",
            "namespace": "ef-external",
            "chart": _REGISTRY,
            "class": "nginx",
            "rules": [
                {
                    "host": "cx.example.test",
                    "path": "/",
                    "pathType": "ImplementationSpecific",
                    "to": "apisix-data-plane:http",
                }
            ],
            "tls": ["ef-ingress-tls-secret"],
        }
    ],
}
"""The Bitnami chart of APISIX, which the facts of 4.9.6 were rendered without; as the table of all releases says it."""

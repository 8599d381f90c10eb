"""The reference installation behind APISIX: one Ingress leads to it, and routes of its own lead to the components."""

from collections.abc import Callable
from typing import Any, Final

import yaml

from tests.checks.installation import Installation, Object, blueprint, released
from tests.checks.variations.vary import Vary, all_of, named, of_kind

HOST: Final = "*.example.com"
NAMESPACE: Final = "ef-external"
_LABELS: Final = {"app.kubernetes.io/name": "apisix", "app.kubernetes.io/instance": "apisix"}
_SETTINGS: Final = """\
apisix:
  node_listen:
  - 9080
  router:
    http: radixtree_host_uri
discovery:
  kubernetes: {}
deployment:
  role: data_plane
  role_data_plane:
    config_provider: yaml
"""


def configuration(installation: Installation) -> Object:
    """Return what ``apisix.yaml`` says where each promised path has a route to a service of its own, by id."""
    if _is_in_front(installation):
        return _own_configuration(installation)
    services, routes = [], []
    for name, component in blueprint().components.items():
        if component.ingress is None or component.service is None:
            continue
        live = installation.find("Service", component.service.name)
        place = f"{live['metadata']['namespace']}/{component.service.name}:{live['spec']['ports'][0]['name']}"
        upstream = {"discovery_type": "kubernetes", "service_name": place, "type": "roundrobin"}
        services.append({"id": f"svc-{name}", "upstream": upstream})
        path = component.ingress.path.rstrip("/")
        route: Object = {"id": name, "uris": [f"{path}/*"], "hosts": ["cx.example.com"], "service_id": f"svc-{name}"}
        if component.ingress.web_socket:
            route["enable_websocket"] = True
        if not any(one.path.startswith(f"{path}/") for one in component.health):
            route["plugins"] = {"proxy-rewrite": {"regex_uri": [f"^{path}/?(.*)", "/$1"]}}
        routes.append(route)
    return {"services": services, "routes": routes}


def _is_in_front(installation: Installation) -> bool:
    """Tell whether the release has APISIX in front by itself, its routes in a file."""
    return installation.promised.platform.entrance == "apisix"


def _own_configuration(installation: Installation) -> Object:
    """Return the routes that the release has by itself, each to a service by id.

    All but those that components call by the name of the gateway's Service are for the site's host.
    """
    config: Object = yaml.safe_load(installation.find("ConfigMap", "apisix.yaml")["data"]["apisix.yaml"])
    components = {one.service.name: name for name, one in installation.promised.components.items() if one.service}
    ways_in = (one.ingress for one in installation.promised.components.values() if one.ingress)
    inside = [path.path for one in ways_in for path in one.paths if path.inside]
    services = {}
    for route in config["routes"]:
        upstream = route.pop("upstream")
        name = upstream["service_name"].partition("/")[2].partition(":")[0]
        route["service_id"] = f"svc-{components[name]}"
        if not any(path.startswith(one) for path in route["uris"] for one in inside):
            route["hosts"] = ["cx.example.com"]
        services[route["service_id"]] = {"id": route["service_id"], "upstream": upstream}
    return config | {"services": list(services.values())}


def written(config: Object) -> str:
    """Return the text of ``apisix.yaml``."""
    return f"{yaml.safe_dump(config, sort_keys=False)}#END\n"


def _gateway(installation: Installation) -> None:
    """Put APISIX in front: one Ingress, a Service, a Deployment and its settings."""
    own = installation.find("Ingress", "keycloak")
    for one in list(of_kind(installation, "Ingress")):
        installation.manifests.remove(one)
    backend = {"service": {"name": "apisix-gateway", "port": {"number": 80}}}
    own["metadata"] = {"name": "apisix", "namespace": NAMESPACE}
    own["spec"]["rules"] = [
        {"host": HOST, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    ]
    own["spec"]["tls"][0].pop("hosts")
    mounts = [
        {"name": "apisix-yaml", "mountPath": "/apisix-config"},
        {"name": "config", "mountPath": "/usr/local/apisix/conf/config.yaml", "subPath": "config.yaml"},
    ]
    container = {"name": "apisix", "image": "apache/apisix:3.11.0-debian", "ports": [{"containerPort": 9080}]}
    container["volumeMounts"] = mounts
    volumes = [{"name": one, "configMap": {"name": one.replace("-", ".")}} for one in ("apisix-yaml", "config")]
    pod = {"containers": [container], "volumes": volumes}
    template = {"metadata": {"labels": _LABELS}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": _LABELS}, "template": template}
    ports = [{"name": "apisix-gateway", "port": 80, "targetPort": 9080}]
    installation.manifests += [
        own,
        named("ConfigMap", "config", NAMESPACE, data={"config.yaml": _SETTINGS}) | {"apiVersion": "v1"},
        named("Deployment", "apisix", NAMESPACE, spec=spec) | {"apiVersion": "apps/v1"},
        named("Service", "apisix-gateway", NAMESPACE, spec={"selector": _LABELS, "ports": ports})
        | {"apiVersion": "v1"},
    ]


def behind_apisix(installation: Installation) -> None:
    """Lead everything to APISIX by one Ingress, as the charts do from 4.10 on."""
    data = {"apisix.yaml": written(configuration(installation))}
    if _is_in_front(installation):
        installation.find("ConfigMap", "apisix.yaml")["data"] = data
        return
    installation.manifests.append(named("ConfigMap", "apisix.yaml", NAMESPACE, data=data) | {"apiVersion": "v1"})
    _gateway(installation)


def by_objects(installation: Installation) -> None:
    """Write the routes as ApisixRoute objects, as the charts of 4.9 do."""
    places = {}
    config = configuration(installation)
    for one in config["services"]:
        place, _, port = one["upstream"]["service_name"].rpartition(":")
        places[one["id"]] = *place.split("/"), port
    for route in config["routes"]:
        namespace, service, port = places[route["service_id"]]
        plugins = [{"name": name, "enable": True, "config": given} for name, given in route.get("plugins", {}).items()]
        rule = {
            "name": "rule",
            "match": {"hosts": route["hosts"], "paths": route["uris"]},
            "backends": [{"serviceName": service, "servicePort": port}],
            "websocket": route.get("enable_websocket", False),
            "plugins": plugins,
        }
        made = named("ApisixRoute", f"{route['id']}-main", namespace, spec={"http": [rule]})
        installation.manifests.append(made | {"apiVersion": "apisix.apache.org/v2"})
    _gateway(installation)
    unmounted(installation)


def unmounted(installation: Installation) -> None:
    """Let APISIX mount no configuration: it keeps its routes in a store of its own."""
    pod = installation.find("Deployment", "apisix")["spec"]["template"]["spec"]
    del pod["volumes"], pod["containers"][0]["volumeMounts"]


def changed(*changes: Callable[[Object], Any]) -> Vary:
    """Change what ``apisix.yaml`` says."""

    def vary(installation: Installation) -> None:
        data = installation.find("ConfigMap", "apisix.yaml")["data"]
        config = yaml.safe_load(data["apisix.yaml"])
        for change in changes:
            change(config)
        data["apisix.yaml"] = written(config)

    return vary


def route(change: Callable[[Object], Any], name: str = "ccm") -> Callable[[Object], Any]:
    """Change one route."""
    return lambda config: change(next(one for one in config["routes"] if one["id"] == name))


def upstream(change: Callable[[Object], Any], name: str = "ccm") -> Callable[[Object], Any]:
    """Change one service's upstream."""
    return lambda config: change(next(one for one in config["services"] if one["id"] == f"svc-{name}")["upstream"])


def text(change: Callable[[str], str]) -> Vary:
    """Change the text of ``apisix.yaml``."""

    def vary(installation: Installation) -> None:
        data = installation.find("ConfigMap", "apisix.yaml")["data"]
        data["apisix.yaml"] = change(data["apisix.yaml"])

    return vary


def _by_upstream_id(config: Object) -> None:
    config["upstreams"] = []
    for one in config["services"]:
        config["upstreams"].append({"id": one["id"], **one.pop("upstream")})
        one["upstream_id"] = one["id"]


def _by_nodes(config: Object) -> None:
    for one in config["services"]:
        place, _, _port = one["upstream"]["service_name"].rpartition(":")
        namespace, service = place.split("/")
        host = f"{service}.{namespace}.svc.cluster.local"
        one["upstream"] = {"type": "roundrobin", "nodes": {f"{host}:{_port_of(service)}": 1}}


def _port_of(service: str) -> int:
    """Return the port of a Service of the page or of a release."""
    known = (*blueprint().components.values(), *released("5.1").components.values())
    return next(one.service.ports[0].port for one in known if one.service and one.service.name == service)


def _each_path_for_itself(config: Object) -> None:
    routes = []
    for one in config["routes"]:
        paths, hosts = one.pop("uris"), one.pop("hosts", [])
        kept = one | ({"host": hosts[0]} if hosts else {})
        routes += [kept | {"id": f"{one['id']}-{number}", "uri": path} for number, path in enumerate(paths)]
    config["routes"] = routes


def _with_a_catch_all(config: Object) -> None:
    everything = {
        "id": "all",
        "uri": "/*",
        "host": "cx.example.com",
        "priority": -10,
        "service_id": "svc-unified-admin",
    }
    switched_off = {"id": "404", "uri": "/*", "priority": 900, "status": 0, "plugins": {"mocking": {}}}
    config["routes"] = [everything, switched_off, *config["routes"]]


def _with_shorter_paths_of_high_priority(config: Object) -> None:
    config["routes"].append({"id": "short", "uri": "/cc*", "priority": 500, "service_id": "svc-unified-admin"})


def _with_conditions(config: Object) -> None:
    twin = next(one for one in config["routes"] if "/ccm/*" in one["uris"])
    beta = twin | {
        "id": "beta",
        "priority": 10,
        "vars": [["http_x_beta", "==", "1"]],
        "service_id": "svc-license-manager",
    }
    inside = twin | {"id": "inside", "priority": 9, "remote_addrs": ["10.0.0.0/8"]}
    config["routes"] += [beta, inside]


def _by_plugin_config(config: Object) -> None:
    config["plugin_configs"] = []
    for one in config["routes"]:
        if "plugins" in one:
            config["plugin_configs"].append({"id": f"rewrite-{one['id']}", "plugins": one.pop("plugins")})
            one["plugin_config_id"] = f"rewrite-{one['id']}"


def _with_a_secret(config: Object) -> None:
    login = {"client_id": "cim", "client_secret": "planted", "bearer_only": True}
    config["routes"][0].setdefault("plugins", {})["openid-connect"] = login


def _optional_parts(config: Object) -> None:
    gone = {"discovery_type": "kubernetes", "service_name": "expertflow/cx-eleveo-svc:http", "type": "roundrobin"}
    config["services"].append({"id": "svc-eleveo", "upstream": gone})
    config["routes"].append({"id": "eleveo", "uri": "/eleveo/*", "service_id": "svc-eleveo"})


def _for_any_host(config: Object) -> None:
    for one in config["routes"]:
        one.pop("hosts", None)


def _for_a_wildcard(config: Object) -> None:
    for one in config["routes"]:
        if "hosts" in one:
            one["hosts"] = ["*.example.com"]


VARIATIONS: Final[dict[str, Vary]] = {
    name: all_of(behind_apisix, vary)
    for name, vary in {
        "everything behind APISIX": lambda _: None,
        "APISIX with upstreams by id": changed(_by_upstream_id),
        "APISIX with nodes by host name": changed(_by_nodes),
        "APISIX with one path a route": changed(_each_path_for_itself),
        "APISIX with a route for the rest": changed(_with_a_catch_all),
        "APISIX with shorter paths of high priority": changed(_with_shorter_paths_of_high_priority),
        "APISIX with conditions on some routes": changed(_with_conditions),
        "APISIX with plug-ins by id": changed(_by_plugin_config),
        "APISIX with a secret in its configuration": changed(_with_a_secret),
        "APISIX with routes to what is not installed": changed(_optional_parts),
        "APISIX for any host": changed(_for_any_host),
        "APISIX for a wildcard": changed(_for_a_wildcard),
        "APISIX with blanks after its mark": text(lambda told: f"{told.rstrip()}\n\n"),
        "APISIX with anchors": text(
            lambda told: told.replace("type: roundrobin", "type: &type roundrobin", 1).replace(
                "type: roundrobin", "type: *type"
            )
        ),
    }.items()
} | {"routes as objects of APISIX": by_objects}

"""Services, EndpointSlices and Ingresses, written and kept in other ways."""

import base64
import copy
import datetime as dt
from functools import cache
from typing import Any, Final

from cx_conformance.cluster.routes import literal_path
from cx_conformance.sandbox.credentials import Authority
from tests.checks.installation import FQDN, Installation, Object
from tests.checks.variations.vary import Vary, all_of, ingress_paths, live, named, of_kind, service, way_in, workloads


def ipv6_first(live: Object) -> None:
    """Give a Service an IPv6 address before its IPv4 one."""
    if live["spec"].get("clusterIP") not in (None, "", "None"):
        own = live["spec"]["clusterIP"]
        live["spec"] |= {"clusterIP": "fd00::1", "clusterIPs": ["fd00::1", own], "ipFamilies": ["IPv6", "IPv4"]}


def ipv6_only(service_or_slice: Object) -> None:
    """Let the cluster know IPv6 only."""
    if service_or_slice["kind"] == "Service" and service_or_slice["spec"].get("clusterIP") not in (None, "", "None"):
        service_or_slice["spec"] |= {"clusterIP": "fd00::1", "clusterIPs": ["fd00::1"], "ipFamilies": ["IPv6"]}
    if service_or_slice["kind"] == "EndpointSlice":
        service_or_slice["addressType"] = "IPv6"
        for one in service_or_slice["endpoints"] or []:
            one["addresses"] = ["fd00::2"]


def one_slice_a_port(installation: Installation) -> None:
    """Split every slice into one for each port."""

    def split(objects: list[Object]) -> None:
        for one in [one for one in objects if one["kind"] == "EndpointSlice"]:
            objects.remove(one)
            for number, port in enumerate(one["ports"] or []):
                part = copy.deepcopy(one)
                part["metadata"]["name"] += f"-{number}"
                part["ports"] = [port]
                objects.append(part)

    installation.change_live(split)


def terminating_beside(installation: Installation) -> None:
    """Let an old endpoint be terminating in a slice, and readiness be left out of the new one."""

    def change(one: Object) -> None:
        if one["endpoints"]:
            old = copy.deepcopy(one["endpoints"][0])
            old |= {"addresses": ["192.0.2.9"], "conditions": {"ready": False, "serving": True, "terminating": True}}
            one["endpoints"][0]["conditions"] = {}
            one["endpoints"].insert(0, old)

    installation.live("EndpointSlice", "", change)


def foreign_slice(installation: Installation) -> None:
    """Let another controller keep a slice of names beside each one."""

    def doubled(objects: list[Object]) -> None:
        for one in [one for one in objects if one["kind"] == "EndpointSlice"]:
            twin = copy.deepcopy(one)
            twin["metadata"]["name"] += "-fqdn"
            twin |= {"addressType": "FQDN", "endpoints": [{"addresses": ["ccm.example.com"]}]}
            objects.insert(0, twin)

    installation.change_live(doubled)


def another_clusters_endpoints(installation: Installation) -> None:
    """Let a controller add the pods of another cluster to every Service, as a mesh of clusters does."""

    def added(objects: list[Object]) -> None:
        for one in [one for one in objects if one["kind"] == "EndpointSlice"]:
            twin = copy.deepcopy(one)
            twin["metadata"]["name"] += "-mesh"
            twin["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] = "endpointslice-mesh.example.com"
            twin["endpoints"] = [{"addresses": ["10.77.0.9"], "conditions": {"ready": True}}]
            objects.append(twin)

    installation.change_live(added)


def on_services(**fields: Any) -> Vary:
    """Set fields of every Service."""

    def vary(installation: Installation) -> None:
        for one in of_kind(installation, "Service"):
            one["spec"].update(copy.deepcopy(fields))

    return vary


def other_ports_first(installation: Installation) -> None:
    """Put a port for metrics before the promised ones, and say what each speaks."""
    for one in of_kind(installation, "Service"):
        for port in one["spec"]["ports"]:
            port["appProtocol"] = "http"
        one["spec"]["ports"].insert(0, {"name": "metrics", "port": 9404, "targetPort": 9404, "protocol": "TCP"})
        one["spec"]["ports"].append({"name": "voice", "port": one["spec"]["ports"][1]["port"], "protocol": "UDP"})


def headless_stores(installation: Installation) -> None:
    """Let the Services of Mongo and Redis be headless, so that their names resolve to the pods."""
    for name in ("mongo", "redis"):
        service(installation, name)["spec"]["clusterIP"] = "None"


def old_name_kept(installation: Installation) -> None:
    """Keep a name of an earlier release as an alias of the Service."""
    host = f"{service(installation)['metadata']['name']}.expertflow.svc.cluster.local"
    alias = {"type": "ExternalName", "externalName": host}
    installation.manifests.append(
        named("Service", "ef-customer-channel-manager-svc", "expertflow", spec=alias) | {"apiVersion": "v1"}
    )


def selected_by_helm(installation: Installation) -> None:
    """Let Services select by the labels that charts write."""
    for one in workloads(installation):
        labels = one["spec"]["template"]["metadata"]["labels"]
        name = labels.get("ef.service")
        if name:
            labels |= {"app.kubernetes.io/name": name.removeprefix("ef-"), "app.kubernetes.io/instance": "ef-cx"}
    for each in of_kind(installation, "Service"):
        name = each["spec"]["selector"].get("ef.service")
        if name:
            each["spec"]["selector"] = {
                "app.kubernetes.io/name": name.removeprefix("ef-"),
                "app.kubernetes.io/instance": "ef-cx",
            }


def backends_by_name(installation: Installation) -> None:
    """Let Ingresses name the Service's port instead of its number."""
    names = {
        (one["metadata"]["name"], port["port"]): port["name"]
        for one in of_kind(installation, "Service")
        for port in one["spec"]["ports"]
    }
    for path in ingress_paths(installation):
        backend = path["backend"]["service"]
        backend["port"] = {"name": names[backend["name"], backend["port"]["number"]]}


def second_host(first: bool) -> Vary:
    """Serve a second host name by every Ingress, with a certificate of its own."""

    def vary(installation: Installation) -> None:
        for one in of_kind(installation, "Ingress"):
            other = copy.deepcopy(one["spec"]["rules"][0]) | {"host": "cx.example.org"}
            one["spec"]["rules"].insert(0 if first else 1, other)
            tls = {"hosts": ["cx.example.org"], "secretName": "org-tls"}
            one["spec"]["tls"].insert(0 if first else 1, tls)

    return vary


def any_host(installation: Installation) -> None:
    """Serve whatever host name is asked for."""
    for one in of_kind(installation, "Ingress"):
        for rule in one["spec"]["rules"]:
            del rule["host"]


def host_in_capitals(installation: Installation) -> None:
    """Let the site's host name be written in capitals."""
    installation.site = installation.site.model_copy(update={"fqdn": FQDN.upper()})


def path_type(kind: str) -> Vary:
    """Let every path have this type."""

    def vary(installation: Installation) -> None:
        for path in ingress_paths(installation):
            path["pathType"] = kind

    return vary


def only_use_regex(installation: Installation) -> None:
    """Let one Ingress of the host alone say that paths are regular expressions; it counts for all of them."""
    for one in of_kind(installation, "Ingress"):
        one["metadata"]["annotations"] = {}
    way_in(installation)["metadata"]["annotations"] = {"nginx.ingress.kubernetes.io/use-regex": "true"}


def canary(installation: Installation) -> None:
    """Send one call in ten to a new version, by a canary Ingress of ingress-nginx."""
    twin = copy.deepcopy(way_in(installation))
    twin["metadata"] |= {"name": "next-canary"}
    twin["metadata"]["annotations"] = twin["metadata"].get("annotations", {}) | {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "10",
    }
    twin["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "next-svc"
    installation.manifests.append(twin)


def solver(installation: Installation) -> None:
    """Have cert-manager prove the host name, and an Ingress with a default backend only."""
    backend = {"service": {"name": "cm-acme-http-solver-x", "port": {"number": 8089}}}
    path = {"path": "/.well-known/acme-challenge/x", "pathType": "ImplementationSpecific", "backend": backend}
    rules = [{"host": FQDN, "http": {"paths": [path]}}]
    installation.add_live(
        named("Ingress", "cm-acme-http-solver-x", "expertflow", spec={"ingressClassName": "nginx", "rules": rules}),
        named("Ingress", "fallback", "default", spec={"ingressClassName": "nginx", "defaultBackend": backend}),
    )


@cache
def _wildcard() -> dict[str, str]:
    pair = Authority().issue(["*.example.com", "example.com"], valid_for=dt.timedelta(days=90))
    held = {"tls.crt": pair.certificate, "tls.key": pair.key}
    return {name: base64.b64encode(content).decode() for name, content in held.items()}


def wildcard_certificate(installation: Installation) -> None:
    """Let a certificate for every name of the domain be in a Secret of another name."""
    for secret in [
        one for one in of_kind(installation, "Secret") if one["metadata"]["name"] == "ef-ingress-tls-secret"
    ]:
        twin = copy.deepcopy(secret)
        twin["metadata"]["name"] = "wildcard-tls"
        twin["data"] |= _wildcard()
        installation.manifests.append(twin)
    for one in of_kind(installation, "Ingress"):
        one["spec"]["tls"] = [{"hosts": ["*.example.com"], "secretName": "wildcard-tls"}]


def controllers_certificate(installation: Installation) -> None:
    """Leave the certificate to the controller's own default one."""
    for one in of_kind(installation, "Ingress"):
        one["spec"]["tls"] = [{"hosts": [FQDN]}]


def tls_by_one_for_all(installation: Installation) -> None:
    """Give one Ingress of the host a TLS section, which serves the others, too."""
    for one in list(of_kind(installation, "Ingress"))[1:]:
        one["spec"].pop("tls", None)


def tls_for_another_name(installation: Installation) -> None:
    """Let TLS sections name another host than the rules; the certificate is for both, and is found by that."""
    for secret in of_kind(installation, "Secret"):
        if secret["metadata"]["name"] == "ef-ingress-tls-secret":
            secret["data"] |= _wildcard()
    for one in of_kind(installation, "Ingress"):
        one["spec"]["tls"][0]["hosts"] = ["portal.example.com"]


def alias_of_nginx(installation: Installation) -> None:
    """Serve the site's host name as an alias of an internal one."""
    for one in of_kind(installation, "Ingress"):
        annotations = one["metadata"].get("annotations") or {}
        one["metadata"]["annotations"] = annotations | {"nginx.ingress.kubernetes.io/server-alias": FQDN}
        one["spec"]["rules"][0]["host"] = "cx.example.internal"
        one["spec"]["tls"][0]["hosts"] = ["cx.example.internal"]


def by_gateway_api(installation: Installation) -> None:
    """Have an HTTPRoute in the place of every Ingress."""
    for one in list(of_kind(installation, "Ingress")):
        installation.manifests.remove(one)
        rules = [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": literal_path(path["path"])}}],
                "filters": [{"type": "URLRewrite"}],
                "backendRefs": [
                    {"name": path["backend"]["service"]["name"], "port": path["backend"]["service"]["port"]["number"]}
                ],
            }
            for rule in one["spec"]["rules"]
            for path in rule["http"]["paths"]
        ]
        place = one["metadata"]["name"], one["metadata"]["namespace"]
        spec = {"parentRefs": [{"name": "cx"}], "hostnames": [FQDN], "rules": rules}
        accepted = {"parents": [{"conditions": [{"type": "Accepted", "status": "True"}]}]}
        installation.add_live(named("HTTPRoute", *place, spec=spec, status=accepted))


def by_ingress_routes(installation: Installation) -> None:
    """Have an IngressRoute of Traefik in the place of every Ingress."""
    for one in list(of_kind(installation, "Ingress")):
        installation.manifests.remove(one)
        routes = [
            {
                "kind": "Rule",
                "match": f"Host(`{FQDN}`) && PathPrefix(`{literal_path(path['path'])}`)",
                "services": [
                    {"name": path["backend"]["service"]["name"], "port": path["backend"]["service"]["port"]["number"]}
                ],
            }
            for rule in one["spec"]["rules"]
            for path in rule["http"]["paths"]
        ]
        place = one["metadata"]["name"], one["metadata"]["namespace"]
        installation.add_live(named("IngressRoute", *place, spec={"entryPoints": ["websecure"], "routes": routes}))


def both_classes(installation: Installation) -> None:
    """Have an internal Ingress of another class for the same path, that leads to another Service."""
    twin = copy.deepcopy(way_in(installation))
    twin["metadata"]["name"] = "internal"
    twin["spec"]["ingressClassName"] = "internal"
    twin["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "internal-svc"
    installation.manifests.append(twin)


def claimed_twice_alike(installation: Installation) -> None:
    """Have a second Ingress of an older release that leads the same path to the same port, by its name."""
    twin = copy.deepcopy(way_in(installation))
    twin["metadata"]["name"] = "customer-channel-manager"
    backend = twin["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    (port,) = installation.find("Service", backend["name"])["spec"]["ports"]
    backend["port"] = {"name": port["name"]}
    installation.manifests.append(twin)


def default_named_by_some(installation: Installation) -> None:
    """Name the class in one Ingress and leave it to the default in all others."""
    named = way_in(installation)
    for one in of_kind(installation, "Ingress"):
        if one is not named:
            del one["spec"]["ingressClassName"]
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    installation.live("IngressClass", "nginx", lambda one: one["metadata"].update(annotations=default))


def another_host_in_front(host: str | None) -> Vary:
    """Serve a foreign host name by an Ingress of its own, and the site's by rules for ``host``; None: for any."""

    def vary(installation: Installation) -> None:
        foreign = copy.deepcopy(way_in(installation))
        foreign["metadata"]["name"] = "aaa"
        foreign["spec"]["rules"][0]["host"] = "cx.example.org"
        foreign["spec"]["tls"] = [{"hosts": ["cx.example.org"]}]
        for own in (one["spec"] for one in of_kind(installation, "Ingress")):
            own["rules"][0]["host"] = host
            if host is None:
                del own["rules"][0]["host"]
            own["tls"][0].pop("hosts")
        installation.manifests.insert(0, foreign)

    return vary


def apisix_elsewhere(installation: Installation) -> None:
    """Let APISIX stand where this account does not look, with routes of its own."""
    for one in list(of_kind(installation, "Ingress")):
        installation.manifests.remove(one)
    spec = {"controller": "apisix.apache.org/apisix-ingress"}
    installation.add_live(named("IngressClass", "apisix", spec=spec))


VARIATIONS: Final[dict[str, Vary]] = {
    "dual stack, IPv6 first": live("Service", ipv6_first),
    "IPv6 only": all_of(live("Service", ipv6_only), live("EndpointSlice", ipv6_only)),
    "an EndpointSlice a port": one_slice_a_port,
    "a terminating endpoint beside a new one": terminating_beside,
    "a foreign EndpointSlice of names": foreign_slice,
    "endpoints of another cluster": another_clusters_endpoints,
    "external addresses on Services": on_services(externalIPs=["192.0.2.7"], sessionAffinity="ClientIP"),
    "Services that keep to the node": on_services(internalTrafficPolicy="Local", publishNotReadyAddresses=True),
    "a port for metrics first, one for UDP last": other_ports_first,
    "headless Services of stores": headless_stores,
    "an old name kept as an alias": old_name_kept,
    "Services that select by Helm's labels": selected_by_helm,
    "Ingress backends by port name": backends_by_name,
    "a second host name behind": second_host(first=False),
    "a second host name in front": second_host(first=True),
    "any host name": any_host,
    "the host name in capitals": host_in_capitals,
    "rewritten paths of type Prefix": path_type("Prefix"),
    "regular expressions by one Ingress for all": only_use_regex,
    "a canary of ingress-nginx": canary,
    "a certificate being proved, and a fallback": solver,
    "a wildcard certificate in another Secret": wildcard_certificate,
    "the controller's own certificate": controllers_certificate,
    "TLS by one Ingress for all of the host": tls_by_one_for_all,
    "TLS sections for another name of the certificate": tls_for_another_name,
    "the host name as an alias of ingress-nginx": alias_of_nginx,
    "the Gateway API in the place of Ingresses": by_gateway_api,
    "Traefik's own routes in the place of Ingresses": by_ingress_routes,
    "an internal Ingress of another class": both_classes,
    "a path claimed twice alike": claimed_twice_alike,
    "the default class named by some": default_named_by_some,
    "a foreign host name in front, and a wildcard": another_host_in_front("*.example.com"),
    "a foreign host name in front, and any host": another_host_in_front(None),
    "a second ingress-nginx under a longer name": live(
        "IngressClass", lambda one: one["spec"].update(controller="k8s.io/internal-ingress-nginx")
    ),
    "APISIX in a namespace of its own": apisix_elsewhere,
}

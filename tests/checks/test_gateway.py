"""Where APISIX leads calls on, each way to break it is found and named, and what is like it raises no alarm."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import root_causes, shared_causes
from tests.checks.installation import FQDN, Installation, Object, notes
from tests.checks.variations.gateway import (
    NAMESPACE,
    VARIATIONS,
    behind_apisix,
    by_objects,
    changed,
    route,
    text,
    unmounted,
    upstream,
)
from tests.checks.variations.vary import Vary, all_of

ALL: Final = ("CX501", "CX505", "CX521", "CX522", "CX523", "CX524")
TWIN: Final = {"id": "twin", "uris": ["/ccm/*"], "service_id": "svc-license-manager"}


def installed(*changes: Vary, fqdn: str | None = FQDN, base: Vary = behind_apisix) -> Installation:
    """Return the reference installation behind APISIX, with changes."""
    installation = Installation(site={"fqdn": fqdn} if fqdn else {})
    for change in (base, *changes):
        change(installation)
    return installation


def found(installation: Installation, identity: str, component: str = "ccm") -> Outcome:
    """Judge one entry."""
    return installation.outcome(identity, component)


def said(ended: Outcome) -> str:
    """Return what was seen, blocked or not."""
    return str(ended.evidence.get("seen", "")) if ended.result is Result.BLOCKED else ended.message


def port_renamed(installation: Installation) -> None:
    """Give the port of ccm's Service another name; targetPort stays."""
    installation.find("Service", "ef-ccm-svc")["spec"]["ports"][0]["name"] = "http-new"


def added_route(**given: Any) -> Vary:
    """Add a route like ccm's that leads to another component."""
    return changed(lambda config: config["routes"].append(TWIN | {"hosts": [FQDN]} | given))


def leading(**given: Any) -> Vary:
    """Change ccm's route."""
    return changed(route(lambda one: one.update(given)))


def rewriting(*pair: str) -> Vary:
    """Change how ccm's route rewrites paths."""
    return leading(plugins={"proxy-rewrite": {"regex_uri": list(pair)}})


def service_name(name: str) -> Vary:
    """Let ccm's route look for another Service, or port."""
    return changed(upstream(lambda one: one.update(service_name=name)))


def nodes(**given: int) -> Vary:
    """Let ccm's route lead to host names."""
    return changed(upstream(lambda one: replaced(one, {"type": "roundrobin", "nodes": given})))


def replaced(one: Object, other: Object) -> None:
    """Let one say what another says, and nothing else."""
    one.clear()
    one.update(other)


BROKEN: Final[dict[str, tuple[Vary, str]]] = {
    "the Service's port is renamed": (
        port_renamed,
        "to expertflow/ef-ccm-svc:http-ccm-8081: Service expertflow/ef-ccm-svc has no such port, it has 8081 (http-new",
    ),
    "the route names another port": (service_name("expertflow/ef-ccm-svc:http"), "has no such port, it has 8081 (http"),
    "the route names a Service that does not exist": (
        service_name("expertflow/ef-cxm-svc:http-ccm-8081"),
        "to expertflow/ef-cxm-svc:http-ccm-8081, which does not exist; promised is Service expertflow/ef-ccm-svc",
    ),
    "the route names another namespace": (
        service_name("prod/ef-ccm-svc:http-ccm-8081"),
        "prod/ef-ccm-svc:http-ccm-8081",
    ),
    "the route names another component": (
        leading(service_id="svc-license-manager"),
        "of promised Service expertflow/ef-ccm-svc",
    ),
    "the route names no port": (service_name("expertflow/ef-ccm-svc"), "which is no Service"),
    "the route is gone": (
        changed(lambda config: config["routes"].remove(next(one for one in config["routes"] if one["id"] == "ccm"))),
        "no route of APISIX (ConfigMap ef-external/apisix.yaml apisix.yaml) takes /ccm/below",
    ),
    "the route is switched off": (leading(status=0), "is switched off (status: 0)"),
    "the route is for one path alone": (leading(uris=["/ccm"]), "takes /ccm/below"),
    "the route is for another path": (leading(uris=["/cmc/*"]), "takes /ccm/below"),
    "the route is for another host": (
        leading(hosts=["devops.ef.com"]),
        "takes /ccm/below for host cx.example.com; route ccm (line",
    ),
    "the route is for reading alone": (leading(methods=["GET"]), "takes POST /ccm/below"),
    "the route is for a header": (leading(vars=[["http_x_beta", "==", "1"]]), "takes /ccm/below"),
    "the route refers to no service": (leading(service_id="svc-cxm"), "refers to service_id svc-cxm, which no entry"),
    "the route leads nowhere": (changed(upstream(lambda one: one.clear())), "leads nowhere: it has no upstream"),
    "another route of higher priority": (
        added_route(priority=1),
        ") takes /ccm/below to expertflow/ef-license-manager-svc:http-li-ma-8888 of promised Service",
    ),
    "another route of a longer path": (added_route(uris=["/ccm/below*"]), "route twin"),
    "another route for the whole path": (added_route(uris=["/ccm/below"]), "route twin"),
    "another route in front": (
        changed(lambda config: config["routes"].insert(0, TWIN | {"hosts": [FQDN]})),
        "route twin",
    ),
    "another route for the host": (
        all_of(leading(hosts=["*.example.com"]), added_route(uris=["/*"])),
        "route twin",
    ),
    "the rewriting loses the path": (rewriting("^/ccm/?(.*)", "/"), "rewrites it to /, so that the component"),
    "the rewriting takes too much": (rewriting("^/ccm/(.*)/?.*", "/api/$2"), "rewrites it to /api/"),
    "one path for all calls": (
        leading(plugins={"proxy-rewrite": {"uri": "/index.html"}}),
        "rewrites it to /index.html",
    ),
    "no rewriting": (
        leading(plugins={}),
        "and asks the component for /ccm/below, which serves from / by its health endpoints",
    ),
    "rewriting by another's path": (
        rewriting("^/cmc/?(.*)", "/$1"),
        "and asks the component for /ccm/below, which serves from / by its health endpoints",
    ),
    "the gateway answers itself": (
        leading(plugins={"mocking": {"response_status": 200}}),
        "answers itself (plug-in mocking)",
    ),
    "a port that is not promised": (
        all_of(
            lambda i: i.find("Service", "ef-ccm-svc")["spec"]["ports"].append({"name": "metrics", "port": 9404}),
            service_name("expertflow/ef-ccm-svc:metrics"),
        ),
        "to expertflow/ef-ccm-svc:metrics of promised port 8081",
    ),
    "a host name of nobody": (nodes(**{"ef-cxm-svc.expertflow.svc:8081": 1}), "which is no Service"),
    "a host name with another port": (
        nodes(**{"ef-ccm-svc.expertflow.svc.cluster.local:8080": 1}),
        "ef-ccm-svc.expertflow.svc.cluster.local:8080: Service expertflow/ef-ccm-svc has no such port",
    ),
    "one of two nodes elsewhere": (
        nodes(**{"ef-ccm-svc.expertflow.svc:8081": 9, "ef-license-manager-svc.expertflow.svc:8888": 1}),
        "ef-license-manager-svc.expertflow.svc:8888 of promised Service",
    ),
    "an address of nobody": (nodes(**{"192.0.2.7:8081": 1}), "to 192.0.2.7:8081, which is no Service"),
}
"""Each way in which ccm's path breaks behind APISIX, and a part of what is said."""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_route_is_found_and_named(name: str) -> None:
    """The component's route fails; no other's does."""
    break_it, words = BROKEN[name]
    ended = installed(break_it).outcomes("CX522")
    broken = {one.component: said(one) for one in ended if one.result not in (Result.PASS, Result.NOT_APPLICABLE)}
    assert set(broken) == {"ccm"}
    assert words in broken["ccm"]


@pytest.mark.parametrize("name", VARIATIONS)
def test_what_is_like_it_is_kept_and_told_as_a_chain(name: str) -> None:
    """The path is led on to the component, by whatever kind of route."""
    ended = found(installed(base=VARIATIONS[name]), "CX522")
    assert (ended.result, ended.message) == (Result.PASS, "")
    chain = ended.evidence["found"].split(" -> ")
    assert chain[:2] == ["Ingress ef-external/apisix", "Service ef-external/apisix-gateway"]
    assert "ef-ccm-svc" in chain[-1]


def by_address(installation: Installation) -> None:
    """Let ccm's route lead to the address of its Service."""
    address = {"clusterIP": "10.43.0.77", "clusterIPs": ["10.43.0.77"]}
    installation.live("Service", "ef-ccm-svc", lambda one: one["spec"].update(address))
    nodes(**{"10.43.0.77:8081": 1})(installation)


NEIGHBOURS: Final[dict[str, Vary]] = {
    "another route of lower priority": added_route(priority=-1),
    "another route behind": added_route(),
    "another route for another host": added_route(priority=9, hosts=["other.example.com"]),
    "another route for another method": added_route(priority=9, methods=["PURGE"]),
    "a path of several rewritings": rewriting("^/other/(.*)", "/$1", "^/ccm/(.*)", "/$1"),
    "a rewriting into a folder": rewriting("^/ccm/(.*)", "/api/$1"),
    "no rewriting by any route": changed(lambda config: [one.pop("plugins", None) for one in config["routes"]]),
    "no rewriting where nothing says how the component serves": changed(
        route(lambda one: one.pop("plugins"), "license-manager")
    ),
    "a rewriting that only APISIX can read": rewriting("^/ccm(?<rest>", "/$1"),
    "a node by the Service's address": by_address,
    "a route that leads elsewhere switched off": added_route(priority=9, status=0),
    "a login in front": changed(route(lambda one: one["plugins"].update({"openid-connect": {"client_id": "cim"}}))),
    "a redirect to https": changed(route(lambda one: one["plugins"].update(redirect={"http_to_https": True}))),
    "no rewriting for what may serve either way": changed(route(lambda one: one.pop("plugins"), "grafana")),
    "a port of a cluster of its own": service_name("one/expertflow/ef-ccm-svc:http-ccm-8081"),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_what_breaks_nothing_raises_no_alarm(name: str) -> None:
    """The neighbours of what breaks a route."""
    ended = installed(NEIGHBOURS[name]).all_outcomes(ALL)
    assert [said(one) for one in ended if one.result not in (Result.PASS, Result.NOT_APPLICABLE)] == []


def test_a_port_without_a_name_is_known_by_its_number_in_the_pods() -> None:
    """So APISIX knows endpoints; the Service's own number may be another."""

    def unnamed(installation: Installation) -> None:
        del installation.find("Service", "ef-ccm-svc")["spec"]["ports"][0]["name"]

    assert found(installed(unnamed, service_name("expertflow/ef-ccm-svc:8081")), "CX522").result is Result.PASS
    assert "has no such port" in said(found(installed(unnamed), "CX522"))


def test_a_route_that_depends_on_the_caller_is_told_and_counts_where_it_leads_right() -> None:
    """Nobody can tell from here whether the gateway takes a call by it."""
    elsewhere = installed(added_route(priority=9, remote_addrs=["10.0.0.0/8"]))
    ended = found(elsewhere, "CX522")
    assert ended.result is Result.PASS
    assert [one for one in notes(ended) if "may take /ccm/below: it depends on remote_addrs" in one]
    assert found(installed(leading(remote_addrs=["10.0.0.0/8"])), "CX522").result is Result.PASS


def test_a_component_that_knows_its_address_is_asked_by_it() -> None:
    """Keycloak serves below /auth, as its health endpoints do."""
    cut = {"proxy-rewrite": {"regex_uri": ["^/auth/?(.*)", "/$1"]}}
    ended = found(installed(changed(route(lambda one: one.update(plugins=cut), "keycloak"))), "CX522", "keycloak")
    assert said(ended).endswith(
        "takes /auth/below, and asks the component for /below, which serves below /auth by its health endpoints"
    )


def test_a_websocket_needs_the_routes_leave() -> None:
    """The one that takes socket.io; other components' need none."""
    broken = installed(changed(route(lambda one: one.pop("enable_websocket"), "agent-manager"))).outcomes("CX523")
    failed = {one.component: one.message for one in broken if one.result is Result.FAIL}
    assert set(failed) == {"agent-manager"}
    assert failed["agent-manager"].endswith(" takes /agent-manager/socket.io/ without enable_websocket")
    own = {"id": "socket", "uris": ["/agent-manager/socket.io/*"], "service_id": "svc-agent-manager", "hosts": [FQDN]}
    aside = installed(
        changed(
            route(lambda one: one.pop("enable_websocket"), "agent-manager"),
            lambda config: config["routes"].append(own | {"enable_websocket": True}),
        )
    )
    assert found(aside, "CX523", "agent-manager").result is Result.PASS


def no_pod_ready(installation: Installation) -> None:
    """Let APISIX's pod not be ready, which its EndpointSlice says too."""
    installation.live("Pod", "apisix", lambda pod: pod["status"]["conditions"].clear())

    def unready(item: Object) -> None:
        for one in item["endpoints"]:
            one["conditions"]["ready"] = False

    installation.live("EndpointSlice", "apisix-gateway", unready)


def test_what_cannot_be_read_is_told_with_its_line() -> None:
    """The line of the text in the ConfigMap."""
    installation = installed(text(lambda told: told.replace("  hosts:\n", "   hosts:\n", 1)))
    told = installation.find("ConfigMap", "apisix.yaml")["data"]["apisix.yaml"]
    line = told.splitlines().index("   hosts:") + 1
    assert found(installation, "CX521", "platform").message.startswith(
        f"ConfigMap ef-external/apisix.yaml apisix.yaml, line {line}: not YAML: "
    )


GATEWAY_BROKEN: Final[dict[str, tuple[Vary, str]]] = {
    "no pod is ready": (
        no_pod_ready,
        "Service ef-external/apisix-gateway of APISIX has no ready endpoint for port 80: the pod behind it is not",
    ),
    "no Service": (
        lambda i: i.remove("Service", "apisix-gateway"),
        "Ingress ef-external/apisix leads / to Service ef-external/apisix-gateway of APISIX, which does not exist",
    ),
    "another port": (
        lambda i: i.find("Service", "apisix-gateway")["spec"]["ports"][0].update(port=8080),
        "leads / to port 80 of Service ef-external/apisix-gateway of APISIX, which has 8080 (apisix-gateway)",
    ),
    "broken YAML": (
        text(lambda told: told.replace("  uris:\n", "   uris:\n", 1)),
        ": not YAML: mapping values are not allowed in this context",
    ),
    "no mark at the end": (
        text(lambda told: told.replace("#END\n", "")),
        ": the last line is not #END, without which APISIX takes none of the file",
    ),
    "no ConfigMap": (
        lambda i: i.remove("ConfigMap", "apisix.yaml"),
        "Deployment ef-external/apisix mounts ConfigMap ef-external/apisix.yaml, which does not exist",
    ),
    "another key": (
        lambda i: i.find("ConfigMap", "apisix.yaml").update(data={"routes.yaml": "routes: []"}),
        "mounts no ConfigMap with a key apisix.yaml, which holds its routes; there are: routes.yaml, config.yaml",
    ),
    "no discovery": (
        lambda i: i.find("ConfigMap", "config")["data"].update({"config.yaml": "apisix:\n  node_listen: 9080\n"}),
        "the settings of Deployment ef-external/apisix have no discovery.kubernetes",
    ),
}


@pytest.mark.parametrize("name", GATEWAY_BROKEN)
def test_a_gateway_that_is_down_is_one_cause_for_all_paths(name: str) -> None:
    """It is told once; what passes it is blocked."""
    break_it, words = GATEWAY_BROKEN[name]
    ended = installed(break_it).all_outcomes(ALL)
    (cause,) = shared_causes(root_causes(ended))
    assert cause.outcome.check == "CX521"
    assert words in cause.words
    assert not [one for one in ended if one.check == "CX522" and one.result is Result.FAIL]


def test_without_an_ingress_that_leads_to_it_every_path_is_lost_by_one_cause() -> None:
    """Unless a load balancer of its own is the entrance."""
    gone: Vary = lambda i: i.remove("Ingress", "apisix")  # noqa: E731 - a change like the others
    (cause,) = shared_causes(root_causes(installed(gone).all_outcomes(ALL)))
    assert "leads to Service ef-external/apisix-gateway of APISIX, whose routes lead to the components" in cause.words
    balanced = installed(gone, lambda i: i.find("Service", "apisix-gateway")["spec"].update(type="LoadBalancer"))
    ended = balanced.all_outcomes(ALL)
    assert {one.result for one in ended} <= {Result.PASS, Result.NOT_APPLICABLE}
    assert next(one for one in ended if (one.check, one.component) == ("CX522", "ccm")).result is Result.PASS


def test_routes_for_another_host_than_the_ingress_are_one_cause() -> None:
    """A host that was edited in one place, and not in the other."""

    def renamed(config: Object) -> None:
        for one in config["routes"]:
            one["hosts"] = ["devops.ef.com"]

    (cause,) = shared_causes(root_causes(installed(changed(renamed)).all_outcomes(ALL)))
    assert cause.words == "the routes of APISIX are for host devops.ef.com, and users call cx.example.com"


def test_a_reference_of_a_route_that_nothing_promises_is_told_once() -> None:
    """That of a promised path is told with its path alone."""
    gone = {"id": "eleveo", "uri": "/eleveo/*", "service_id": "svc-eleveo"}
    unpromised = installed(changed(lambda config: config["routes"].append(gone)))
    ended = unpromised.all_outcomes(ALL)
    (failed,) = (one for one in ended if one.result is Result.FAIL)
    assert (failed.check, failed.component) == ("CX524", "platform")
    assert failed.message.endswith(" refers to service_id svc-eleveo, which no entry of services has")
    switched_off = installed(changed(lambda config: config["routes"].append(gone | {"status": 0})))
    assert switched_off.outcomes("CX524")[0].result is Result.PASS
    promised = installed(leading(service_id="svc-cxm")).all_outcomes(ALL)
    assert [one.check for one in promised if one.result is Result.FAIL] == ["CX522"]


OBJECTS_BROKEN: Final[dict[str, tuple[Callable[[Object], Any], str]]] = {
    "another port": (
        lambda rule: rule["backends"][0].update(servicePort=8080),
        "to expertflow/ef-ccm-svc:8080: Service expertflow/ef-ccm-svc has no such port",
    ),
    "another Service": (lambda rule: rule["backends"][0].update(serviceName="gone"), "which does not exist"),
    "another host": (lambda rule: rule["match"].update(hosts=["a.example.com"]), "for host cx.example.com"),
    "another path": (lambda rule: rule["match"].update(paths=["/ccm"]), "(ApisixRoute objects) takes /ccm/below"),
    "a rewriting that loses the path": (
        lambda rule: rule.update(plugins=[{"name": "proxy-rewrite", "enable": True, "config": {"uri": "/"}}]),
        "rewrites it to /",
    ),
}


@pytest.mark.parametrize("name", OBJECTS_BROKEN)
def test_a_broken_object_is_found_and_named(name: str) -> None:
    """As the same route in a file."""
    change, words = OBJECTS_BROKEN[name]
    installation = installed(base=by_objects)
    change(installation.find("ApisixRoute", "ccm-main")["spec"]["http"][0])
    assert words in said(found(installation, "CX522"))


def test_an_object_that_its_controller_refused_takes_nothing() -> None:
    """Its own words say why."""
    installation = installed(base=by_objects)
    refused = {"type": "ResourcesAvailable", "status": "False", "reason": "Aborted", "message": "service gone"}
    installation.live("ApisixRoute", "ccm-main", lambda one: one.update(status={"conditions": [refused]}))
    assert said(found(installation, "CX522")) == (
        "no route of APISIX takes /ccm/below: its controller refused ApisixRoute expertflow/ccm-main: service gone"
    )


def test_objects_that_a_file_has_replaced_count_for_nothing() -> None:
    """Left over from an older release."""
    installation = installed(leading(uris=["/cmc/*"]))
    old = installed(base=by_objects)
    installation.manifests += [one for one in old.manifests if one["kind"] == "ApisixRoute"]
    assert "takes /ccm/below" in said(found(installation, "CX522"))


def test_routes_that_the_api_does_not_show_are_not_judged() -> None:
    """APISIX may keep them in a store of its own."""
    ended = found(installed(unmounted), "CX522")
    assert (ended.result, ended.message) == (
        Result.NOT_APPLICABLE,
        f"n/a: APISIX ({NAMESPACE}/apisix-gateway) keeps its routes where the API does not show them",
    )


def test_a_gateway_of_another_name_is_known_by_its_image() -> None:
    """A release may have any name."""

    def renamed(installation: Installation) -> None:
        installation.find("Service", "apisix-gateway")["metadata"]["name"] = "front"
        ingress = installation.find("Ingress", "apisix")["spec"]["rules"][0]["http"]["paths"][0]
        ingress["backend"]["service"]["name"] = "front"

    ended = found(installed(renamed), "CX522")
    assert ended.result is Result.PASS
    assert " -> Service ef-external/front -> " in ended.evidence["found"]


def test_the_host_of_calls_is_taken_from_the_routes_where_nothing_else_tells_it() -> None:
    """The Ingress is for a wildcard here, and no host name is given."""
    assert found(installed(fqdn=None), "CX522").result is Result.PASS


def test_without_apisix_there_is_nothing_to_judge() -> None:
    """Ingresses lead to the components themselves."""
    ended = Installation(site={"fqdn": FQDN}).all_outcomes(["CX521", "CX522", "CX523", "CX524"])
    assert {one.result for one in ended} == {Result.NOT_APPLICABLE}

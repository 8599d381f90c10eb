"""ApisixRoute objects, read."""

from typing import Any

from cx_conformance.objects.apisix_route import ApisixRoute, apisix_route
from cx_conformance.objects.gateway_route import Rewrite, Target

RULE: dict[str, Any] = {
    "name": "rule",
    "priority": 10,
    "match": {"hosts": ["CX.example.com"], "paths": ["/ccm/*"], "methods": ["GET"]},
    "backends": [{"serviceName": "ef-cx-ccm-svc", "servicePort": 8081}],
    "websocket": True,
    "plugins": [
        {"name": "proxy-rewrite", "enable": True, "config": {"regex_uri": ["^/ccm/(.*)", "/$1"]}},
        {"name": "key-auth", "enable": False, "config": {}},
    ],
}


def made(status: dict[str, Any] | None = None, **changes: Any) -> ApisixRoute:
    """Read an object of one rule."""
    meta = {"name": "ccm", "namespace": "expertflow"}
    spec = {"ingressClassName": "apisix", "http": [RULE | changes]}
    return apisix_route({"metadata": meta, "spec": spec, "status": status or {}})


def test_a_rule_is_a_route_like_any_other() -> None:
    """Its Service is in its own namespace; plug-ins count where they are enabled."""
    found = made()
    (route,) = found.routes
    assert (found.class_name, found.refused, route.place) == ("apisix", "", "ApisixRoute expertflow/ccm")
    assert (route.paths, route.hosts, route.methods) == (("/ccm/*",), ("cx.example.com",), ("GET",))
    assert (route.priority, route.web_socket, route.login) == (10, True, None)
    assert route.targets == (Target(namespace="expertflow", service="ef-cx-ccm-svc", port=8081),)
    assert route.rewrite == Rewrite(pairs=(("^/ccm/(.*)", "/$1"),))


def test_of_several_backends_those_of_no_weight_count_for_nothing() -> None:
    """A canary that is switched off."""
    backends = [{"serviceName": "a", "servicePort": "http", "weight": 100}, {"serviceName": "b", "weight": 0}]
    assert [one.service for one in made(backends=backends).routes[0].targets] == ["a"]


def test_expressions_are_conditions() -> None:
    """A header in the gateway's own spelling, and what is reversed."""
    exprs = [
        {"subject": {"scope": "Header", "name": "X-Beta"}, "op": "Equal", "value": "1"},
        {"subject": {"scope": "Query", "name": "id"}, "op": "NotIn", "set": ["1", "2"]},
    ]
    found = made(match=RULE["match"] | {"exprs": exprs}).routes[0]
    assert found.vars == '[["http_x_beta","==","1"],["arg_id","!","in",["1","2"]]]'


def test_a_login_of_its_own_is_one() -> None:
    """The field authentication stands for a plug-in."""
    assert made(authentication={"enable": True, "type": "jwtAuth"}).routes[0].login == "authentication"


def test_what_its_controller_refused_is_told() -> None:
    """Both generations of controllers have a condition for it; one that has not said anything refuses nothing."""
    for kind in ("ResourcesAvailable", "Accepted"):
        status = {"conditions": [{"type": kind, "status": "False", "reason": "Aborted", "message": "no such service"}]}
        assert made(status).refused == "no such service"
    assert not made({"conditions": [{"type": "ResourcesAvailable", "status": "True"}]}).refused

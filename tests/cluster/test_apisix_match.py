"""APISIX's order of routes, as its documentation and its radix tree have it."""

import pytest

from cx_conformance.cluster.apisix_match import Call, Router, taking
from cx_conformance.objects.gateway_route import GatewayRoute

HOST = "cx.example.com"


def made(*paths: str, **more: object) -> GatewayRoute:
    """Make a route that is named after its first path."""
    return GatewayRoute(**{"where": paths[0], "paths": paths, **more})  # type: ignore[arg-type] # each a field


def first(routes: list[GatewayRoute], path: str, method: str = "GET", router: Router = Router.HOST_URI) -> str | None:
    """Return the name of the route that comes first."""
    found = next(taking(routes, Call(path, HOST, method), router), None)
    return found.where if found else None


BLOG = [made(path) for path in ("/blog/foo/*", "/blog/foo/a/*", "/blog/foo/c/*", "/blog/foo/bar")]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/blog/foo/bar", "/blog/foo/bar"),
        ("/blog/foo/a/b/c", "/blog/foo/a/*"),
        ("/blog/foo/c/d", "/blog/foo/c/*"),
        ("/blog/foo/gloo", "/blog/foo/*"),
        ("/blog/bar", None),
        ("/blog/foo/", "/blog/foo/*"),
        ("/blog/foo", None),
        ("/Blog/foo/bar", None),
    ],
)
def test_a_whole_path_comes_first_then_the_longest_beginning(path: str, expected: str | None) -> None:
    """The documentation's own table, and its edges."""
    assert first(BLOG, path) == expected


def test_a_beginning_without_a_slash_takes_what_goes_on_with_other_letters() -> None:
    """``/unified-admin*`` takes ``/unified-administration`` too."""
    assert first([made("/unified-admin*")], "/unified-administration") == "/unified-admin*"


def test_priority_counts_among_routes_of_one_path_only() -> None:
    """A route of high priority and a shorter path comes after one of a longer path."""
    low, high, short = made("/ccm/*", where="low"), made("/ccm/*", where="high", priority=5), made("/*", priority=900)
    assert first([low, high, short], "/ccm/below") == "high"
    assert first([low, high], "/ccm/below") == "high"
    assert first([short, low], "/ccm/below") == "low"


def test_of_equal_priority_the_one_that_stands_first_comes_first() -> None:
    """Nothing else tells them apart."""
    assert first([made("/ccm/*", where="one"), made("/ccm/*", where="two")], "/ccm/below") == "one"


def test_a_route_for_the_host_comes_before_a_longer_path_for_any_host() -> None:
    """With the usual router; the other one looks at paths first."""
    routes = [made("/ccm/agents/*"), made("/*", hosts=(HOST,))]
    assert first(routes, "/ccm/agents/1") == "/*"
    assert first(routes, "/ccm/agents/1", router=Router.URI) == "/ccm/agents/*"


@pytest.mark.parametrize(
    ("hosts", "takes"),
    [
        ((), True),
        ((HOST,), True),
        (("*.example.com",), True),
        (("*.com",), True),
        (("*",), True),
        (("example.com",), False),
        (("*.cx.example.com",), False),
        (("other.example.com", HOST), True),
    ],
)
@pytest.mark.parametrize("router", [Router.HOST_URI, Router.URI])
def test_a_host_is_named_whole_or_by_its_end(hosts: tuple[str, ...], router: Router, *, takes: bool) -> None:
    """A wildcard stands for any beginning."""
    assert (first([made("/ccm/*", hosts=hosts)], "/ccm/below", router=router) is not None) is takes


def test_the_whole_host_comes_before_a_wildcard_and_the_longer_wildcard_before_the_shorter() -> None:
    """Where the first of them has no route for the path the next one is asked."""
    routes = [
        made("/*", where="short", hosts=("*.com",)),
        made("/*", where="long", hosts=("*.example.com",)),
        made("/agent", where="whole", hosts=(HOST,)),
    ]
    assert first(routes, "/agent") == "whole"
    assert first(routes, "/ccm") == "long"


def test_methods_limit_a_route_and_the_next_one_takes_the_others() -> None:
    """A path for reading alone leaves writing to the route for the rest."""
    routes = [made("/ccm/*", methods=("GET", "HEAD")), made("/*")]
    assert first(routes, "/ccm/below") == "/ccm/*"
    assert first(routes, "/ccm/below", "POST") == "/*"


def test_a_route_that_is_switched_off_takes_nothing() -> None:
    """Its status is 0."""
    assert first([made("/ccm/*", enabled=False), made("/*")], "/ccm/below") == "/*"


def test_an_asterisk_in_the_middle_stands_for_anything_up_to_what_follows() -> None:
    """Only where it begins a part of the path."""
    routes = [made("/qm/notification/*/sse"), made("/qm/*")]
    assert first(routes, "/qm/notification/7/sse") == "/qm/notification/*/sse"
    assert first(routes, "/qm/notification/7/8/sse") == "/qm/notification/*/sse"
    assert first(routes, "/qm/notification/7") == "/qm/*"


def test_parameters_count_with_their_own_router_only() -> None:
    """The usual one takes the colon for a letter."""
    routes = [made("/user/:name/profile"), made("/user/*")]
    assert first(routes, "/user/ann/profile", router=Router.URI_WITH_PARAMETER) == "/user/:name/profile"
    assert first(routes, "/user/ann/b/profile", router=Router.URI_WITH_PARAMETER) == "/user/*"
    assert first(routes, "/user/ann/profile") == "/user/*"


@pytest.mark.parametrize(
    ("condition", "takes"),
    [
        ("", True),
        ('[["uri","~~","^/ccm/[a-z]+$"]]', True),
        ('[["uri","~~","^/ccm/[0-9]+$"]]', False),
        ('[["uri","!","~~","^/ccm/[0-9]+$"]]', True),
        ('[["uri","~*","^/CCM/"]]', True),
        ('[["request_method","==","GET"]]', True),
        ('[["http_x_beta","==","1"]]', False),
        ('[["http_x_beta","~=","1"]]', True),
        ('[["arg_name","in",["a","b"]]]', False),
        ('[["host","in",["cx.example.com"]]]', True),
        ('["OR",["http_x","==","1"],["uri","==","/ccm/below"]]', True),
        ('["AND",["http_x","==","1"],["uri","==","/ccm/below"]]', False),
        ('["!OR",["http_x","==","1"],["http_y","==","1"]]', True),
        ('["!AND",["uri","==","/ccm/below"],["host","==","cx.example.com"]]', False),
        ('[["http_content_length",">",10]]', False),
    ],
)
def test_conditions_are_held_against_a_plain_call(condition: str, *, takes: bool) -> None:
    """One without headers, arguments and cookies."""
    assert (first([made("/ccm/*", vars=condition)], "/ccm/below") is not None) is takes


@pytest.mark.parametrize("condition", ['[["uri","~~","("]]', '[["uri","~~","^/(c+)+m"]]', "[7]", "{", '[["uri"]]'])
def test_a_condition_that_only_apisix_can_read_may_be_met(condition: str) -> None:
    """The route is told as one that may take the call."""
    found = next(taking([made("/ccm/*", vars=condition)], Call("/ccm/below", HOST)))
    assert found.limits == ("vars",)

"""The file apisix.yaml as APISIX takes it, and what is said where it does not."""

import pytest

from cx_conformance.objects.apisix_standalone import Standalone, is_standalone, standalone
from cx_conformance.objects.config import config_map
from cx_conformance.objects.gateway_route import GatewayRoute, Rewrite, Target

CCM = Target(namespace="expertflow", service="ef-cx-ccm-svc", port="http-ccm-8081", discovered=True)


def read(text: str) -> Standalone:
    """Read a file with its mark at the end."""
    return standalone(f"{text}\n#END\n")


def only(text: str) -> GatewayRoute:
    """Return the one route of a file."""
    found = read(text)
    assert (found.trouble, found.faults) == (None, ())
    return found.routes[0]


SERVICE = """\
services:
- id: svc-ccm
  hosts: [CX.example.com]
  enable_websocket: true
  plugins: {key-auth: {}, proxy-rewrite: {uri: /}}
  upstream: {discovery_type: kubernetes, service_name: "expertflow/ef-cx-ccm-svc:http-ccm-8081", type: roundrobin}
routes:
- id: ccm
  uri: /ccm/*
  service_id: svc-ccm
"""


def test_a_route_takes_on_what_its_service_says() -> None:
    """Hosts in lower case, the WebSocket, plug-ins and the upstream; and it knows its line."""
    found = only(SERVICE)
    assert (found.where, found.line, found.paths, found.hosts) == ("route ccm", 8, ("/ccm/*",), ("cx.example.com",))
    assert (found.web_socket, found.targets, found.login) == (True, (CCM,), "key-auth")
    assert found.rewrite == Rewrite(uri="/")


def test_what_a_route_says_itself_counts_before_its_service() -> None:
    """Of one plug-in, of the WebSocket, of the hosts, and of the upstream."""
    own = """\
  host: own.example.com
  enable_websocket: false
  plugins: {proxy-rewrite: {regex_uri: ["^/ccm/(.*)", "/$1"]}}
  upstream: {nodes: {"10.0.0.1:80": 1}}
"""
    found = only(SERVICE + own)
    assert (found.hosts, found.web_socket) == (("own.example.com",), False)
    assert found.rewrite == Rewrite(pairs=(("^/ccm/(.*)", "/$1"),))
    assert found.targets == (Target(host="10.0.0.1", port=80),)


def test_a_plugin_configuration_stands_between_route_and_service() -> None:
    """It is referred to by id; what is switched off counts for nothing."""
    found = only(
        SERVICE.replace("service_id: svc-ccm", "service_id: svc-ccm\n  plugin_config_id: 7")
        + "plugin_configs:\n- id: 7\n  plugins: {proxy-rewrite: {uri: /red}, key-auth: {_meta: {disable: true}}}\n"
    )
    assert (found.rewrite, found.login) == (Rewrite(uri="/red"), None)


def test_ids_may_be_numbers_and_nodes_a_list() -> None:
    """APISIX compares ids as texts; what weighs nothing gets no call."""
    found = only(
        "upstreams:\n- id: 1\n  nodes: [{host: ef-ccm-svc, port: 8081, weight: 1}, {host: old, port: 1, weight: 0}]\n"
        'routes:\n- uris: [/ccm, /ccm/*]\n  upstream_id: "1"\n'
    )
    assert (found.where, found.paths) == ("route 1", ("/ccm", "/ccm/*"))
    assert found.targets == (Target(host="ef-ccm-svc", port=8081),)


@pytest.mark.parametrize(
    ("refers", "told"),
    [
        ("service_id: gone", "service_id gone, which no entry of services has"),
        ("upstream_id: gone", "upstream_id gone, which no entry of upstreams has"),
        ("plugin_config_id: gone", "plugin_config_id gone, which no entry of plugin_configs has"),
    ],
)
def test_an_id_that_nothing_has_is_told(refers: str, told: str) -> None:
    """The route is there all the same."""
    assert only(f"routes:\n- uri: /ccm/*\n  {refers}\n").lost == (told,)


@pytest.mark.parametrize(
    ("plugins", "answers"),
    [
        ("mocking: {response_status: 404}", "mocking"),
        ("redirect: {uri: /other, ret_code: 301}", "redirect"),
        ("redirect: {http_to_https: true}", ""),
        ("fault-injection: {abort: {http_status: 503}}", "fault-injection"),
        ("fault-injection: {abort: {http_status: 503, percentage: 10}}", ""),
        ("cors: {}", ""),
    ],
)
def test_a_plugin_that_answers_in_place_of_the_component_is_told(plugins: str, answers: str) -> None:
    """One that may do so now and then is not."""
    assert only(f"routes:\n- uri: /ccm/*\n  plugins: {{{plugins}}}\n").answers == answers


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("routes:\n- uri: /ccm\n   uris: [/a]\n#END\n", 3, "not YAML: mapping values are not allowed"),
        ("routes:\n- uri: [\n#END\n", 4, "not YAML: "),
        ("routes:\n- uri: /ccm\n", 2, "the last line is not #END"),
        ("#END\nroutes:\n- uri: /ccm\n  priority: 1\n", 4, "the last line is not #END"),
        ("routes: []\n# END\n", 2, "the last line is not #END"),
        ("routes:\n- uri: *gone\n#END\n", 2, "alias *gone stands for nothing"),
        ("routes: &all\n- *all\n#END\n", 2, "alias *all stands for nothing"),
        ("routes:\n\x07\n#END\n", 2, "is not allowed in YAML"),
        ("#END", 1, "there is no mapping with routes in it"),
        ("[" * 60 + "]" * 60 + "\n#END\n", 1, "nested more than 40 deep"),
    ],
)
def test_what_apisix_does_not_take_is_told_with_its_line(text: str, line: int, words: str) -> None:
    """It goes on with what it read before, or with nothing."""
    found = standalone(text)
    assert found.trouble is not None
    assert (found.trouble.line, found.routes) == (line, ())
    assert words in found.trouble.words


def test_a_route_without_a_path_is_left_out_with_its_line() -> None:
    """The others stay."""
    found = read("routes:\n- uri: /ccm/*\n- id: odd\n  service_id: x\n")
    assert [one.where for one in found.routes] == ["route 1"]
    assert [(one.line, one.words) for one in found.faults] == [(3, "route odd has neither uri nor uris")]


def test_a_few_lines_cannot_stand_for_a_million_values() -> None:
    """An alias counts for all that it stands for, so that reading ends soon."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    found = read("\n".join(lines))
    assert found.trouble is not None
    assert "more than 200,000 values" in found.trouble.words


def test_merge_keys_are_read() -> None:
    """What a mapping says itself counts before what it takes over."""
    found = only("x: &x {priority: 7, methods: [GET]}\nroutes:\n- <<: *x\n  uri: /ccm/*\n  priority: 8\n")
    assert (found.priority, found.methods) == (8, ("GET",))


def test_a_config_map_keeps_the_routes_and_no_secret() -> None:
    """Its text is masked, which may break it; the routes are read before."""
    text = SERVICE.replace("key-auth: {}", 'openid-connect: {client_secret: "planted"}') + "#END\n"
    found = config_map({"metadata": {"name": "apisix.yaml"}, "data": {"apisix.yaml": text, "other": "x: 1"}})
    assert set(found.gateways) == {"apisix.yaml"}
    assert found.gateways["apisix.yaml"].routes[0].login == "openid-connect"
    assert "planted" not in str(found.values) + repr(found.gateways)


def test_a_file_of_another_name_is_known_by_its_mark() -> None:
    """Charts may mount it under APISIX's own name only."""
    assert is_standalone("apisix.yaml", "")
    assert is_standalone("routes", "routes: []\n#END\n")
    assert not is_standalone("script.sh", "echo routes:\n")

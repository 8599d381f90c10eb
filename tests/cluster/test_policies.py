"""What NetworkPolicies allow: a table of cases, and a second, naive reading of the documentation to agree with."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_conformance.cluster.policies import End, Policies, Ruling
from cx_conformance.objects.networkpolicy import NetworkPolicy, network_policy
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.pod_spec import pod_spec
from tests.objects.recordings import recorded

Object = dict[str, Any]
NAMESPACES = {
    "cx": {"kubernetes.io/metadata.name": "cx", "team": "voice"},
    "ext": {"kubernetes.io/metadata.name": "ext"},
}


def end(namespace: str, app: str, address: str) -> End:
    """Make a pod that calls its port 8080 ``http``."""
    spec = pod_spec({"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}]})
    name = f"pod {namespace}/{app}"
    return End(name=name, namespace=namespace, labels={"app": app}, addresses=(address,), spec=spec)


WEB = end("cx", "web", "10.1.0.5")
API = end("cx", "api", "10.1.0.6")
DB = end("ext", "db", "10.2.0.7")
OUTSIDE = End(name="address 192.0.2.9", labels={}, addresses=("192.0.2.9",))
ENDS = (WEB, API, DB, OUTSIDE)


def policy(namespace: str, spec: Object, name: str = "p") -> NetworkPolicy:
    """Read a policy from its manifest."""
    return network_policy({"metadata": {"name": name, "namespace": namespace}, "spec": spec})


def ruling(specs: list[tuple[str, Object]], source: End, target: End, port: int = 8080) -> Ruling:
    """Judge one connection by policies given as namespace and spec."""
    policies = [policy(namespace, spec, f"p{at}") for at, (namespace, spec) in enumerate(specs)]
    return Policies(policies, NAMESPACES).ruling(source, target, port)


def ingress(*rules: Object, app: str | None = None) -> Object:
    """Return the spec of a policy that restricts the way in to pods of ``app``, or to all."""
    return {"podSelector": match(app), "policyTypes": ["Ingress"], "ingress": list(rules)}


def egress(*rules: Object, app: str | None = None) -> Object:
    """Return the spec of a policy that restricts the way out."""
    return {"podSelector": match(app), "policyTypes": ["Egress"], "egress": list(rules)}


def match(app: str | None) -> Object:
    """Select the pods of ``app``, or all."""
    return {"matchLabels": {"app": app}} if app else {}


def port(number: int | str | None = None, protocol: str = "TCP", last: int | None = None) -> list[Object]:
    """Return the ports of a rule: one, or a range."""
    return [{"protocol": protocol} | ({"port": number} if number else {}) | ({"endPort": last} if last else {})]


from_web = {"from": [{"podSelector": match("web")}]}
in_cx = {"namespaceSelector": {"matchLabels": {"team": "voice"}}}
CASES: list[tuple[str, list[tuple[str, Object]], End, End, bool]] = [
    ("no policy allows all", [], WEB, DB, True),
    ("a policy of another namespace selects nothing here", [("ext", ingress())], WEB, API, True),
    ("a policy on other pods restricts nothing", [("cx", ingress(app="db"))], WEB, API, True),
    ("default deny of ingress", [("cx", ingress())], WEB, API, False),
    ("default deny of ingress leaves egress open", [("cx", ingress())], WEB, DB, True),
    ("default deny of egress", [("cx", egress())], WEB, DB, False),
    ("default deny of egress in the callee's namespace", [("ext", egress())], WEB, DB, True),
    ("one empty rule allows all", [("cx", ingress({}))], WEB, API, True),
    ("the policies add up", [("cx", ingress()), ("cx", ingress(from_web, app="api"))], WEB, API, True),
    ("no policy takes back what another allows", [("cx", ingress(from_web)), ("cx", ingress())], WEB, API, True),
    ("the peer is selected", [("cx", ingress(from_web))], WEB, API, True),
    ("the peer is not selected", [("cx", ingress(from_web))], DB, API, False),
    ("a podSelector alone means the policy's own namespace", [("ext", ingress(from_web))], WEB, DB, False),
    ("a namespaceSelector alone means all its pods", [("ext", ingress({"from": [in_cx]}))], WEB, DB, True),
    (
        "both selectors must hold",
        [("ext", ingress({"from": [in_cx | {"podSelector": match("api")}]}))],
        WEB,
        DB,
        False,
    ),
    (
        "two peers are alternatives",
        [("ext", ingress({"from": [in_cx, {"podSelector": match("api")}]}))],
        WEB,
        DB,
        True,
    ),
    (
        "an empty namespaceSelector means every namespace",
        [("ext", egress({"to": [{"namespaceSelector": {}}]}))],
        DB,
        WEB,
        True,
    ),
    (
        "an address from outside is no pod",
        [("cx", ingress({"from": [{"namespaceSelector": {}}]}))],
        OUTSIDE,
        API,
        False,
    ),
    ("the port is allowed by number", [("cx", ingress({"ports": port(8080)}))], WEB, API, True),
    ("another port is not", [("cx", ingress({"ports": port(80)}))], WEB, API, False),
    ("the port is allowed by the target's name for it", [("cx", egress({"ports": port("http")}))], WEB, DB, True),
    ("a name that the target does not have", [("cx", egress({"ports": port("https")}))], WEB, DB, False),
    ("a name means nothing outside", [("cx", egress({"ports": port("http")}))], WEB, OUTSIDE, False),
    ("a protocol alone means all its ports", [("cx", ingress({"ports": port()}))], WEB, API, True),
    ("another protocol", [("cx", ingress({"ports": port(8080, "UDP")}))], WEB, API, False),
    ("within a range", [("cx", ingress({"ports": port(8000, last=8080)}))], WEB, API, True),
    ("past a range", [("cx", ingress({"ports": port(8000, last=8079)}))], WEB, API, False),
    ("in a block", [("cx", egress({"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}))], WEB, OUTSIDE, True),
    (
        "in what is taken out of a block",
        [("cx", egress({"to": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.8/30"]}}]}))],
        WEB,
        OUTSIDE,
        False,
    ),
    ("of another family", [("cx", egress({"to": [{"ipBlock": {"cidr": "::/0"}}]}))], WEB, OUTSIDE, False),
    ("the way out and the way in must both be open", [("cx", egress({})), ("ext", ingress())], WEB, DB, False),
    ("a pod is not kept from itself", [("cx", ingress()), ("cx", egress())], API, API, True),
    ("egress rules restrict egress without policyTypes", [("cx", {"egress": [{"ports": port(53)}]})], WEB, DB, False),
    ("ingress is restricted without policyTypes", [("cx", {"podSelector": {}})], WEB, API, False),
    ("egress is not restricted without policyTypes", [("cx", {"podSelector": {}})], WEB, DB, True),
]


@pytest.mark.parametrize(
    ("specs", "source", "target", "allowed"), [one[1:] for one in CASES], ids=[c[0] for c in CASES]
)
def test_a_connection_is_allowed_as_documented(
    specs: list[tuple[str, Object]], source: End, target: End, allowed: bool
) -> None:
    """Each case is a sentence of the documentation."""
    assert ruling(specs, source, target).allowed is allowed


def test_the_policies_are_named_with_what_they_allow_instead() -> None:
    """An engineer learns which policies, which direction, which pods, and that the port is the Service's."""
    found = ruling([("cx", ingress()), ("cx", ingress(from_web | {"ports": port(80)}))], WEB, API)
    assert [one.words for one in found.barriers] == [
        "NetworkPolicies cx/p0, cx/p1 restrict ingress of pod cx/api and allow no TCP 8080 from pod cx/web, only TCP 80"
    ]


def test_both_directions_are_told_when_both_are_shut() -> None:
    """Opening one of them would not help."""
    found = ruling([("cx", egress()), ("ext", ingress())], WEB, DB)
    assert [one.words for one in found.barriers] == [
        "NetworkPolicy cx/p0 restricts egress of pod cx/web and allows no TCP 8080 to pod ext/db",
        "NetworkPolicy ext/p1 restricts ingress of pod ext/db and allows no TCP 8080 from pod cx/web",
    ]


@pytest.mark.parametrize("cidr", ["10.1.0.0/16", "10.96.0.0/12"])
def test_a_pod_that_only_a_block_allows_is_told_so(cidr: str) -> None:
    """Plug-ins differ in whether blocks are for pods, and in whether the Service's address is compared."""
    target = End(name="pod cx/api", namespace="cx", labels={}, addresses=("10.1.0.6", "10.96.3.4"), spec=API.spec)
    found = ruling([("cx", egress({"to": [{"ipBlock": {"cidr": cidr}}]}))], WEB, target)
    assert (found.allowed, [one.where for one in found.by_block]) == (True, ["cx/p0"])
    certain = ruling([("cx", egress({"to": [{"ipBlock": {"cidr": cidr}}, {"podSelector": {}}]}))], WEB, target)
    assert (certain.allowed, certain.by_block) == (True, ())


def test_a_workload_without_a_pod_has_no_address_that_a_block_could_leave_out() -> None:
    """Whether its pods will be in the block nobody knows before they are there."""
    target = End(name="the pods of Deployment cx/api", namespace="cx", labels={"app": "api"}, spec=API.spec)
    assert ruling([("cx", egress({"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}))], WEB, target).allowed


def test_a_recorded_policy_admits_whom_it_names() -> None:
    """Of a real cluster: only ``web`` may call the port that ``db`` names."""
    policies = Policies(recorded(NetworkPolicy), {})
    pods = {pod.labels.get("app", ""): pod for pod in recorded(Pod) if pod.namespace == "shop"}
    ends = {
        app: End(name=f"pod {pod.where}", namespace="shop", labels=pod.labels, addresses=pod.ips, spec=pod.spec)
        for app, pod in pods.items()
    }
    number = next(one.number for one in pods["db"].spec.containers[0].ports if one.name == "tcp-db-6379")
    assert policies.ruling(ends["web"], ends["db"], number).allowed
    assert not policies.ruling(ends["web"], ends["db"], number + 1).allowed
    other = next(end for app, end in ends.items() if app not in ("web", "db"))
    assert not policies.ruling(other, ends["db"], number).allowed
    assert policies.ruling(ends["db"], ends["web"], 8080).allowed


labels = st.sampled_from(["web", "api", "db", None])
selectors = st.one_of(
    labels.map(match),
    st.builds(
        lambda operator, values: {"matchExpressions": [{"key": "app", "operator": operator, "values": values}]},
        st.sampled_from(["In", "NotIn"]),
        st.lists(st.sampled_from(["web", "api", "db"]), min_size=1, max_size=2),
    ),
    st.sampled_from(["Exists", "DoesNotExist"]).map(
        lambda operator: {"matchExpressions": [{"key": "app", "operator": operator}]}
    ),
)
namespace_selectors = st.sampled_from([{}, {"matchLabels": {"team": "voice"}}, {"matchLabels": {"team": "none"}}])
blocks = st.builds(
    lambda cidr, excepted: {"ipBlock": {"cidr": cidr, "except": excepted}},
    st.sampled_from(["0.0.0.0/0", "10.1.0.0/16", "192.0.2.0/24", "::/0"]),
    st.lists(st.sampled_from(["10.1.0.6/32", "10.1.0.0/29", "192.0.2.9/32"]), max_size=1),
)
peers = st.one_of(
    selectors.map(lambda one: {"podSelector": one}),
    namespace_selectors.map(lambda one: {"namespaceSelector": one}),
    st.builds(lambda one, two: {"podSelector": one, "namespaceSelector": two}, selectors, namespace_selectors),
    blocks,
)
ports = st.builds(
    lambda number, protocol, length: port(
        number, protocol, number + length if isinstance(number, int) and length is not None else None
    )[0],
    st.sampled_from([None, 80, 8079, 8080, 8081, "http", "https"]),
    st.sampled_from(["TCP", "UDP"]),
    st.sampled_from([None, 0, 1, 8000]),
)


def rules(direction: str) -> st.SearchStrategy[list[Object]]:
    """Return rules of a direction, with and without peers and ports."""
    rule = st.builds(
        lambda some, numbers: ({direction: some} if some else {}) | ({"ports": numbers} if numbers else {}),
        st.lists(peers, max_size=2),
        st.lists(ports, max_size=2),
    )
    return st.lists(rule, max_size=2)


specs = st.fixed_dictionaries(
    {"podSelector": selectors, "ingress": rules("from"), "egress": rules("to")},
    optional={"policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]])},
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["cx", "ext"]), specs), max_size=4),
    st.sampled_from(ENDS),
    st.sampled_from(ENDS),
)
def test_it_agrees_with_a_naive_reading(given: list[tuple[str, Object]], source: End, target: End) -> None:
    """Whatever the policies, the answer is that of the documentation read line by line on the raw manifests."""
    assert ruling(given, source, target).allowed is naively_allowed(given, source, target, 8080)


def naively_allowed(given: list[tuple[str, Object]], source: End, target: End, number: int) -> bool:
    """Read the raw policies one line of the documentation at a time."""
    if source is target and source is not OUTSIDE:
        return True
    for kind, key, who, own, other in (
        ("Egress", "egress", "to", source, target),
        ("Ingress", "ingress", "from", target, source),
    ):
        isolated = open_ = False
        for namespace, spec in given:
            types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec["egress"] else ["Ingress"])
            if own is OUTSIDE or own.namespace != namespace or kind not in types:
                continue
            if not naively_selected(spec["podSelector"], dict(own.labels)):
                continue
            isolated = True
            for rule in spec[key]:
                named = not rule.get("ports") or any(naively_numbered(one, target, number) for one in rule["ports"])
                meant = not rule.get(who) or any(naively_meant(peer, other, namespace) for peer in rule[who])
                open_ = open_ or (named and meant)
        if isolated and not open_:
            return False
    return True


def naively_numbered(one: Object, target: End, number: int) -> bool:
    """Whether a port of a rule means the port ``number`` of ``target``; pods call 8080 ``http`` and nothing else."""
    if one["protocol"] != "TCP":
        return False
    if "port" not in one:
        return True
    if isinstance(one["port"], str):
        return one["port"] == "http" and target is not OUTSIDE and number == 8080
    last: int = one.get("endPort") or one["port"]
    return bool(one["port"] <= number <= last)


def naively_meant(peer: Object, other: End, namespace: str) -> bool:
    """Whether a peer of a policy in ``namespace`` means ``other``."""
    if "ipBlock" in peer:
        address = ip_address(other.addresses[0])
        return address in ip_network(peer["ipBlock"]["cidr"]) and not any(
            address in ip_network(one) for one in peer["ipBlock"]["except"]
        )
    if other is OUTSIDE:
        return False
    if "namespaceSelector" in peer:
        if not naively_selected(peer["namespaceSelector"], NAMESPACES[other.namespace]):
            return False
    elif other.namespace != namespace:
        return False
    return naively_selected(peer.get("podSelector", {}), dict(other.labels))


def naively_selected(selector: Object, carried: dict[str, str]) -> bool:
    """Whether a selector of a manifest selects what carries these labels."""
    for key, value in selector.get("matchLabels", {}).items():
        if carried.get(key) != value:
            return False
    for one in selector.get("matchExpressions", []):
        has, value = one["key"] in carried, carried.get(one["key"])
        holds = {
            "In": value in one.get("values", []),
            "NotIn": value not in one.get("values", []),
            "Exists": has,
            "DoesNotExist": not has,
        }[one["operator"]]
        if not holds:
            return False
    return True

"""Call edges are tried from one ready replica of each caller, or from all of them."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes.edges import EdgeFinding
from cx_conformance.vantage.callers import EdgeProbes
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.pool import ProbePool
from tests.checks.installation import FQDN, Installation, blueprint, released
from tests.probes.inquired import nonce_of, questions

Object = dict[str, Any]
CALLER, EDGE = "agent-manager", "agent-manager -> ccm:8081"


class Replicas:
    """Runs the edge script in no container: every edge connects, but from the second pod it is refused."""

    def __init__(self, *deaf: str) -> None:
        """Nothing has run yet; no name resolves in pods whose name begins so."""
        self.places: list[ContainerPlace] = []
        self._deaf = deaf

    def __call__(self, place: ContainerPlace, argv: Sequence[str], stdin: bytes, _limits: ExecLimits, /) -> ExecResult:
        """Print what the script would."""
        self.places.append(place)
        nonce = nonce_of(stdin)
        word = "refused" if place.pod.endswith("-2") else "connects"
        if place.pod.startswith(self._deaf or ("none",)):
            word = "unresolved"
        lines = [f"{nonce} {at} {word} 1 nc getent 192.0.2.1" for _, at, _ in questions(argv)]
        out = "\n".join(lines).encode() + b"\n"
        return ExecResult(stdout=out, stderr=b"", exit_code=0, ending=Ending.EXITED, milliseconds=1)


def rename_and_unready(objects: list[Object]) -> None:
    """Call the caller's pods agent-0 to agent-2, and let the first not be ready."""
    pods = [one for one in objects if one["kind"] == "Pod" and f"ef-{CALLER}-" in one["metadata"]["name"]]
    for number, pod in enumerate(pods):
        pod["metadata"] = pod["metadata"] | {"name": f"agent-{number}"}
    status = pods[0]["status"]
    pods[0]["status"] = status | {
        "conditions": [one | {"status": "False"} if one["type"] == "Ready" else one for one in status["conditions"]]
    }


@pytest.fixture
def seen() -> Seen:
    """Return an installation whose caller has three pods, the first of them not ready."""
    installation = Installation()
    installation.find("Deployment", f"ef-{CALLER}")["spec"]["replicas"] = 3
    installation.change_live(rename_and_unready)
    plan = Plan(blueprint(), installation.site)
    return Seen(installation.snapshot(plan), plan, FQDN)


@pytest.mark.parametrize(
    ("every", "found"),
    [
        (False, {"agent-1": EdgeFinding.CONNECTS}),
        (True, {"agent-1": EdgeFinding.CONNECTS, "agent-2": EdgeFinding.REFUSED}),
    ],
)
def test_ready_replicas_are_looked_from(seen: Seen, every: bool, found: dict[str, EdgeFinding]) -> None:
    """One exec a replica for all its edges; a pod that is not ready is left out."""
    replicas, pool = Replicas(), ProbePool()
    probes = EdgeProbes(seen, Inquiries(replicas), pool, every_replica=every)
    edges = [entry for entry in seen.plan.entries("edge") if entry.component == CALLER]
    (edge,) = (entry for entry in edges if entry.id == EDGE)
    assert {one.place.pod: one.finding for one in probes.of(edge)} == found
    assert all(len(probes.of(entry)) == len(found) for entry in edges)
    assert sorted(place.pod for place in replicas.places) == sorted(found)
    pool.close()


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("http://{name}.{namespace}.svc.cluster.local:{port}", "{name}.{namespace}.svc.cluster.local"),
        ("http://{name}:{port}/", "{name}"),
        ("http://192.0.2.1:{port}", "{name}.{namespace}.svc"),
        ("http://pod-0.{name}.{namespace}.svc:{port}", "{name}.{namespace}.svc"),
        ("http://elsewhere:{port}", "{name}.{namespace}.svc"),
        ("", "{name}.{namespace}.svc"),
    ],
)
def test_the_name_that_the_caller_is_told_is_asked_for(told: str, asked: str) -> None:
    """Which spelling resolves its dnsConfig decides; where none that it is told leads there, the usual one counts."""
    made = reference_installation(released("4.7"), fqdn=FQDN, seed=1)
    installation = Installation(manifests=orjson.dumps(made), promised=released("4.7"))
    plan = Plan(released("4.7"), installation.site)
    edge = next(one for one in plan.entries("edge") if one.component == CALLER and one.of.via and one.callee == "ccm")
    service = Seen(installation.snapshot(plan), plan).service(edge.of.callee).object
    place = {"name": service.name, "namespace": service.namespace, "port": edge.of.port.port}
    spec = installation.find("Deployment", f"ef-cx-{CALLER}")["spec"]["template"]["spec"]
    for one in spec["containers"][0]["env"]:
        if one["name"] == edge.of.via[0]:
            one["value"] = told.format(**place)
    hosts: list[str] = []

    class Asked(Replicas):
        def __call__(self, place: ContainerPlace, argv: Sequence[str], *rest: Any) -> ExecResult:
            hosts.extend(argv)
            return super().__call__(place, argv, *rest)

    pool = ProbePool()
    probes = EdgeProbes(Seen(installation.snapshot(plan), plan, FQDN), Inquiries(Asked()), pool)
    assert [one.edge.host for one in probes.of(edge)] == [asked.format(**place)]
    assert asked.format(**place) in hosts
    pool.close()


def test_a_caller_without_a_ready_pod_is_told() -> None:
    """Nobody can look then."""
    replicas, pool = Replicas(), ProbePool()
    installation = Installation()
    installation.inject("unready:ccm")
    plan = Plan(blueprint(), installation.site)
    probes = EdgeProbes(Seen(installation.snapshot(plan), plan, FQDN), Inquiries(replicas), pool, every_replica=True)
    (edge,) = (entry for entry in plan.entries("edge") if entry.id == "ccm -> redis:6379")
    with pytest.raises(NoVantage, match=r"no ready pod of ccm to look from; it has 1 pod$"):
        probes.of(edge)
    pool.close()


@pytest.mark.parametrize(
    ("deaf", "of_ccm", "of_routing"),
    [
        ((), None, None),
        (("ef-ccm",), "for ccm", None),
        (("ef-",), "for any caller", "for any caller"),
    ],
    ids=["names resolve", "for all but one caller", "for nobody"],
)
def test_for_whom_no_name_resolves_is_told(deaf: tuple[str, ...], of_ccm: str | None, of_routing: str | None) -> None:
    """A pod with a DNS of its own is one thing at fault, a dead DNS another."""
    replicas, pool = Replicas(*deaf), ProbePool()
    installation = Installation()
    plan = Plan(blueprint(), installation.site)
    probes = EdgeProbes(Seen(installation.snapshot(plan), plan, FQDN), Inquiries(replicas), pool)
    edges = [entry for entry in plan.entries("edge") if entry.component in {"ccm", "routing-engine"}]
    for edge in edges:
        probes.of(edge)
    for caller, words in (("ccm", of_ccm), ("routing-engine", of_routing)):
        told = probes.deaf(next(edge for edge in edges if edge.component == caller))
        assert (words in told) if words and told else (told is words)
    pool.close()


class Busy(Replicas):
    """Is silent at first: each pod answers as often as it was asked before, those of ``dead`` never."""

    def __init__(self, *dead: str, word: str = "lookup-timeout") -> None:
        """Nothing has run yet; ``word`` is the script's for what comes of an edge at first."""
        super().__init__()
        self._dead = dead
        self._word = word.encode()

    def __call__(self, place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        """Print what the script would."""
        answers = place in self.places and not place.pod.startswith(self._dead or ("none",))
        said = super().__call__(place, argv, stdin, limits)
        silent = said.stdout.replace(b" connects 1 nc getent 192.0.2.1", b" " + self._word + b" - - getent -")
        return said if answers else replace(said, stdout=silent)


def all_edges(replicas: Replicas) -> dict[str, set[tuple[EdgeFinding | None, EdgeFinding | None]]]:
    """Return what was found of each caller's edges, and what was at first."""
    pool, installation = ProbePool(), Installation()
    plan = Plan(blueprint(), installation.site)
    probes = EdgeProbes(Seen(installation.snapshot(plan), plan, FQDN), Inquiries(replicas), pool)
    entries = plan.entries("edge")
    for entry in entries:
        probes.start(entry)
    found: dict[str, set[tuple[EdgeFinding | None, EdgeFinding | None]]] = {}
    for entry in entries:
        found.setdefault(entry.component, set()).update((one.finding, one.at_first) for one in probes.of(entry))
    pool.close()
    return found


def test_silence_is_asked_again_when_all_else_is_quiet() -> None:
    """A run asks everything at once, and may be what made others late; who is silent then is silent."""
    late, silent = (EdgeFinding.CONNECTS, EdgeFinding.LOOKUP_TIMED_OUT), (EdgeFinding.LOOKUP_TIMED_OUT, None)
    replicas = Busy("ef-ccm-")
    found = all_edges(replicas)
    assert found.pop("ccm") == {silent}
    assert set().union(*found.values()) == {late}
    assert len(replicas.places) == 2 * (len(found) + 1)


def test_nobody_else_is_asked_again_where_the_first_hear_nothing() -> None:
    """A DNS that is dead costs a run one more wait, not one for each caller."""
    replicas = Busy("ef-")
    found = all_edges(replicas)
    assert set().union(*found.values()) == {(EdgeFinding.LOOKUP_TIMED_OUT, None)}
    assert len(replicas.places) == len(found) + 4


def test_a_name_that_is_not_known_for_a_moment_is_asked_again() -> None:
    """A DNS server that starts anew fails at once; those who are told so for good keep nobody from asking again."""
    dumb = list(all_edges(Replicas()))[:4]
    found = all_edges(Busy(*(f"ef-{caller}-" for caller in dumb), word="unresolved"))
    late, unknown = (EdgeFinding.CONNECTS, EdgeFinding.NOT_RESOLVABLE), (EdgeFinding.NOT_RESOLVABLE, None)
    assert found == {caller: {unknown if caller in dumb else late} for caller in found}

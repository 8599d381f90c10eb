"""Redis Sentinel: where it is served, it says which pod is the master, and that one is asked.

Facts: https://redis.io/docs/latest/develop/reference/sentinel-clients/; charts run it beside every server, on 26379.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.cluster.addressing import addresses
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import SentinelTold
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service
from cx_conformance.probes.stores.observation import Finding, Level, StoreObservation
from cx_conformance.probes.stores.trouble import UNANSWERED, Kind

PORT = 26379
_ASKED_AT_MOST = 2


class SentinelSaid(Struct, frozen=True, kw_only=True):
    """What Sentinel said, or would not say; ``pod`` is where it runs, empty where there is none."""

    pod: str
    finding: Finding
    master: Pod | None = None
    port: int = 0
    """The master's port in its pod."""


def ask_sentinels(
    seen: Seen, told: SentinelTold, pods: Iterable[Pod], ask: Callable[[Pod], StoreObservation]
) -> SentinelSaid | None:
    """Return what the first usable Sentinel says, or why none is; None where there is none and nobody asks for one."""
    said: SentinelSaid | None = None
    for pod in _serving(seen, told, pods)[:_ASKED_AT_MOST]:
        observation = ask(pod)
        findings = [observation.findings[level] for level in Level]
        troubles = (one for one in findings if one.ok is False or one.kind in UNANSWERED)
        usable = observation.usable
        if usable.ok:
            host, port = usable.detail["ip"], usable.detail["port"]
            master = _named(seen, pod.namespace, str(host))
            return SentinelSaid(pod=pod.name, finding=usable, master=master, port=port if isinstance(port, int) else 0)
        unasked = next((one for one in troubles if one.kind is not Kind.OPEN), usable)
        said = said or SentinelSaid(pod=pod.name, finding=unasked)
    if said is None and told.enabled:
        words = "the components are told to ask Redis Sentinel (REDIS_SENTINEL_ENABLE), but no ready pod"
        return SentinelSaid(pod="", finding=Finding(ok=False, words=f"{words} serves its port {PORT}"))
    return said


def judged_by(said: SentinelSaid, told: SentinelTold, asked: StoreObservation) -> tuple[StoreObservation, str]:
    """Return the observation in the light of what Sentinel said, and a note on it.

    ``asked`` is of the master where Sentinel named a pod, else of the pod that the Service leads to.
    """
    where = f"Sentinel in pod {said.pod}" if said.pod else "Sentinel"
    if not said.finding.ok:
        if told.enabled and asked.usable.ok is not None:
            return _with(asked, said.finding), f"{where} names no master"
        return asked, f"{where} names no master, and no component is told to ask it: {said.finding.words}"
    if said.master is None:
        words = f"{said.finding.words}, which is no pod that was seen"
        if not asked.usable.ok and asked.usable.kind is Kind.UNUSABLE:
            unknown = Finding(
                ok=None, words=f"could not be told: {words}; the pod that was asked: {asked.usable.words}"
            )
            return _with(asked, unknown), f"{where} names a master that was not asked"
        return asked, words
    others = (
        "" if told.enabled else "; components that do not ask Sentinel may be led to a replica, which takes no writes"
    )
    note = f"{where} names pod {said.master.name} as the master, which was asked{others}"
    return asked, note


def _serving(seen: Seen, told: SentinelTold, pods: Iterable[Pod]) -> list[Pod]:
    """Return the ready pods that run a Sentinel: those of the store, else those that the components are told."""
    beside = [pod for pod in pods if pod.ready and _has_port(pod)]
    if beside or not (told.enabled and told.nodes):
        return beside
    found: dict[str, Pod] = {}
    for one in addresses(told.nodes) or ():
        labels = one.host.split(".")
        for namespace in seen.snapshot.namespaces:
            # In front of a headless Service's name may stand a pod's.
            for service in (seen.snapshot.get(Service, namespace, label) for label in labels[:2]):
                behind = seen.snapshot.pods_behind(service) if service else ()
                found |= {pod.where: pod for pod in behind if pod.ready}
    return list(found.values())


def _has_port(pod: Pod) -> bool:
    return any(port.number == PORT for container in pod.spec.serving_containers for port in container.ports)


def _named(seen: Seen, namespace: str, host: str) -> Pod | None:
    """Return the pod of an address, or of a name that begins with the pod's."""
    for pod in seen.snapshot.list(Pod, namespace):
        if not pod.finished and (host in pod.ips or host.split(".", maxsplit=1)[0] == pod.name):
            return pod
    return None


def _with(observation: StoreObservation, finding: Finding) -> StoreObservation:
    return replace(observation, findings={**observation.findings, Level.USABLE: finding})

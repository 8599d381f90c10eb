"""What is wrong with a workload of which nothing is promised: whatever any workload owes to whoever made it."""

from collections.abc import Iterator
from contextlib import suppress

from cx_conformance.cluster.claims import claims_of
from cx_conformance.cluster.cron_runs import failed_run
from cx_conformance.cluster.dangling import needed
from cx_conformance.cluster.ports import container_port_for, ready_endpoints
from cx_conformance.cluster.readiness import rollout
from cx_conformance.cluster.scaling_up import joining, only_joining
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.cluster.troubles import troubles
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service
from cx_conformance.objects.storage import PersistentVolumeClaim
from cx_conformance.objects.workload import CronJob, Workload
from cx_conformance.outcome.looking import CouldNotLook


def ailments(live: Workload, snapshot: Snapshot) -> tuple[str, ...]:
    """Return what is wrong with a workload, its pods, what they refer to and the Services before them.

    What may not be looked at is no ailment. The first tells most: the rest often follows from it.
    """
    found: list[str] = []
    for look in (_references, _claims, _pods, _rollout, _runs, _services):
        with suppress(CouldNotLook):
            found += look(live, snapshot)
    return tuple(dict.fromkeys(found))


def ailments_of_pod(pod: Pod, snapshot: Snapshot) -> tuple[str, ...]:
    """Return what is wrong with a pod just now."""
    return tuple(one.words for one in troubles(pod, snapshot.events_about(pod), snapshot.now) if one.current)


def _references(live: Workload, snapshot: Snapshot) -> Iterator[str]:
    for one in needed(live.template.spec):
        if one.kind == "Secret" and snapshot.secret(live.namespace, one.name) is None:
            yield f"Secret {one.name} does not exist ({one.how} in {one.where})"
        if one.kind == "ConfigMap":
            there = snapshot.get(ConfigMap, live.namespace, one.name)
            if there is None:
                yield f"ConfigMap {one.name} does not exist ({one.how} in {one.where})"
            elif one.key is not None and one.key not in there.keys:
                yield f"ConfigMap {one.name} has no key {one.key} ({one.how} in {one.where})"


def _claims(live: Workload, snapshot: Snapshot) -> Iterator[str]:
    pods = [one for one in snapshot.pods_of(live) if not one.finished and one.deleted is None]
    if not pods and live.replicas == 0:
        return
    for names in claims_of(live, pods).values():
        for name in names:
            claim = snapshot.get(PersistentVolumeClaim, live.namespace, name)
            if claim is None:
                yield f"claim {name} does not exist"
            elif claim.phase != "Bound":
                yield f"claim {name} is {claim.phase}"


def _pods(live: Workload, snapshot: Snapshot) -> Iterator[str]:
    pods = snapshot.pods_of(live)
    added = joining(live, pods, 1, snapshot)
    for pod in pods:
        if not pod.finished and pod.name not in added:
            yield from ailments_of_pod(pod, snapshot)


def _rollout(live: Workload, snapshot: Snapshot) -> Iterator[str]:
    if live.deleted is None and live.kind != "CronJob":
        pods = snapshot.pods_of(live)
        state = rollout(live, pods, snapshot.now)
        if not (state.complete or only_joining(live, state, pods, 1, snapshot)):
            yield state.words


def _runs(live: Workload, snapshot: Snapshot) -> Iterator[str]:
    """Yield how the last run of a CronJob failed, where none has succeeded for long, unless it is suspended."""
    failed = failed_run(live, snapshot) if isinstance(live, CronJob) and not live.paused else None
    if failed and failed.lasting:
        yield failed.words


def _services(live: Workload, snapshot: Snapshot) -> Iterator[str]:
    """Yield what is wrong with the Services that select the workload's pods, while it is to have any."""
    if live.replicas == 0:
        return
    for service in snapshot.list(Service, live.namespace):
        if not service.selects(live.template.labels):
            continue
        slices = snapshot.endpoints(service)
        for port in service.ports:
            if ready_endpoints(service, slices, port):
                continue  # of several workloads that the Service selects one may have the port, and the others not
            told = f"Service {service.name} port {port.number}"
            if container_port_for(port, live.template) is None and not service.headless:
                yield f"{told} leads to {port.target}, which no container has"
            else:
                yield f"{told} has no ready endpoint"

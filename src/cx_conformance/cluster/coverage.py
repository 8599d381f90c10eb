"""What stands in the platform's namespaces and no promise knows: workloads and Services that nobody has described."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from msgspec import Struct

from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.kinds import WORKLOADS
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.job import Job
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service
from cx_conformance.objects.workload import CronJob, DaemonSet, Deployment, StatefulSet, Workload
from cx_conformance.outcome.looking import CouldNotLook

_OWNERS: Final[dict[str, type[Workload]]] = {"DaemonSet": DaemonSet, "Job": CronJob}
_OF_A_TENANT: Final = frozenset({"conversation-studio", "campaign-studio", "qm-backend"})
"""What a tenant runs in a namespace of its own from 5.0 on, its name before each (source: the vendor's charts)."""
_BY_ITSELF: Final = "cx-conformance"
"""What the suite's own objects are called, where it runs in the platform's namespaces."""


class Coverage(Struct, frozen=True, kw_only=True):
    """The workloads, bare pods and Services of the platform's namespaces."""

    promised: tuple[Workload, ...]
    """Workloads that a component of the plan claims."""
    others: tuple[Workload, ...]
    """Workloads that none claims."""
    bare: tuple[Pod, ...]
    """Pods that belong to none of these workloads and have not ended."""
    services: tuple[Service, ...]
    """Services that no promise knows, and that do not lead to a promised workload's pods alone."""
    tenants: tuple[str, ...] = ()
    """Namespaces that look like those of tenants, and that nobody has named."""

    @property
    def words(self) -> str:
        """How much is promised: ``27 of 54 workloads``."""
        return f"{len(self.promised)} of {len(self.promised) + len(self.others)} workloads"

    @property
    def not_covered(self) -> tuple[str, ...]:
        """What no promise knows, by kind and name."""
        return tuple(
            [f"{one.kind} {one.where}" for one in self.others]
            + [f"Pod {one.where}" for one in self.bare]
            + [f"Service {one.where}" for one in self.services]
            + [f"Namespace {one}" for one in self.tenants]
        )


def coverage(seen: Seen) -> Coverage:
    """Return what is covered and what is not; what may not be listed is not counted.

    Raises CouldNotLook where no kind of workload could be looked at.
    """
    claimed = {id(live) for live in _claimed(seen)}
    everything = [one for one in _workloads(seen) if not one.name.startswith(_BY_ITSELF)]
    promised = tuple(one for one in everything if id(one) in claimed)
    others = tuple(one for one in everything if id(one) not in claimed)
    return Coverage(
        promised=promised,
        others=others,
        bare=tuple(_bare(seen, everything)),
        services=tuple(_unknown_services(seen, promised)),
        tenants=tuple(dict.fromkeys(_unnamed_tenants(seen))),
    )


def owners_in(snapshot: Snapshot) -> tuple[type[Workload], ...]:
    """Return the kinds of workload that own pods of the platform's namespaces beside Deployments and StatefulSets.

    Of a CronJob whose runs give up the pods are gone, and the last Jobs stay.
    """
    found: set[type[Workload]] = set()
    with suppress(CouldNotLook):
        for job in snapshot.visible(Job):
            if job.owner and job.owner.kind == "CronJob" and job.namespace in snapshot.namespaces:
                found.add(CronJob)
    with suppress(CouldNotLook):
        for pod in snapshot.visible(Pod):
            owner = pod.owner.kind if pod.owner and pod.namespace in snapshot.namespaces else ""
            found |= {_OWNERS[owner]} if owner in _OWNERS else set()
    return tuple(found)


def _unnamed_tenants(seen: Seen) -> Iterator[str]:
    """Yield the namespaces that run what a tenant has for itself, as far as they may be looked at."""
    for record in (Deployment, StatefulSet):
        with suppress(CouldNotLook):
            for one in seen.snapshot.visible(record) if record in seen.snapshot.listings else ():
                own = one.name.removeprefix(f"{one.namespace}-")
                if own in _OF_A_TENANT and own != one.name and one.namespace not in seen.plan.namespaces:
                    yield one.namespace


def _claimed(seen: Seen) -> Iterator[Workload]:
    for planned in seen.plan.components.values():
        with suppress(Absent, CouldNotLook):
            yield seen.workload(planned).object


def _workloads(seen: Seen) -> Iterator[Workload]:
    """Yield every workload of the plan's namespaces; raises CouldNotLook where none of the kinds could be listed."""
    refused: CouldNotLook | None = None
    looked = False
    for record in WORKLOADS.values():
        if record not in seen.snapshot.listings:
            continue
        try:
            found = seen.snapshot.visible(record)
        except CouldNotLook as reason:
            refused = reason
            continue
        looked = True
        yield from (one for one in found if one.namespace in seen.plan.namespaces)
    if not looked and refused is not None:
        raise refused


def _bare(seen: Seen, workloads: list[Workload]) -> Iterator[Pod]:
    """Yield the pods that no workload accounts for: made by hand, by an operator, or of a kind that was not listed."""
    with suppress(CouldNotLook):
        owned = {pod.where for one in workloads for pod in seen.snapshot.pods_of(one)}
        for pod in seen.snapshot.visible(Pod):
            mine = pod.namespace in seen.plan.namespaces and not pod.name.startswith(_BY_ITSELF)
            if mine and not pod.finished and pod.where not in owned:
                yield pod


def _unknown_services(seen: Seen, promised: tuple[Workload, ...]) -> Iterator[Service]:
    known = set()
    for planned in seen.plan.components.values():
        names = {*planned.service_names, *(name for one in planned.facts.further_services for name in one.candidates)}
        known |= {(place, name) for place in planned.namespaces for name in names}
        with suppress(Absent, CouldNotLook):
            known.add((seen.service(planned).object.namespace, seen.service(planned).object.name))
    with suppress(CouldNotLook):
        for one in seen.snapshot.visible(Service):
            mine = one.namespace in seen.plan.namespaces and not one.name.startswith(_BY_ITSELF)
            if mine and (one.namespace, one.name) not in known and not _leads_to(one, promised):
                yield one


def _leads_to(service: Service, promised: tuple[Workload, ...]) -> bool:
    """Whether a Service selects a promised workload's pods: another name of what is known, such as a headless one."""
    return any(one.namespace == service.namespace and service.selects(one.template.labels) for one in promised)

"""Probe pods: short-lived pods in a caller's place, made where exec cannot serve, always deleted again."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits, ExecResult
from cx_conformance.api.request_path import part
from cx_conformance.cluster.review import review
from cx_conformance.cluster.rights import Right
from cx_conformance.objects.json_fields import flag, mapping
from cx_conformance.objects.service import Service
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage, OutOfTime
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.ended_container import START_SECONDS, await_end
from cx_conformance.vantage.pool import ProbePool
from cx_conformance.vantage.probe_pod import (
    ACTIVE_SECONDS,
    CONTAINER,
    FIRST_SECONDS,
    labels_of,
    pod_name,
    probe_pod,
    takes_unready,
)
from cx_conformance.vantage.refused_write import not_admitted, not_taken
from cx_conformance.vantage.script_container import script_container

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster

_DELETE_SECONDS: Final = 10.0
"""So long a deletion is tried, also after the run's time limit."""
_IN_FLIGHT_SECONDS: Final = 5.0
"""So long the end of a run waits for the answer to a creation: until then it is not known what to delete."""


@dataclass(slots=True)
class _Made:
    """One pod that may exist; ``answered`` once its creation has ended, ``there`` where that is known to be done."""

    path: str
    where: str
    caller: str
    answered: Event = field(default_factory=Event)
    there: bool = False


class ProbePods:
    """Runs scripts in pods of their own; one for a look at a cluster."""

    def __init__(
        self,
        cluster: "Cluster",
        pool: ProbePool,
        image: str,
        services: Callable[[str], Iterable[Service]],
        consent: Consent,
    ) -> None:
        """Make pods of ``image``; ``services`` gives those of a namespace, and raises CouldNotLook."""
        self._cluster = cluster
        self._pool = pool
        self._image = image
        self._services = services
        self._consent = consent
        self._lock = Lock()
        self._closed = False
        self._alive: dict[str, _Made] = {}
        self._may_delete: dict[str, bool] = {}

    def run(self, place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        """Run ``sh -s -- ARGUMENT...`` with the script ``stdin`` in a pod in place of that at ``place``.

        Raises CouldNotLook where no such pod can be made or does not start.
        """
        path = f"/api/v1/namespaces/{part(place.namespace)}/pods"
        caller = self._cluster.read(f"{path}/{place.pod}")
        if caller is None:
            raise NoVantage(f"pod {place.namespace}/{place.pod} is gone, so no probe pod can take its place")
        self._refuse_unfit(place, caller)
        self._refuse_undeletable(place.namespace)
        name = pod_name(place.pod)
        made = _Made(f"{path}/{name}", f"{place.namespace}/{name}", f"{place.namespace}/{place.pod}")
        wait = b"sleep %d 2>/dev/null\n" % FIRST_SECONDS
        pod = probe_pod(name, caller, script_container(CONTAINER, self._image, argv, wait + stdin))
        ends = time.monotonic() + self._pool.allowed(START_SECONDS + limits.total_seconds)
        try:
            self._create(path, made, pod)
            there = ContainerPlace(namespace=place.namespace, pod=name, container=CONTAINER)
            return await_end(self._cluster, there, limits, ends - time.monotonic())
        finally:
            self._delete(made)

    def close(self) -> None:
        """Delete what is still there, and make nothing more; blocks for some seconds at most."""
        with self._lock:
            self._closed = True
            left = tuple(self._alive.values())
        if left:
            # Not daemons: whoever interrupts the end itself does not keep them from deleting.
            with ThreadPoolExecutor(min(8, len(left)), thread_name_prefix="delete") as pool:
                list(pool.map(self._delete, left))

    def _refuse_unfit(self, place: ContainerPlace, caller: dict[str, object]) -> None:
        if flag(mapping(caller, "spec"), "hostNetwork"):
            raise NoVantage(
                f"pod {place.namespace}/{place.pod} is on its node's network, where no probe pod may stand; "
                "allow a debug container (--allow-debug-containers IMAGE)"
            )
        taken = takes_unready(self._services(place.namespace), caller)
        if taken:
            raise NoVantage(
                f"Service {taken.where} selects {', '.join(f'{k}={v}' for k, v in labels_of(caller).items())} and has "
                "publishNotReadyAddresses, so that it would send traffic to a probe pod; "
                "allow a debug container (--allow-debug-containers IMAGE)"
            )

    def _refuse_undeletable(self, namespace: str) -> None:
        """Make nothing where the account may not delete it again."""
        if namespace not in self._may_delete:
            (asked,) = review(self._cluster, [Right(verb="delete", resource="pods", namespace=namespace)])
            self._may_delete[namespace] = asked.allowed
        if not self._may_delete[namespace]:
            raise Forbidden("delete", "pods", namespace, "a probe pod has to be deleted again, so none is made")

    def _create(self, path: str, made: _Made, pod: dict[str, object]) -> None:
        what = f"a probe pod in place of {made.caller}"
        with self._lock:
            if self._closed:
                raise OutOfTime(f"{what} was not made: the run ends")
            self._alive[made.where] = made
        self._consent.tell(made.where, f"created Pod {made.where} in place of {made.caller}")
        try:
            answer = self._cluster.write("POST", path, pod)
        except Forbidden as refusal:
            self._not_made(made)
            raise not_admitted(what, refusal) from None
        finally:
            made.answered.set()
        # A conflict: it was sent twice, and the first was heard. Nobody else knows the name.
        if answer.status not in (200, 201, 202, 409):
            self._not_made(made)
            raise not_taken(what, answer)
        made.there = True

    def _not_made(self, made: _Made) -> None:
        with self._lock:
            self._alive.pop(made.where, None)
        self._consent.forget(made.where)

    def _delete(self, made: _Made) -> None:
        """Delete a pod if it is there, and tell what came of it; raises nothing."""
        with self._lock:
            if made.where not in self._alive:
                return
        made.answered.wait(_IN_FLIGHT_SECONDS)
        try:
            answer = self._cluster.write("DELETE", made.path, seconds=_DELETE_SECONDS)
            if answer.status == 404 and not made.there:
                self._not_made(made)
                return
            trouble = "" if answer.status in (200, 202, 404) else str(not_taken("its deletion", answer))
        except CouldNotLook as reason:
            trouble = str(reason)
        with self._lock:
            self._alive.pop(made.where, None)
        namespace, _, name = made.where.partition("/")
        ended = (
            f"and could not delete it ({trouble}); it ends after {ACTIVE_SECONDS} s: kubectl -n {namespace} delete pod "
            f"{name}"
            if trouble
            else "and deleted it again"
        )
        self._consent.tell(made.where, f"created Pod {made.where} in place of {made.caller} {ended}")

"""Probe pods: short-lived pods in a caller's place, made where exec cannot serve, always deleted again."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits, ExecResult
from cx_conformance.api.request_path import part
from cx_conformance.objects.json_fields import flag, mapping
from cx_conformance.objects.service import Service
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.ended_container import START_SECONDS, await_end
from cx_conformance.vantage.made_objects import Made, MadeObjects
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
from cx_conformance.vantage.script_container import script_container

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster


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
        self._made = MadeObjects(cluster, consent)
        self.close = self._made.close

    def run(self, place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        """Run ``sh -s -- ARGUMENT...`` with the script ``stdin`` in a pod in place of that at ``place``.

        Raises CouldNotLook where no such pod can be made or does not start.
        """
        path = f"/api/v1/namespaces/{part(place.namespace)}/pods"
        caller = self._cluster.read(f"{path}/{place.pod}")
        if caller is None:
            raise NoVantage(f"pod {place.namespace}/{place.pod} is gone, so no probe pod can take its place")
        self._refuse_unfit(place, caller)
        self._made.refuse_undeletable("pods", place.namespace, "a probe pod")
        made = Made(
            kind="Pod",
            namespace=place.namespace,
            name=pod_name(place.pod),
            why=f"in place of {place.namespace}/{place.pod}",
            ends=f"it ends after {ACTIVE_SECONDS} s",
        )
        wait = b"sleep %d 2>/dev/null\n" % FIRST_SECONDS
        pod = probe_pod(made.name, caller, script_container(CONTAINER, self._image, argv, wait + stdin))
        ends = time.monotonic() + self._pool.allowed(START_SECONDS + limits.total_seconds)
        try:
            self._made.create(made, pod, f"a probe pod {made.why}")
            there = ContainerPlace(namespace=place.namespace, pod=made.name, container=CONTAINER)
            return await_end(self._cluster, there, limits, ends - time.monotonic())
        finally:
            self._made.delete(made)

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

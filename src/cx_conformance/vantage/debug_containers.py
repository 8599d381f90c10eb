"""Debug containers: ephemeral containers in a caller's own pod, added where exec cannot serve. None can be removed."""

import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits, ExecResult
from cx_conformance.api.request_path import part
from cx_conformance.outcome.looking import Forbidden, NoVantage
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.ended_container import START_SECONDS, await_end
from cx_conformance.vantage.pool import ProbePool
from cx_conformance.vantage.refused_write import not_admitted, not_taken
from cx_conformance.vantage.script_container import script_container, user_of

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster

_MOST_IN_A_POD: Final = 3
"""Of one run: a run that waits for an installation to settle looks again and again, and each look would leave one."""
_STRATEGIC: Final = "application/strategic-merge-patch+json"
"""By it the list of ephemeral containers is added to, by name (API reference of Pod)."""


class DebugContainers:
    """Runs scripts in ephemeral containers; one for a look at a cluster."""

    def __init__(self, cluster: "Cluster", pool: ProbePool, image: str, consent: Consent) -> None:
        """Add containers of ``image``, and tell ``consent``."""
        self._cluster = cluster
        self._pool = pool
        self._image = image
        self._consent = consent

    def run(self, place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        """Run ``sh -s -- ARGUMENT...`` with the script ``stdin`` in a container added to the pod at ``place``.

        Raises CouldNotLook where it cannot be added or does not start.
        """
        where = f"{place.namespace}/{place.pod}"
        path = f"/api/v1/namespaces/{part(place.namespace)}/pods/{part(place.pod)}"
        pod = self._cluster.read(path)
        if pod is None:
            raise NoVantage(f"pod {where} is gone, so no debug container can be added to it")
        if self._consent.count(where) > _MOST_IN_A_POD:
            raise NoVantage(
                f"this run has added {_MOST_IN_A_POD} debug containers to pod {where}, and none can be removed; "
                "run again once the installation has settled"
            )
        name = f"cx-conformance-{secrets.token_hex(4)}"
        container = script_container(name, self._image, argv, stdin)
        container["securityContext"] |= user_of(pod)
        ends = time.monotonic() + self._pool.allowed(START_SECONDS + limits.total_seconds)
        self._add(path, where, container)
        there = ContainerPlace(namespace=place.namespace, pod=place.pod, container=name)
        return await_end(self._cluster, there, limits, ends - time.monotonic())

    def _add(self, path: str, where: str, container: dict[str, object]) -> None:
        what = f"a debug container in pod {where}"
        body = {"spec": {"ephemeralContainers": [container]}}
        try:
            answer = self._cluster.write("PATCH", f"{path}/ephemeralcontainers", body, content_type=_STRATEGIC)
        except Forbidden as refusal:
            raise not_admitted(what, refusal) from None
        if answer.status != 200:
            raise not_taken(what, answer)
        self._consent.tell(
            f"{where} {container['name']}",
            f"added ephemeral container {container['name']} to Pod {where}; it ends by itself and cannot be removed, "
            "but stays listed until the pod is replaced",
        )

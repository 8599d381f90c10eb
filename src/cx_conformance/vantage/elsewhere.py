"""Where call edges are looked at from when exec cannot serve: from what the engineer has allowed, else from nowhere."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Self

from msgspec.structs import replace

from cx_conformance.objects.service import Service
from cx_conformance.outcome.looking import Forbidden, NoVantage
from cx_conformance.probes.edges import CallerEdges, EdgeLimits, EdgeObservation, Vantage, probe_edges
from cx_conformance.probes.inquiry import RunExec
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.pool import ProbePool

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster

ALLOW: Final = (
    "to look from elsewhere, allow probe pods (--allow-probe-pods IMAGE) or debug containers "
    "(--allow-debug-containers IMAGE)"
)
_NOWHERE_TO_STAND: Final = (NoVantage, Forbidden)
"""What another vantage may mend: no shell, no tool, garbage, no right to exec. What hangs or breaks off it may not."""


class Elsewhere:
    """Looks again, from the vantages that are allowed, at what exec could not look at."""

    def __init__(
        self,
        ways: Iterable[tuple[Vantage, RunExec]] = (),
        consent: Consent | None = None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """Look by ``ways``, the first that can, which tell ``consent``; ``close`` ends what they leave."""
        self._ways = tuple(ways)
        self._consent = consent or Consent()
        self.close = close

    @classmethod
    def allowed(
        cls, cluster: "Cluster", pool: ProbePool, services: Callable[[str], Iterable[Service]], consent: Consent
    ) -> Self:
        """Return the vantages that ``consent`` allows; ``services`` gives those of a namespace.

        Probe pods come first: they leave nothing behind.
        """
        ways: list[tuple[Vantage, RunExec]] = []
        close: Callable[[], None] = lambda: None  # noqa: E731 - nothing to end
        if consent.probe_image:
            from cx_conformance.vantage.probe_pods import ProbePods

            made = ProbePods(cluster, pool, consent.probe_image, services, consent)
            ways.append((Vantage.PROBE_POD, made.run))
            close = made.close
        if consent.debug_image:
            from cx_conformance.vantage.debug_containers import DebugContainers

            ways.append((Vantage.DEBUG_CONTAINER, DebugContainers(cluster, pool, consent.debug_image, consent).run))
        return cls(ways, consent, close)

    def completed(self, observed: Sequence[EdgeObservation], limits: EdgeLimits) -> tuple[EdgeObservation, ...]:
        """Return ``observed``, of one replica, with what another vantage saw in place of what exec could not."""
        blind = [one for one in observed if isinstance(one.trouble, _NOWHERE_TO_STAND)]
        if not blind:
            return tuple(observed)
        found = {id(one): _with_advice(one) if not self._ways else one for one in blind}
        for vantage, run in self._ways:
            still = [one for one in blind if found[id(one)].finding is None]
            if still:
                caller = CallerEdges(place=still[0].place, edges=tuple(one.edge for one in still))
                seen = probe_edges(run, [caller], limits)
                place = caller.place
                wrote = self._consent.about(f"{place.namespace}/{place.pod}")
                found |= {
                    id(one): _joined(one, found[id(one)], replace(new, vantage=vantage, wrote=wrote))
                    for one, new in zip(still, seen, strict=True)
                }
        return tuple(found.get(id(one), one) for one in observed)


def _with_advice(one: EdgeObservation) -> EdgeObservation:
    trouble = one.trouble or NoVantage("")
    advised = NoVantage(f"{trouble}; {ALLOW}", f"{trouble.cause}; {ALLOW}" if trouble.cause else "")
    if trouble.remedy:  # a right that lacks, for whatever else is looked at in containers too: one cause
        advised.cause, advised.remedy = trouble.cause, trouble.remedy
    return replace(one, trouble=advised)


def _joined(first: EdgeObservation, before: EdgeObservation, now: EdgeObservation) -> EdgeObservation:
    """Return what a vantage saw, with why exec did not serve; where it saw nothing either, with both reasons."""
    if now.finding is not None:
        return replace(now, instead=str(first.trouble))
    return replace(now, trouble=NoVantage(f"{before.trouble}; {now.vantage}: {now.trouble}"))

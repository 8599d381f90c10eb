"""What was not heard is asked again when all else is quiet: a run asks everything at once, and may be what made it so.

Of name lookups and connections alike. Callers that had answers for some of their edges come first; where a few of them
wait in vain again, it is not the run's own load, and nobody else is asked a second time. That the name of a Service
that exists is not known is told at once, and by everyone who was told so: a DNS server that starts anew, or has too
much to do, fails for a moment, and most resolvers tell that no differently from a name that does not exist.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.probes.edges import CallerEdges, Edge, EdgeFinding, EdgeLimits, EdgeObservation, probe_edges
from cx_conformance.probes.inquiry import RunExec

_SILENT: Final = (EdgeFinding.LOOKUP_TIMED_OUT, EdgeFinding.TIMED_OUT)
"""That nothing was heard, within the time that is waited."""
UNHEARD: Final = (*_SILENT, EdgeFinding.NOT_RESOLVABLE)
"""What may be otherwise a moment later."""
_AT_ONCE: Final = 4
"""Callers: few enough not to be what makes anybody late."""

Seen = Mapping[ContainerPlace, Sequence[EdgeObservation]]


def asked_again(seen: Seen, run_exec: RunExec) -> dict[tuple[ContainerPlace, Edge], EdgeObservation]:
    """Return what came of the edges of ``seen`` (by the container they were tried from) that were heard only then.

    Raises nothing: what could not be looked at a second time stays as it was found.
    """
    unheard = {
        place: tuple(one.edge for one in observations if one.finding in UNHEARD) for place, observations in seen.items()
    }
    waiting = sorted(
        (place for place, lost in unheard.items() if lost), key=lambda place: len(unheard[place]) == len(seen[place])
    )
    found: dict[tuple[ContainerPlace, Edge], EdgeObservation] = {}
    while waiting:
        now, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
        asked = probe_edges(
            run_exec, [CallerEdges(place=one, edges=unheard[one]) for one in now], EdgeLimits(at_once=_AT_ONCE)
        )
        heard = [one for one in asked if one.finding is not None and one.finding not in UNHEARD]
        if not heard and any(one.finding in _SILENT for one in asked):
            break
        first = {(place, one.edge): one.finding for place in now for one in seen[place]}
        found |= {(one.place, one.edge): replace(one, at_first=first[one.place, one.edge]) for one in heard}
    return found

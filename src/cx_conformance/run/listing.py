"""What a run lists: in one look what the release is recognised by, and what else is needed once that is known."""

from contextlib import suppress
from typing import TYPE_CHECKING

from cx_conformance.cluster.coverage import owners_in
from cx_conformance.cluster.extensions import CERTIFICATES, OTHER_POLICIES, OTHER_ROUTES
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.recognition import recognise
from cx_conformance.cluster.rights import every_kind_for, kinds_for
from cx_conformance.cluster.running_controllers import TRAEFIKS
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import KINDS_BEFORE, STATIC_KINDS, Further, Snapshot, take
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.networkpolicy import NetworkPolicy
from cx_conformance.outcome.check import NotApplicable
from cx_conformance.outcome.looking import CouldNotLook

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster
    from cx_conformance.run.promises import Promises


def look(cluster: "Cluster", promises: "Promises", also: tuple[type[ApiObject], ...] = ()) -> Snapshot:
    """Look at the lists, decide by them what is promised, and then at what else that needs; at other kinds ``also``.

    Raises Unreachable, Unauthorized or OutOfTime when the very first request fails so; what fails later is kept.
    """

    def then(lists: Snapshot) -> Further:
        if promises.choice is None:
            promises.decide(recognise(lists))
        plan = promises.plan
        seen = Seen(lists, plan)
        wanted = every_kind_for(plan) if seen.lacks_workload else (*kinds_for(plan), *owners_in(lists))
        kinds = tuple(dict.fromkeys((*wanted, *extensions_for(seen), *also)))
        return Further(kinds=kinds, alternatives=plan.secrets, authorities=plan.authorities)

    known = promises.choice is not None
    places = promises.plan.namespaces if known else promises.first_namespaces
    kinds = kinds_for(promises.plan) if known else STATIC_KINDS
    seen = take(cluster, places, kinds=kinds, groups=False, then=then)
    if set(promises.plan.namespaces) <= set(seen.namespaces):
        return seen
    return take(cluster, promises.plan.namespaces, kinds=kinds, groups=False, then=then)


def extensions_for(seen: Seen) -> tuple[type[ApiObject], ...]:
    """Return the kinds of extensions to look at, for the lists of the API's own kinds leave something open."""
    return (
        *(OTHER_ROUTES if _lacks_route(seen) else ()),
        *(OTHER_POLICIES if _is_restricted(seen) else ()),
        *(CERTIFICATES if _lacks_certificate(seen) else ()),
    )


def _lacks_route(seen: Seen) -> bool:
    """Tell whether no Ingress leads the path of some component: a route of another kind may."""
    for entry in seen.plan.entries("ingress"):
        with suppress(NotApplicable, CouldNotLook):
            try:
                seen.route(entry.planned, entry.of)
            except Absent:
                return True
    return False


def _is_restricted(seen: Seen) -> bool:
    """Tell whether a NetworkPolicy restricts somebody: a policy of another kind may allow what it does not."""
    with suppress(CouldNotLook):
        return any(seen.snapshot.list(NetworkPolicy, name) for name in seen.plan.namespaces)
    return False


def _lacks_certificate(seen: Seen) -> bool:
    """Tell whether Traefik serves an Ingress without a certificate: it may have some of its own."""
    with suppress(CouldNotLook):
        every = seen.routing.all
        return any(not one.tls_secret and seen.routing.controller_of(one.ingress) in TRAEFIKS for one in every)
    return False


def look_before(cluster: "Cluster", promises: "Promises", also: tuple[type[ApiObject], ...] = ()) -> Snapshot:
    """Look at what an installation will need, and at other kinds ``also``.

    Of Secrets that are made by hand the keys are seen, no value.

    Raises as ``look``.
    """
    plan = promises.plan
    made = [one for one in plan.prerequisites if one.kind == "Secret"]
    places = [(one.namespace, name) for one in made for name in one.candidates]
    return take(
        cluster, plan.namespaces, certificates=places, kinds=tuple(dict.fromkeys((*KINDS_BEFORE, *also))), groups=False
    )

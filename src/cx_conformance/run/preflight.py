"""What an account may not do, and which checks that turns into errors; asked before anything is looked at."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cx_conformance.blueprint.plan import Entry, Plan
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.cluster.review import review
from cx_conformance.cluster.rights import DEBUG, EXEC, LOG, PORT_FORWARD, Right, login_places
from cx_conformance.cluster.snapshot import take
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.other_policy import CalicoNetworkPolicy
from cx_conformance.outcome.check import Check
from cx_conformance.outcome.looking import CouldNotLook

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster

NEEDED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "adminnetworkpolicies": (),  # what allows more than NetworkPolicies do, as Cilium's and Calico's, is told by a note
    "apisixroutes": (),  # looked at only where APISIX takes its routes from such objects
    "ciliumclusterwidenetworkpolicies": (),
    "ciliumnetworkpolicies": (),
    "configmaps": ("CX301", "CX305", "CX306", "CX308", "CX309", "CX310"),
    "cronjobs": (),
    "daemonsets": (),  # looked at, as CronJobs are, only where a promised workload is missing
    "deployments": ("CX101", "CX308", "CX309"),
    "endpointslices": ("CX206",),
    "events": (),  # they only explain what is seen elsewhere
    "globalnetworkpolicies": (),
    "horizontalpodautoscalers": (),  # they only explain a number of replicas
    "httproutes": (),  # looked at, as IngressRoutes are, only where no Ingress leads some path
    "ingressclasses": ("CX502",),
    "ingresses": ("CX306", "CX307", "CX501"),
    "ingressroutes": (),
    "jobs": ("CX115",),
    "namespaces": ("CX001", "CX006"),
    "networkpolicies": ("CX703", "CX704"),
    "nodes": ("CX003", "CX004", "CX005", "CX007", "CX009", "CX406", "CX407"),
    "persistentvolumeclaims": ("CX402", "CX405", "CX406"),
    "persistentvolumes": ("CX407",),
    "pods": ("CX007", "CX105", "CX107", "CX207", "CX401", "CX402", "CX704"),
    "secrets": ("CX111", "CX303", "CX305", "CX307", "CX503"),
    "services": ("CX006", "CX201", "CX306", "CX310"),
    "statefulsets": ("CX101", "CX308", "CX309"),
    "storageclasses": ("CX402", "CX404"),
    "tlsstores": (),
}
"""The checks of a static run that become errors when a kind may not be read; others are blocked by these."""

_OTHER_POLICIES: Final = "where NetworkPolicies restrict somebody, whether it allows what they do not"
_OTHER_ROUTES: Final = "where no Ingress leads a path, whether one does, else CX501 is an error there"
_OTHER_KINDS: Final = "where a promised workload is missing, whether it was installed as one"
_MORE: Final[Mapping[str, str]] = {
    "adminnetworkpolicies": _OTHER_POLICIES,
    "apisixroutes": "where APISIX takes its routes from such objects, which they are, else CX522 is an error",
    "ciliumclusterwidenetworkpolicies": _OTHER_POLICIES,
    "ciliumnetworkpolicies": _OTHER_POLICIES,
    "cronjobs": _OTHER_KINDS,
    "daemonsets": _OTHER_KINDS,
    "events": "what keeps pods from starting and claims from being bound",
    "globalnetworkpolicies": _OTHER_POLICIES,
    "horizontalpodautoscalers": "which of them chose a number of replicas",
    "httproutes": _OTHER_ROUTES,
    "ingressroutes": _OTHER_ROUTES,
    "networkpolicies": _OTHER_POLICIES,  # Calico's, which are called like the API's
    "tlsstores": "where Traefik serves an Ingress that names no certificate, whether it has one of its own",
}
"""What a run that goes on without a kind sees if it may read it, and where it asks at all."""

_PROBES: Final[Mapping[str, frozenset[str]]] = {
    EXEC: frozenset({"edge_probes", "inside_probes"}),
    PORT_FORWARD: frozenset({"health_probes", "store_probes"}),
    DEBUG: frozenset({"edge_probes"}),
    LOG: frozenset({"edge_probes"}),
}
_LOGINS: Final = frozenset({"store_probes", "store_copies", "login_probes"})


class Lacking(Struct, frozen=True, kw_only=True):
    """A permission that the account lacks, and how many entries of which checks that turns into errors.

    Without any, a run of an installation in which nothing is open goes on as if it had it.
    """

    right: Right
    reason: str
    errors: Mapping[Check, int]

    @property
    def more(self) -> str:
        """What a run would see beyond what the checks need anyhow; empty where nothing is known to be."""
        return _MORE.get(self.right.resource, "") if not self.errors else ""


def lacking(cluster: "Cluster", rights: Iterable[Right], plan: Plan, checks: Iterable[Check]) -> tuple[Lacking, ...]:
    """Ask about every right at once and return those that are refused where there is something to look at.

    Raises CouldNotLook when it cannot be asked.
    """
    refused = [one for one in review(cluster, rights) if not one.allowed]
    missing = _missing_namespaces(cluster, plan) if refused else frozenset()
    known = tuple(checks)
    return tuple(
        Lacking(right=one.right, reason=one.reason, errors=errors_without(one.right, plan, known))
        for one in refused
        if one.right.namespace not in missing
    )


def _missing_namespaces(cluster: "Cluster", plan: Plan) -> frozenset[str]:
    """Return the namespaces that do not exist: nobody can be granted anything there, and nothing is looked at."""
    seen = take(cluster, plan.namespaces, kinds=(), groups=False)
    missing = set()
    for name in plan.namespaces:
        with suppress(CouldNotLook):
            missing |= {name} if seen.get(Namespace, None, name) is None else set()
    return frozenset(missing)


def errors_without(right: Right, plan: Plan, checks: Iterable[Check]) -> dict[Check, int]:
    """Return the checks that need ``right``, each with the number of its entries that live where the right counts."""
    login = (right.namespace, right.resource, right.name) in login_places(plan)
    probes = _PROBES.get(right.resource, _LOGINS if login else frozenset())
    if right.resource == "pods" and right.verb != "list":  # only to look from a probe pod or a debug container
        return {
            one: len(entries)
            for one in checks
            if "edge_probes" in one.looks and (entries := _living(plan, one, right.namespace))
        }
    # A single ConfigMap is read for logins alone: what the other checks need of it is in the list.
    # Nor does a check need Calico's own policies, which are called like the API's.
    spared = (right.resource == "configmaps" and right.name) or right.group == KINDS[CalicoNetworkPolicy].group
    static = () if spared else NEEDED_BY.get(right.resource, ())
    found = {}
    for check in checks:
        if check.id in static or not probes.isdisjoint(check.looks):
            entries = _living(plan, check, right.namespace)
            if entries:
                found[check] = len(entries)
    return found


def _living(plan: Plan, check: Check, namespace: str | None) -> list[Entry[Any]]:
    """Return the entries of a check that live in ``namespace``; None: anywhere."""
    return [
        one for one in plan.entries(check.per) if namespace is None or not one.namespaces or namespace in one.namespaces
    ]

"""What is looked at by more than the API before anything is installed; each is looked at when it is asked for, once."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cx_conformance.cluster.room import takes_pods
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.node import Node
from cx_conformance.outcome.check import NotApplicable
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.entrance import Entrance
from cx_conformance.vantage.host_name import HostName, look_at_host_name
from cx_conformance.vantage.pool import Pending, ProbePool

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster
    from cx_conformance.vantage.claim_trial import ClaimSeen
    from cx_conformance.vantage.node_seen import NodeSeen
    from cx_conformance.vantage.trial_pods import Patience, TrialPods

T = TypeVar("T")

_OPENSHIFT: Final = "openshift.io/sa.scc.uid-range"
"""Annotation of a namespace where OpenShift gives each pod its user, and refuses any other."""


class BeforeProbes:
    """Where the host name leads; and, by pods where those are allowed, what volumes, registry and network do."""

    def __init__(  # noqa: PLR0913 - by what it looks, and for what
        self,
        cluster: "Cluster",
        seen: Seen,
        entrance: Entrance,
        pool: ProbePool,
        consent: Consent,
        *,
        patience: "Patience | None" = None,
    ) -> None:
        """Look for an installation at the host name of ``seen``, through ``entrance``, by pods as ``consent`` says."""
        self._cluster = cluster
        self._seen = seen
        self._entrance = entrance
        self._pool = pool
        self._consent = consent
        self._patience = patience
        self.inside = cluster.vantage == "in-cluster"
        """Whether the run stands in a pod of the cluster."""
        self._running: dict[str, Pending[Any]] = {}

    def host_name(self, host: str) -> HostName:
        """Return where ``host`` leads, and who answers there; raises CouldNotLook."""
        return self._once(
            "host name",
            lambda: look_at_host_name(host, self._entrance, self._seen.snapshot, inside=self.inside),
        )

    def nodes(self) -> "Mapping[str, NodeSeen]":
        """Return what pods found on each node that takes some; raises NotApplicable, CouldNotLook."""
        from cx_conformance.vantage.nodes_trial import NodesTrial

        self._refuse_unallowed()
        names = [one.name for one in self._seen.snapshot.list(Node) if takes_pods(one)]
        hosts = (self._seen.fqdn,) if self._seen.fqdn else ()
        return self._once("nodes", lambda: NodesTrial(self._pods).look(names, hosts))

    def claim(self) -> "ClaimSeen":
        """Return what became of a claim of the default class; raises NotApplicable, CouldNotLook."""
        from cx_conformance.vantage.claim_trial import ClaimTrial

        self._refuse_unallowed()
        return self._once("claim", lambda: ClaimTrial(self._pods).look())

    def close(self) -> None:
        """Delete what was made and is still there, and make nothing more."""
        if "_pods" in self.__dict__:
            self._pods.close()

    @cached_property
    def _pods(self) -> "TrialPods":
        from cx_conformance.vantage.trial_pods import TrialPods

        namespace = self._namespace
        mine = [one for one in self._seen.plan.prerequisites if one.namespace == namespace.name]
        return TrialPods(
            self._cluster,
            self._pool,
            self._consent,
            namespace.name,
            pull_secrets=[one.name for one in mine if one.use == "pull"],
            own_users=_OPENSHIFT in namespace.annotations,
            patience=self._patience,
        )

    @property
    def _namespace(self) -> Namespace:
        """Return the platform's first namespace that is there; raises NoVantage, CouldNotLook."""
        for name in self._seen.plan.namespaces:
            found = self._seen.snapshot.get(Namespace, None, name)
            if found is not None:
                return found
        raise NoVantage("none of the platform's namespaces is there yet, so that no pod can be made in one")

    def _refuse_unallowed(self) -> None:
        if not self._consent.probe_image:
            raise NotApplicable(
                "it is tried by pods of the run's own, where --allow-probe-pods IMAGE lets it make some"
            )

    def _once(self, what: str, look: Callable[[], T]) -> T:
        if what not in self._running:
            self._running[what] = self._pool.submit(look)
        found: T = self._running[what].result()
        return found

"""What was seen of the cluster at one moment, indexed, with every refused look kept as a fact."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import ClassVar, TypeVar, cast

from msgspec import Struct, field

from cx_conformance.api.identity import ClusterIdentity
from cx_conformance.api.refusal import Refusal
from cx_conformance.cluster.cluster_domain import shown_domains
from cx_conformance.cluster.kinds import KINDS, WORKLOADS
from cx_conformance.cluster.pod_index import PodIndex
from cx_conformance.objects.config import SecretMetadata
from cx_conformance.objects.event import Event
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.secrecy import mask_line
from cx_conformance.objects.service import EndpointSlice, Service
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.wire.discreet import Discreet

R = TypeVar("R", bound=ApiObject)
Place = tuple[str, str]


class Listing(Struct, frozen=True, kw_only=True):
    """One kind as it was seen.

    ``scope`` holds the namespaces looked at (of cluster-scoped kinds: the names), None for all. ``refusal`` is that of
    the cluster-wide look, ``refusals`` those of single namespaces.
    """

    records: tuple[ApiObject, ...] = ()
    scope: frozenset[str] | None = None
    refusal: Refusal | None = None
    refusals: Mapping[str, Refusal] = field(default_factory=dict)


class SeenSecret(Struct, frozen=True, kw_only=True):
    """A Secret that was asked for: its metadata (None: it does not exist), its certificate, or why neither was seen.

    ``key_fits`` says whether its private key is the certificate's; the key itself is in no record. ``keys`` are the
    names under which it holds something, where it was read whole.
    """

    metadata: SecretMetadata | None = None
    certificate: bytes | None = None
    certificate_looked_at: bool = False
    key_fits: bool | None = None
    keys: frozenset[str] | None = None
    authorities: frozenset[str] = frozenset()
    """Fingerprints of the certificates of its CA, where it was read whole and holds one."""
    refusal: Refusal | None = None


class Snapshot(Discreet, frozen=True, kw_only=True, dict=True):
    """One look at the cluster. Asking it sends no request; what was refused is raised again when asked for.

    ``taken_at`` is this machine's time (UTC), ``clock_skew`` the seconds by which the server's clock is ahead of it.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"listings", "secrets", "groups"})
    namespaces: tuple[str, ...]
    identity: ClusterIdentity
    listings: Mapping[type[ApiObject], Listing]
    secrets: Mapping[Place, SeenSecret] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] | Refusal = field(default_factory=dict)
    taken_at: datetime
    clock_skew: float | None = None
    seconds: float = 0.0
    requests: int = 0
    retries: Mapping[str, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The moment of the look by the server's clock: what deadlines of its objects are to be held against."""
        return self.taken_at + timedelta(seconds=self.clock_skew or 0)

    @property
    def api_groups(self) -> Mapping[str, tuple[str, ...]]:
        """The API groups that the server serves, with their versions, the preferred one first."""
        if isinstance(self.groups, Refusal):
            raise self.groups.error()
        return self.groups

    def get(self, record: type[R], namespace: str | None, name: str) -> R | None:
        """Return the object, or None when it does not exist; cluster-scoped kinds have no namespace.

        Raises the CouldNotLook that was kept when the account could not see it.
        """
        self._look(record, (namespace or "") if KINDS[record].namespaced else name)
        found = self._by_name[record].get((namespace or "", name))
        return found if isinstance(found, record) else None

    def list(self, record: type[R], namespace: str | None = None) -> tuple[R, ...]:
        """Return the objects of one namespace, or of all that were looked at; raises as ``get``."""
        self._look(record, namespace)
        found = self.listings[record].records if namespace is None else self._by_namespace[record].get(namespace, ())
        return cast("tuple[R, ...]", found)

    def visible(self, record: type[R]) -> tuple[R, ...]:
        """Return what was seen of a kind, wherever the account may look.

        Raises as ``get`` only when nothing of it could be looked at: for findings that more rights would only add to.
        """
        listing = self.listings.get(record)
        if listing is None or (listing.scope is None and listing.refusal is not None):
            self._look(record, None)
        return cast("tuple[R, ...]", self.listings[record].records)

    def workload(self, kind: str, namespace: str, name: str) -> Workload | None:
        """Return the workload of the kind named as manifests name it; raises as ``get``."""
        return self.get(WORKLOADS[kind], namespace, name)

    def workloads(self, namespace: str | None = None) -> tuple[Workload, ...]:
        """Return the workloads of every kind that was listed; raises when one of those kinds was refused."""
        return tuple(
            item for kind in WORKLOADS.values() if kind in self.listings for item in self.list(kind, namespace)
        )

    def workloads_of_image(self, name: str, namespace: str) -> tuple[Workload, ...]:
        """Return the workloads with a container of the image of that name; raises as ``workloads``."""
        for kind in WORKLOADS.values():
            if kind in self.listings:
                self._look(kind, namespace)
        return self._by_image.get((namespace, name), ())

    def has_namespace(self, name: str) -> bool | None:
        """Whether the namespace exists; None when the account may not know."""
        try:
            return self.get(Namespace, None, name) is not None
        except CouldNotLook:
            return None

    def pods_of(self, workload: Workload) -> tuple[Pod, ...]:
        """Return the pods of a workload, terminating ones included, never another's; raises as ``get``."""
        self._look(Pod, workload.namespace)
        return self._pods.owned_by(workload)

    def pods_behind(self, service: Service) -> tuple[Pod, ...]:
        """Return the pods that a Service's selector matches; raises as ``get``."""
        self._look(Pod, service.namespace)
        return self._pods.matching(service.namespace, service.selector)

    def endpoints(self, service: Service) -> tuple[EndpointSlice, ...]:
        """Return the EndpointSlices of a Service; raises as ``get``."""
        self._look(EndpointSlice, service.namespace)
        return self._slices.get((service.namespace, service.name), ())

    def events_about(self, item: ApiObject) -> tuple[Event, ...]:
        """Return the warnings about an object; none where events were not looked at, for they only explain."""
        return self._events.get((type(item).__name__, item.namespace, item.name), ())

    def last_warning(self, item: ApiObject, *reasons: str) -> str:
        """Return the last warning about an object, of these reasons or of any, on one line; empty without one."""
        heard = [one for one in self.events_about(item) if not reasons or one.reason in reasons]
        last = max(heard, key=lambda one: one.last_seen.timestamp() if one.last_seen else 0.0, default=None)
        return mask_line(last.message) if last else ""

    def secret(self, namespace: str, name: str) -> SecretMetadata | None:
        """Return the Secret's metadata, or None when it does not exist; raises when it could not be looked at."""
        return self._secret(namespace, name).metadata

    def certificate(self, namespace: str, name: str) -> bytes | None:
        """Return ``tls.crt`` (PEM) of a TLS Secret, or None when there is none; raises as ``secret``."""
        seen = self._secret(namespace, name)
        if seen.metadata is not None and not seen.certificate_looked_at:
            raise CouldNotLook(
                f"the certificate in Secret {namespace}/{name} was not looked at: no Ingress of "
                f"{', '.join(self.namespaces)} names it"
            )
        return seen.certificate

    def key_fits(self, namespace: str, name: str) -> bool | None:
        """Return whether a TLS Secret's key is that of its certificate; None where there is none; raises as above."""
        return self._secret(namespace, name).key_fits

    def secret_keys(self, namespace: str, name: str) -> frozenset[str]:
        """Return the names under which a Secret holds something; raises CouldNotLook where it was not read whole."""
        keys = self._secret(namespace, name).keys
        if keys is None:
            raise CouldNotLook(f"the keys of Secret {namespace}/{name} were not looked at")
        return keys

    def _secret(self, namespace: str, name: str) -> SeenSecret:
        seen = self.secrets.get((namespace, name))
        if seen is None:
            raise CouldNotLook(
                f"Secret {namespace}/{name} was not looked at: nothing in {', '.join(self.namespaces)} refers to it"
            )
        if seen.refusal is not None:
            raise seen.refusal.error()
        return seen

    def _look(self, record: type[ApiObject], place: str | None) -> None:
        """Raise when ``place`` (a namespace, a cluster-scoped name, None: everywhere) was not seen for ``record``."""
        listing = self.listings.get(record)
        plural = KINDS[record].plural
        if listing is None:
            raise CouldNotLook(f"the snapshot holds no {plural}: it was taken without them")
        if place is None:
            refusal = listing.refusal or next(iter(listing.refusals.values()), None)
        elif place in listing.refusals:
            refusal = listing.refusals[place]
        elif listing.scope is None or place in listing.scope:
            refusal = None if listing.scope is not None else listing.refusal
        else:
            refusal = listing.refusal or Refusal(
                reason="CouldNotLook",
                words=f"the snapshot holds no {plural} of {place}: it was taken for {', '.join(sorted(listing.scope))}",
            )
        if refusal is not None:
            raise refusal.error()

    @cached_property
    def domains(self) -> Mapping[str, str]:
        """The domain in which the cluster's DNS knows Services, and a pod that shows it; empty: that is not seen."""
        with suppress(CouldNotLook):
            return dict(shown_domains(self.visible(Pod)))
        return {}

    @cached_property
    def _by_name(self) -> dict[type[ApiObject], dict[Place, ApiObject]]:
        return {
            record: {(item.namespace, item.name): item for item in listing.records}
            for record, listing in self.listings.items()
        }

    @cached_property
    def _by_namespace(self) -> dict[type[ApiObject], dict[str, tuple[ApiObject, ...]]]:
        return {record: _by_namespace(listing.records) for record, listing in self.listings.items()}

    @cached_property
    def _by_image(self) -> dict[Place, tuple[Workload, ...]]:
        """Workloads by namespace and name of an image, each once."""
        found: dict[Place, list[Workload]] = {}
        for kind in WORKLOADS.values():
            for item in cast("tuple[Workload, ...]", self.listings.get(kind, Listing()).records):
                for name in dict.fromkeys(one.image_name for one in item.template.spec.containers):
                    found.setdefault((item.namespace, name), []).append(item)
        return {place: tuple(items) for place, items in found.items()}

    @cached_property
    def _pods(self) -> PodIndex:
        return PodIndex(tuple(item for item in self.listings[Pod].records if isinstance(item, Pod)))

    @cached_property
    def _events(self) -> dict[tuple[str, str, str], tuple[Event, ...]]:
        """Events by kind, namespace and name of what they are about: a StatefulSet and its Service share a name."""
        found: dict[tuple[str, str, str], list[Event]] = {}
        for item in self.listings.get(Event, Listing()).records:
            if isinstance(item, Event):
                found.setdefault((item.about_kind, item.namespace, item.about_name), []).append(item)
        return {place: tuple(items) for place, items in found.items()}

    @cached_property
    def _slices(self) -> dict[Place, tuple[EndpointSlice, ...]]:
        found: dict[Place, tuple[EndpointSlice, ...]] = {}
        for item in self.listings[EndpointSlice].records:
            if isinstance(item, EndpointSlice) and item.service_name:
                place = (item.namespace, item.service_name)
                found[place] = (*found.get(place, ()), item)
        return found


def _by_namespace(records: tuple[ApiObject, ...]) -> dict[str, tuple[ApiObject, ...]]:
    places: dict[str, list[ApiObject]] = {}
    for item in records:
        places.setdefault(item.namespace, []).append(item)
    return {place: tuple(items) for place, items in places.items()}

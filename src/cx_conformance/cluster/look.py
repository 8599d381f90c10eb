"""One look in progress: the lists, and the Secrets that they refer to, each asked for concurrently."""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from msgspec import Struct

from cx_conformance.api.listing import read_list
from cx_conformance.api.refusal import Refusal, kept
from cx_conformance.api.request_path import part
from cx_conformance.cluster.kinds import KINDS, WORKLOADS, Kind
from cx_conformance.cluster.snapshot_record import Listing, Place, SeenSecret
from cx_conformance.objects.apisix_route import ApisixRoute
from cx_conformance.objects.certificate import fingerprints, key_fits
from cx_conformance.objects.config import ConfigMap, secret_metadata
from cx_conformance.objects.event import Event
from cx_conformance.objects.helm import HelmRevision, by_helm
from cx_conformance.objects.ingress import Ingress, IngressClass
from cx_conformance.objects.job import Job
from cx_conformance.objects.json_fields import Json, mapping, objects, text
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.namespace import namespace as parse_namespace
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.looking import CouldNotLook, Forbidden

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster

R = TypeVar("R", bound=ApiObject)
Listings = dict[type[ApiObject], Listing]

# A field selector names each namespace that is left out; beyond this many the URL grows too long for proxies.
_MOST_EXCLUDED = 40
CA_KEY = "ca.crt"
"""Where cert-manager and Kubernetes' own controllers put the CA (kubernetes.io/docs/concepts/configuration/secret)."""
_METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class Look(Struct, frozen=True, kw_only=True):
    """A look for an installation in the namespaces ``wanted``; every request of it runs in ``pool``."""

    cluster: "Cluster"
    wanted: tuple[str, ...]
    pool: ThreadPoolExecutor

    def kinds(self, records: Iterable[type[ApiObject]]) -> Listings:
        """List the namespaces and every kind of ``records``."""
        # Submitted first, hence running before any listing waits for it.
        places = self.pool.submit(self._namespaces)
        return self._listed(records, places.result) | {Namespace: places.result()}

    def further(self, records: Iterable[type[ApiObject]], listings: Listings) -> Listings:
        """List every kind of ``records`` that is not among the ``listings``."""
        return self._listed((one for one in records if one not in listings), lambda: listings[Namespace])

    def _listed(self, records: Iterable[type[ApiObject]], places: Callable[[], Listing]) -> Listings:
        running = {
            record: self.pool.submit(self._kind, KINDS[record], places) for record in records if record is not Namespace
        }
        return {record: task.result() for record, task in running.items()}

    def secrets(
        self,
        listings: Listings,
        named: Iterable[Sequence[Place]],
        certificates: Iterable[Place],
        authorities: Mapping[str, str],
    ) -> dict[Place, SeenSecret]:
        """Ask for the Secrets named (each the first that exists of its alternatives) and referred to.

        Those with certificates are read whole: the named ones, those of Ingresses, and those of ``authorities`` that
        something refers to; the last two in every namespace, for a copy under the same name may be another.
        """
        referred = set(_referred_secrets(listings, self.wanted))
        shared = {name for _, name in _certificate_secrets(listings, self.wanted)}
        shared |= {name for _, name in referred if name in authorities}
        places = self._existing(listings[Namespace])
        whole = {*certificates, *((place, name) for place in places for name in shared)}
        referred -= whole
        running = {
            place: self.pool.submit(self._whole_secret, place, authorities.get(place[1], CA_KEY))
            for place in sorted(whole)
        }
        running |= {place: self.pool.submit(self._secret, place) for place in sorted(referred)}
        found = {place: task.result() for place, task in running.items()}
        for alternatives in self.pool.map(partial(self._first_secret, found), named):
            found |= alternatives
        return found

    def _first_secret(
        self, known: Mapping[Place, SeenSecret], alternatives: Sequence[Place]
    ) -> dict[Place, SeenSecret]:
        """Ask for one after the other until one exists; what is ``known`` is not asked for again."""
        found: dict[Place, SeenSecret] = {}
        for place in alternatives:
            seen = known.get(place) or self._secret(place)
            found[place] = seen
            if seen.metadata is not None:
                break
        return found

    def events(self, listings: Listings) -> Listings:
        """List the warnings of the namespaces that matter when a pod there is in trouble or lacks, to say why."""
        well = all(pod.ready or pod.finished or pod.deleted for pod in _mine(listings, self.wanted, Pod))
        made = all(one.current_replicas >= one.replicas for one in _mine(listings, self.wanted, Workload))
        made = made and not any(one.lacks_pod for one in _mine(listings, self.wanted, Job))
        if Event in listings or (well and made):
            return {}
        return {Event: self._kind(KINDS[Event], lambda: listings[Namespace], "type=Warning")}

    def helm(self, listings: Listings) -> dict[str, "Future[tuple[HelmRevision, ...]]"]:
        """Begin to list Helm's records of its releases, by namespace: only where an object says that Helm made it.

        Of those Secrets the server sends the metadata alone.
        """
        kind = KINDS[HelmRevision]
        made = {
            one.namespace
            for record in (*WORKLOADS.values(), Service, ConfigMap)
            for one in _mine(listings, self.wanted, record)
            if by_helm(one)
        }
        return {
            name: self.pool.submit(
                read_list, self.cluster, kind.path(name), kind.parse, labels_of_metadata=kind.selector
            )
            for name in self.wanted
            if name in made
        }

    def helm_told(self, asked: Mapping[str, "Future[tuple[HelmRevision, ...]]"]) -> Listings:
        """Return what Helm's records say; where they may not be listed, that."""
        records: list[ApiObject] = []
        refusals: dict[str, Refusal] = {}
        for name, task in asked.items():
            try:
                records += task.result()
            except CouldNotLook as error:
                refusals[name] = kept(error)
        return {HelmRevision: Listing(records=tuple(records), scope=frozenset(self.wanted), refusals=refusals)}

    def gateway_routes(self, listings: Listings) -> Listings:
        """List the routes of APISIX that are objects where an APISIX is seen, and no configuration of its own."""
        names = {one.name for one in _mine(listings, self.wanted, Service)}
        classes = {one.controller for one in _mine(listings, ("",), IngressClass)}
        installed = any("apisix" in name for name in (*names, *classes))
        if (
            ApisixRoute in listings
            or not installed
            or any(one.gateways for one in _mine(listings, self.wanted, ConfigMap))
        ):
            return {}
        return {ApisixRoute: self._kind(KINDS[ApisixRoute], lambda: listings[Namespace])}

    def groups(self) -> Mapping[str, tuple[str, ...]] | Refusal:
        """Ask which API groups are served: versions by group, the preferred one first."""
        try:
            answer = self.cluster.read("/apis")
        except CouldNotLook as error:
            return kept(error)
        found = {}
        for group in objects(answer, "groups"):
            preferred = text(mapping(group, "preferredVersion"), "version")
            others = [text(item, "version") for item in objects(group, "versions")]
            found[text(group, "name")] = tuple(dict.fromkeys(item for item in (preferred, *others) if item))
        return found

    def _namespaces(self) -> Listing:
        """List the namespaces; where that is forbidden, ask for those that matter one by one."""
        kind = KINDS[Namespace]
        try:
            return Listing(records=read_list(self.cluster, kind.path(), parse_namespace))
        except Forbidden as error:
            forbidden = kept(error)
        except CouldNotLook as error:
            return Listing(refusal=kept(error))
        names = (*self.wanted, "kube-system")
        records, refusals = [], {}
        for name in names:
            try:
                found = self.cluster.read(f"{kind.path()}/{quote(name, safe='')}")
            except CouldNotLook as error:
                refusals[name] = kept(error)
            else:
                records += [parse_namespace(found)] if found else []
        return Listing(records=tuple(records), scope=frozenset(names), refusal=forbidden, refusals=refusals)

    def _kind(self, kind: Kind[Any], places: Callable[[], Listing], *terms: str) -> Listing:
        """List one kind, cluster-wide if it may be, else in each namespace that matters and exists."""
        try:
            return self._heavy_kind(kind, places(), *terms) if kind.heavy else self._everywhere(kind)
        except Forbidden as error:
            refusal = kept(error)
            return self._one_by_one(kind, places(), refusal, *terms) if kind.namespaced else Listing(refusal=refusal)
        except CouldNotLook as error:
            return Listing(refusal=kept(error))

    def _everywhere(self, kind: Kind[Any], field_selector: str = "") -> Listing:
        return Listing(records=read_list(self.cluster, kind.path(), kind.parse, field_selector=field_selector))

    def _heavy_kind(self, kind: Kind[Any], places: Listing, *terms: str) -> Listing:
        """List a kind of the namespaces that matter only, in one request where the other namespaces can be named."""
        if places.refusal is not None:
            return self._everywhere(kind, ",".join(terms))
        existing = [item.name for item in places.records]
        mine, others = self._existing(places), [name for name in existing if name not in self.wanted]
        if len(mine) > 1 and len(others) <= _MOST_EXCLUDED:
            excluded = (f"metadata.namespace!={name}" for name in others)
            listing = self._everywhere(kind, ",".join((*terms, *excluded)))
            return Listing(records=listing.records, scope=frozenset(self.wanted) if others else None)
        return self._one_by_one(kind, places, None, *terms)

    def _one_by_one(self, kind: Kind[Any], places: Listing, refusal: Refusal | None, *terms: str) -> Listing:
        records: list[ApiObject] = []
        refusals: dict[str, Refusal] = {}
        for name in self._existing(places):
            try:
                records += read_list(self.cluster, kind.path(name), kind.parse, field_selector=",".join(terms))
            except CouldNotLook as error:
                refusals[name] = kept(error)
        return Listing(records=tuple(records), scope=frozenset(self.wanted), refusal=refusal, refusals=refusals)

    def _existing(self, places: Listing) -> list[str]:
        """Return those of the wanted namespaces that exist, or may: whether one does may be forbidden to know."""
        seen = {item.name for item in places.records}
        unknown = places.refusal is not None and places.scope is None
        return [name for name in self.wanted if unknown or name in seen or name in places.refusals]

    def _secret(self, place: Place) -> SeenSecret:
        try:
            found = self.cluster.read(_secret_path(place), accept=_METADATA_ONLY)
        except CouldNotLook as error:
            return SeenSecret(refusal=kept(error))
        return SeenSecret(metadata=secret_metadata(found) if found else None)

    def _whole_secret(self, place: Place, ca_key: str) -> SeenSecret:
        """Read a TLS Secret and keep its certificate; of the key only whether it fits leaves this function."""
        try:
            found = self.cluster.read(_secret_path(place))
        except CouldNotLook as error:
            return SeenSecret(refusal=kept(error))
        data = mapping(found, "data")
        certificate = _decoded(data, "tls.crt") or None
        return SeenSecret(
            metadata=secret_metadata(found) if found else None,
            certificate=certificate,
            certificate_looked_at=True,
            key_fits=key_fits(certificate, _decoded(data, "tls.key")) if certificate else None,
            keys=frozenset(data),
            authorities=fingerprints(_decoded(data, ca_key)),
        )


def _decoded(data: Json, key: str) -> bytes:
    try:
        return base64.b64decode(text(data, key), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _secret_path(place: Place) -> str:
    """Return the path of one Secret; a name with a slash must not reach another resource."""
    namespace, name = (part(one) for one in place)
    return f"/api/v1/namespaces/{namespace}/secrets/{name}"


def _mine(listings: Listings, wanted: tuple[str, ...], record: type[R]) -> Iterator[R]:
    """Yield the records of ``record``, or of its subclasses, in the wanted namespaces."""
    for kind, listing in listings.items():
        if issubclass(kind, record):
            for item in listing.records:
                if isinstance(item, record) and item.namespace in wanted:
                    yield item


def _certificate_secrets(listings: Listings, wanted: tuple[str, ...]) -> Iterator[Place]:
    for ingress in _mine(listings, wanted, Ingress):
        for tls in ingress.tls:
            if tls.secret_name:
                yield ingress.namespace, tls.secret_name


def _referred_secrets(listings: Listings, wanted: tuple[str, ...]) -> Iterator[Place]:
    for pod in _mine(listings, wanted, Pod):
        yield from ((pod.namespace, item.name) for item in pod.spec.references() if item.kind == "Secret")
    for workload in _mine(listings, wanted, Workload):
        references = workload.template.spec.references()
        yield from ((workload.namespace, item.name) for item in references if item.kind == "Secret")

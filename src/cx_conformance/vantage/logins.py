"""Stores as their consumers meet them: each asked in its own protocol, as whom the components log in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import SecretStr

from cx_conformance.blueprint.component import ServicePort
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.site import Credentials as SiteCredentials
from cx_conformance.blueprint.store import Login, Protocol, Reference, Store, StoreTls
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.references import NoSuchValue, References
from cx_conformance.cluster.seen import Absent, Seen
from cx_conformance.cluster.store_settings import replica_set, told
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes.stores.observation import PortObservation, StoreObservation
from cx_conformance.probes.stores.target import Credentials, Limits, Target, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.vantage.clients import OBSERVE, Asking
from cx_conformance.vantage.pool import Pending, ProbePool
from cx_conformance.vantage.reach import Reach, Way
from cx_conformance.vantage.secure import shakes_hands, speaks_tls

_LIMITS: Final = Limits(connect_s=3.0, answer_s=5.0, total_s=12.0, tries=2)
"""A store that answers within five seconds is slow, not broken; the drivers' own limits are 4 to 30 seconds."""


@dataclass(frozen=True, slots=True)
class StoreAsked:
    """What a store answered, and how it was asked."""

    observation: StoreObservation
    vantage: str
    pod: str
    secure: bool
    """Whether it was asked over TLS."""
    without_login: str | None
    """Why nobody logged in; None: somebody did, or tried to."""
    takes_tls: bool = False
    """Whether it takes TLS on the port that it was asked on without; looked at only where components are told so."""
    takes_plain: bool = False
    """Whether it also answers without TLS; looked at only where the site file has it asked over TLS."""
    others: Mapping[int, Way] = field(default_factory=dict)
    """How its further ports were reached, by Service port, in the order of the observation's ports."""

    def port(self, number: int) -> PortObservation:
        """Return what one of its further ports answered; raises NoVantage, CouldNotLook."""
        for (known, way), seen in zip(self.others.items(), self.observation.ports, strict=True):
            if known == number:
                if not seen.finding.ok:
                    way.raise_trouble()
                return seen
        raise NoVantage(f"port {number} of {self.observation.address} was not asked")


class StoreProbes:
    """What each store answered; all of them asked at once."""

    def __init__(
        self, seen: Seen, reach: Reach, references: References, pool: ProbePool, *, writes: list[str] | None = None
    ) -> None:
        """Ask stores of the plan of ``seen``; what is written is told in ``writes``, None: nothing may be written."""
        self._seen = seen
        self._reach = reach
        self._references = references
        self._pool = pool
        self._writes = writes
        self._running: dict[str, Pending[StoreAsked]] = {}

    def start(self, entry: Entry[Store]) -> Pending[StoreAsked]:
        """Ask a store, once."""
        if entry.component not in self._running:
            self._running[entry.component] = self._pool.submit(self._ask, entry)
        return self._running[entry.component]

    def of(self, entry: Entry[Store]) -> StoreAsked:
        """Return what a store answered; raises CouldNotLook."""
        return self.start(entry).result()

    def beside(self, port: Entry[ServicePort]) -> StoreAsked:
        """Return what the store answered that this further port belongs to; raises CouldNotLook."""
        stores = self._seen.plan.entries("store")
        return self.of(next(one for one in stores if one.component == port.component))

    def _ask(self, entry: Entry[Store]) -> StoreAsked:
        planned, store = entry.planned, entry.of
        way, host = self._way(planned, store)
        given = self._seen.plan.site.credentials.get(planned.id, SiteCredentials())
        namespace = self._seen.namespace_of(planned)
        login = given.login or (None if store.protocol is Protocol.KEYCLOAK else store.login)
        credentials, missing = self._credentials(login, namespace, of_site=given.login is not None)
        tls = given.tls or store.tls
        secure = (given.tls is not None) or speaks_tls(way.connect_to, store.protocol)
        expectation = self._tls(tls, namespace) if secure else None
        if store.protocol is Protocol.POSTGRESQL and expectation and not expectation.ca_pem:
            # Offered, not demanded: without a CA to verify it with, the plain connection tells more.
            expectation = None
        target = Target(
            host=host,
            port=store.port,
            connect_to=way.connect_to,
            tls=expectation,
            limits=replace(_LIMITS, total_s=self._pool.allowed(_LIMITS.total_s)),
            why_closed=way.why_closed,
        )
        others = self._others(planned, way)
        asking = Asking(
            store=store,
            fqdn=self._seen.fqdn,
            others=tuple(
                replace(target, port=number, connect_to=one.connect_to, tls=None, why_closed=one.why_closed)
                for number, one in others.items()
            ),
            replica_set=replica_set(self._seen, entry),
            allow_writes=self._writes is not None,
        )
        observe = OBSERVE[store.protocol]
        observation = observe(target, credentials, asking)
        if expectation is None and observation.speaks.kind is Kind.TLS:
            # It answered too late to be recognised at first.
            target = replace(target, tls=self._tls(tls, namespace))
            observation = observe(target, credentials, asking)
        if self._writes is not None:
            self._writes.extend(observation.writes)
        if not observation.reachable.ok:
            way.raise_trouble()
        secure = target.tls is not None
        flags = {one.switched_on for one in told(self._seen, entry, "tls")}
        return StoreAsked(
            observation=observation,
            vantage=way.vantage,
            pod=way.pod.name,
            secure=secure,
            without_login=missing,
            takes_tls=not secure and True in flags and shakes_hands(way.connect_to),
            takes_plain=given.tls is not None and False in flags and not speaks_tls(way.connect_to, store.protocol),
            others=others,
        )

    def _others(self, planned: Planned, way: Way) -> dict[int, Way]:
        """Return the ways to ActiveMQ's further ports, in the pod that is asked."""
        if planned.facts.store is None or planned.facts.store.protocol is not Protocol.ACTIVEMQ:
            return {}
        return {
            one.of.port: self._reach.to(way.pod, one.of.container_port)
            for one in self._seen.plan.entries("store_port")
            if one.component == planned.id
        }

    def _way(self, planned: Planned, store: Store) -> tuple[Way, str]:
        try:
            service = self._seen.service(planned).object
            pods = self._seen.pods(planned)
        except Absent as absent:
            raise NoVantage(f"no pod of {planned.id} to ask: {absent}") from None
        promised = (
            next((one for one in planned.facts.service.ports if one.port == store.port), None)
            if (planned.facts.service)
            else None
        )
        port = promised.container_port if promised else store.port
        for pod in pods:
            if pod.ready:
                return self._reach.to(pod, port), f"{service.name}.{service.namespace}.svc"
        raise NoVantage(f"no ready pod of {planned.id} to ask; it has {len(pods)} pods")

    def _credentials(
        self, login: Login | None, namespace: str, *, of_site: bool
    ) -> tuple[Credentials | None, str | None]:
        """Return the credentials, or why there are none.

        What the site itself names must be there; of what charts name, an older installation may have nothing.
        """
        if login is None or (login.password is None and login.username_from is None):
            return None, "no credentials are promised"
        try:
            username = login.username or self._text(login.username_from, namespace)
            password = self._references.value(login.password, namespace) if login.password else None
        except NoSuchValue as missing:
            if of_site:
                raise NoVantage(f"the credentials of the site file are not there: {missing}") from None
            return None, f"no credentials are known: {missing}"
        return Credentials(username=username, password=password, database=login.database), None

    def _text(self, reference: Reference | None, namespace: str) -> str | None:
        return self._references.value(reference, namespace).get_secret_value() if reference else None

    def _tls(self, tls: StoreTls | None, namespace: str) -> TlsExpectation:
        def read(reference: Reference | None) -> SecretStr | None:
            try:
                return self._references.value(reference, namespace) if reference else None
            except NoSuchValue:
                return None

        if tls is None:
            return TlsExpectation()
        ca, certificate = read(tls.ca), read(tls.client_certificate)
        return TlsExpectation(
            ca_pem=ca.get_secret_value() if ca else None,
            certificate_pem=certificate.get_secret_value() if certificate else None,
            key_pem=read(tls.client_key) or certificate,
        )

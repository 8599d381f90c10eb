"""One store, asked once: by which pod, name, account and certificates, and for how long."""

import time
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.site import Credentials as SiteCredentials
from cx_conformance.blueprint.store import Protocol, Store
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import sentinel_told, told
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes.stores.observation import Finding, StoreObservation
from cx_conformance.probes.stores.target import Credentials, Limits, Target, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.vantage.clients import OBSERVE, Asking
from cx_conformance.vantage.over_tls import AskedOverTls, ask_over_tls, either_way
from cx_conformance.vantage.pool import ProbePool
from cx_conformance.vantage.reach import Reach, Way
from cx_conformance.vantage.secure import Security, security_of, shakes_hands
from cx_conformance.vantage.sentinels import PORT as SENTINEL_PORT
from cx_conformance.vantage.sentinels import SentinelSaid, ask_sentinels, judged_by
from cx_conformance.vantage.store_access import StoreAccess
from cx_conformance.vantage.store_asked import StoreAsked
from cx_conformance.vantage.store_names import covered, told_hosts
from cx_conformance.vantage.told import asking_for, told_ports
from cx_conformance.vantage.told_accounts import read_from, told_accounts

LIMITS: Final = Limits(connect_s=5.0, answer_s=5.0, total_s=40.0, tries=2)
"""A store that answers within five seconds is slow, not broken; the drivers' own limits are 4 to 30 seconds.

All its answers together may take eight times as long: a container with a tenth of a CPU needs seconds for a handshake.
"""
_SILENT_S: Final = 16.0
"""For a store that has not said a word within the first patience; it has little to lose."""
_OF_SENTINEL_S: Final = 12.0
_PERHAPS_BOTH: Final = (Security.PLAIN, Security.NOT_KNOWN)


class StoreAsking:
    """The asking of one store."""

    def __init__(self, seen: Seen, reach: Reach, access: StoreAccess, pool: ProbePool, entry: Entry[Store]) -> None:
        """Find its Service and pods; raises NoVantage where there is nothing to ask."""
        self._seen, self._reach, self._access, self._entry = seen, reach, access, entry
        self._pool, self._began = pool, time.monotonic()
        self._ends = self._began + pool.allowed(LIMITS.total_s)
        self._service, self._pods = _behind(seen, entry)
        given = seen.plan.site.credentials.get(entry.component, SiteCredentials())
        login = given.login or (None if entry.of.protocol is Protocol.KEYCLOAK else entry.of.login)
        self._namespace = seen.namespace_of(entry.planned)
        self._account = access.account(seen, entry, login, of_site=given.login is not None)
        self._read_from = read_from(login, self._namespace)
        self._given_tls = given.tls
        self._tls = given.tls or entry.of.tls
        self._flags = {one.switched_on for one in told(seen, entry, "tls")}

    def ask(self, *, allow_writes: bool) -> StoreAsked:
        """Return what it answered; raises CouldNotLook."""
        told_of_sentinel = sentinel_told(self._seen, self._entry)
        redis = self._entry.of.protocol is Protocol.REDIS
        sentinel = ask_sentinels(self._seen, told_of_sentinel, self._pods, self._sentinel) if redis else None
        way = self._way(sentinel)
        hosts = told_hosts(self._seen, self._entry)
        host = hosts[0] if hosts else f"{self._service.name}.{self._service.namespace}.svc"
        security, expectation = self._expectation(way)
        target = self._target(way, host, self._entry.of.port, expectation)
        others = self._others(way)
        asking = asking_for(
            self._seen,
            self._entry,
            others=self._ports(target, others),
            others_tls=self._certificates() if others else None,
            allow_writes=allow_writes,
        )
        asked = self._undisturbed(
            way, lambda target: self._asked(target, asking, way, security, told_name=bool(hosts)), target
        )
        observation, role_note = asked.observation, None
        if not observation.reachable.ok:
            way.raise_trouble()
        if observation.hung_up:
            way.raise_for_mesh()
        if sentinel is not None:
            observation, role_note = judged_by(sentinel, told_of_sentinel, observation)
        secure = target.tls is not None or asked.secure_after_all
        return StoreAsked(
            observation=observation,
            vantage=way.vantage,
            pod=way.pod.name,
            secure=secure,
            without_login=self._account.missing,
            login_unread=str(self._account.unread) if self._account.unread else None,
            login_note=self._account.note,
            takes_plain=secure and False in self._flags and self._takes_plain(way),
            certificate_note=asked.note,
            role_note=role_note,
            told_ports=told_ports(self._seen, self._entry) if others else frozenset(),
            read_from=self._read_from,
            as_told=self._as_told(target, asking, after_all=asked.secure_after_all) if observation.logs_in.ok else (),
            others=others,
        )

    def _undisturbed(self, way: Way, ask: Callable[[Target], AskedOverTls], target: Target) -> AskedOverTls:
        """Ask once more where connections were lost on the way, which says nothing of the store.

        Raises the CouldNotLook of the way where that was in vain, too.
        """
        for _ in range(2):
            before = way.disturbances
            asked = ask(replace(target, limits=self._limits()))
            if not asked.observation.broken or way.disturbances <= before:
                return asked
        way.raise_trouble()
        return asked

    def _as_told(self, target: Target, asking: Asking, *, after_all: bool) -> tuple[tuple[str, Finding], ...]:
        """Log in as every other account that components are told; the store's own has shown that it can be done."""
        if self._account.credentials is None:
            return ()
        asking = replace(asking, others=(), allow_writes=False)
        target = replace(target, tls=self._certificates()) if after_all else target
        observe = OBSERVE[self._entry.of.protocol]
        return tuple(
            (where, observe(replace(target, limits=self._limits()), account, asking).logs_in)
            for where, account in told_accounts(self._seen, self._entry, self._access, self._account.credentials)
        )

    def _asked(self, target: Target, asking: Asking, way: Way, security: Security, *, told_name: bool) -> AskedOverTls:
        observe = OBSERVE[self._entry.of.protocol]

        def ask(target: Target) -> StoreObservation:
            return observe(target, self._account.credentials, asking)

        def over_tls(target: Target) -> AskedOverTls:
            return ask_over_tls(
                ask,
                target,
                told=told_name,
                other_name=lambda certificate: covered(self._seen, self._service, way.pod, certificate.names),
                lacking_ca=self._lacking_ca,
            )

        if target.tls is not None:
            return over_tls(target)
        if security is Security.NOT_KNOWN:
            # Its silence so far was the first.
            target = replace(target, limits=replace(target.limits, silences=1))
        plain = ask(target)
        wants_tls = Kind.TLS in (plain.speaks.kind, plain.logs_in.kind)
        untold = security is Security.NOT_KNOWN and plain.reachable.ok and not plain.speaks.ok
        if not (wants_tls or untold):
            return AskedOverTls(plain)
        # It answered too late to be recognised at first, or PostgreSQL lets nobody in without.
        again = replace(target, tls=self._certificates(), limits=self._limits())
        secured = replace(over_tls(again), secure_after_all=True)
        return secured if wants_tls else either_way(plain, secured)

    def _sentinel(self, pod: Pod) -> StoreObservation:
        from cx_conformance.probes.stores import redis_store

        way = self._reach.to(pod, SENTINEL_PORT)
        host = f"{self._service.name}.{self._service.namespace}.svc"
        tls = None
        security = security_of(way.connect_to, Protocol.REDIS)
        if security is Security.TLS:
            tls = replace(self._certificates(), check_hostname=False)
            tls = replace(tls, unverified=None if tls.ca_pem else "no CA is known")
        target = self._target(way, host, SENTINEL_PORT, tls)
        target = replace(target, limits=replace(target.limits, total_s=min(target.limits.total_s, _OF_SENTINEL_S)))
        credentials = Credentials(password=own.password) if (own := self._account.credentials) else None
        seen = redis_store.observe_sentinel(target, credentials, master=sentinel_told(self._seen, self._entry).master)
        if not seen.reachable.ok:
            way.raise_trouble()
        return seen

    def _way(self, sentinel: SentinelSaid | None) -> Way:
        if sentinel is not None and sentinel.master is not None:
            return self._reach.to(sentinel.master, sentinel.port)
        promised = self._entry.planned.facts.service
        ports = promised.ports if promised else ()
        port = next((one.container_port for one in ports if one.port == self._entry.of.port), self._entry.of.port)
        return self._reach.to(self._pods[0], port)

    def _expectation(self, way: Way) -> tuple[Security, TlsExpectation | None]:
        """Return what it answers to, and TLS as it is to be expected; None where it is to be asked without."""
        protocol = self._entry.of.protocol
        if self._given_tls is not None:
            return Security.TLS, self._certificates()
        security = security_of(way.connect_to, protocol)
        if protocol is Protocol.MONGO and True in self._flags and security in _PERHAPS_BOTH:
            # Mongo may answer either way; components that are told to use TLS do.
            refused = security is Security.PLAIN and shakes_hands(way.connect_to) is False
            security = security if refused else Security.TLS
        if security is Security.NOT_KNOWN:
            self._ends = min(self._ends, self._began + self._pool.allowed(_SILENT_S))
        if security is not Security.TLS:
            return security, None
        expectation = self._certificates()
        if protocol is Protocol.POSTGRESQL and not expectation.ca_pem:
            # Offered, not demanded: without a CA to verify it with, the plain connection tells more.
            return security, None
        return security, expectation

    def _takes_plain(self, way: Way) -> bool | None:
        """Return whether it answers without TLS too; None where it did not tell in time."""
        security = security_of(way.connect_to, self._entry.of.protocol)
        return None if security is Security.NOT_KNOWN else security is Security.PLAIN

    def _certificates(self) -> TlsExpectation:
        return self._access.tls(self._tls, self._namespace, check_hostname=self._names_count())

    def _lacking_ca(self) -> str:
        why = self._access.lacking_ca(self._tls, self._namespace)
        return f"{why}; name its CA in the site file, as credentials.{self._entry.component}.tls.ca"

    def _names_count(self) -> bool:
        """Whether the components compare the server's name; PostgreSQL's do by ``sslmode=verify-full`` only."""
        if self._entry.of.protocol is not Protocol.POSTGRESQL:
            return True
        return any("sslmode=verify-full" in one.value for one in told(self._seen, self._entry, "url"))

    def _target(self, way: Way, host: str, port: int, tls: TlsExpectation | None) -> Target:
        return Target(
            host=host,
            port=port,
            connect_to=way.connect_to,
            tls=tls,
            limits=self._limits(),
            why_closed=way.why_closed,
        )

    def _limits(self) -> Limits:
        return replace(LIMITS, total_s=max(self._ends - time.monotonic(), 0.1))

    def _others(self, way: Way) -> dict[int, Way]:
        """Return the ways to ActiveMQ's further ports, in the pod that is asked."""
        if self._entry.of.protocol is not Protocol.ACTIVEMQ:
            return {}
        return {
            one.of.port: self._reach.to(way.pod, one.of.container_port)
            for one in self._seen.plan.entries("store_port")
            if one.component == self._entry.component
        }

    @staticmethod
    def _ports(target: Target, others: dict[int, Way]) -> tuple[Target, ...]:
        return tuple(
            replace(target, port=number, connect_to=one.connect_to, tls=None, why_closed=one.why_closed)
            for number, one in others.items()
        )


def _behind(seen: Seen, entry: Entry[Store]) -> tuple[Service, tuple[Pod, ...]]:
    """Return the store's Service and its ready pods; raises NoVantage where there are none."""
    planned = entry.planned
    try:
        service, pods = seen.service(planned).object, seen.pods(planned)
    except Absent as absent:
        raise NoVantage(f"no pod of {planned.id} to ask: {absent}") from None
    ready = tuple(pod for pod in pods if pod.ready)
    if not ready:
        raise NoVantage(f"no ready pod of {planned.id} to ask; it has {len(pods)} pod{'s' * (len(pods) != 1)}")
    return service, ready

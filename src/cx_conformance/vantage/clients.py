"""How each protocol is asked; the clients are imported when they are needed, 0.1 to 0.9 s apiece."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.store import Protocol, Store
from cx_conformance.probes.stores.observation import StoreObservation
from cx_conformance.probes.stores.target import Credentials, Target, TlsExpectation


class Asking(Struct, frozen=True, kw_only=True):
    """What is asked of a store beside its port and login."""

    store: Store
    fqdn: str | None
    others: tuple[Target, ...] = ()
    """Its further promised ports; only ActiveMQ has any."""
    others_tls: TlsExpectation | None = None
    """The certificates that components hold for those of them that want TLS."""
    replica_set: str | None = None
    """Mongo: the set that the components are told to use."""
    told_path: str | None = None
    """Keycloak: the path under which components are told to find it."""
    allow_writes: bool = False
    """Whether ActiveMQ and S3 are tried with a message and an object of the suite's own."""


_ACTIVEMQ_PORTS: Final = {61616: "OpenWire", 8162: "HTTP"}
"""What a port of ActiveMQ speaks in every release; whether the others use TLS differs between releases."""

_ACTIVEMQ_TLS_PORTS: Final = {61615: "STOMP", 61617: "OpenWire"}
"""What they speak over TLS, where they want it (from 4.10 on)."""

Observe = Callable[[Target, Credentials | None, Asking], StoreObservation]


def _mongo(target: Target, credentials: Credentials | None, asking: Asking) -> StoreObservation:
    from cx_conformance.probes.stores import mongo

    return mongo.observe(target, credentials, replica_set=asking.replica_set)


def _redis(target: Target, credentials: Credentials | None, _asking: Asking) -> StoreObservation:
    from cx_conformance.probes.stores import redis_store

    return redis_store.observe(target, credentials)


def _activemq(target: Target, credentials: Credentials | None, asking: Asking) -> StoreObservation:
    from cx_conformance.probes.stores import activemq

    others = [
        activemq.Port(
            target=one,
            speaks=_ACTIVEMQ_PORTS.get(one.port),
            over_tls=_ACTIVEMQ_TLS_PORTS.get(one.port),
            tls=asking.others_tls if asking.others_tls and asking.others_tls.ca_pem else None,
        )
        for one in asking.others
    ]
    return activemq.observe(target, credentials, others=others, allow_writes=asking.allow_writes)


def _s3(target: Target, credentials: Credentials | None, asking: Asking) -> StoreObservation:
    from cx_conformance.probes.stores import s3

    return s3.observe(
        target,
        credentials,
        bucket=asking.store.bucket,
        live_path=asking.store.health_path,
        allow_writes=asking.allow_writes,
    )


def _postgresql(target: Target, credentials: Credentials | None, asking: Asking) -> StoreObservation:
    from cx_conformance.probes.stores import postgresql

    return postgresql.observe(target, credentials, databases=asking.store.databases)


def _keycloak(target: Target, credentials: Credentials | None, asking: Asking) -> StoreObservation:
    from cx_conformance.probes.stores import keycloak

    return keycloak.observe(
        target, credentials, realm=asking.store.realm or "master", told_path=asking.told_path, fqdn=asking.fqdn
    )


def _grafana(target: Target, credentials: Credentials | None, _asking: Asking) -> StoreObservation:
    from cx_conformance.probes.stores import grafana

    return grafana.observe(target, credentials)


def _superset(target: Target, credentials: Credentials | None, _asking: Asking) -> StoreObservation:
    from cx_conformance.probes.stores import superset

    return superset.observe(target, credentials)


OBSERVE: Final[dict[Protocol, Observe]] = {
    Protocol.MONGO: _mongo,
    Protocol.REDIS: _redis,
    Protocol.ACTIVEMQ: _activemq,
    Protocol.S3: _s3,
    Protocol.POSTGRESQL: _postgresql,
    Protocol.KEYCLOAK: _keycloak,
    Protocol.GRAFANA: _grafana,
    Protocol.SUPERSET: _superset,
}
"""How each protocol is asked; the clients are imported when they are needed, 0.1 to 0.9 s apiece."""

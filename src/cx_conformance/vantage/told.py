"""What the components are told of a store beside where it is: a bucket, a realm, a replica set, a path."""

from contextlib import suppress
from urllib.parse import urlsplit

from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.store import Protocol, Store
from cx_conformance.cluster.addressing import addresses, leads
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import keyed, named, replica_set, told
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.probes.stores.target import Target, TlsExpectation
from cx_conformance.vantage.clients import Asking


def asking_for(
    seen: Seen,
    entry: Entry[Store],
    *,
    others: tuple[Target, ...],
    others_tls: TlsExpectation | None,
    allow_writes: bool,
) -> Asking:
    """Return what is asked of a store: what components are told of it, else what the blueprint says."""
    store = entry.of
    if store.protocol is Protocol.S3:
        store = store.model_copy(update={"bucket": named(seen, entry, "BUCKETNAME") or store.bucket})
    if store.protocol is Protocol.KEYCLOAK:
        store = store.model_copy(update={"realm": named(seen, entry, "KEYCLOAK_REALM") or store.realm})
    return Asking(
        store=store,
        fqdn=seen.fqdn,
        others=others,
        others_tls=others_tls,
        replica_set=replica_set(seen, entry),
        told_path=_told_path(seen, entry) if store.protocol is Protocol.KEYCLOAK else None,
        allow_writes=allow_writes,
    )


def told_ports(seen: Seen, entry: Entry[Store]) -> frozenset[str]:
    """Return the ports that components are told to use, by number or in an address; raises CouldNotLook."""
    numbers = [one.value for one in told(seen, entry, "port")]
    for key in ("ACTIVEMQ_OPEN_WIRE_PORT", "ACTIVEMQ_STOMP_PORT"):
        numbers += [one.value for settings in entry.of.settings for one in keyed(seen, settings, key)]
    for setting in told(seen, entry, "url"):
        numbers += [f"{one.port}" for one in addresses(setting.value) or () if one.port]
    return frozenset(numbers)


def _told_path(seen: Seen, entry: Entry[Store]) -> str | None:
    """Return the path of the only address in the cluster that components are told; None where it has none.

    One that leads through the Ingress may be rewritten there.
    """
    paths = set()
    with suppress(Absent, CouldNotLook, ValueError):
        for setting in told(seen, entry, "url"):
            for one in addresses(setting.value) or () if not setting.is_template else ():
                path = urlsplit(setting.value).path.rstrip("/")
                if path and leads(seen, entry.planned, one.host, setting.namespace).service is not None:
                    paths.add(path)
    return paths.pop() if len(paths) == 1 else None

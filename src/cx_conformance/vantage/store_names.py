"""By which names the components reach a store, for its certificate to be compared with.

Names in the cluster: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
"""

import ipaddress
from collections.abc import Iterable, Iterator
from contextlib import suppress

from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.store import Store
from cx_conformance.cluster.addressing import addresses, leads
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import told
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service
from cx_conformance.outcome.looking import CouldNotLook


def told_hosts(seen: Seen, entry: Entry[Store]) -> tuple[str, ...]:
    """Return the host names that components are told and that lead to the store's Service, each once."""
    found: list[str] = []
    with suppress(Absent, CouldNotLook):
        for setting in (*told(seen, entry, "host"), *told(seen, entry, "url")):
            for one in addresses(setting.value) or () if not setting.is_template else ():
                led = leads(seen, entry.planned, one.host, setting.namespace)
                if led.service is not None and not _is_number(one.host):
                    found.append(one.host.lower().rstrip("."))
    return tuple(dict.fromkeys(found))


def covered(seen: Seen, service: Service, pod: Pod, names: Iterable[str]) -> str | None:
    """Return a name of the store, of its Services or of the pod behind them, that a certificate for ``names`` covers.

    Charts make certificates for the short name, for the name with the cluster's domain, for the headless Service that
    governs the pods, or for the pods one by one.
    """
    of_certificate = [name.lower().rstrip(".") for name in names]
    for candidate in _names(seen, service, pod, of_certificate):
        parent = candidate.partition(".")[2]
        if candidate in of_certificate or (parent and f"*.{parent}" in of_certificate):
            return candidate
    return None


def _names(seen: Seen, service: Service, pod: Pod, of_certificate: list[str]) -> Iterator[str]:
    domains = dict.fromkeys(name.partition(".svc.")[2] for name in of_certificate if ".svc." in name)
    behind = [service]
    with suppress(CouldNotLook):
        behind += [one for one in seen.snapshot.list(Service, pod.namespace) if one.selects(pod.labels)]
    for one in dict.fromkeys(each.name for each in behind):
        short = f"{one}.{pod.namespace}"
        forms = [f"{short}.svc", *(f"{short}.svc.{domain}" for domain in domains), short, one]
        yield from forms
        yield from (f"{pod.name}.{form}" for form in forms)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

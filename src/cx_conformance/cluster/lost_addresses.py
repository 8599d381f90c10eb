"""Addresses inside the cluster that a component is configured with and that lead to no Service, or to no port of one.

An address counts as one inside the cluster by its name: ``name.namespace.svc``, ``name.namespace`` of the platform's
namespaces, or a bare name that ends in ``-svc``, as the platform's Services do. Two words with a dot between them may
be anything, such as what a component is called in traces, unless a scheme, a port or the variable says that it is one.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.addressing import service_named
from cx_conformance.cluster.cluster_domain import USUAL, beyond
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.pod_spec import PodSpec
from cx_conformance.objects.service import Service
from cx_conformance.outcome.looking import CouldNotLook

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.:-]*://)(?:[^/@\"'$]{0,80}@)?"
    r"(?P<text>(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?)(?![A-Za-z0-9.$:{-])"
)
_BARE: Final = re.compile(r"(?P<text>(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*)(?::(?P<port>[0-9]{1,5}))?)")
_TOLD_AS_ADDRESS: Final = re.compile(r"host|ur[li]|endpoint|addr|server|broker|node", re.IGNORECASE)
"""What a variable that holds an address is called."""
_CALLS_NOBODY: Final = frozenset(
    {
        "no_proxy",
        *("otel_service_name", "jaeger_service_name", "elastic_apm_service_name", "dd_service", "sw_agent_name"),
        *("new_relic_app_name", "spring_application_name"),
    }
)
"""What programs call without a proxy, by names, domains and networks; and what they call themselves, as in traces."""
_COMMENTS: Final = ("#", "//", ";", "<!--", "*", "--")


class LostAddress(Struct, frozen=True, kw_only=True):
    """One address that leads nowhere."""

    place: str
    """Where it stands: ``ConfigMap ef-ccm-cm key CCM_URL``."""
    variable: str
    """The key or variable that holds it."""
    why: str
    """What is wrong with it: ``http://ef-cmm-svc:8081 names no Service that was seen``."""
    instead: str = ""
    """Why it may be so all the same: its component is left out here, or its Service bears another accepted name."""


def lost_addresses(seen: Seen, planned: Planned) -> Iterator[LostAddress]:
    """Yield the addresses that lead nowhere; raises Absent where the workload is, CouldNotLook.

    Left out are addresses of stores, and Services and ports that are themselves promised and missing: other checks
    tell those. A name for which the pods have an address of their own leads there, whatever DNS says.
    """
    live = seen.workload(planned).object
    namespace, aliases = live.namespace, live.template.spec.host_aliases
    for place, variable, value in told(seen, planned):
        if variable.lower() in _CALLS_NOBODY:
            continue
        if aliases:
            for _, host, _ in addresses_in(value):
                if host in aliases and (why := _aliased(seen, planned, host, namespace)):
                    yield LostAddress(place=place, variable=variable, why=why)
        if variable in seen.plan.store_variables:
            continue
        for text, host, port in addresses_in(value):
            why = _wrong(seen, text, host, port, namespace)
            if why and not _is_a_word(seen, variable, text, host, port):
                instead = _left_out(seen, host.partition(".")[0]) or _renamed(seen, host.partition(".")[0])
                yield LostAddress(place=place, variable=variable, why=why, instead=instead)


def told(seen: Seen, planned: Planned) -> Iterator[tuple[str, str, str]]:
    """Yield place, name and value of all that the containers are told: keys of ConfigMaps, and variables.

    Raises Absent where the workload is, CouldNotLook.
    """
    live = seen.workload(planned).object
    spec = live.template.spec
    own = {variable.name for one in (*spec.init_containers, *spec.containers) for variable in one.env}
    for name, key in dict.fromkeys(_used(spec)):
        found = seen.snapshot.get(ConfigMap, live.namespace, name)
        for each in found.keys if found else ():
            # A variable of its own comes before envFrom.
            if key in (None, each) and (key or each not in own):
                yield f"ConfigMap {name} key {each}", each, (found.value(each) if found else None) or ""
    for container in (*spec.init_containers, *spec.containers):
        for variable in container.env:
            yield f"variable {variable.name} of container {container.name}", variable.name, variable.value or ""


def _used(spec: PodSpec) -> Iterator[tuple[str, str | None]]:
    for one in spec.references():
        if one.kind == "ConfigMap":
            yield one.name, one.key


@lru_cache(maxsize=4096)
def addresses_in(value: str) -> tuple[tuple[str, str, int], ...]:
    """Return text, host and port (0: none) of each address; what many components are told alike is read once."""
    return tuple(_read(value))


def _read(value: str) -> Iterator[tuple[str, str, int]]:
    """Yield what ``addresses_in`` returns; a comment has no address."""
    for line in value.splitlines():
        if line.strip().startswith(_COMMENTS):
            continue
        for found in _URL.finditer(line):
            yield found["scheme"] + found["text"], found["host"].lower().rstrip("."), int(found["port"] or 0)
    pieces = [_BARE.fullmatch(one.strip()) for one in value.split(",")]
    for bare in pieces if all(pieces) else ():
        if bare:
            yield bare["text"], bare["host"].lower().rstrip("."), int(bare["port"] or 0)


def _wrong(seen: Seen, text: str, host: str, port: int, namespace: str) -> str:
    """Say why the address leads nowhere; empty where it leads somewhere, or is none of the platform's."""
    labels = host.split(".")
    if "svc" in labels[2:]:
        ours = labels[labels.index("svc", 2) - 1] in seen.plan.namespaces
    elif len(labels) == 2:
        ours = labels[1] in seen.plan.namespaces
    else:
        ours = len(labels) == 1 and host.endswith("-svc")
    if not ours:
        return f"{text} names no Service that was seen" if _is_misspelt(seen, labels) else ""
    if said := beyond(host, seen.snapshot.domains):
        return f"{text} {said}"
    found = service_named(seen, host, namespace)
    if found is None:
        return "" if _is_missed_itself(seen, labels) else f"{text} names no Service that was seen"
    numbers = {one.number for one in found.ports}
    if not port or not numbers or port in numbers or _is_promised(seen, found.name, port):
        return ""
    return f"{text} says port {port}, which Service {found.where} does not have"


def _is_a_word(seen: Seen, variable: str, text: str, host: str, port: int) -> bool:
    """Tell whether what reads as ``name.namespace`` is none of that: a host name of the site's, or some word."""
    name, _, rest = host.partition(".")
    if "." in rest or rest not in seen.plan.namespaces:
        return False
    if host in set(_own_hosts(seen)):
        return True
    if "://" in text or port or name.endswith("-svc") or _TOLD_AS_ADDRESS.search(variable):
        return False
    services = [one.name for one in seen.snapshot.list(Service, rest)]
    return any(name in one for one in services) or not any(_alike(name, one, _SO_LONG) for one in services)


def _own_hosts(seen: Seen) -> Iterator[str]:
    """Yield the host names under which the platform is reached."""
    yield from (one.lower() for one in (seen.fqdn, *seen.plan.site.hosts.values()) if one)
    with suppress(CouldNotLook):
        yield from (one.path.host.lower() for one in seen.routing.all)


def _aliased(seen: Seen, planned: Planned, host: str, namespace: str) -> str:
    """Say that a Service's name leads past it, by hostAliases; empty where it does not, or is the name of none.

    A pod may know its own Service by any address of its own.
    """
    found, addresses = service_named(seen, host, namespace), seen.spec(planned).host_aliases[host]
    if found is None or found.external_name or seen.is_served_by(planned, found.namespace, found.name):
        return ""
    own = {*found.cluster_ips, *found.external_ips, *found.load_balancer}
    if found.headless:
        own |= {ip for pod in seen.snapshot.pods_behind(found) for ip in pod.ips}
    past = [one for one in addresses if one not in own]
    if not own or not past:
        return ""
    return f"hostAliases of its pods lead {host} to {', '.join(past)}, which is no address of Service {found.where}"


def _is_misspelt(seen: Seen, labels: list[str]) -> bool:
    """Tell whether a name is that of a Service of the platform's, but for letters of its namespace or of ``svc``."""
    if len(labels) < 2:
        return False
    service, namespace, *rest = labels[labels.index("svc", 2) - 2 :] if "svc" in labels[2:] else labels
    if rest not in ([], _WITHOUT_SVC) and not _alike(rest[0], "svc"):
        return False
    return any(
        _alike(namespace, meant)
        and (namespace == meant or seen.snapshot.has_namespace(namespace) is False)
        and seen.snapshot.get(Service, meant, service) is not None
        for meant in seen.plan.namespaces
        if meant in seen.snapshot.namespaces
    )


_WITHOUT_SVC: Final = USUAL.split(".")


_SO_ALIKE: Final = 0.66
"""Of three letters two."""
_SO_LONG: Final = 0.8
"""Of five letters four: Services have longer names than namespaces."""


def _alike(word: str, meant: str, ratio: float = _SO_ALIKE) -> bool:
    return SequenceMatcher(None, word, meant, autojunk=False).ratio() >= ratio


def _is_missed_itself(seen: Seen, labels: list[str]) -> bool:
    """Tell whether it is the Service of a component that has none under any name."""
    for planned in seen.plan.components.values():
        if set(labels[:2]).isdisjoint(planned.service_names):
            continue
        try:
            seen.service(planned)
        except Absent:
            return True
    return False


def _is_promised(seen: Seen, service: str, port: int) -> bool:
    """Tell whether the page promises that port of that Service."""
    return any(
        service in planned.service_names
        and planned.facts.service is not None
        and any(port in (one.port, *one.also) for one in planned.facts.service.ports)
        for planned in seen.plan.components.values()
    )


def _renamed(seen: Seen, name: str) -> str:
    """Tell which Service stands for the one of that name, where the page and the vendor spell it in several ways."""
    for planned in seen.plan.components.values():
        if name in planned.service_names:
            with suppress(Absent):
                found = seen.service(planned).object
                return f"Service {found.where} stands for it" if found.name != name else ""
    return ""


def _left_out(seen: Seen, name: str) -> str:
    """Tell which component's Service bears the name, where this site leaves that component out."""
    for component, facts in seen.plan.blueprint.components.items():
        planned = seen.plan.components.get(component)
        if facts.service and name in facts.service.candidates and (planned is None or seen.left_out(planned)):
            return f"{component} is left out here"
    return ""

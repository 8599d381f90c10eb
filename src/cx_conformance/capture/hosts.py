"""Addresses of Services in what components are told: in a variable, a file or a command line.

A bare word is one only where something says so: a scheme before it, a port of that Service behind it, or a key that
speaks of hosts. Names with ``.svc`` are always one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from cx_conformance.cluster.addressing import addresses, service_place
from cx_conformance.objects.service import Service

_LONGEST: Final = 2**20
"""Characters of one value that are searched; a ConfigMap holds no more."""
_HOST: Final = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]{0,30})://(?:[^/\s@'\",]{0,300}@)?)?(?<![\w.-])"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?![\w])(?::(?P<port>[0-9]{1,5})(?![0-9]))?",
    re.IGNORECASE,
)
_OF_HOSTS: Final = re.compile(
    r"host|addr|url|uri|server|endpoint|service|svc|node|broker|upstream|backend|proxy|domain", re.IGNORECASE
)
_USUAL: Final = {
    **dict.fromkeys(("http", "ws"), 80),
    **dict.fromkeys(("https", "wss"), 443),
    **dict.fromkeys(("mongodb", "mongodb+srv"), 27017),
    **dict.fromkeys(("redis", "rediss"), 6379),
    **dict.fromkeys(("postgres", "postgresql", "jdbc:postgresql"), 5432),
    "amqp": 5672,
    "mysql": 3306,
}
Place = tuple[str, str]


class Mention(Struct, frozen=True):
    """A Service that a text names, by namespace and name; ``port`` None: it says none."""

    place: Place
    port: int | None


class Hosts(Struct):
    """Finds Services by the names under which pods of a namespace call them; remembers what it has read."""

    services: Mapping[Place, Service]
    """By namespace and name."""
    _read: dict[tuple[str, bool, str], tuple[Mention, ...]] = field(default_factory=dict)

    def named(self, host: str, namespace: str) -> Place | None:
        """Return where the Service stands that a pod of ``namespace`` finds under ``host``; an alias is followed."""
        place = service_place(host.lower().rstrip("."), namespace)
        found = self.services.get(place) if place else None
        if found is not None and found.type == "ExternalName":
            behind = service_place(found.external_name.lower().rstrip("."), found.namespace)
            return behind if behind in self.services else None
        return place if found is not None else None

    def in_text(self, text: str, namespace: str, key: str = "") -> tuple[Mention, ...]:
        """Return the Services that ``text`` names, each with its port, once; ``key`` is what it stands under."""
        of_hosts = bool(_OF_HOSTS.search(key))
        remembered = namespace, of_hosts, text
        if remembered not in self._read:
            self._read[remembered] = tuple(dict.fromkeys(self._search(text[:_LONGEST], namespace, of_hosts=of_hosts)))
        return self._read[remembered]

    def is_alone(self, text: str, namespace: str, place: Place) -> bool:
        """Tell whether ``text`` as a whole is an address of the Service at ``place``, or a list of such."""
        found = addresses(text.strip()) if len(text) < 1000 else None
        return bool(found) and all(self.named(one.host, namespace) == place for one in found or ())

    def _search(self, text: str, namespace: str, *, of_hosts: bool) -> Iterator[Mention]:
        whole = text.strip().lower()
        for match in _HOST.finditer(text):
            host, scheme = match["host"].lower(), (match["scheme"] or "").lower()
            place = self.named(host, namespace)
            if place is None:
                continue
            port = int(match["port"]) if match["port"] else None
            numbers = {one.number for one in self.services[place].ports}
            listed = of_hosts and (len(whole) < 1000 and host in re.split(r"[,;\s]+", whole))
            if ".svc" in host or scheme or port in numbers or listed:
                usual = _USUAL.get(scheme)
                yield Mention(place, port if port is not None or usual not in numbers else usual)

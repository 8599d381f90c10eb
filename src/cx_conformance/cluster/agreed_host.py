"""The host name that all Ingresses of the platform agree on, to be held against the one that a run is told."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from cx_conformance.cluster.routes import Route

SAMPLE_HOST: Final = "devops.ef.com"
"""The vendor's own, which stands in the charts' values: a site that agrees on it has not written its own."""


class AgreedHost(Struct, frozen=True):
    """A host name, and the Ingresses that serve it."""

    name: str
    ingresses: tuple[str, ...]

    @property
    def words(self) -> str:
        """Who serves what: ``all 18 Ingresses serve cx.example.com``."""
        if len(self.ingresses) == 1:
            return f"Ingress {self.ingresses[0]} serves {self.name}"
        return f"all {len(self.ingresses)} Ingresses serve {self.name}"


def agreed(routes: Iterable[Route]) -> AgreedHost | None:
    """Return the host of every rule; None where they differ, or are for any host, a wildcard or the vendor's sample."""
    hosts, ingresses = set(), {}
    for route in routes:
        hosts.add(route.host)
        ingresses[route.ingress.where] = True
    name = next(iter(hosts), "")
    said = len(hosts) == 1 and name and not name.startswith("*") and name.lower() != SAMPLE_HOST
    return AgreedHost(name, tuple(ingresses)) if said else None


def no_host(known: AgreedHost | None) -> str:
    """Say that no host name is known, and offer the one that all agree on."""
    offer = f"; {known.words}: --fqdn {known.name}" if known else ""
    return f"no host name is known; give --fqdn or `fqdn` in the site file{offer}"

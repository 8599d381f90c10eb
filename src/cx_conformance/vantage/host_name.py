"""Where the platform's host name leads before there is a platform, and who answers there."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.cluster.own_addresses import own_addresses, spelt
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.probes.door import SECONDS
from cx_conformance.probes.ingress import UNKNOWN_HOST, EntryPoint, PathObservation, probe_paths
from cx_conformance.probes.look_up import addresses
from cx_conformance.probes.resolve import Resolve
from cx_conformance.vantage.entrance import Entrance

_MOST_COMPARED: Final = 4
"""Addresses of the cluster's own that are asked who answers there: one ingress controller serves them all."""


class Answered(Struct, frozen=True, kw_only=True):
    """Who answers at one address for the host name."""

    address: str
    seen: PathObservation
    refuses_all: bool = False
    """Whether any other host name gets the same answer, and it is a refusal: a controller to which nothing is told."""

    @property
    def leads_nowhere(self) -> bool:
        """Whether who answers is an ingress controller by itself."""
        return self.seen.default_backend is not None or self.refuses_all

    @property
    def anybody(self) -> bool:
        """Whether anybody accepts a connection and speaks HTTPS, or something else."""
        return self.seen.http.status is not None or self.seen.http.tls is not None

    @property
    def certificate(self) -> str | None:
        """The fingerprint of the certificate that is shown there."""
        shown = self.seen.http.tls.certificate if self.seen.http.tls else None
        return shown.fingerprint if shown else None

    @property
    def words(self) -> str:
        """Who answers, in a few words."""
        if self.leads_nowhere:
            named = (self.seen.default_backend or "the ingress controller").replace("the ", "an ", 1)
            return f"{named} answers, which leads nowhere yet"
        shown = self.seen.http.tls.certificate if self.seen.http.tls else None
        names = f" with a certificate for {', '.join(shown.names[:3]) or 'no name'}" if shown else ""
        if self.seen.http.status is not None:
            return f"something answers {self.seen.http.status} {self.seen.http.reason}".rstrip() + names
        return f"something answers{names}" if self.anybody else "nobody answers"


class HostName(Struct, frozen=True, kw_only=True):
    """What was found of a host name."""

    host: str
    by: str
    """Who said where it leads, in words: DNS, as this machine or a pod asks it, or ``--resolve``."""
    leads_to: tuple[str, ...]
    own: Mapping[str, str]
    """The cluster's own addresses, each with whose it is."""
    there: tuple[Answered, ...]
    """Who answers at each of those that it leads to."""
    at_own: tuple[Answered, ...]
    """Who answers at some of the cluster's own, where it leads elsewhere."""

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The addresses that are none of the cluster's own."""
        return tuple(one for one in self.leads_to if spelt(one) not in self.own)

    def is_same(self, address: str) -> bool:
        """Whether an address from outside leads to the cluster all the same: the same certificate is shown at both.

        The ingress controllers make up one of their own where none is given, so that no two clusters' are alike.
        """
        shown = {one.certificate for one in self.there if one.address == address} - {None}
        return bool(shown & {one.certificate for one in self.at_own})


def look_at_host_name(host: str, entrance: Entrance, snapshot: Snapshot, *, inside: bool) -> HostName:
    """Return what is found of ``host``, asked for where the run stands: in a pod where ``inside``.

    Raises CouldNotLook where DNS does not answer, or the cluster's own addresses may not be seen.
    """
    own = own_addresses(snapshot)
    given = tuple(dict.fromkeys(one.address for one in entrance.resolves if one.host == host.lower()))
    leads_to = given or addresses(host, SECONDS)
    by = "as --resolve says" if given else "as the cluster's DNS says" if inside else "as this machine's DNS says"
    for name in [one for one in own if not _is_address(one)]:
        # A load balancer that is known by a name has the addresses of that name.
        own = {**dict.fromkeys(map(spelt, addresses(name, SECONDS)), own[name]), **own}
    found = HostName(host=host, by=by, leads_to=leads_to, own=own, there=(), at_own=())
    found = replace(found, there=tuple(_answered(host, entrance, one) for one in leads_to))
    if not found.elsewhere:
        return found
    compared = [one for one in own if _is_address(one)][:_MOST_COMPARED]
    return replace(found, at_own=tuple(_answered(host, entrance, one) for one in compared))


def _answered(host: str, entrance: Entrance, address: str) -> Answered:
    point = EntryPoint(
        fqdn=host,
        resolves=[Resolve(host=host.lower(), port=entrance.https_port, address=address)],
        https_port=entrance.https_port,
    )
    (seen,) = probe_paths(point, ["/"])
    status, alike = seen.http.status, False
    if status is not None and status >= 400 and seen.default_backend is None:
        other = point.get(point.request("/", host=UNKNOWN_HOST))
        alike = (other.status, other.body) == (status, seen.http.body)
    return Answered(address=address, seen=seen, refuses_all=alike)


def _is_address(text: str) -> bool:
    return ":" in text or text.replace(".", "").isdigit()

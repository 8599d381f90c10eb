"""The platform as its users reach it: through its entry point, by host name, from outside the cluster."""

import ssl
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.blueprint.component import Ingress
from cx_conformance.blueprint.plan import Entry
from cx_conformance.cluster.agreed_host import no_host
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.check import NotApplicable
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.probes.http_observation import HttpFailure, HttpObservation, Trust
from cx_conformance.probes.ingress import (
    EntryPoint,
    PathObservation,
    UpgradeObservation,
    probe_paths,
    probe_redirect,
    probe_socket_io,
    probe_tls,
)
from cx_conformance.probes.resolve import Resolve, parse_resolve
from cx_conformance.vantage.pool import Pending, ProbePool

T = TypeVar("T")

OUTSIDE: Final = "ingress"
"""The vantage of these probes, as outcomes name it."""
_SHUT: Final = (HttpFailure.REFUSED, HttpFailure.TIMED_OUT, HttpFailure.NO_ROUTE)


class Entrance(Struct, frozen=True, kw_only=True):
    """How the entry point is reached, and whose certificates are trusted there: a PEM file's, or the system's."""

    resolves: Sequence[Resolve] = ()
    trust: Path | Trust = Trust.SYSTEM
    https_port: int = 443
    http_port: int = 80

    def to(self, host: str) -> EntryPoint:
        """Return the entry point of one host name."""
        return EntryPoint(
            fqdn=host,
            resolves=self.resolves,
            trust=self.trust,
            https_port=self.https_port,
            http_port=self.http_port,
        )


USUAL: Final = Entrance()
"""By DNS, on the usual ports, with the system's authorities."""


def entrance(resolves: Iterable[str], ca: Path | None) -> Entrance:
    """Return the entrance that options describe; ValueError says which of them cannot be used, and why."""
    if ca is not None:
        if ca.exists() and not ca.is_file():
            raise ValueError(f"--ca {ca}: this is no file, and a run reads it several times; give a PEM file")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca)
        except ssl.SSLError:
            raise ValueError(f"--ca {ca}: no certificate of an authority, in PEM, is in it") from None
        except OSError as error:
            raise ValueError(f"--ca {ca}: {error.strerror}") from None
    return Entrance(resolves=tuple(parse_resolve(text) for text in resolves), trust=ca or Trust.SYSTEM)


def through(usual: Entrance, host: str, address: str, ports: tuple[int, int], authority: Path) -> Entrance:
    """Return ``usual`` with a way of its own for one host: an address, the ports of HTTPS and HTTP, an authority."""
    own = Resolve(host=host.lower(), port=ports[0], address=address)
    return replace(usual, resolves=(*usual.resolves, own), trust=authority, https_port=ports[0], http_port=ports[1])


class Redirect(Struct, frozen=True):
    """What plain HTTP came to, and whether it leads to HTTPS on the same host."""

    seen: HttpObservation
    leads_to_https: bool
    accepted: bool = False
    """Whether a connection was accepted."""

    @property
    def shut(self) -> bool:
        """Whether nobody can connect for plain HTTP at all; one who accepts and is silent is there."""
        return self.seen.failure in _SHUT and not self.accepted


class EntranceProbes:
    """What came of each path, host name and redirect; nothing is asked where no host name is known."""

    def __init__(self, seen: Seen, entrance: Entrance, pool: ProbePool) -> None:
        """Ask for the ingresses of the plan of ``seen``, through ``entrance``."""
        self._seen = seen
        self._pool = pool
        self._by_host: dict[str, list[Entry[Ingress]]] = defaultdict(list)
        for entry in seen.plan.entries("ingress"):
            host = seen.host_of(entry.planned)
            if host and entry.of.over_tls:
                self._by_host[host].append(entry)
        self._points = {host: entrance.to(host) for host in self._by_host}
        self._running: dict[tuple[str, str], Pending[Any]] = {}

    def start(self, entry: Entry[Ingress]) -> None:
        """Ask for everything about an ingress, and about its host name."""
        host = self._seen.host_of(entry.planned)
        if host and entry.of.over_tls:
            self._start_host(host)
            self._start_paths(host)
            self._start_redirect(entry, host)
            if entry.of.web_socket:
                self._start_upgrade(entry, host)

    def hosts(self) -> Mapping[str, HttpObservation]:
        """Return what came of HTTPS with a verified certificate, by host name; raises NotApplicable without any."""
        if not self._by_host:
            raise NotApplicable(no_host(self._seen.agreed_host))
        running = {host: self._start_host(host) for host in self._by_host}
        return {host: one.result() for host, one in running.items()}

    def path(self, entry: Entry[Ingress]) -> PathObservation:
        """Return what the path of an ingress answered; raises NotApplicable without a host name."""
        host = self._host(entry)
        at = [one.component for one in self._by_host[host]].index(entry.component)
        return self._start_paths(host).result()[at]

    def redirect(self, entry: Entry[Ingress]) -> Redirect:
        """Return what its path came to over plain HTTP; raises NotApplicable without a host name."""
        return self._start_redirect(entry, self._host(entry)).result()

    def upgrade(self, entry: Entry[Ingress]) -> UpgradeObservation:
        """Return what came of a WebSocket below its path; raises NotApplicable without a host name, or a WebSocket."""
        if not entry.of.web_socket:
            raise NotApplicable("its clients open no WebSocket")
        return self._start_upgrade(entry, self._host(entry)).result()

    def _start_host(self, host: str) -> Pending[HttpObservation]:
        return self._once(("tls", host), probe_tls, self._points[host])

    def _start_paths(self, host: str) -> Pending[tuple[PathObservation, ...]]:
        paths = [asked_path(self._seen, entry) for entry in self._by_host[host]]
        return self._once(("paths", host), probe_paths, self._points[host], paths)

    def _start_redirect(self, entry: Entry[Ingress], host: str) -> Pending[Redirect]:
        return self._once(("redirect", entry.component), _redirected, self._points[host], asked_path(self._seen, entry))

    def _start_upgrade(self, entry: Entry[Ingress], host: str) -> Pending[UpgradeObservation]:
        path = f"{entry.of.path.rstrip('/')}/socket.io/"
        return self._once(("upgrade", entry.component), probe_socket_io, self._points[host], path)

    def _once(self, key: tuple[str, str], probe: Callable[..., T], *given: object) -> Pending[T]:
        if key not in self._running:
            self._running[key] = self._pool.submit(probe, *given)
        return self._running[key]

    def _host(self, entry: Entry[Ingress]) -> str:
        host = self._seen.host_of(entry.planned)
        if not entry.of.over_tls:
            raise NotApplicable(f"{entry.of.url} is promised, without TLS; it is not asked from outside")
        if not host:
            raise NotApplicable(no_host(self._seen.agreed_host))
        return host


def asked_path(seen: Seen, entry: Entry[Ingress]) -> str:
    """Return the path to ask for: through APISIX the one below, for the bare one may be another route's."""
    with suppress(Absent, CouldNotLook, NotApplicable):
        if not entry.of.exact and seen.gateway_of(seen.route(entry.planned, entry.of)):
            return f"{entry.of.path.rstrip('/')}/"
    return entry.of.path


def _redirected(point: EntryPoint, path: str) -> Redirect:
    seen, leads = probe_redirect(point, path)
    return Redirect(seen, leads, accepted=point.shut(point.request(path, scheme="http")) is None)

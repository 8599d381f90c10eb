"""Ports of which no health endpoint is documented: that they accept, and speak HTTP where their name says so.

Silence is judged here, and is not the same as what is not known: the question that every caller asks first, of a port
whose protocol is promised, was left alone twice, each time for as long as any answer is waited for. Whoever calls it
waits in vain. Not known is what a question left open that is only asked to choose the next one, or that had less time.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cx_conformance.blueprint.component import ServicePort
from cx_conformance.objects.pod import Pod
from cx_conformance.probes import http
from cx_conformance.probes.http_failure import says_wrong_scheme
from cx_conformance.probes.http_observation import HttpFailure, HttpLimits, HttpObservation, HttpRequest, Trust
from cx_conformance.vantage.reach import Way

if TYPE_CHECKING:
    import socket

_CONNECT_S: Final = 3.0
_MESH_S: Final = 0.5
"""For a mesh's proxy to find that nobody listens behind it."""
_NOBODY_BEHIND: Final = "is open to a mesh's proxy alone, which ends every connection: nobody listens behind it"
_TRIES: Final = 2
"""A port that accepts nothing for so long, so often, is dropped or dead."""
_LIMITS: Final = HttpLimits(total_seconds=10.0)
"""Five seconds for a first request, twice."""
_SERVES_NOTHING: Final = ("No static resource", "No handler found for GET /", "Request method 'GET' ")
"""What Spring says where nothing is served at a path, which a component's own handler of errors may answer with 500.

https://github.com/spring-projects/spring-boot/issues/39526 and 38733
"""
_REACHES_NOBODY: Final = (HttpFailure.REFUSED, HttpFailure.NO_ROUTE)


class PodPort(Struct, frozen=True):
    """Whether one pod's port does what is promised of it: to accept, and to speak HTTP where its name says so."""

    pod: Pod
    vantage: str
    kept: bool
    words: str
    """What it does, or the whole sentence of why that is not what is promised."""


def scheme_of(port: ServicePort) -> str | None:
    """Return what a port speaks by its promised name (``http-ccm-8081``); None where that tells nothing of HTTP."""
    begin = (port.name or "").partition("-")[0]
    return begin if begin in ("http", "https") else None


def speaks_http(port: ServicePort, host: str, ways: Sequence[Way], scheme: str) -> tuple[PodPort, ...]:
    """Ask each pod for ``/``: any status below 500 will do, be it that nothing is there or that a login is wanted.

    So will a 500 whose body says that nothing is there.
    """
    requests = [
        HttpRequest(url=f"{scheme}://{host}:{port.port}/", connect_to=way.connect_to, trust=Trust.NOBODY)
        for way in ways
    ]
    seen = http.get_all(requests, _LIMITS, good=_good)
    return tuple(_judged(way, one, scheme) for way, one in zip(ways, seen, strict=True))


def knocked(way: Way) -> PodPort:
    """Connect; a tunnel is asked itself, for its local end accepts whatever the pod does."""
    if way.tunnel is not None:
        accepts = way.tunnel.accepts()
        if not accepts:
            way.raise_trouble()
        words = "accepts" if accepts else (way.why_closed() or f"{_named(way)} refuses connections")
        return PodPort(way.pod, way.vantage, accepts, words)
    return _connected(way, _CONNECT_S)


def _connected(way: Way, seconds: float) -> PodPort:
    import socket

    why = ""
    for _ in range(_TRIES):
        try:
            with socket.create_connection(way.connect_to, timeout=seconds) as connection:
                hung_up = way.meets_a_mesh and _hangs_up(connection)
        except TimeoutError:
            why = f"does not answer within {seconds:g} s, asked twice"
            continue
        except ConnectionResetError:  # once it was accepted, or it would have been refused
            hung_up = way.meets_a_mesh
        except OSError as error:
            refused = isinstance(error, ConnectionRefusedError)
            why = "refuses connections" if refused else f"cannot be reached ({error.strerror})"
            break
        if hung_up:
            way.raise_for_mesh()
            return PodPort(way.pod, way.vantage, False, f"{_named(way)} {_NOBODY_BEHIND} at {way.pod.ip}")
        return PodPort(way.pod, way.vantage, True, "accepts")
    way.raise_trouble()
    return PodPort(way.pod, way.vantage, False, f"{_named(way)} {why} at {way.pod.ip}")


def _hangs_up(connection: "socket.socket") -> bool:
    """Whether a connection is ended at once: a mesh's proxy accepts for whoever is behind it, and looks then."""
    connection.settimeout(_MESH_S)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def _good(seen: HttpObservation) -> bool:
    status = 500 if seen.status is None else seen.status
    well = status < 500 or _serves_nothing(seen)
    return well and seen.failure is None and not says_wrong_scheme(seen.status, seen.text)


def _serves_nothing(seen: HttpObservation) -> bool:
    return seen.status == 500 and any(words in seen.text for words in _SERVES_NOTHING)


def _judged(way: Way, seen: HttpObservation, scheme: str) -> PodPort:
    if _good(seen):
        there = ", for it serves nothing at /" if _serves_nothing(seen) else ""
        return PodPort(way.pod, way.vantage, True, f"speaks HTTP: answers {seen.status}{there}")
    port = _named(way)
    if seen.status is None:
        way.raise_trouble(silent=seen.failure is HttpFailure.TIMED_OUT)
        if why := way.why_closed():
            return PodPort(way.pod, way.vantage, False, why)
    if seen.failure in _REACHES_NOBODY:
        words = f"{port} refuses connections at {way.pod.ip}"
    elif seen.status is not None and seen.status >= 500:
        words = f"{port} answers {seen.status} {seen.reason}".rstrip() + f" to GET /: {seen.excerpt()}"
    elif seen.failure is HttpFailure.SCHEME or seen.status is not None:
        words = f"{port} speaks {'HTTPS' if scheme == 'http' else 'HTTP'} where {scheme.upper()} is promised"
    elif seen.failure is HttpFailure.TIMED_OUT:
        words = f"{port} accepts and does not answer an HTTP request within {_LIMITS.patience_seconds:g} s, asked twice"
    else:
        words = f"{port} accepts and does not speak {scheme.upper()}: {seen.failure}"
    return PodPort(way.pod, way.vantage, False, words)


def _named(way: Way) -> str:
    return f"port {way.port} of pod {way.pod.where}"

"""Whether an entry point can be connected to at all, asked once for each of its ports before anything else is.

Where its name is unknown, or a firewall drops every packet, each of thirty paths would find that out for itself.
"""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from typing import Final

from msgspec import Struct, field

from cx_conformance.outcome.looking import Unreachable
from cx_conformance.probes.http_observation import HttpLimits, HttpObservation, HttpRequest
from cx_conformance.probes.look_up import Places, no_answer, resolved

SECONDS: Final = 4.0
"""For the name and the connection together: three packets of a connection that is dropped are sent by then."""


class Door(Struct):
    """The ports of one entry point; each is tried by whoever comes first, and the others wait for that."""

    seconds: float = SECONDS
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _found: dict[tuple[str, int], OSError | Unreachable | None] = field(default_factory=dict)
    _names: dict[str, Places | OSError] = field(default_factory=dict)

    def shut(self, request: HttpRequest, address: tuple[str, int]) -> HttpObservation | None:
        """Return what comes of ``request`` where nobody can connect to ``address``; None where one can.

        Raises Unreachable where it is not known: DNS did not answer. What a proxy leads to is for the proxy to say.
        """
        if request.use_proxy and _by_proxy(request.url, address[0]):
            return None
        with self._turn:
            if address not in self._found:
                self._found[address] = self._tried(*address)
            found = self._found[address]
        if isinstance(found, Unreachable):
            raise found
        if found is None:
            return None
        from httpx import ConnectTimeout

        from cx_conformance.probes.http_failure import explain

        error = ConnectTimeout("") if isinstance(found, TimeoutError) else found
        failure, words = explain(error, request, HttpLimits(connect_seconds=self.seconds))
        return HttpObservation(url=request.url, failure=failure, words=words)

    def _tried(self, host: str, port: int) -> OSError | Unreachable | None:
        """Return why no connection comes about; None where one does."""
        ends = time.monotonic() + self.seconds
        if host not in self._names:
            self._names[host] = resolved(host, self.seconds)
        places = self._names[host]
        if isinstance(places, OSError):
            return no_answer(host, places, self.seconds) or places
        last: OSError | None = OSError("it has no address")
        for number, (family, place) in enumerate(places):
            last = _connected(family, (place[0], port), (ends - time.monotonic()) / (len(places) - number))
            if last is None:
                break
        return last


def _connected(family: socket.AddressFamily, place: tuple[str, int], seconds: float) -> OSError | None:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.settimeout(max(seconds, 0.1))
            sock.connect(place)
    except OSError as error:
        return error
    return None


def _by_proxy(url: str, host: str) -> bool:
    proxies = urllib.request.getproxies()
    return bool(proxies.get(url.partition(":")[0]) or proxies.get("all")) and not urllib.request.proxy_bypass(host)

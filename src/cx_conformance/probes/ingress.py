"""The platform from outside, through its real entry point: paths, TLS, the redirect to HTTPS, WebSockets."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from msgspec import Struct, field

from cx_conformance.probes.default_backend import default_backend
from cx_conformance.probes.door import Door
from cx_conformance.probes.http import get, get_all
from cx_conformance.probes.http_failure import says_wrong_scheme
from cx_conformance.probes.http_observation import HttpLimits, HttpObservation, HttpRequest, Trust

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cx_conformance.probes.resolve import Resolve

UNKNOWN_HOST = "unknown-host.cx-conformance.invalid"
"""A name that no rule is for: what answers it is the controller itself."""
_WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_SOCKET_IO_VERSIONS = (4, 3)
"""Engine.IO protocols: 4 of Socket.IO 3 and later, 3 of Socket.IO 1 and 2."""


class EntryPoint(Struct, frozen=True, kw_only=True):
    """Where users enter: the host name, addresses to use instead of DNS, and whom to trust for the certificate.

    A ``resolves`` for one port of the host serves the other too: the entry point is one machine.
    """

    fqdn: str
    resolves: Sequence[Resolve] = ()
    trust: Path | Trust = Trust.SYSTEM
    https_port: int = 443
    http_port: int = 80
    limits: HttpLimits = field(default_factory=HttpLimits)
    door: Door = field(default_factory=Door)

    def shut(self, request: HttpRequest) -> HttpObservation | None:
        """Return what comes of a request where nobody can connect at all; None where one can; raises Unreachable."""
        port = self.https_port if request.url.startswith("https:") else self.http_port
        return self.door.shut(request, (self._address(port) or self.fqdn, port))

    def get(self, request: HttpRequest) -> HttpObservation:
        """Return what came of a request; raises Unreachable where DNS does not answer."""
        return self.shut(request) or get(request, self.limits)

    def request(
        self,
        path: str,
        *,
        scheme: str = "https",
        host: str | None = None,
        trust: Path | Trust = Trust.NOBODY,
        headers: Mapping[str, str] | None = None,
    ) -> HttpRequest:
        """Return the request for ``path`` here; with ``host``, for that name but sent here all the same."""
        port, usual = (self.https_port, 443) if scheme == "https" else (self.http_port, 80)
        address = self._address(port)
        netloc = host or self.fqdn
        return HttpRequest(
            url=f"{scheme}://{netloc if port == usual else f'{netloc}:{port}'}/{path.removeprefix('/')}",
            connect_to=(address or self.fqdn, port) if address or host else None,
            server_name=self.fqdn,
            trust=trust,
            headers=headers or {},
            use_proxy=address is None,
        )

    def _address(self, port: int) -> str | None:
        here = [each for each in self.resolves if each.host == self.fqdn.lower()]
        return next((each.address for each in sorted(here, key=lambda each: each.port != port)), None)


class PathObservation(Struct, frozen=True, kw_only=True):
    """What came of one path; ``default_backend`` names the controller that answered because no rule matched."""

    path: str
    http: HttpObservation
    default_backend: str | None

    @property
    def answers(self) -> bool:
        """Whether something behind the path answered users: a status below 500, and none of those that reach nobody."""
        return (
            self.http.failure is None
            and (self.http.status or 500) < 500
            and not (self.default_backend or self.asked_in_plain or self.leads_to_itself)
        )

    @property
    def asked_in_plain(self) -> bool:
        """Whether the component wants TLS, and the controller asks it without."""
        return says_wrong_scheme(self.http.status, self.http.text)

    @property
    def leads_to_itself(self) -> bool:
        """Whether browsers would follow it for ever; one that sets a cookie may answer otherwise the next time."""
        try:
            led = urljoin(self.http.url, self.http.location) if self.http.location else None
        except ValueError:  # where it leads to is no URL
            return False
        return led == self.http.url and "set-cookie" not in self.http.headers

    @property
    def words(self) -> str:
        """What was seen, in one sentence."""
        if self.default_backend:
            return f"{self.http.url}: no rule leads anywhere, {self.default_backend} answered {self.http.status} itself"
        if self.asked_in_plain:
            return (
                f"{self.http.url}: answered {self.http.status}, for the component wants TLS and the controller asks it "
                "in plain; set nginx.ingress.kubernetes.io/backend-protocol: HTTPS, or Traefik's serversscheme"
            )
        if self.leads_to_itself:
            return (
                f"{self.http.url}: answered {self.http.status} and leads to itself for ever; where a load balancer "
                "ends TLS before the controller, let it pass X-Forwarded-Proto on, and the controller believe it"
            )
        if self.http.failure:
            return self.http.words
        to = f", leads to {self.http.shown_location}" if self.http.location else ""
        return f"{self.http.url}: answered {self.http.status} {self.http.reason}{to}"


class UpgradeObservation(Struct, frozen=True, kw_only=True):
    """What came of a WebSocket handshake; ``words`` say it in one sentence."""

    http: HttpObservation
    upgraded: bool
    words: str


def probe_paths(entry: EntryPoint, paths: Sequence[str]) -> tuple[PathObservation, ...]:
    """Ask for all ``paths`` at once, over HTTPS, whoever signed the certificate: that is ``probe_tls``'s to say.

    A request for a host that no rule names shows what the controller answers when no rule matches.
    """
    asked = [entry.request("/", host=UNKNOWN_HOST), *(entry.request(path) for path in paths)]
    shut = [one for one in map(entry.shut, asked) if one]
    unknown, *seen = shut or get_all(asked, entry.limits)
    return tuple(
        PathObservation(path=path, http=each, default_backend=default_backend(each, unknown))
        for path, each in zip(paths, seen, strict=True)
    )


def probe_tls(entry: EntryPoint) -> HttpObservation:
    """Ask for ``/`` with the certificate verified: chain, host name, dates, TLS 1.2 or later.

    ``failure`` and ``words`` say what is not accepted; ``tls`` holds protocol and certificate in either case.
    """
    return entry.get(entry.request("/", trust=entry.trust))


def probe_redirect(entry: EntryPoint, path: str = "/") -> tuple[HttpObservation, bool]:
    """Ask for ``path`` over plain HTTP; return what came, and whether it leads to HTTPS on the same host."""
    seen = entry.get(entry.request(path, scheme="http"))
    location = (seen.location or "").lower()
    host = location.removeprefix("https://").partition("/")[0].partition(":")[0]
    return seen, location.startswith("https://") and host == entry.fqdn.lower()


def probe_socket_io(entry: EntryPoint, path: str) -> UpgradeObservation:
    """Ask the Socket.IO server at ``path`` (``/agent-manager/socket.io/``) for a WebSocket, in both its protocols."""
    observations = [
        _upgrade(entry, f"{path.rstrip('/')}/?EIO={version}&transport=websocket") for version in _SOCKET_IO_VERSIONS
    ]
    return next((each for each in observations if each.upgraded), observations[0])


def _upgrade(entry: EntryPoint, path: str) -> UpgradeObservation:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": key,
        "sec-websocket-version": "13",
        "origin": f"https://{entry.fqdn}",
    }
    seen = entry.get(entry.request(path, headers=headers))
    digest = hashlib.sha1(f"{key}{_WEBSOCKET_GUID}".encode(), usedforsecurity=False).digest()
    accepted = seen.headers.get("sec-websocket-accept") == base64.b64encode(digest).decode()
    upgraded = seen.status == 101 and accepted
    if seen.failure:
        words = seen.words
    elif upgraded:
        words = f"{seen.url}: a WebSocket was opened"
    elif seen.status == 101:
        words = f"{seen.url}: answered 101, but with a wrong Sec-WebSocket-Accept: something in between answers"
    else:
        words = (
            f"{seen.url}: answered {seen.status} {seen.reason} instead of 101 to a WebSocket handshake; "
            "check that the ingress passes Upgrade on to this path"
        )
    return UpgradeObservation(http=seen, upgraded=upgraded, words=words)

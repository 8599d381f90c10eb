"""An ingress controller of the tests' own: TLS and plain HTTP on loopback, with good rules and what may go wrong."""

import base64
import hashlib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cx_conformance.probes.resolve import Resolve
from cx_conformance.vantage.entrance import Entrance
from tests.probes.authority import Authority
from tests.probes.targets import closed_port, http, listening, over_tls, request_head

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class Controller:
    """Leads every path of ``host`` to a component that answers 200, but for what is said otherwise."""

    host: str
    without_rule: set[str] = field(default_factory=set)
    """First parts of paths that no rule leads anywhere."""
    statuses: dict[str, str] = field(default_factory=dict)
    """Status lines by the first part of the path: ``503 Service Unavailable``."""
    upgrades: bool = True
    redirects: bool = True
    plain: bool = True
    """Whether anybody listens on the port of plain HTTP."""
    asked: list[str] = field(default_factory=list)
    """The paths that were asked for, over TLS and without."""

    def answer(self, head: bytes) -> bytes:
        """Answer a request over TLS."""
        host = re.search(rb"(?im)^host: ([^:\r\n]*)", head)
        path = head.split()[1].decode()
        self.asked.append(path)
        part = path.strip("/").partition("/")[0]
        if not host or host[1].decode() != self.host or part in self.without_rule:
            return http("404 Not Found", b"default backend - 404")
        key = re.search(rb"(?im)^sec-websocket-key: (\S+)", head)
        if key and self.upgrades:
            accept = base64.b64encode(hashlib.sha1(key[1] + _GUID, usedforsecurity=False).digest()).decode()
            lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
            return "\r\n".join([*lines, f"Sec-WebSocket-Accept: {accept}", "", ""]).encode()
        return http(self.statuses.get(part, "200 OK"), b"a component")

    def answer_plainly(self, head: bytes) -> bytes:
        """Answer a request without TLS."""
        path = head.split()[1].decode()
        self.asked.append(path)
        if not self.redirects:
            return http("200 OK", b"a component")
        return http("308 Permanent Redirect", Location=f"https://{self.host}{path}")

    @contextmanager
    def serving(self, authority: Authority, *names: str, days: tuple[int, int] = (-1, 90)) -> Iterator[Entrance]:
        """Serve with a certificate for ``names``, or for the host; yield how it is reached."""

        def secure(peer: socket.socket) -> None:
            if head := request_head(peer):
                peer.sendall(self.answer(head))

        def plainly(peer: socket.socket) -> None:
            if head := request_head(peer):
                peer.sendall(self.answer_plainly(head))

        context = authority.server(*(names or (self.host,)), days=days)
        with listening(over_tls(context, secure)) as https, listening(plainly) as unencrypted:
            yield entrance(self.host, authority.file, https, unencrypted if self.plain else closed_port())


def entrance(host: str, authorities: Path, https: int, plain: int) -> Entrance:
    """Say how ``host`` is reached on loopback."""
    return Entrance(
        resolves=(Resolve(host=host, port=443, address="127.0.0.1"),),
        trust=authorities,
        https_port=https,
        http_port=plain,
    )

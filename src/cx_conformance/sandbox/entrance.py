"""The embedded cluster's way in: an ingress controller on the node's address, which leads by Ingress rules.

It stands in for ingress-nginx: it ends TLS with the Secret of the host, leads plain HTTP to HTTPS, rewrites, and passes
bytes on. Who is not named by a rule gets nginx's own page.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cx_conformance.blueprint.manifests.installation import INGRESS_TLS_SECRET
from cx_conformance.objects.certificate import Certificate
from cx_conformance.sandbox import pods
from cx_conformance.sandbox.annotations import HOST_NAME
from cx_conformance.sandbox.credentials import KeyPair, server_context
from cx_conformance.sandbox.ingress_rules import hosts, led
from cx_conformance.sandbox.listeners import guarded
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.web import READ_SIZE

HTTP, HTTPS = 80, 443
_LONGEST_HEAD: Final = 65536
_NOBODY: Final = "ingress.local"
"""Whom ingress-nginx's own certificate is for."""
_PAGE: Final = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_REASONS: Final = {
    308: "Permanent Redirect",
    400: "Bad Request",
    404: "Not Found",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
}


class Entrance:
    """Listens for both schemes until it is closed."""

    def __init__(
        self, state: State, folder: Path, sockets: dict[int, socket.socket], own: Callable[[list[str]], KeyPair]
    ) -> None:
        """Lead by the Ingresses of ``state``; ``sockets`` are those that are bound, by the usual port.

        ``own`` makes the certificate that is shown while no Ingress brings one.
        """
        self._state = state
        self._own = own
        self._folder = folder
        self._sockets = sockets
        self._servers: list[asyncio.Server] = []
        self._contexts: dict[tuple[str, str, str], ssl.SSLContext] = {}
        self.visits: list[str] = []
        """What was asked for over TLS, in order: method and path, without the query."""

    @property
    def ports(self) -> dict[int, int]:
        """The ports that are listened on, by the usual one."""
        return {usual: one.getsockname()[1] for usual, one in self._sockets.items()}

    @property
    def fqdn(self) -> str | None:
        """The host name that all Ingresses with a certificate agree on; before there are any, that they will serve."""
        names = set(hosts(self._state))
        if not names and (beforehand := self._made_beforehand()):
            certificate = Certificate.read(beforehand.get("tls.crt", "").encode())
            names = set(certificate.names[:1]) if certificate else set()
        return names.pop() if len(names) == 1 else None

    @property
    def authority(self) -> str:
        """The certificate of whoever signed that of the host, PEM; empty where it is not known."""
        for namespace, secret in hosts(self._state).values():
            return pods.data(self._state, namespace, "Secret", secret).get("ca.crt", "")
        return self._made_beforehand().get("ca.crt", "")

    def _made_beforehand(self) -> dict[str, str]:
        """Return the Secret with the certificate that Ingresses will serve; empty where nobody has made it."""
        for one in self._state.of_kind("v1", "Secret"):
            if one["metadata"]["name"] == INGRESS_TLS_SECRET:
                return pods.data(self._state, one["metadata"]["namespace"], "Secret", INGRESS_TLS_SECRET)
        return {}

    @property
    def led_to(self) -> str:
        """The address that the host name leads to in place of the node's; empty where it is that."""
        system = self._state.find("v1", "Namespace", "", "kube-system") or {"metadata": {}}
        return str(system["metadata"].get("annotations", {}).get(HOST_NAME, ""))

    async def start(self) -> None:
        """Listen."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.sni_callback = self._by_name
        for usual, one in self._sockets.items():
            context = tls if usual == HTTPS else None
            connected = guarded(self._over_tls if context else self._plain)
            self._servers.append(await asyncio.start_server(connected, sock=one, ssl=context, limit=_LONGEST_HEAD))

    def close(self) -> None:
        """Listen no more."""
        for server in self._servers:
            server.close()

    def _by_name(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        """Choose the certificate of the host that is asked for; whoever asks for another gets that of the first."""
        known = hosts(self._state)
        place = known.get(name or "") or next(iter(known.values()), None)
        if place is None:
            key = ("", "", "")
            if key not in self._contexts:
                self._contexts[key] = server_context(self._own([_NOBODY]), self._folder)
            connection.context = self._contexts[key]
            return None
        secret = pods.data(self._state, place[0], "Secret", place[1])
        key = (*place, secret.get("tls.crt", ""))
        if key not in self._contexts:
            try:
                pair = KeyPair(secret["tls.crt"].encode(), secret["tls.key"].encode())
                self._contexts[key] = server_context(pair, self._folder)
            except (KeyError, ssl.SSLError):
                return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        connection.context = self._contexts[key]
        return None

    async def _plain(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._lead(reader, writer, tls=False)

    async def _over_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._lead(reader, writer, tls=True)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, tls: bool) -> None:
        """Lead one request, and whatever both sides say after it: each connection carries one."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *fields = head.removesuffix("\r\n\r\n").split("\r\n")
            method, target, _ = request.split(" ")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            _answer(writer, 400)
            return
        named = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in fields)}
        host, path = named.get("host", "").partition(":")[0].lower(), target.partition("?")[0]
        if not tls and host in hosts(self._state):
            _answer(writer, 308, f"Location: https://{host}{target}\r\n")
            return
        if tls:
            self.visits.append(f"{method} {path}")
        found = led(self._state, host, path)
        if found is None or not found.places:
            _answer(writer, 404 if found is None else 503)
            return
        query = target[len(path) :]
        upgrade = "upgrade" in named.get("connection", "").lower()
        kept = [
            one for one in fields if one.partition(":")[0].strip().lower() not in ("connection", "x-forwarded-proto")
        ]
        own = [
            "Connection: upgrade" if upgrade else "Connection: close",
            f"X-Forwarded-Proto: {'https' if tls else 'http'}",
        ]
        passed = "\r\n".join((f"{method} {found.path}{query} HTTP/1.1", *kept, *own, "", ""))
        await _pass_on(passed.encode("latin-1"), found.places[0], reader, writer, over_tls=found.tls)


def _answer(writer: asyncio.StreamWriter, status: int, fields: str = "") -> None:
    words = f"{status} {_REASONS[status]}"
    body = _PAGE.format(words).encode()
    own = f"Content-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    writer.write(f"HTTP/1.1 {words}\r\n{own}{fields}\r\n".encode() + body)


async def _pass_on(
    head: bytes, place: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, over_tls: bool
) -> None:
    context = ssl.create_default_context() if over_tls else None
    if context is not None:  # ingress-nginx verifies no backend unless it is told to
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        far_reader, far_writer = await asyncio.open_connection(*place, ssl=context)
    except OSError:
        _answer(writer, 502)
        return
    far_writer.write(head)
    await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
    far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(READ_SIZE):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()


def bound(address: str) -> dict[int, socket.socket]:
    """Return sockets at ``address`` for both schemes: at the usual ports where this account may, else at any."""
    found = {}
    for usual in (HTTP, HTTPS):
        for port in (usual, 0):
            one = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((address, port))
            except OSError:
                one.close()
                continue
            found[usual] = one
            break
    return found

"""A small HTTP server in a stand-in: a function from request to reply."""

import asyncio
import base64
import http
import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.standin import SAYS_SO, StandIn, server_context
from cx_conformance.wire.discreet import Discreet


class Request(Discreet, frozen=True, kw_only=True):
    """One request: the header names in lower case."""

    hidden: ClassVar[frozenset[str]] = frozenset({"body"})
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def basic(self) -> tuple[str, str] | None:
        """Return user and password of HTTP Basic, None without."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        user, _, password = base64.b64decode(value).decode().partition(":")
        return user, password


Reply = tuple[int, Any]
"""Status and content; the content of a redirect is where it leads."""
Serve = Callable[[Request], Reply]


def start_http(address: str, port: int, serve: Serve, tls: CertificateFiles | None) -> StandIn:
    """Serve HTTP, one request a connection; a reply of text is sent as it is, anything else as JSON."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read(reader)
        status, content = serve(request) if request is not None else (400, "not HTTP")
        text = content if isinstance(content, str) else json.dumps(content)
        body = text.encode()
        location = f"Location: {content}\r\n" if 300 <= status < 400 else ""
        head = (
            f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n"
            f"Server: {SAYS_SO}\r\n"
            f"Content-Type: {_kind(content)}\r\n"
            f"{location}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + (b"" if request is not None and request.method == "HEAD" else body))
        await writer.drain()

    return StandIn(address, {port: talk}, {port: server_context(tls)} if tls else None)


def _kind(content: object) -> str:
    if not isinstance(content, str):
        return "application/json"
    return "application/xml" if content.startswith("<") else "text/plain"


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """Return the request, or None when the first line is not one of HTTP."""
    first = (await reader.readline()).split()
    if len(first) != 3 or not first[2].startswith(b"HTTP/"):
        return None
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=first[0].decode(), path=first[1].decode(), headers=headers, body=body)

"""An ActiveMQ stand-in, where Debian's broker is not installed: STOMP 1.2 logins, subscriptions and round trips.

OpenWire ports greet and say no more; the console and the WebSocket port answer HTTP. The STOMP server header says what
it is.
"""

import asyncio
import struct
from collections.abc import Mapping

from pydantic import SecretStr

from cx_conformance.sandbox.stores.activemq_server import PORTS, answer_http
from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.standin import SAYS_SO, Conversation, StandIn, server_context

_GREETING = struct.pack("!iB8si", 17, 1, b"ActiveMQ", 12) + b"\x00" * 4
"""The head of a WireFormatInfo: length, type 1, magic, version."""


def available() -> str | None:
    """Return None: it runs everywhere."""
    return None


def start(
    address: str,
    ports: Mapping[str, int] = PORTS,
    *,
    username: str = "expertflow",
    password: SecretStr | None = None,
    tls: CertificateFiles | None = None,
) -> StandIn:
    """Serve on the named ports; those with ``ssl`` in their name only where certificates are given."""

    async def stomp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Session(writer, username, password).run(reader)

    conversations: dict[str, Conversation] = {
        "stomp": stomp,
        "stomp+ssl": stomp,
        "openwire": _greet,
        "ssl": _greet,
        "ws": answer_http,
        "console": answer_http,
    }
    served = {name: port for name, port in ports.items() if name in conversations and (tls or "ssl" not in name)}
    context = server_context(tls) if tls else None
    return StandIn(
        address,
        {port: conversations[name] for name, port in served.items()},
        {port: context for name, port in served.items() if context and "ssl" in name},
    )


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_GREETING)
    while await reader.read(4096):
        pass


class _Session:
    def __init__(self, writer: asyncio.StreamWriter, username: str, password: SecretStr | None) -> None:
        self._writer = writer
        self._username = username
        self._password = password
        self._subscribed: dict[str, str] = {}

    async def run(self, reader: asyncio.StreamReader) -> None:
        while True:
            command, headers, body = _parsed(await reader.readuntil(b"\x00"))
            if command in {"CONNECT", "STOMP"}:
                if not self._fits(headers):
                    words = f"User name [{headers.get('login', 'null')}] or password is invalid."
                    await self._send("ERROR", {"message": words, "content-type": "text/plain"}, words)
                    return
                await self._send("CONNECTED", {"version": "1.2", "server": SAYS_SO, "heart-beat": "10000,10000"})
            elif command == "SUBSCRIBE":
                self._subscribed[headers.get("destination", "")] = headers.get("id", "0")
            elif command == "SEND":
                await self._deliver(headers.get("destination", ""), body)
            else:
                await self._send("ERROR", {"message": f"Unknown STOMP action: {command[:40]}"})
                return
            if "receipt" in headers:
                await self._send("RECEIPT", {"receipt-id": headers["receipt"]})

    def _fits(self, headers: Mapping[str, str]) -> bool:
        given = headers.get("login"), headers.get("passcode")
        return self._password is None or given == (self._username, self._password.get_secret_value())

    async def _deliver(self, destination: str, body: str) -> None:
        if (subscription := self._subscribed.get(destination)) is not None:
            headers = {"subscription": subscription, "message-id": "1", "destination": destination}
            await self._send("MESSAGE", headers, body)

    async def _send(self, command: str, headers: Mapping[str, str], body: str = "") -> None:
        head = "".join(f"{name}:{value}\n" for name, value in headers.items())
        self._writer.write(f"{command}\n{head}\n{body}\x00\n".encode())
        await self._writer.drain()


def _parsed(frame: bytes) -> tuple[str, dict[str, str], str]:
    """Return command, headers and body; the first of a repeated header counts, as STOMP wants it."""
    head, _, body = frame.rstrip(b"\x00").decode("utf-8", "replace").lstrip("\r\n").partition("\n\n")
    command, *lines = head.split("\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.rstrip("\r").partition(":")
        headers.setdefault(name, value)
    return command.strip(), headers, body

"""The way of pymongo to a store: a local address whose other end is the line, and passes only messages within bounds.

pymongo takes from the server's own ``hello`` how large a message may be, opens its sockets itself, and unpacks messages
that nobody asked to be packed.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.wire.bounds import SMALL, TooMuch

_OP_MSG, _OP_REPLY, _OP_COMPRESSED = 2013, 1, 2012
_HEAD = 16


class Relay:
    """Where pymongo connects to, and what went wrong beyond it."""

    def __init__(self, line: Line) -> None:
        """Lead to the target of ``line``."""
        self.address = ("127.0.0.1", 0)
        self.trouble: Trouble | None = None
        self._line = line
        self._running: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Bridge one connection until either side ends."""
        task = asyncio.current_task()
        if task is not None:  # a stream callback always runs in a task
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        try:
            await self._bridge(reader, writer)
        except asyncio.CancelledError:
            pass  # only `end` cancels, and waits; raised further, asyncio's stream callback would log it
        except Exception as error:  # noqa: BLE001 - told in words by whoever asked
            self.trouble = self.trouble or self._line.explain(error)
        finally:
            writer.close()

    async def end(self) -> None:
        """Cut what is open."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _bridge(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = self._line
        secure = {"ssl": line.context(), "server_hostname": line.target.host} if line.target.tls is not None else {}
        sock = await asyncio.to_thread(line.dial)
        sock.settimeout(0)
        async with asyncio.timeout(line.remaining()):
            from_store, to_store = await asyncio.open_connection(sock=sock, **secure)  # type: ignore[arg-type] # by name
            try:
                ways = [
                    asyncio.ensure_future(_asked(reader, to_store)),
                    asyncio.ensure_future(_said(from_store, writer)),
                ]
                done, rest = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in rest:
                    way.cancel()
                await asyncio.gather(*rest, return_exceptions=True)
                for way in done:
                    way.result()
            finally:
                to_store.transport.abort()


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def _said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass the store's messages on, one by one; raises TooMuch, and Trouble for what is none."""
    while True:
        try:
            head = await reader.readexactly(_HEAD)
        except asyncio.IncompleteReadError:
            return
        length, _, _, code = struct.unpack("<iiii", head)
        if length > SMALL:
            raise TooMuch(SMALL)
        if code not in (_OP_MSG, _OP_REPLY) or length <= _HEAD:
            packed = (
                " that is packed, which it was not asked for" if code == _OP_COMPRESSED else " that is none of Mongo"
            )
            raise Trouble(Kind.TOO_MUCH, f"it could not be asked: it sends a message{packed}")
        writer.write(head + await reader.readexactly(length - _HEAD))
        await writer.drain()


@asynccontextmanager
async def relayed(line: Line) -> AsyncIterator[Relay]:
    """Listen on loopback while the block lasts."""
    relay = Relay(line)
    server = await asyncio.start_server(relay.accept, *relay.address)
    relay.address = server.sockets[0].getsockname()[:2]
    try:
        yield relay
    finally:
        server.close()
        await relay.end()
        with suppress(OSError):
            await server.wait_closed()

"""Stand-ins: small asyncio servers in one thread of their own, for what no package brings."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.running import NotStarted

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_STEPS = 5
"""Of asyncio from an accepted connection to its conversation; what is ended in between leaves its socket open."""
SAYS_SO = "cx-conformance stand-in"
"""What a stand-in gives as its version or name, wherever its protocol has room for one."""


def server_context(tls: CertificateFiles) -> ssl.SSLContext:
    """Return the TLS context of a server with these files, asking for client certificates where they say so."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    if tls.client_ca is not None:
        context.load_verify_locations(tls.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class StandIn:
    """Serves one conversation on each port of an address until it is stopped."""

    def __init__(
        self,
        address: str,
        conversations: Mapping[int, Conversation],
        tls: Mapping[int, ssl.SSLContext] | None = None,
    ) -> None:
        """Listen at once; raise NotStarted when an address cannot be bound. ``tls`` names the ports that have it."""
        self._address = address
        self._conversations = conversations
        self._tls = tls or {}
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"stand-in {address}", daemon=True)
        self._thread.start()
        try:
            self._servers = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        except OSError as error:
            self._end_loop()
            raise NotStarted(f"{address} cannot be bound: {error.strerror}") from None

    async def _listen(self) -> list[asyncio.Server]:
        return [
            await asyncio.start_server(self._converse(port, talk), self._address, port, ssl=self._tls.get(port))
            for port, talk in self._conversations.items()
        ]

    def _converse(self, _port: int, talk: Conversation) -> Conversation:
        async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._open.add(writer)
            try:
                # Cancelled only by ``stop``; Python 3.11's streams would report a cancelled conversation as an error.
                with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                    await talk(reader, writer)
            finally:
                self._open.discard(writer)
                writer.close()

        return conversation

    def ready(self) -> bool:
        """Tell whether it listens: it does from its making until it is stopped."""
        return self._thread.is_alive()

    def wait(self, _seconds: float = 0) -> Self:
        """Return at once, as a process's ``wait`` does when it answers."""
        return self

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._end_loop()

    async def _close(self) -> None:
        for _ in range(_STEPS):
            await asyncio.sleep(0)
        for server in self._servers:
            server.close()
        for writer in list(self._open):
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        """Hand out the running stand-in."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

"""The stores behind the simulated pods: real servers where this machine has them.

Each store runs at a loopback address of its own, on its usual ports, and starts in the background; a connection to its
pod waits until it answers. Where the server is not installed, a stand-in takes its place, and ``notes`` tells so.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from cx_conformance.sandbox import listeners
from cx_conformance.sandbox.credentials import Authority, KeyPair
from cx_conformance.sandbox.simulators import Simulated
from cx_conformance.sandbox.stores import kinds
from cx_conformance.sandbox.stores.running import NotStarted, Running
from cx_conformance.sandbox.world import Addresses

if TYPE_CHECKING:
    from cx_conformance.sandbox.stores.certificates import CertificateFiles

START_SECONDS = 60.0

_NAMED_USERS = ("activemq", "mongo", "postgresql", "s3")
"""Stores whose account has a name; Redis is opened by its password alone."""


class _Store:
    """A store that starts."""

    def __init__(self, address: str) -> None:
        """Give it its address; it is started by ``StoreServers``."""
        self.starting: Future[None] = Future()
        """Done when the server answers, or has failed to."""
        self._address = address
        self._server: Running | None = None
        self._lock = Lock()
        self._ended = False

    def connected(self, port: int) -> listeners.Connected:
        """Return what is done with a connection to one of its ports."""
        bridge = listeners.bridge([(self._address, port)])

        async def wait_and_pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                # Shielded: a client that gives up must not call off the start of the store.
                await asyncio.shield(asyncio.wrap_future(self.starting))
            except (NotStarted, OSError, CancelledError):
                await listeners.reset(reader, writer)
                return
            await bridge(reader, writer)

        return wait_and_pass_on

    def start(self, launch: Callable[[str], Running]) -> None:
        """Launch the server and wait until it answers; settles ``starting``, whatever happens. Runs in a thread."""
        if not self.starting.set_running_or_notify_cancel():
            return
        try:
            server = launch(self._address)
            with self._lock:
                self._server = server
                ended = self._ended
            (_end if ended else _wait)(server)
            self.starting.set_result(None)
        except Exception as why:  # noqa: BLE001 - whatever it is, those who wait for the store are to hear it
            self.starting.set_exception(why)

    def stop(self) -> None:
        """End the server, also while it starts."""
        self.starting.cancel()
        with self._lock:
            self._ended, server = True, self._server
        if server is not None:
            _end(server)


class StoreServers:
    """Every store of one embedded cluster."""

    def __init__(self, addresses: Addresses, authority: Authority, folder: Path) -> None:
        """Prepare; nothing starts before ``begin``."""
        self.notes: list[str] = []
        self._addresses = addresses
        self._authority = authority
        self._folder = folder
        self._stores: dict[tuple[str, ...], _Store] = {}
        self._waiting: list[Callable[[], None]] | None = []
        # The kernel ends a server with the thread that started it, so these threads live as long as the cluster.
        self._threads = ThreadPoolExecutor(max_workers=len(kinds.KINDS), thread_name_prefix="store")

    def behind(self, pod: str, each: Simulated) -> listeners.Connected:
        """Return what stands behind one port of a pod that is a store."""
        account = each.account
        # A store is started anew for whatever it cannot be told while it runs.
        certificate = each.tls.certificate.decode() if each.tls else ""
        key = (pod, each.speaks, account.username, account.secret, certificate, str(each.settings))
        if key not in self._stores:
            store = _Store(self._addresses.store(len(self._stores)))
            self._stores[key] = store
            self._soon(lambda: store.start(lambda address: self._launched(each, address)))
        return self._stores[key].connected(each.port)

    def begin(self) -> None:
        """Start the stores that are needed, and from now on each as it is: they need not keep the API waiting."""
        jobs, self._waiting = self._waiting or [], None
        for job in jobs:
            self._soon(job)

    async def settled(self) -> None:
        """Return when every store answers, or has failed to start."""
        starting = (asyncio.wrap_future(store.starting) for store in self._stores.values())
        for outcome in await asyncio.gather(*starting, return_exceptions=True):
            if isinstance(outcome, Exception) and str(outcome) not in self.notes:
                self.notes.append(str(outcome))

    async def close(self) -> None:
        """Stop every store."""
        await asyncio.to_thread(self._stop)

    def _soon(self, job: Callable[[], None]) -> None:
        if self._waiting is None:
            self._threads.submit(job)
        else:
            self._waiting.append(job)

    def _launched(self, each: Simulated, address: str) -> Running:
        started = kinds.start(each.speaks, address, **self._options(each, address))
        if started.note:
            self.notes.append(f"{each.speaks}: {started.note}")
        return started.server

    def _options(self, each: Simulated, address: str) -> dict[str, Any]:
        from pydantic import SecretStr  # costs a tenth of a second, which a cluster without stores saves

        options: dict[str, Any] = {"password": SecretStr(each.account.secret)}
        if each.speaks in _NAMED_USERS and each.account.username:
            options["username"] = each.account.username
        if each.tls is not None or each.speaks == "activemq":
            pair = each.tls or self._authority.issue([address, "localhost"])
            options["tls"] = self._files(pair, f"{each.speaks}-{address}")
        if each.speaks == "s3" and "bucket" in each.settings:
            options["bucket"] = each.settings["bucket"]
        if each.speaks == "postgresql" and "databases" in each.settings:
            options["databases"] = tuple(each.settings["databases"])
        return options

    def _files(self, pair: KeyPair, name: str) -> "CertificateFiles":
        from cx_conformance.sandbox.stores.certificates import CertificateFiles

        folder = self._folder / name
        folder.mkdir(mode=0o700)
        for file, content in (("tls.crt", pair.certificate), ("tls.key", pair.key), ("ca.crt", pair.authority)):
            (folder / file).write_bytes(content)
        return CertificateFiles(certificate=folder / "tls.crt", key=folder / "tls.key", ca=folder / "ca.crt")

    def _stop(self) -> None:
        self._waiting = self._waiting or []
        for store in self._stores.values():
            store.stop()
        self._threads.shutdown()


def _wait(server: Running) -> None:
    """Return when the server answers.

    Raises NotStarted when it ends, or does not answer in time.
    """
    until = time.monotonic() + START_SECONDS
    while not server.ready():
        if time.monotonic() > until:
            raise NotStarted(f"a store did not answer within {START_SECONDS:g} s")
        time.sleep(0.02)


def _end(server: Running) -> None:
    """Stop a server without waiting for its good-bye: nothing that it holds outlives the cluster.

    PostgreSQL is asked politely, for it would leave a piece of shared memory behind.
    """
    process = getattr(server, "process_id", None)
    if process is not None and getattr(server, "name", "") != "postgresql":
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    server.stop()

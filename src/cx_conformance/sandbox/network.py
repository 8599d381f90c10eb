"""The cluster's network on loopback addresses: listeners for every pod, and kube-proxy's work for every Service.

A Service's port listens only while a ready endpoint listens behind it, so that a connection to it is refused when it
would be refused in a cluster. The listeners follow the state: what a fault takes away closes, what it brings opens.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from cx_conformance.sandbox import listeners
from cx_conformance.sandbox.annotations import BRIDGE
from cx_conformance.sandbox.credentials import Authority, server_context
from cx_conformance.sandbox.dns import DnsServer, Names
from cx_conformance.sandbox.ingress_rules import ready
from cx_conformance.sandbox.places import Place, cannot_listen
from cx_conformance.sandbox.simulators import STORES, Simulated, simulated
from cx_conformance.sandbox.starvation import HERE, Held
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.store_servers import StoreServers
from cx_conformance.sandbox.world import Addresses

if TYPE_CHECKING:
    from cx_conformance.sandbox.catalogue import Object


class _Wanted(Struct, frozen=True):
    """What shall listen at a place; two that are equal need no change."""

    simulated: Simulated | None = None
    backends: tuple[Place, ...] = ()
    behaviour: str = ""
    pod: str = ""


class _Listening(Protocol):
    """What holds a port open until it is closed."""

    def close(self) -> None:
        """Listen no more."""


class _Deaf:
    """A port on which connections get no answer: the one that its queue has room for is there already.

    Linux drops what asks for a connection while the queue is full (listen(2), tcp(7)).
    """

    def __init__(self, place: Place) -> None:
        with contextlib.ExitStack() as opened:
            listener = opened.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen(0)
            opened.enter_context(socket.create_connection(place, timeout=5))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Listen no more."""
        self._opened.close()


class Network:
    """All listeners of one embedded cluster, except the API server's."""

    def __init__(self, addresses: Addresses, authority: Authority, folder: Path) -> None:
        """Prepare; ``folder`` is for the stores' files."""
        self._addresses = addresses
        self._folder = folder
        self._open: dict[Place, tuple[_Wanted, _Listening]] = {}
        self._following = asyncio.Lock()
        self._dns = DnsServer(addresses.nameserver)
        self._stores = StoreServers(addresses, authority, folder)

    async def follow(self, state: State) -> None:
        """Open and close listeners until they are what ``state`` wants.

        Raises CannotListen where this machine does not allow one.
        """
        async with self._following:  # two changes at once would open the same port twice
            await self._follow(state)

    async def _follow(self, state: State) -> None:
        wanted = dict(self._pods(state))
        wanted |= dict(self._services(state, wanted))
        for place in [place for place, (present, _) in self._open.items() if wanted.get(place) != present]:
            _, server = self._open.pop(place)
            server.close()
        for place, what in wanted.items():
            if place not in self._open:
                self._open[place] = (what, await self._listen(place, what))
        self._dns.names = Names(state)
        try:
            await self._dns.start()
        except OSError as why:
            raise cannot_listen((self._addresses.nameserver, 53), why) from why

    @property
    def notes(self) -> list[str]:
        """What is not as it should be, and why, such as a store whose server is not installed."""
        return self._stores.notes

    def begin(self) -> None:
        """Start the stores; their ports accept connections already, which wait for them."""
        self._stores.begin()

    async def settled(self) -> None:
        """Return when every store answers."""
        await self._stores.settled()

    async def close(self) -> None:
        """Close everything."""
        self._dns.close()
        for _, server in self._open.values():
            server.close()
        self._open.clear()
        await self._stores.close()

    def _ours(self, address: str | None) -> bool:
        return address is not None and self._addresses.holds(address)

    def _pods(self, state: State) -> Iterator[tuple[Place, _Wanted]]:
        for pod in state.of_kind("v1", "Pod"):
            address = pod.get("status", {}).get("podIP")
            if self._ours(address) and pod["status"]["phase"] == "Running":
                for each in simulated(state, pod):
                    if each.behaviour != "closed":
                        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
                        yield (address, each.port), _Wanted(each, behaviour=each.behaviour, pod=name)

    def _services(self, state: State, listening: dict[Place, _Wanted]) -> Iterator[tuple[Place, _Wanted]]:
        slices: dict[tuple[str, str], list[Object]] = {}
        for each in state.of_kind("discovery.k8s.io/v1", "EndpointSlice"):
            labels = each["metadata"].get("labels", {})
            owner = (each["metadata"]["namespace"], labels.get("kubernetes.io/service-name", ""))
            slices.setdefault(owner, []).append(each)
        reserved = (self._addresses.api_server, self._addresses.nameserver)
        for service in state.of_kind("v1", "Service"):
            metadata, address = service["metadata"], service["spec"].get("clusterIP")
            if not self._ours(address) or address in reserved:
                continue
            behaviour = metadata.get("annotations", {}).get(BRIDGE, "")
            own = slices.get((metadata["namespace"], metadata["name"]), [])
            for port in service["spec"].get("ports", []):
                backends = tuple(place for each in own for place in ready(each, port) if place in listening)
                if backends and behaviour != "refuse":
                    yield (address, int(port["port"])), _Wanted(backends=backends, behaviour=behaviour)

    async def _listen(self, place: Place, what: _Wanted) -> _Listening:
        connected, tls = self._served(what)
        try:
            if what.behaviour == "drop":
                return _Deaf(place)
            return await asyncio.start_server(listeners.guarded(connected), *place, ssl=tls)
        except OSError as why:
            raise cannot_listen(place, why) from why

    def _served(self, what: _Wanted) -> tuple[listeners.Connected, ssl.SSLContext | None]:
        each = what.simulated
        if what.behaviour in _MISBEHAVING:
            return _MISBEHAVING[what.behaviour], None
        if each is None:
            return listeners.bridge(what.backends), None
        if each.speaks in STORES:
            return self._stores.behind(what.pod, each), None
        if each.speaks == "process":
            return listeners.narrow((each.settings["address"], each.port), each.settings["largest"]), None
        plain = each.behaviour == "plain" or each.tls is None
        context = None if plain or each.tls is None else server_context(each.tls, self._folder)
        if each.speaks in ("http", "https"):
            account = (each.account.username, each.account.secret)
            served = listeners.http(
                each.paths, each.behaviour, web_socket="webSocket" in each.settings, account=account
            )
            return _starved(served, what.pod), context
        return listeners.accept, context


def _starved(connected: listeners.Connected, place: str) -> listeners.Connected:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await HERE.hold(Held.SERVER, place)
        await connected(reader, writer)

    return late


_MISBEHAVING: dict[str, Any] = {"hang": listeners.accept, "reset": listeners.reset, "garbage": listeners.garbage}

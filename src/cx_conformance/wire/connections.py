"""Connections of urllib3 that are cut in time and receive no more than they may, however the pool makes them."""

import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import urllib3
from msgspec import Struct
from urllib3.exceptions import HTTPError, NameResolutionError

from cx_conformance.wire.bounds import SMALL, NotAskedFor
from cx_conformance.wire.counted import Counted, CountedTls
from cx_conformance.wire.fuse import Fuse
from cx_conformance.wire.names import addresses

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

_now = threading.local()


class Bound(Struct):
    """How many bytes the next answers may have, for a library that reads each whole by itself."""

    most: int = SMALL


def watched(manager: urllib3.PoolManager, bound: Bound | None = None) -> urllib3.PoolManager:
    """Have every connection of ``manager`` watched by the fuse of ``burning``; return the manager.

    With ``bound`` each answer is held to it, and is not unpacked: a context for TLS needs ``CountedTls``.
    """
    manager.pool_classes_by_scheme = {
        scheme: type(pool.__name__, (pool,), {"ConnectionCls": _watching(vars(pool)["ConnectionCls"], bound)})
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }
    return manager


@contextmanager
def burning(fuse: Fuse) -> Iterator[None]:
    """Have ``fuse`` watch what this thread connects to, or asks over a connection that is open already."""
    _now.fuse = fuse
    try:
        yield
    finally:
        _now.fuse = None


class AsItComes:
    """A connection whose answers are not unpacked, for urllib3 unpacks as much as there is; NotAskedFor for others."""

    def request(self, *arguments: Any, **named: Any) -> None:
        """Send a request."""
        super().request(*arguments, **(named | {"decode_content": False}))  # type: ignore[misc] # that of the connection

    def getresponse(self) -> Any:
        """Return the answer."""
        response = super().getresponse()  # type: ignore[misc] # that of the connection
        encoding = response.headers.get("content-encoding", "")
        if encoding.lower() not in ("", "identity"):
            response.close()
            raise NotAskedFor(encoding)
        return response


def _burning() -> Fuse | None:
    fuse: Fuse | None = getattr(_now, "fuse", None)
    return fuse


def _watch(sock: Any) -> None:
    fuse = _burning()
    if fuse is not None and sock is not None:
        fuse.watch(sock)


def _connected(connection: Any, connect: Callable[[], Any], fuse: Fuse) -> Any:
    """Have ``connection`` connect to its host's first address that accepts it, as urllib3 does, but for the look-up."""
    if hasattr(connection, "_socks_options"):  # it connects to its proxy by itself
        return connect()
    host, patience = connection._dns_host, connection.timeout  # noqa: SLF001 - urllib3 has no other way to say where to
    try:
        places = addresses(host, patience if isinstance(patience, int | float) else math.inf, fuse)
    except socket.gaierror as error:
        raise NameResolutionError(host, connection, error) from error
    for left, place in zip(reversed(range(len(places))), places, strict=True):
        connection._dns_host = place  # noqa: SLF001
        try:
            return connect()
        except HTTPError:
            if not left:
                raise
        finally:
            connection._dns_host = host  # noqa: SLF001
    raise NameResolutionError(host, connection, socket.gaierror(socket.EAI_NONAME, "it has no address"))


def _watching(connection: type[Any], bound: Bound | None) -> type[Any]:
    base: type[HTTPConnection] = connection

    class Watching(base):  # type: ignore[valid-type,misc] # whichever class the pool has
        def _new_conn(self) -> Any:
            fuse = _burning()
            if fuse is None:
                return super()._new_conn()
            sock = _connected(self, super()._new_conn, fuse)
            self._handshake.enter_context(fuse.watching(sock))
            return sock

        def connect(self) -> None:
            with ExitStack() as self._handshake:
                super().connect()
                _watch(self.sock)

        def request(self, *arguments: Any, **named: Any) -> None:
            _watch(self.sock)
            super().request(*arguments, **named)

    return Watching if bound is None else _bounded(Watching, bound)


def _bounded(connection: type[Any], bound: Bound) -> type[Any]:
    class Bounded(AsItComes, connection):  # type: ignore[misc] # whichever class the pool has
        def _new_conn(self) -> Any:
            return Counted.instead_of(super()._new_conn())

        def connect(self) -> None:
            super().connect()
            self._begin()

        def request(self, *arguments: Any, **named: Any) -> None:
            self._begin()
            super().request(*arguments, **named)

        def _begin(self) -> None:
            if isinstance(self.sock, Counted | CountedTls):
                self.sock.received, self.sock.most = 0, bound.most

    return Bounded

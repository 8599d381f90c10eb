"""Connections of urllib3 that a fuse watches, however the pool makes them: plain, over TLS, through a proxy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import urllib3

from cx_conformance.wire.fuse import Fuse

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

_now = threading.local()


def watched(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """Have every connection of ``manager`` watched by the fuse of ``burning``; return the manager."""
    manager.pool_classes_by_scheme = {
        scheme: type(pool.__name__, (pool,), {"ConnectionCls": _watching(vars(pool)["ConnectionCls"])})
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


def _watch(sock: Any) -> None:
    fuse: Fuse | None = getattr(_now, "fuse", None)
    if fuse is not None and sock is not None:
        fuse.watch(sock)


def _watching(connection: type[Any]) -> type[Any]:
    base: type[HTTPConnection] = connection

    class Watching(base):  # type: ignore[valid-type,misc] # whichever class the pool has
        def _new_conn(self) -> Any:
            sock = super()._new_conn()
            _watch(sock)
            return sock

        def connect(self) -> None:
            super().connect()
            _watch(self.sock)

        def request(self, *arguments: Any, **named: Any) -> None:
            _watch(self.sock)
            super().request(*arguments, **named)

    return Watching

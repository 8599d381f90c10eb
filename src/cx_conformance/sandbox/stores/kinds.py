"""Each kind of store by its name: the real server where it is installed, else a stand-in that speaks its protocol."""

import importlib
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from cx_conformance.sandbox.stores.running import ServerProcess
from cx_conformance.sandbox.stores.standin import StandIn


class _Kind(Struct, frozen=True):
    server: str | None
    standin: str


KINDS: Final[Mapping[str, _Kind]] = {
    "activemq": _Kind("activemq_server", "activemq_standin"),
    "mongo": _Kind(None, "mongo_standin"),
    "postgresql": _Kind("postgresql_server", "postgresql_standin"),
    "redis": _Kind("redis_server", "redis_standin"),
    "s3": _Kind("s3_server", "s3_standin"),
}


class Started(Struct, frozen=True, kw_only=True):
    """A store that was started; ``note`` says why it is a stand-in, None when it is the real server."""

    server: ServerProcess | StandIn
    note: str | None


def start(kind: str, address: str, **options: Any) -> Started:
    """Start a store on an address of its own; the options are those of ``start`` in the kind's module.

    The real server may take seconds until it is ``ready``. Raises KeyError for a kind that is none, and NotStarted.
    """
    names = KINDS[kind]
    why = f"no package brings a {kind} server"
    if names.server is not None:
        module = _module(names.server)
        why = module.available()
        if why is None:
            return Started(server=module.start(address, **options), note=None)
    return Started(server=_module(names.standin).start(address, **options), note=f"{why}; a stand-in takes its place")


def _module(name: str) -> Any:
    return importlib.import_module(f"cx_conformance.sandbox.stores.{name}")

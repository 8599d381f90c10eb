"""Makes importing the official client cheap: of its packages only what reads a configuration and opens connections.

``kubernetes/__init__`` imports all of it, a JSON Schema validator and informers among it, and the reader of kubeconfigs
imports OAuth libraries that a login by OIDC alone needs. Together that is a third of a static run's imports. Whoever
asks for the rest gets it: it is imported when it is looked for.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec
from threading import Lock
from types import ModuleType
from typing import Any, Final

_PACKAGES: Final = ("kubernetes", "kubernetes.utils")
_OF_OAUTH: Final = ("oauthlib", "oauthlib.oauth2", "requests_oauthlib")
_LOCK: Final = Lock()


class _Later(ModuleType):
    """Stands for a module until something of it is wanted."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        real = _real(self.__name__)
        return getattr(real, name) if hasattr(real, name) else import_module(f"{self.__name__}.{name}")


def prepare() -> None:
    """Let ``from kubernetes import config`` import no more than it needs; does nothing where all of it is there."""
    with _LOCK:
        for name in _PACKAGES:
            if name not in sys.modules and (spec := find_spec(name)) is not None:
                module = module_from_spec(spec)
                setattr(module, "__getattr__", _submodule_of(name))  # noqa: B010 - as PEP 562 has it
                sys.modules[name] = module
        if "kubernetes.config.kube_config" not in sys.modules:
            _read_kubeconfigs_without_oauth()


def _submodule_of(package: str) -> Any:
    def submodule(name: str) -> Any:
        if name == "__version__":
            return version("kubernetes")
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return import_module(f"{package}.{name}")
        except ModuleNotFoundError:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None

    return submodule


def _read_kubeconfigs_without_oauth() -> None:
    stands = {name: _Later(name) for name in _OF_OAUTH if name not in sys.modules}
    if "requests_oauthlib" in stands:
        session = lambda *given, **named: _real("requests_oauthlib").OAuth2Session(*given, **named)  # noqa: E731
        setattr(stands["requests_oauthlib"], "OAuth2Session", session)  # noqa: B010 - the reader asks for it by name
    sys.modules.update(stands)
    try:
        import_module("kubernetes.config.kube_config")
    finally:
        for name, stand in stands.items():
            if sys.modules.get(name) is stand:
                del sys.modules[name]


def _real(name: str) -> ModuleType:
    for one in _OF_OAUTH:
        if isinstance(sys.modules.get(one), _Later):
            del sys.modules[one]
    return import_module(name)

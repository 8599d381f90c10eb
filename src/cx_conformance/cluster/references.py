"""Reads values by reference: the key of a Secret or ConfigMap, an environment variable, a file.

Values of Secrets and ConfigMaps are asked for when a login needs them, one object at a time, and kept masked.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from cx_conformance.api.request_path import part
from cx_conformance.blueprint.store import Reference
from cx_conformance.cluster.fetched import is_fetched
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.wire.whole_file import NobodyWrites, TooLarge, text_of

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster


class NoSuchValue(LookupError):  # noqa: N818 - a fact about the site, not a bug
    """What a reference names does not exist; the text says what was looked for."""


class References:
    """Reads references; safe to use from several threads, each object is asked for once."""

    def __init__(self, cluster: "Cluster | None", folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        """Read from ``cluster``; files are relative to ``folder``, that of the site file.

        Without a cluster, Secrets and ConfigMaps are not to be had.
        """
        self._cluster = cluster
        self._folder = folder
        self._environment = environment
        self._objects: dict[str, Any] = {}
        self._lock = Lock()
        self.read: list[SecretStr] = []
        """Every secret value read so far, so that outcomes can be scrubbed of them."""

    def value(self, reference: Reference, namespace: str, *, public: bool = False) -> SecretStr:
        """Return the value; ``namespace`` is where the reference names none, ``public`` what may be shown.

        Raises NoSuchValue when it does not exist, CouldNotLook when the account may not see it.
        """
        found = SecretStr(self._value(reference, reference.namespace or namespace))
        if not public and found.get_secret_value() and found not in self.read:
            self.read.append(found)
        return found

    def _value(self, reference: Reference, namespace: str) -> str:
        if reference.env:
            if reference.env not in self._environment:
                raise NoSuchValue(f"environment variable {reference.env} is not set")
            return self._environment[reference.env]
        if reference.file:
            return self._file(reference.file)
        plural, name = ("secrets", reference.secret) if reference.secret else ("configmaps", reference.config_map)
        kind = "Secret" if reference.secret else "ConfigMap"
        held = self._object(namespace, plural, name or "")
        if held is None:
            raise NoSuchValue(f"{kind} {namespace}/{name} does not exist")
        data = held.get("data")
        text = data.get(reference.key) if isinstance(data, dict) else None
        if not isinstance(text, str):
            raise NoSuchValue(f"{kind} {namespace}/{name} has no key {reference.key}")
        value = _decoded(text) if reference.secret else text
        if is_fetched(value):
            raise NoSuchValue(f"{kind} {namespace}/{name} only says where the value of {reference.key} is kept")
        return value

    def _file(self, name: str) -> str:
        path = self._folder / Path(name).expanduser()
        try:
            return text_of(path).removesuffix("\n")
        except (TooLarge, NobodyWrites) as error:
            raise NoSuchValue(f"file {path} {error.strerror}") from None
        except OSError as error:
            raise NoSuchValue(f"file {path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise NoSuchValue(f"file {path} is not UTF-8 text") from None

    def _object(self, namespace: str, plural: str, name: str) -> Any:
        if self._cluster is None:
            raise NoSuchValue(f"{plural} are in the cluster, which is not asked here")
        path = f"/api/v1/namespaces/{part(namespace)}/{plural}/{part(name)}"
        with self._lock:
            if path not in self._objects:
                try:
                    self._objects[path] = self._cluster.read(path)
                except CouldNotLook as reason:
                    self._objects[path] = reason
            held = self._objects[path]
        if isinstance(held, CouldNotLook):
            raise held
        return held if isinstance(held, dict) else None


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise NoSuchValue("the Secret's value is no text in base64") from None

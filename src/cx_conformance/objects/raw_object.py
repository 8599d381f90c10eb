"""API objects as they may be handed to support: whole, but for secrets and what only servers read."""

import re
from collections.abc import Mapping
from typing import Any, Final

from cx_conformance.objects.json_fields import Json
from cx_conformance.objects.secrecy import MASK, mask_arguments, mask_text, mask_value

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_COMMANDS: Final = ("command", "args")
_KEYED: Final = ("data", "stringData", "annotations", "labels", "matchLabels")
_TOKEN: Final = re.compile(
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"  # a JSON Web Token
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # an access key of S3
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|(?<=[Bb]earer )[A-Za-z0-9+/=._~-]{8,}|(?<=[Bb]asic )[A-Za-z0-9+/=]{8,}"
)


def presentable(source: Json) -> Json:
    """Return ``source`` without values that look secret, managed fields and the manifest that kubectl keeps."""
    shown: Json = _mapping(source)
    meta = shown.get("metadata")
    if isinstance(meta, dict):
        meta.pop("managedFields", None)
        annotations = meta.get("annotations")
        if isinstance(annotations, dict):
            annotations.pop(_LAST_APPLIED, None)
    return shown


def presentable_text(written: str) -> str:
    """Return a text such as a log without what looks secret: keys' values, passwords in addresses, tokens."""
    return _TOKEN.sub(MASK, mask_text(written))


def _mapping(source: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(source.get("name"), str) and isinstance(source.get("value"), str):
        # An environment variable: its name says whether its value is secret.
        return {**source, "value": _TOKEN.sub(MASK, mask_value(source["name"], source["value"]))}
    return {key: _value(key, value) for key, value in source.items()}


def _value(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return presentable_text(value)
    if key == "binaryData" and isinstance(value, Mapping):
        return dict.fromkeys(value, "(binary, left out)")
    if key in _KEYED and isinstance(value, Mapping):
        return {name: _keyed(name, one) for name, one in value.items()}
    if key in _COMMANDS and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return list(mask_arguments(tuple(value)))
    if isinstance(value, Mapping):
        return _mapping(value)
    return [_value("", one) for one in value] if isinstance(value, list) else value


def _keyed(name: str, value: Any) -> Any:
    return _TOKEN.sub(MASK, mask_value(name, value)) if isinstance(value, str) else value

"""Whether what stands in a kubeconfig's file is a kubeconfig, told by field and never by value: that may be a secret.

https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

_FIELDS: Final = {
    "cluster": ("server", "certificate-authority", "certificate-authority-data", "proxy-url", "tls-server-name"),
    "user": (
        *("client-certificate", "client-certificate-data", "client-key", "client-key-data"),
        *("token", "tokenFile", "username", "password"),
    ),
    "context": (),
}
"""By kind of part the fields that are texts; kubectl takes nothing else there."""
_SAID: Final = {dict: "a mapping", list: "a list", str: "a text", bool: "a switch", type(None): "nothing"}
"""How values are called; what YAML 1.1 takes for a date is a text to kubectl, and is left."""


def wrong_shape(content: Any) -> str:
    """Say what is wrong with the first thing that is not as in a kubeconfig, by its field; empty: nothing is."""
    return next(_wrong(content), "")


def is_address(server: str) -> bool:
    """Whether the address of a server says scheme and host, and no port that is none."""
    try:
        return bool(re.match(r"https?://[^/\s]", server)) and urlsplit(server).port != 0
    except ValueError:
        return False


def _wrong(content: Any) -> Iterator[str]:
    if not isinstance(content, dict):
        yield f"it is {_kind(content)}, and no mapping"
        return
    for kind, fields in _FIELDS.items():
        listed = content.get(f"{kind}s")
        if listed is not None and not isinstance(listed, list):
            yield f"{kind}s is {_kind(listed)}; a list is needed"
            return
        for number, one in enumerate(listed or ()):
            place = f"{kind}s[{number}]"
            if not isinstance(one, dict):
                yield f"{place} is {_kind(one)}; a mapping is needed, of a name and a {kind}"
            elif "name" not in one:
                yield f"{place} has no name"
            elif one.get(kind) is not None:
                yield from _wrong_part(f"{place}.{kind}", one[kind], fields)


def _wrong_part(place: str, part: Any, texts: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(part, dict):
        yield f"{place} is {_kind(part)}; a mapping is needed"
        return
    for name in texts:
        if isinstance(part.get(name), dict | list | bool | int | float):
            yield f"{place}.{name} is {_kind(part[name])}; a text is needed, in quotes"


def _kind(value: Any) -> str:
    return _SAID.get(type(value), "a number")

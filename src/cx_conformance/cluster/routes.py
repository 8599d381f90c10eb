"""Which Ingress rule leads a path to a component, in plain and in rewritten form."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from cx_conformance.objects.ingress import Ingress, IngressPath

_REGEX: Final = re.compile(r"[(\[{*+?|\\$]|\.\*")
"""Where the literal part of a path ends: ``/ccm(/|$)(.*)`` is the rewritten form of ``/ccm``."""


class Route(Struct, frozen=True):
    """One path of one Ingress."""

    ingress: Ingress
    path: IngressPath

    @property
    def literal(self) -> str:
        """Return the path without its regular expression and trailing slash: ``/ccm``."""
        return literal_path(self.path.path)

    @property
    def host(self) -> str:
        """Return the host it is for, in lower case; empty for any."""
        return self.path.host.lower()

    @property
    def tls_secret(self) -> str | None:
        """Return the Secret that holds its host's certificate; empty: the controller's; None: no TLS."""
        for tls in self.ingress.tls:
            if not tls.hosts or not self.path.host or any(_covers(host, self.path.host) for host in tls.hosts):
                return tls.secret_name
        return None


def literal_path(path: str) -> str:
    """Return the literal part of an Ingress path, without a slash at its end."""
    text = path.removeprefix("^")
    found = _REGEX.search(text)
    return (text[: found.start()] if found else text).rstrip("/") or "/"


def is_expression(path: str) -> bool:
    """Whether an Ingress path is written as a regular expression."""
    return _REGEX.search(path) is not None


def routes(ingresses: Iterable[Ingress]) -> Iterator[Route]:
    """Yield every path of every Ingress."""
    for ingress in ingresses:
        for path in ingress.paths:
            yield Route(ingress, path)


def _covers(pattern: str, host: str) -> bool:
    wanted = host.lower()
    return pattern.lower() == wanted or (pattern.startswith("*.") and wanted.partition(".")[2] == pattern[2:].lower())

"""What a kubelet asks a container by HTTP, to know whether it is well.

Field meanings: https://kubernetes.io/docs/concepts/workloads/pods/probes/
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from cx_conformance.objects.json_fields import Json, mapping, objects, port, text

Probe = Literal["readiness", "liveness", "startup"]


class HttpGet(Struct, frozen=True, kw_only=True):
    """One HTTP request of a kubelet; ``port`` is a number or the name of a container port, ``host`` mostly empty."""

    probe: Probe
    scheme: Literal["http", "https"]
    port: int | str | None
    path: str
    host: str
    with_headers: bool


def http_gets(container: Json) -> Iterator[HttpGet]:
    """Yield what a kubelet asks a container, readiness first; probes of other kinds are left out."""
    words: tuple[Probe, ...] = ("readiness", "liveness", "startup")
    for word in words:
        asked = mapping(container, f"{word}Probe", "httpGet")
        if asked:
            yield HttpGet(
                probe=word,
                scheme="https" if text(asked, "scheme").upper() == "HTTPS" else "http",
                port=port(asked, "port"),
                path="/" + text(asked, "path").removeprefix("/"),
                host=text(asked, "host"),
                with_headers=bool(objects(asked, "httpHeaders")),
            )

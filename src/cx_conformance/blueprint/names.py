"""The kinds of text that a blueprint is made of, each validated as Kubernetes does.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and, for port names, RFC 6335.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic.functional_validators import BeforeValidator

from cx_conformance.blueprint.quantity import ALLOWED, Quantity

_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_PORT_NAME: Final = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_URL: Final = re.compile(
    r"https?://(?:\$\{[A-Z][A-Z0-9_]*\}|(?P<host>(?:\*\.)?[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?))(?P<path>/[A-Za-z0-9._~%/-]*)"
)

DnsLabel = Annotated[str, StringConstraints(pattern=rf"^{_LABEL}$", min_length=1, max_length=63)]
"""A name of a namespace, a Service or a volume: lower-case letters, digits and '-', at most 63 characters."""

DnsSubdomain = Annotated[str, StringConstraints(pattern=rf"^{_LABEL}(\.{_LABEL})*$", min_length=1, max_length=253)]
"""A name of any other object: like a label, with dots, at most 253 characters."""


def _port_name(text: str) -> str:
    if len(text) > 15 or _PORT_NAME.fullmatch(text) is None:
        raise ValueError(
            f"{text[:60]!r} is not a port name; allowed are at most 15 lower-case letters, digits and single '-', "
            "at least one letter, no '-' at either end"
        )
    return text


PortName = Annotated[
    str, AfterValidator(_port_name), WithJsonSchema({"type": "string", "maxLength": 15, "examples": ["http-ccm-8081"]})
]
"""A port's name: an IANA service name of at most 15 characters."""

PortNumber = Annotated[int, Field(ge=1, le=65535, strict=True, examples=[8081])]
"""A TCP port."""

PortKey = Annotated[int, Field(ge=1, le=65535)]
"""A TCP port as the key of a mapping; keys are read as text."""


def _quantity(value: object) -> Quantity:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"not a quantity; allowed is {ALLOWED}")  # noqa: TRY004 - pydantic locates ValueErrors
    return Quantity.parse(str(value))


QuantityText = Annotated[
    Quantity,
    BeforeValidator(_quantity),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": ["string", "number"], "examples": ["50m", "256Mi"]}),
]
"""An amount as Kubernetes writes it."""


def _url(text: str) -> str:
    if _URL.fullmatch(text) is None:
        raise ValueError(f"{text[:80]!r} is not an ingress URL; allowed is https://${{FQDN}}/path, or a host name")
    return text


IngressUrl = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "examples": ["https://${FQDN}/ccm"]}),
]
"""An address as the page writes it, the host a placeholder: ``https://${FQDN}/ccm``; or one with its own host name."""


def url_path(url: str) -> str:
    """Return the path of an ``IngressUrl``: ``/ccm``."""
    match = _URL.fullmatch(url)
    return match["path"] if match else "/"


def url_host(url: str) -> str | None:
    """Return the host name of an ``IngressUrl``; None: a placeholder stands for it."""
    match = _URL.fullmatch(url)
    return match["host"] if match else None


HttpPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~%/?=&+:@,;!$*()'-]*$", max_length=1024)]
"""An absolute HTTP path."""

MountPath = Annotated[str, StringConstraints(pattern=r"^/[^\x00-\x1f:]*$", max_length=1024)]
"""Where a volume is mounted in a container; no ':' (the API server refuses it)."""

PATTERNS: Final[dict[str, str]] = {
    rf"^{_LABEL}$": "lower-case letters, digits and '-', beginning and ending with a letter or digit",
    rf"^{_LABEL}(\.{_LABEL})*$": "lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit",
    r"^/[A-Za-z0-9._~%/?=&+:@,;!$*()'-]*$": "an absolute HTTP path such as /actuator/health",
    r"^/[^\x00-\x1f:]*$": "an absolute path without ':'",
    r"^e?[1-9][0-9]*$": "a row number of the page such as 1 or e1",
    r"^BL[0-9]{3}$": "the ID of a lint rule such as BL103",
    r"^CX[0-9]{3}$": "the ID of a check such as CX201",
    r"^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$": "a host name such as cx.example.com, without scheme or path",
    r"^[-a-z0-9{}]*\{component\}[-a-z0-9{}]*$": "a template such as {release}-{component}",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "a name of letters, digits and '_'",
    r"^[A-Za-z_][A-Za-z0-9_]*(:[A-Za-z_][A-Za-z0-9_]*)?$": "a variable such as CCM_URL, or two, REDIS_HOST:REDIS_PORT",
    r"^https?://[^/@\s]+/?$": "the address of a server such as https://minio.ef-external.svc:9000, without a path",
    r"^/": "an absolute path such as /ccm",
}
"""What each pattern of the model allows, in words, for messages."""

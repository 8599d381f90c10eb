"""What is asked over HTTP, within which limits, and what came of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct, field

from cx_conformance.objects.admitted import quoted
from cx_conformance.wire.discreet import Discreet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import SecretStr

    from cx_conformance.objects.certificate import Certificate


class HttpFailure(StrEnum):
    """How a request ended without an answer that counts."""

    REFUSED = "refused"
    TIMED_OUT = "timed out"
    NOT_RESOLVABLE = "not resolvable"
    NO_ROUTE = "no route"
    RESET = "reset"
    CLOSED = "closed without an answer"
    GARBAGE = "not HTTP"
    CERTIFICATE = "certificate not accepted"
    TLS = "TLS failed"
    SCHEME = "wrong scheme"
    OTHER = "failed"


class Trust(StrEnum):
    """Whose word is taken for a server's certificate, where no file of authorities is given."""

    SYSTEM = "system"
    NOBODY = "nobody"
    """The certificate is looked at and not verified, as ``curl -k`` does."""


class HttpLimits(Struct, frozen=True, kw_only=True):
    """Seconds to connect and in all, bytes of body that are kept, and tries of which one must come to an answer.

    Half of all the seconds is what an answer is waited for before the question is put once more, beside the first: a
    server is silent that leaves both alone.
    """

    connect_seconds: float = 3.0
    total_seconds: float = 10.0
    body_bytes: int = 16_384
    tries: int = 2
    pause_seconds: float = 0.3

    @property
    def patience_seconds(self) -> float:
        """How long one question is left without an answer."""
        return self.total_seconds / 2


class HttpRequest(Struct, frozen=True, kw_only=True):
    """A GET of ``url``, or a POST of ``form`` to it.

    ``connect_to`` is where the connection really goes (a tunnel's end, an address that DNS does not know yet); name and
    certificate stay those of the URL, or of ``server_name``. ``trust`` is a PEM file of authorities, or a ``Trust``.
    ``use_proxy`` follows HTTPS_PROXY and the like, for what lies outside the cluster.
    """

    url: str
    connect_to: tuple[str, int] | None = None
    server_name: str | None = None
    trust: Path | Trust = Trust.SYSTEM
    headers: Mapping[str, str] = field(default_factory=dict)
    use_proxy: bool = False
    form: Mapping[str, SecretStr] | None = None


class TlsFacts(Struct, frozen=True, kw_only=True):
    """The TLS of a connection: the protocol (``TLSv1.3``) and the server's certificate, verified or not."""

    protocol: str | None
    certificate: Certificate | None


class HttpObservation(Discreet, frozen=True, kw_only=True):
    """What came of a request: an answer, or ``failure`` and ``words`` that say why there is none that counts.

    A server that answers 400 for want of TLS has both a ``status`` and a ``failure``.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"body"})
    url: str
    status: int | None = None
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """With names in lower case."""
    body: bytes = b""
    body_is_whole: bool = True
    broken_off: bool = False
    """Whether the connection ended before the body did, by its own length; whoever asks takes that for no answer."""
    tls: TlsFacts | None = None
    failure: HttpFailure | None = None
    words: str = ""
    milliseconds: float = 0.0
    tries: int = 1

    @property
    def location(self) -> str | None:
        """Where a redirect leads; it is not followed."""
        return self.headers.get("location") if self.status and 300 <= self.status < 400 else None

    @property
    def is_turned_away(self) -> bool:
        """Whether a mesh's proxy refused the caller, in Istio's words or Linkerd's: the component was not asked."""
        return self.status == 403 and (self.body.strip() == b"RBAC: access denied" or "l5d-proxy-error" in self.headers)

    @property
    def shown_location(self) -> str | None:
        """Where a redirect leads, as a message may say it."""
        return quoted(self.location) if self.location else None

    @property
    def text(self) -> str:
        """The body as text, what is no text replaced."""
        return self.body.decode(errors="replace")

    def excerpt(self, size: int = 200) -> str:
        """Return the start of the body on one line, without any word that may be a secret."""
        return quoted(self.body, size)


_SPACE = "\ufeff \t\r\n"


def is_web_page(text: str) -> bool:
    """Tell whether a body is a page for people, as a login's, or one that a server gives for every path."""
    rest = text.lstrip(_SPACE)
    while rest.startswith(("<!--", "<?xml")):  # such as a licence, before the document's type
        rest = rest.partition("-->" if rest.startswith("<!--") else ">")[2].lstrip(_SPACE)
    return rest[:20].lower().startswith(("<!doctype html", "<html"))

"""What was seen of one store."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct, field

from cx_conformance.probes.stores.trouble import Kind

Value = str | int | float | bool | None | tuple[str, ...]


class Level(StrEnum):
    """How far a component would get, and what the store must refuse; in the order in which it is asked."""

    REACHABLE = "reachable"
    TLS = "tls"
    SPEAKS = "speaks"
    LOGS_IN = "logs_in"
    USABLE = "usable"
    REFUSES_WRONG_PASSWORD = "refuses_wrong_password"  # noqa: S105 - a level's name
    REFUSES_ANONYMOUS = "refuses_anonymous"
    REFUSES_PLAINTEXT = "refuses_plaintext"


class Finding(Struct, frozen=True, kw_only=True):
    """One answer: ``ok`` None means that it was not asked or could not be told, and ``words`` say why.

    ``kind`` names the trouble when there was one; ``detail`` holds the values seen, none of them secret.
    """

    ok: bool | None
    words: str
    kind: Kind | None = None
    detail: Mapping[str, Value] = field(default_factory=dict)


class Certificate(Struct, frozen=True, kw_only=True):
    """The server's certificate as presented; ``fingerprint`` is SHA-256 in lower-case hex."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: str

    def days_left(self, now: datetime | None = None) -> float:
        """Return the days until it expires, negative when it has."""
        return (self.not_after - (now or datetime.now(UTC))).total_seconds() / 86_400


class PortObservation(Struct, frozen=True, kw_only=True):
    """What answered on one more promised port of a store; ``speaks`` names the protocol when it was recognised."""

    address: str
    promised: str
    speaks: str | None
    finding: Finding
    certificate: Certificate | None = None


class StoreObservation(Struct, frozen=True, kw_only=True):
    """One store, asked once: a finding for each level, and the facts around them.

    ``milliseconds`` is the whole observation, ``connect_ms`` the TCP connection that succeeded (None: none did).
    """

    store: str
    address: str
    findings: Mapping[Level, Finding]
    ports: tuple[PortObservation, ...] = ()
    writes: tuple[str, ...] = ()
    """What was written to it and what became of that; empty unless writes were allowed."""
    untold: tuple[str, ...] = ()
    """What was asked beside, after a login, and not answered."""
    certificate: Certificate | None = None
    version: str | None = None
    tries: int = 1
    milliseconds: float = 0.0
    connect_ms: float | None = None

    @property
    def broken(self) -> bool:
        """Whether anything is not as promised."""
        return any(finding.ok is False for finding in self.findings.values())

    @property
    def hung_up(self) -> bool:
        """Whether it ended every connection before it had said a word of its own; a certificate with names is one."""
        said = self.certificate is not None and bool(self.certificate.names)
        return not said and any(
            one.ok is False and one.kind in (Kind.CLOSED, Kind.TLS) for one in (self.reachable, self.tls, self.speaks)
        )

    @property
    def reachable(self) -> Finding:
        """Whether a TCP connection is accepted."""
        return self.findings[Level.REACHABLE]

    @property
    def tls(self) -> Finding:
        """Whether the TLS handshake ends well: chain, name, dates, client certificate."""
        return self.findings[Level.TLS]

    @property
    def speaks(self) -> Finding:
        """Whether it speaks the promised protocol."""
        return self.findings[Level.SPEAKS]

    @property
    def logs_in(self) -> Finding:
        """Whether the components' credentials are accepted."""
        return self.findings[Level.LOGS_IN]

    @property
    def usable(self) -> Finding:
        """Whether it can do its work: primary, loaded, with its databases and buckets."""
        return self.findings[Level.USABLE]

    @property
    def refuses_wrong_password(self) -> Finding:
        """Whether a wrong password is refused."""
        return self.findings[Level.REFUSES_WRONG_PASSWORD]

    @property
    def refuses_anonymous(self) -> Finding:
        """Whether access without credentials is refused."""
        return self.findings[Level.REFUSES_ANONYMOUS]

    @property
    def refuses_plaintext(self) -> Finding:
        """Whether a connection without TLS is refused where TLS is promised."""
        return self.findings[Level.REFUSES_PLAINTEXT]

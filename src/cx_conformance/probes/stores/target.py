"""Which store is asked, by which way, for how long, and as whom."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct, field
from pydantic import SecretStr

from cx_conformance.wire.discreet import Discreet

PROBE_USER = "cx-conformance-probe"
"""The user name of the one wrong login of a run; it stands in the store's log and belongs to nobody."""


class Limits(Struct, frozen=True, kw_only=True):
    """How long a store is waited for.

    ``connect_s`` bounds one TCP connection or TLS handshake, ``answer_s`` one answer, ``total_s`` the whole
    observation with all its connections; all in seconds. ``tries`` is how often a connection that is refused, reset
    or lost is tried before it is called so, and ``silences`` how often a question must be left without an answer for
    all of ``answer_s``. A question that had less time than that tells nothing by its silence.
    """

    connect_s: float = 2.0
    answer_s: float = 2.0
    total_s: float = 8.0
    tries: int = 2
    silences: int = 2


class TlsExpectation(Discreet, frozen=True, kw_only=True):
    """TLS as the components do it: which CA they trust, and the certificate they show.

    ``ca_pem`` None means the system's own trust store. ``check_hostname`` False is libpq's ``verify-ca``: the chain
    is verified, the name is not. ``key_pem`` may be the same text as ``certificate_pem`` where one file holds both.
    ``unverified`` says why nothing of the certificate is verified; None: it is.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"ca_pem", "certificate_pem"})
    ca_pem: str | None = None
    certificate_pem: str | None = None
    key_pem: SecretStr | None = None
    check_hostname: bool = True
    unverified: str | None = None

    @property
    def names_count(self) -> bool:
        """Whether the server's name is compared with its certificate."""
        return self.check_hostname and self.unverified is None


def _nothing() -> str | None:
    return None


class Target(Struct, frozen=True, kw_only=True):
    """A promised name and port, and where the socket really goes.

    ``connect_to`` is the local end of a tunnel, or None for the promised address itself; certificates are compared
    with ``host`` in both cases. ``why_closed`` is asked when a connection ends without a byte: a tunnel knows that
    the port in the pod is closed when its local end could still be connected to.
    """

    host: str
    port: int
    connect_to: tuple[str, int] | None = None
    tls: TlsExpectation | None = None
    limits: Limits = field(default_factory=Limits)
    why_closed: Callable[[], str | None] = _nothing

    @property
    def address(self) -> str:
        """The promised address, as messages name it."""
        return f"{self.host}:{self.port}"

    @property
    def socket_address(self) -> tuple[str, int]:
        """Where the socket goes."""
        return self.connect_to or (self.host, self.port)


class Credentials(Struct, frozen=True, kw_only=True):
    """As whom the components log in; ``database`` is Mongo's authSource or PostgreSQL's database."""

    username: str | None = None
    password: SecretStr | None = None
    database: str | None = None

"""What a store answered, as checks judge it."""

from collections.abc import Mapping

from msgspec import Struct, field

from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes.stores.observation import Finding, PortObservation, StoreObservation
from cx_conformance.vantage.reach import Way


class StoreAsked(Struct, frozen=True):
    """What a store answered, and how it was asked."""

    observation: StoreObservation
    vantage: str
    pod: str
    secure: bool
    """Whether it was asked over TLS."""
    without_login: str | None
    """Why nobody logged in; None: somebody did, or tried to, or was kept from it."""
    login_unread: str | None = None
    """What kept the run from reading the credentials."""
    login_note: str | None = None
    """Where the credentials come from, where that is not the documented place."""
    takes_plain: bool | None = False
    """Whether it also answers without TLS; looked at only where it was asked over TLS and components are told not to
    use it; None: it did not tell in time."""
    certificate_note: str | None = None
    """What to know of its certificate although it was accepted."""
    role_note: str | None = None
    """Why this pod was asked of several, and what to know of the others."""
    told_ports: frozenset[str] = frozenset()
    """Ports that components are told to use, as they are told."""
    read_from: tuple[str, ...] = ()
    """Where the account is read from that was logged in as."""
    as_told: tuple[tuple[str, Finding], ...] = ()
    """Where components are told to log in as somebody else, and what came of that."""
    others: Mapping[int, Way] = field(default_factory=dict)
    """How its further ports were reached, by Service port, in the order of the observation's ports."""

    def port(self, number: int) -> PortObservation:
        """Return what one of its further ports answered; raises NoVantage, CouldNotLook."""
        for (known, way), seen in zip(self.others.items(), self.observation.ports, strict=True):
            if known == number:
                if not seen.finding.ok:
                    way.raise_trouble()
                return seen
        raise NoVantage(f"port {number} of {self.observation.address} was not asked")

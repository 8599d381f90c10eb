"""An observation in the making."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cx_conformance.probes.stores.line import Line, Prelude
from cx_conformance.probes.stores.masking import Masking
from cx_conformance.probes.stores.observation import Finding, Level, PortObservation, StoreObservation, Value
from cx_conformance.probes.stores.sniff import SILENT, sniff
from cx_conformance.probes.stores.target import Credentials, Target
from cx_conformance.probes.stores.trouble import UNANSWERED, Kind, Trouble, seconds

T = TypeVar("T")

_LACKS = {
    Level.REACHABLE: "cannot be connected to",
    Level.TLS: "cannot be talked to over TLS as promised",
    Level.SPEAKS: "does not answer in its protocol",
    Level.LOGS_IN: "lets nobody log in",
}

_TELLING = 8
"""Bytes that an answer must have to be called one of no known protocol; fewer are a known one, cut off."""
_WORTH_SNIFFING = frozenset({Kind.CLOSED, Kind.ODD, Kind.GAVE_UP, Kind.WRONG_PROTOCOL, Kind.TIMED_OUT})


class Notes:
    """Collects the findings of one store; what is never asked says so at the end."""

    def __init__(self, store: str, target: Target, credentials: Credentials | None) -> None:
        """Start the clock."""
        self.store = store
        self.target = target
        self.credentials = credentials
        key = target.tls.key_pem if target.tls else None
        secrets = [credentials.password if credentials else None, key]
        self.said = Masking(secrets, credentials.username if credentials else None)
        self.line = Line(target, self.said)
        self.findings: dict[Level, Finding] = {}
        self.ports: list[PortObservation] = []
        self.writes: list[str] = []
        self.untold: list[str] = []
        self.version: str | None = None
        self._began = time.monotonic()

    def found(self, level: Level, words: str, /, **detail: Value) -> None:
        """Note that a level is as it should be."""
        self.findings[level] = Finding(ok=True, words=words, detail=detail)

    def failed(self, level: Level, kind: Kind, words: str, /, **detail: Value) -> None:
        """Note that a level is not as it should be."""
        self.findings[level] = Finding(ok=False, words=words, kind=kind, detail=detail)

    def trouble(self, level: Level, trouble: Trouble) -> None:
        """Note what went wrong: with the store, or with our asking."""
        if trouble.kind is Kind.TIMED_OUT and not trouble.believed:
            trouble = Trouble(Kind.GAVE_UP, f"{trouble.words}, asked once")
        ok = None if trouble.kind in UNANSWERED else False
        self.findings[level] = Finding(ok=ok, words=trouble.words, kind=trouble.kind)

    def not_asked(self, level: Level, why: str, kind: Kind | None = None) -> None:
        """Note why a level was not asked, or could not be told."""
        self.findings[level] = Finding(ok=None, words=why, kind=kind)

    def wrote(self, words: str) -> None:
        """Note what was written to the store, and what became of it."""
        self.writes.append(f"{self.target.address}: {words}")

    def ok(self, level: Level) -> bool:
        """Tell whether a level was found as it should be."""
        finding = self.findings.get(level)
        return finding is not None and finding.ok is True

    @contextmanager
    def asking(self, level: Level, *, of_account: bool = False) -> Iterator[None]:
        """Turn whatever is raised inside into this level's finding.

        ``of_account``: what a good login may not be told, because it has few rights, is no fault of the store.
        """
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever a library raises is told in words, never as a traceback
            trouble = self.line.explain(error)
            if of_account and trouble.kind is Kind.UNAUTHORIZED:
                self.not_asked(level, f"could not be told: {trouble.words}", trouble.kind)
            else:
                self.trouble(level, trouble)

    def optional(self, what: str, ask: Callable[[], T]) -> T | None:
        """Return what is told of ``what`` after a good login; None, and why not, where that is not told.

        Few rights, an older server or a managed one leave such a question open; it takes nothing from the login.
        """
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 - whatever a library raises is told in words, never as a traceback
            self.untold.append(f"{what} could not be told: {self.line.explain(error).words}")
            return None

    @contextmanager
    def logging_in(self, credentials: Credentials) -> Iterator[None]:
        """Note how a login with the components' credentials ends."""
        address = self.target.address
        whom = f" of {credentials.username}" if credentials.username else ""
        with self.asking(Level.LOGS_IN):
            yield
            self.found(Level.LOGS_IN, f"{address} accepts the credentials{whom}")
        failed = self.findings[Level.LOGS_IN]
        if failed.kind is Kind.UNAUTHORIZED:
            said = failed.words.rstrip(".")
            words = f"{address} does not accept the credentials{whom} ({said}); was the password changed in one place?"
            self.failed(Level.LOGS_IN, Kind.UNAUTHORIZED, words)

    def reach(self, prelude: Prelude | None = None) -> bool:
        """Connect, and shake hands where TLS is promised; tell whether a protocol can be spoken.

        ``prelude`` is spoken before TLS begins, where the protocol has one, as PostgreSQL's.
        """
        with self.asking(Level.REACHABLE):
            self.line.tried(lambda: self.line.dial().close())
            self.found(Level.REACHABLE, f"{self.target.address} accepts connections")
        if not self.ok(Level.REACHABLE):
            return False
        if self.target.tls is None:
            self.not_asked(Level.TLS, "no TLS is promised on this port")
            return True
        with self.asking(Level.TLS):
            self.line.tried(lambda: self.line.open(prelude).close())
            self._shook_hands()
        if self.findings[Level.TLS].kind is Kind.REFUSED:
            # A tunnel's local end accepts whatever the pod does, and tells so late that it does not.
            self.findings[Level.REACHABLE] = self.findings.pop(Level.TLS)
            return False
        self._name_instead_of_tls()
        return self.findings[Level.TLS].kind is None

    def _shook_hands(self) -> None:
        certificate = self.line.certificate
        until = f", valid until {certificate.not_after:%Y-%m-%d}" if certificate else ""
        tls = self.target.tls
        if tls is not None and tls.unverified is not None:
            issuer = f", issued by {certificate.issuer}," if certificate else ""
            self.not_asked(
                Level.TLS, f"the certificate of {self.target.address}{issuer} was not verified: {tls.unverified}"
            )
            return
        name = f" for {self.target.host}" if tls and tls.check_hostname else ""
        self.found(Level.TLS, f"{self.target.address} presents a certificate{name} that the components trust{until}")

    def _name_instead_of_tls(self) -> None:
        failed = self.findings[Level.TLS]
        if failed.ok is False and failed.kind in {Kind.WRONG_PROTOCOL, Kind.CLOSED, Kind.TIMED_OUT}:
            spoken = sniff(self.line, secure=False, silent=failed.kind is Kind.TIMED_OUT).name
            if spoken not in {None, SILENT, "TLS"}:
                words = f"{self.target.address} speaks {spoken} in plain where TLS is promised"
                self.failed(Level.TLS, Kind.WRONG_PROTOCOL, words)

    @contextmanager
    def speaking(self, protocol: str, prelude: Prelude | None = None, *, over: str | None = None) -> Iterator[None]:
        """Turn whatever is raised by the first exchange into findings, and name what is spoken instead.

        ``over`` is what carries the protocol, as HTTP carries S3: a server that speaks it gave its answer in words.
        """
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever a library raises is told in words, never as a traceback
            trouble = self.line.explain(error)
            if self.target.tls is not None and trouble.kind in {Kind.CLOSED, Kind.TLS}:
                trouble = self.line.late_alert(prelude) or trouble
            if trouble.kind is Kind.TLS:
                self.trouble(Level.TLS, trouble)
            elif trouble.kind is Kind.REFUSED:
                self.trouble(Level.REACHABLE, trouble)
            else:
                if trouble.kind in _WORTH_SNIFFING:
                    trouble = self._spoken_instead(protocol, over, trouble)
                self.trouble(Level.SPEAKS, trouble)

    def _spoken_instead(self, protocol: str, over: str | None, trouble: Trouble) -> Trouble:
        address = self.target.address
        sniffed = sniff(self.line, secure=self.target.tls is not None, silent=trouble.kind is Kind.TIMED_OUT)
        hung_up = trouble.kind is Kind.CLOSED and sniffed.name is None and not sniffed.said
        if hung_up and sniffed.late and self.target.tls is None:
            words = f"{trouble.words}, and whether it wants TLS was not known in time"
            return Trouble(Kind.GAVE_UP, words)
        if sniffed.name == SILENT:
            waited = seconds(self.target.limits.answer_s)
            silent = Trouble(Kind.TIMED_OUT, f"{address} accepts connections and says nothing within {waited}")
            silent.believed = trouble.believed
            return silent if trouble.kind is Kind.TIMED_OUT else trouble
        if sniffed.name == "TLS" and self.target.tls is None:
            return Trouble(Kind.TLS, f"{address} wants TLS where plain {protocol} is promised")
        if sniffed.name is not None and sniffed.name not in {protocol, over}:
            return Trouble(Kind.WRONG_PROTOCOL, f"{address} does not speak {protocol}; it speaks {sniffed.name}")
        if sniffed.name is None and len(sniffed.said) >= _TELLING:
            first = sniffed.said[:_TELLING].hex(" ")
            words = f"{address} does not speak {protocol}, nor anything known; its first bytes are {first}"
            return Trouble(Kind.WRONG_PROTOCOL, words)
        return trouble

    def refusing(self, level: Level, ask: Callable[[], str], *, as_whom: str) -> None:
        """Note whether an attempt that must be refused is: ``ask`` returns what was granted, or raises.

        A refusal is a Trouble of kind not authorised; any other trouble leaves the question open.
        """
        try:
            granted = ask()
        except Exception as error:  # noqa: BLE001 - told in words
            trouble = self.line.explain(error)
            if trouble.kind is Kind.UNAUTHORIZED:
                self.found(level, f"{self.target.address} refuses {as_whom}")
            else:
                self.not_asked(level, f"could not be told: {trouble.words}", trouble.kind)
        else:
            self.failed(level, Kind.OPEN, f"{self.target.address} accepts {as_whom}: {granted}")

    def observation(self) -> StoreObservation:
        """Return what was seen."""
        findings = {level: self.findings.get(level) or self._unasked(level) for level in Level}
        return StoreObservation(
            store=self.store,
            address=self.target.address,
            findings=findings,
            ports=tuple(self.ports),
            writes=tuple(self.writes),
            untold=tuple(self.untold),
            certificate=self.line.certificate,
            version=self.version,
            tries=max(self.line.tries, 1),
            milliseconds=(time.monotonic() - self._began) * 1000,
            connect_ms=self.line.connect_ms,
        )

    def _unasked(self, level: Level) -> Finding:
        for earlier in (Level.REACHABLE, Level.TLS, Level.SPEAKS, Level.LOGS_IN):
            finding = self.findings.get(earlier)
            if finding is not None and finding.kind is not None and earlier is not level:
                return Finding(ok=None, words=f"not asked, because the store {_LACKS[earlier]}")
        return Finding(ok=None, words="not asked of this store")


@contextmanager
def noting(store: str, target: Target, credentials: Credentials | None) -> Iterator[Notes]:
    """Give notes whose connections are closed at the end."""
    notes = Notes(store, target, credentials)
    try:
        yield notes
    finally:
        notes.line.close()

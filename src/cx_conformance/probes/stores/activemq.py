"""ActiveMQ: STOMP asked by stomp.py, and what its other ports speak."""

import re
import secrets
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.masking import Masking
from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Finding, Level, PortObservation, StoreObservation
from cx_conformance.probes.stores.sniff import SILENT, Sniffed, recognise, sniff
from cx_conformance.probes.stores.stomp_session import Session
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target, TlsExpectation
from cx_conformance.probes.stores.trouble import UNANSWERED, Kind, Trouble, seconds

_QUESTIONS = {
    "OpenWire": b"\x00\x00\x00\x0e\x01ActiveMQ\x00\x00\x00\x09\x00",
    "STOMP": b"STOMP\naccept-version:1.2\nhost:/\n\n\x00",
    "AMQP": b"AMQP\x00\x01\x00\x00",
    "MQTT": b"\x10\x1f\x00\x04MQTT\x04\x02\x00\x05\x00\x13cx-conformance-prob",
    "HTTP": b"GET / HTTP/1.0\r\n\r\n",
}
"""What makes a server of each protocol speak.

That of OpenWire is a client's WireFormatInfo: where a port takes several protocols (``auto`` connectors, Artemis) it is
silent until then. https://activemq.apache.org/components/classic/documentation/openwire-version-2-specification and
https://activemq.apache.org/components/classic/documentation/auto
"""


_SERVER_ERROR = re.compile(rb"HTTP/\d\S* (5\d\d)")
_REFUSAL_S = 0.5
"""How long a tunnel takes to tell that the pod's port is closed."""


class Port(Struct, frozen=True, kw_only=True):
    """One more promised port; ``speaks`` None where only a listener is promised.

    Where it turns out to want TLS and ``tls`` is given, its certificate is verified by that, and ``over_tls`` is what
    it is to speak then.
    """

    target: Target
    speaks: str | None
    over_tls: str | None = None
    tls: TlsExpectation | None = None


def observe(
    target: Target,
    credentials: Credentials | None = None,
    *,
    others: Sequence[Port] = (),
    allow_writes: bool = False,
) -> StoreObservation:
    """Ask a broker on its STOMP port, and each of the ``others`` what it speaks, at the same time.

    Without ``allow_writes`` a temporary queue is subscribed to; with it a message goes through it.
    """
    with noting("activemq", target, credentials) as notes, ThreadPoolExecutor(max(len(others), 1)) as pool:
        looking = [pool.submit(look, port, notes.said) for port in others]
        if notes.reach():
            _ask(notes, allow_writes=allow_writes)
        notes.ports = [one.result() for one in looking]
        return notes.observation()


def _ask(notes: Notes, *, allow_writes: bool) -> None:
    with notes.speaking("STOMP"):
        notes.line.tried(lambda: _greet(notes))
    if not notes.ok(Level.SPEAKS):
        return
    if notes.credentials is None:
        notes.not_asked(Level.LOGS_IN, "no credentials are given")
    else:
        _log_in(notes, notes.credentials, allow_writes=allow_writes)
    notes.refusing(Level.REFUSES_WRONG_PASSWORD, lambda: _wrong(notes), as_whom="a wrong password")


def _greet(notes: Notes) -> None:
    """Connect without a login: the answer tells the protocol, and whether a login is needed."""
    address = notes.target.address
    with Session(notes.line) as session:
        try:
            session.connect(None)
        except Trouble as trouble:
            if trouble.kind is not Kind.UNAUTHORIZED:
                raise
            notes.found(Level.REFUSES_ANONYMOUS, f"{address} refuses access without a login")
        else:
            words = f"{address} lets anybody connect without a login; set an authentication plug-in"
            notes.failed(Level.REFUSES_ANONYMOUS, Kind.OPEN, words)
    notes.found(Level.SPEAKS, f"{address} speaks STOMP")


def _log_in(notes: Notes, credentials: Credentials, *, allow_writes: bool) -> None:
    with ExitStack() as stack:
        with notes.logging_in(credentials):
            session, connected = notes.line.tried(lambda: _connected(notes, credentials))
            stack.enter_context(session)
        if notes.ok(Level.LOGS_IN):
            notes.version = notes.said(connected.get("server", ""), 60) or None
            _use(notes, session, connected, allow_writes=allow_writes)


def _connected(notes: Notes, credentials: Credentials) -> tuple[Session, dict[str, str]]:
    """Return a session that has logged in, and the headers of CONNECTED."""
    with ExitStack() as stack:
        session = stack.enter_context(Session(notes.line))
        connected = session.connect(credentials)
        stack.pop_all()
        return session, connected


def _use(notes: Notes, session: Session, connected: dict[str, str], *, allow_writes: bool) -> None:
    address = notes.target.address
    destination = f"/temp-queue/cx-conformance-{secrets.token_hex(6)}"
    with notes.asking(Level.USABLE, of_account=True):
        version = notes.said(connected.get("version", "1.0"), 10)
        if version != "1.2":
            raise Trouble(Kind.UNUSABLE, f"{address} speaks STOMP {version} where 1.2 is promised")
        session.subscribe(destination, "cx-conformance")
        done = "lets a temporary queue be subscribed to"
        if allow_writes:
            notes.wrote(f"a message to temporary queue {destination}, which ends with its connection")
            _pass_message_through(notes, session, destination)
            done = "passes a message through a temporary queue"
        beats = notes.said(connected.get("heart-beat", "0,0"), 30)
        notes.found(Level.USABLE, f"{address} {done}", heart_beat=beats, stomp=version)


def _pass_message_through(notes: Notes, session: Session, destination: str) -> None:
    """Send a message and wait for it; raises Trouble where it does not come.

    A broker whose memory limit is reached does not refuse what is sent: it lets the sender wait.
    https://activemq.apache.org/components/classic/documentation/producer-flow-control
    """
    try:
        session.round_trip(destination, f"cx-conformance {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    except TimeoutError as silence:
        trouble = notes.line.explain(silence)
        if trouble.kind is not Kind.TIMED_OUT or not trouble.believed:
            raise
        words = f"{notes.target.address} lets a queue be subscribed to, and delivers no message to it"
        held = "a broker that has reached its memory limit (systemUsage) holds up whoever sends"
        raise Trouble(Kind.UNUSABLE, f"{words}; {held}") from None


def _wrong(notes: Notes) -> str:
    nobody = Credentials(username=PROBE_USER, password=SecretStr(secrets.token_urlsafe(12)))
    with Session(notes.line) as session:
        session.connect(nobody)
    return f"user {PROBE_USER} with a random password may connect"


def look(port: Port, said: Masking) -> PortObservation:
    """Tell what one port speaks; never raises for what a server does."""
    seen = _looked_at(port, said)
    if port.target.tls is None and port.tls is not None and seen.speaks == "TLS":
        return _looked_at(Port(target=replace(port.target, tls=port.tls), speaks=port.over_tls), said)
    return seen


def _looked_at(port: Port, said: Masking) -> PortObservation:
    line = Line(port.target, said)
    try:
        return _looked(port, line)
    finally:
        line.close()


def _looked(port: Port, line: Line) -> PortObservation:
    address, promised = port.target.address, port.speaks or "a listener"
    spoken: str | None = None
    try:
        spoken = line.tried(lambda: _spoken(port, line))
        finding = _compare(port, spoken)
    except Trouble as told:
        trouble = (line.late_alert() if port.target.tls is not None and told.kind is Kind.CLOSED else None) or told
        finding = Finding(ok=None if trouble.kind in UNANSWERED else False, words=trouble.words, kind=trouble.kind)
        if port.target.tls is not None and trouble.kind in {Kind.WRONG_PROTOCOL, Kind.CLOSED, Kind.TIMED_OUT}:
            spoken = sniff(line, secure=False, silent=trouble.kind is Kind.TIMED_OUT).name
            if spoken not in {None, SILENT, "TLS"}:
                words = f"{address} speaks {spoken} in plain where TLS is promised"
                finding = Finding(ok=False, words=words, kind=Kind.WRONG_PROTOCOL)
    return PortObservation(
        address=address, promised=promised, speaks=spoken, finding=finding, certificate=line.certificate
    )


def _spoken(port: Port, line: Line) -> str | None:
    with line.open() as sock:
        if port.speaks is None:
            if port.target.tls is not None:
                return None
            return _listener(line, sock)
        sock.sendall(_QUESTIONS[port.speaks])
        said = _first_words(sock)
        name = recognise(said)
        if name == port.speaks == "HTTP" and (failing := _SERVER_ERROR.match(said)):
            status = failing[1].decode()
            raise Trouble(Kind.UNUSABLE, f"{port.target.address} speaks HTTP, and answers GET / with {status}")
    if name == port.speaks:
        return name
    sniffed = sniff(line, secure=port.target.tls is not None)
    if not (said or sniffed.name or sniffed.said):
        _judge_hanging_up(line, sniffed)
        raise EOFError  # as where its maximumConnections are taken
    return sniffed.name or name


def _listener(line: Line, sock: socket.socket) -> str | None:
    """Name what a listener speaks, where it tells; raise EOFError where a tunnel finds that nobody listens."""
    sniffed = sniff(line, secure=False)
    if sniffed.name is None and not sniffed.said:
        _judge_hanging_up(line, sniffed)
        sock.settimeout(_REFUSAL_S)
        with suppress(TimeoutError, ConnectionError):
            sock.recv(1)
        if line.target.why_closed():
            raise EOFError
    return sniffed.name


def _judge_hanging_up(line: Line, sniffed: Sniffed) -> None:
    """Raise Trouble where it is not known whether a server that says nothing and hangs up wants TLS."""
    if sniffed.late and not line.target.why_closed():
        words = f"{line.target.address} hangs up, and whether it wants TLS was not known in time"
        raise Trouble(Kind.GAVE_UP, words)


def _first_words(sock: socket.socket) -> bytes:
    try:
        return sock.recv(512)
    except (TimeoutError, ConnectionError, ssl.SSLEOFError):
        return b""


def _compare(port: Port, spoken: str | None) -> Finding:
    address = port.target.address
    if port.speaks is None:
        heard = f"; it speaks {spoken}" if spoken not in {None, SILENT} else ""
        return Finding(ok=True, words=f"{address} accepts connections{heard}")
    if spoken == port.speaks:
        return Finding(ok=True, words=f"{address} speaks {spoken}")
    if spoken == SILENT:
        waited = seconds(port.target.limits.answer_s)
        words = f"{address} accepts connections and says nothing within {waited} where {port.speaks} is promised"
        return Finding(ok=False, words=words, kind=Kind.TIMED_OUT)
    said = f"it speaks {spoken}" if spoken else "nor anything known"
    return Finding(ok=False, words=f"{address} does not speak {port.speaks}, {said}", kind=Kind.WRONG_PROTOCOL)

"""A store that treats its own loopback otherwise, asked from a pod of those who call it.

A tunnel comes out on the loopback of the store's pod. No password is sent: what a store asks for is in its first words.
"""

import struct
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.store import Protocol, Store
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.probes.first_words import FirstWords
from cx_conformance.probes.stores.observation import Finding, Level, StoreObservation
from cx_conformance.probes.stores.target import PROBE_USER
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.vantage.inquiries import Inquiries

_PARAMETERS: Final = f"user\0{PROBE_USER}\0database\0postgres\0\0".encode()
_START_UP: Final = struct.pack("!ii", len(_PARAMETERS) + 8, 3 << 16) + _PARAMETERS
"""https://www.postgresql.org/docs/current/protocol-message-formats.html: StartupMessage of protocol 3.0."""
_ASKS: Final = {3: "a password", 5: "a password (md5)", 7: "GSSAPI", 9: "SSPI", 10: "a password (SCRAM)"}
_REFUSALS: Final = (Level.REFUSES_ANONYMOUS, Level.REFUSES_WRONG_PASSWORD)

Read = Callable[[bytes], tuple[bool, str] | None]
"""Returns whether strangers are let in, and in which words; None where it is not told."""


def _postgresql(said: bytes) -> tuple[bool, str] | None:
    if said[:1] == b"R" and len(said) >= 9:
        kind = struct.unpack("!i", said[5:9])[0]
        if kind == 0:
            return True, "asks for no password (method trust in its pg_hba.conf)"
        return False, f"asks for {_ASKS.get(kind, f'authentication {kind}')}"
    if said[:1] == b"E":
        stranger = b'role "%s" does not exist' % PROBE_USER.encode()
        if stranger in said:
            return True, "asks for no password (method trust in its pg_hba.conf)"
        # Where TLS is wanted, the server says nothing of what it would ask for over TLS.
        if b"pg_hba.conf" in said and b"no encryption" not in said:
            return False, "lets nobody in there (no entry in its pg_hba.conf)"
    return None


def _redis(said: bytes) -> tuple[bool, str] | None:
    if said.startswith(b"+PONG"):
        return True, "answers PING without a login"
    if said.startswith(b"-NOAUTH"):
        return False, "asks for a login"
    if said.startswith(b"-DENIED"):
        return False, "turns everybody away (protected mode: neither a password nor an address to bind to is set)"
    return None


_QUESTIONS: Final[dict[Protocol, tuple[bytes, Read]]] = {
    Protocol.POSTGRESQL: (_START_UP, _postgresql),
    Protocol.REDIS: (b"PING\r\n", _redis),
}
"""A Mongo without accounts lets its loopback make the first one, and tells nobody more than others: it needs none."""


def asked_from_callers(
    seen: Seen, inquiries: Inquiries, entry: Entry[Store], observation: StoreObservation
) -> StoreObservation:
    """Return the observation with what a caller's pod is told, where a tunnel's end could not tell.

    What is not told there either stays as it was.
    """
    protocol = entry.of.protocol
    doubtful = [level for level in _REFUSALS if _is_doubtful(protocol, observation.findings[level])]
    if protocol not in _QUESTIONS or not doubtful:
        return observation
    question, read = _QUESTIONS[protocol]
    try:
        service = seen.service(entry.planned).object
        host = f"{service.name}.{service.namespace}.svc"
        place = _place(seen, entry)
        if place is None:
            return observation
        told = read(inquiries.ask(place, FirstWords(host=host, port=entry.of.port, question=question)).result())
    except (Absent, CouldNotLook):
        return observation
    if told is None:
        return observation
    let_in, how = told
    if let_in and protocol is Protocol.REDIS:
        return observation  # it is open, as was found
    address, pod = observation.address, f"pod {place.namespace}/{place.pod}"
    own = "on its own loopback alone, where the tunnel comes out, it lets everybody in"
    words = f"asked from {pod}, {address} {how}" + ("" if let_in else f"; {own}")
    finding = Finding(ok=not let_in, words=words, kind=Kind.OPEN if let_in else None)
    return replace(observation, findings={**observation.findings, **dict.fromkeys(doubtful, finding)})


def _is_doubtful(protocol: Protocol, finding: Finding) -> bool:
    """Whether a finding may only hold for the loopback."""
    if protocol is Protocol.REDIS:
        return finding.kind is Kind.OPEN
    return finding.kind is Kind.LOOPBACK


def _place(seen: Seen, entry: Entry[Store]) -> ContainerPlace | None:
    """Return the container of a ready pod that calls the store, by what the page says; None where there is none."""
    for edge in seen.plan.entries("edge"):
        if edge.of.callee.id != entry.component:
            continue
        try:
            pod = next(one for one in seen.pods(edge.of.caller) if one.ready)
            container = seen.container(edge.of.caller).name
        except (Absent, StopIteration):
            continue
        return ContainerPlace(namespace=pod.namespace, pod=pod.name, container=container)
    return None

"""Time limits, tries and the ways in which a connection does not come about."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.probes.stores import redis_store
from cx_conformance.probes.stores.notes import Notes
from cx_conformance.probes.stores.observation import Level
from cx_conformance.probes.stores.target import Credentials, Limits, Target, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.sandbox.stores import redis_standin
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import Conversation, StandIn
from tests.probes.stores import faults
from tests.probes.stores.asking import target
from tests.probes.stores.stage import OBSERVE

SHORT = Limits(connect_s=0.5, answer_s=0.5, total_s=1.5, tries=2)
Serve = Callable[[Conversation], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve faults on ports of their own; they end with the test."""
    running: list[StandIn] = []

    def begin(fault: Conversation) -> int:
        port = free_port()
        running.append(StandIn("127.0.0.1", {port: fault}))
        return port

    yield begin
    for one in running:
        one.stop()


@pytest.mark.parametrize("store", list(OBSERVE))
def test_a_store_that_hangs_ends_in_words_and_leaves_no_thread(store: str, serve: Serve) -> None:
    """A server that never answers is told so after the limit, with everything that was opened closed again."""
    door = target(store, serve(faults.hang), limits=SHORT)
    before = set(threading.enumerate())
    seen = OBSERVE[store](door, Credentials(username="x", password=SecretStr("x")))
    assert seen.speaks.kind is Kind.TIMED_OUT
    assert "says nothing within 0.5 s" in seen.speaks.words
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("store", list(OBSERVE))
def test_a_handshake_that_hangs_ends_in_words(store: str, serve: Serve, trust: TlsExpectation) -> None:
    """The same where TLS is promised."""
    seen = OBSERVE[store](target(store, serve(faults.hang), trust, limits=SHORT), None)
    assert seen.tls.kind is Kind.TIMED_OUT


@pytest.mark.timeout(15)
@pytest.mark.parametrize("store", list(OBSERVE))
def test_a_store_that_drips_is_cut_off(store: str, serve: Serve) -> None:
    """Bytes that come one by one keep every single limit and meet the one for all; without it this never ends."""
    seen = OBSERVE[store](target(store, serve(faults.endless), limits=SHORT), Credentials(username="x"))
    assert seen.speaks.ok is False


def test_a_lost_connection_is_tried_again() -> None:
    """A store that resets the first question and answers the second is fine, in two tries."""
    port, inner = free_port(), free_port()
    # The first connection is the one that only looks whether somebody accepts.
    waiting = [faults.reset, faults.reset]
    through = faults.reset_after(inner, 1 << 30)

    async def lossy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (waiting.pop() if waiting else through)(reader, writer)

    with redis_standin.start("127.0.0.1", {"redis": inner}), StandIn("127.0.0.1", {port: lossy}):
        seen = redis_store.observe(target("redis", port))
    assert seen.speaks.ok is True
    assert seen.tries == 2


def test_a_refused_connection_is_tried_as_often_as_it_says() -> None:
    """The number of tries is in the observation."""
    assert redis_store.observe(target("redis", free_port())).tries == 2


def test_a_name_that_does_not_resolve_is_named() -> None:
    """Directly in the cluster the first thing that can fail is the name."""
    seen = redis_store.observe(Target(host="no-such-service.invalid", port=6379, limits=SHORT))
    assert seen.reachable.kind is Kind.UNRESOLVABLE
    assert "no-such-service.invalid:6379 cannot be resolved" in seen.reachable.words


@pytest.mark.parametrize("tls", [None, TlsExpectation()], ids=["in plain", "over TLS"])
def test_a_tunnel_says_why_it_ended(serve: Serve, tls: TlsExpectation | None) -> None:
    """A tunnel's local end accepts although the pod's port is closed; what the tunnel knows is told."""
    port = serve(faults.half_close)
    door = replace(target("redis", port, tls), why_closed=lambda: "the port is closed in the pod")
    seen = redis_store.observe(door)
    assert seen.reachable.kind is Kind.REFUSED
    assert (seen.tls.ok, seen.speaks.ok) == (None, None)
    assert "the port is closed in the pod" in seen.reachable.words


@pytest.mark.parametrize("ca", ["", "no PEM at all", "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n"])
def test_an_unreadable_ca_is_our_own_trouble(ca: str, serve: Serve) -> None:
    """A CA that cannot be read is not blamed on the server."""
    seen = redis_store.observe(target("redis", serve(faults.hang), TlsExpectation(ca_pem=ca)))
    assert "the CA given to verify the server holds no readable certificate" in seen.tls.words


def test_a_key_of_another_certificate_is_our_own_trouble(authority: Authority, serve: Serve) -> None:
    """A client certificate with a key that is not its own is told before anything is sent."""
    one, other = authority.issue("one"), authority.issue("other")
    crossed = TlsExpectation(
        ca_pem=authority.ca_pem, certificate_pem=one.certificate_pem, key_pem=SecretStr(other.key_pem)
    )
    seen = redis_store.observe(target("redis", serve(faults.hang), crossed))
    assert "do not belong together" in seen.tls.words


def test_an_answer_that_comes_when_it_is_asked_again_is_an_answer(serve: Serve) -> None:
    """Silence is believed when it was met twice, each time for the whole patience."""
    waiting = [faults.say(b"+PONG\r\n"), faults.hang, faults.hang]

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The first connection only looks whether somebody accepts.
        await (waiting.pop() if len(waiting) > 1 else waiting[0])(reader, writer)

    seen = redis_store.observe(target("redis", serve(late), limits=SHORT))
    assert seen.speaks.ok is True
    assert seen.tries == 2


@pytest.mark.parametrize("total_s", [0.3, 0.8], ids=["not once", "not twice"])
def test_a_question_that_had_too_little_time_tells_nothing_by_its_silence(serve: Serve, total_s: float) -> None:
    """Where the time for all of a store ends first, it is not known what it would have said: that fails nobody."""
    limits = replace(SHORT, total_s=total_s)
    seen = redis_store.observe(target("redis", serve(faults.hang), limits=limits))
    assert (seen.speaks.ok, seen.speaks.kind) == (None, Kind.GAVE_UP)
    assert "no time was left" in seen.speaks.words or "took all of 0.3 s" in seen.speaks.words


def test_a_store_that_hangs_up_and_never_tells_whether_it_wants_tls_is_not_known(serve: Serve) -> None:
    """A starved TLS server hangs up on plain words at once and takes long for its part of the handshake."""

    async def starved(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await reader.read(65536))[:1] == b"\x16":
            await faults.hang(reader, writer)

    limits = replace(SHORT, total_s=3.0)
    seen = redis_store.observe(target("redis", serve(starved), limits=limits))
    assert (seen.speaks.ok, seen.speaks.kind) == (None, Kind.GAVE_UP)
    assert "whether it wants TLS was not known in time" in seen.speaks.words
    again = redis_store.observe(target("redis", serve(faults.half_close), limits=limits))
    assert (again.speaks.ok, again.speaks.kind) == (False, Kind.CLOSED)


def test_a_question_that_was_put_once_is_not_believed_to_be_unanswered() -> None:
    """What cannot be asked twice ends as not known, when its silence was met once."""
    notes = Notes("redis", target("redis", free_port(), limits=replace(SHORT, answer_s=0.1)), None)
    try:
        once, twice = Trouble(Kind.TIMED_OUT, "no answer"), Trouble(Kind.TIMED_OUT, "no answer")
        twice.believed = True
        notes.trouble(Level.USABLE, once)
        assert (notes.findings[Level.USABLE].ok, notes.findings[Level.USABLE].kind) == (None, Kind.GAVE_UP)
        notes.trouble(Level.USABLE, twice)
        assert (notes.findings[Level.USABLE].ok, notes.findings[Level.USABLE].kind) == (False, Kind.TIMED_OUT)
    finally:
        notes.line.close()

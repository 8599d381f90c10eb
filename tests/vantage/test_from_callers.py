"""A store that treats its pod's loopback otherwise is asked from the pod of a caller, and no password is sent."""

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes.first_words import FirstWords
from cx_conformance.probes.inquiry import ask
from cx_conformance.probes.stores.observation import Finding, Level, StoreObservation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.vantage.from_callers import asked_from_callers
from tests.checks.installation import Installation
from tests.probes import targets
from tests.probes.containers import PLACE, Container
from tests.vantage.stores import entry, seen

DOUBT = Finding(ok=None, words="could not be told", kind=Kind.LOOPBACK)
OPEN = Finding(ok=False, words="answers PING without a login", kind=Kind.OPEN)


def error(words: str) -> bytes:
    """Return an error of PostgreSQL."""
    body = f"SFATAL\0C28000\0M{words}\0\0".encode()
    return b"E" + struct.pack("!i", len(body) + 4) + body


def judged(store: str, said: bytes | CouldNotLook, before: Finding) -> tuple[Finding, list[Any]]:
    """Return what becomes of a doubtful finding when a caller's pod is told this, and what was asked."""
    asked: list[Any] = []

    def result() -> bytes:
        if isinstance(said, CouldNotLook):
            raise said
        return said

    def put(place: ContainerPlace, question: FirstWords) -> Any:
        asked.append((place, question))
        return SimpleNamespace(result=result)

    looked = seen(Installation())
    findings = dict.fromkeys(Level, Finding(ok=True, words="well")) | {Level.REFUSES_ANONYMOUS: before}
    observation = StoreObservation(store=store, address=f"{store}:1", findings=findings)
    inquiries = cast("Any", SimpleNamespace(ask=put))
    return asked_from_callers(looked, inquiries, entry(looked, store), observation).refuses_anonymous, asked


@pytest.mark.parametrize(
    ("store", "said", "before", "ok", "words"),
    [
        ("postgresql", b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", DOUBT, True, "asks for a password (SCRAM)"),
        ("postgresql", b"R\0\0\0\x0c\0\0\0\x05salt", DOUBT, True, "asks for a password (md5)"),
        ("postgresql", b"R\0\0\0\x08\0\0\0\0", DOUBT, False, "asks for no password (method trust"),
        ("postgresql", error('role "cx-conformance-probe" does not exist'), DOUBT, False, "asks for no password"),
        ("postgresql", error('no pg_hba.conf entry for host "10.0.0.7"'), DOUBT, True, "lets nobody in there"),
        ("redis", b"-DENIED Redis is running in protected mode\r\n", OPEN, True, "turns everybody away"),
        ("redis", b"-NOAUTH Authentication required.\r\n", OPEN, True, "asks for a login"),
    ],
)
def test_what_a_callers_pod_is_told_decides(store: str, said: bytes, before: Finding, ok: bool, words: str) -> None:
    """The pod that was asked from is named; what is true of the loopback alone is told beside it."""
    finding, ((place, question),) = judged(store, said, before)
    assert finding.ok is ok
    assert f"asked from pod {place.namespace}/{place.pod}, {store}:1 {words}" in finding.words
    assert ("on its own loopback alone" in finding.words) is ok
    assert b"password" not in question.question


@pytest.mark.parametrize(
    ("store", "said", "before"),
    [
        ("postgresql", b"", DOUBT),
        ("postgresql", b"HTTP/1.1 400", DOUBT),
        ("postgresql", error('no pg_hba.conf entry for host "10.0.0.7", no encryption'), DOUBT),
        ("postgresql", NoVantage("no shell"), DOUBT),
        ("redis", b"+PONG\r\n", OPEN),
        ("redis", b"", OPEN),
    ],
)
def test_what_is_not_told_there_either_stays_as_it_was(store: str, said: bytes | CouldNotLook, before: Finding) -> None:
    """Silence is no answer, nor is one that is none of the protocol's; a Redis that is open to all is open."""
    assert judged(store, said, before)[0] == before


@pytest.mark.parametrize("store", ["postgresql", "redis", "mongo"])
def test_nobody_is_asked_where_there_is_no_doubt(store: str) -> None:
    """One exec more is made only where the tunnel's end could not tell."""
    well = Finding(ok=True, words="refuses")
    assert judged(store, b"", well) == (well, [])


@pytest.fixture
def talker() -> Iterator[Callable[[bytes], int]]:
    """Serve an answer that holds any byte, and keep the connection open."""
    opened = []

    def serve(answer: bytes) -> int:
        def talk(peer: socket.socket) -> None:
            if peer.recv(4096) == b"ask\0me\\":
                peer.sendall(answer)
            targets.silent(peer)

        manager = targets.listening(talk)
        opened.append(manager)
        return manager.__enter__()

    yield serve
    for one in opened:
        one.__exit__(None, None, None)


@pytest.mark.parametrize("programs", [("bash", "cat"), ("python3",)], ids=["bash", "python3"])
def test_bytes_go_and_come_as_they_are(
    tmp_path: Path, talker: Callable[[bytes], int], programs: tuple[str, ...]
) -> None:
    """Whatever tool the container has; a server that waits for more is not waited for longer than usual."""
    answer = b"R\0\0\0\x08\0\0\0\0\r\n%s\\"
    container = Container(tmp_path, "dash", {one: one for one in (*programs, "sleep")})
    question = FirstWords(host="127.0.0.1", port=talker(answer), question=b"ask\0me\\")
    asked = ask(container, PLACE, [question], wait_seconds=1)
    assert asked.answer(question) == answer
    assert container.left_behind() == []


def test_a_container_without_a_tool_could_not_ask(tmp_path: Path) -> None:
    """It is named, with what would have done."""
    container = Container(tmp_path, "dash", {"sleep": "sleep"})
    question = FirstWords(host="127.0.0.1", port=1, question=b"x")
    with pytest.raises(NoVantage, match="has none of bash, nc, python3 and node to ask"):
        ask(container, PLACE, [question], wait_seconds=1).answer(question)

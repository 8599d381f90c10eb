"""What stands in the place of a store may hurt nobody: bounds in bytes, whatever the client's library reads."""

import socket
import struct
from collections.abc import Mapping

import bson
import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores.observation import StoreObservation
from cx_conformance.probes.stores.target import Credentials, Limits
from cx_conformance.probes.stores.trouble import Kind
from tests.hostile import servers as hostile
from tests.hostile.servers import ANSWERS, MIB, Behaviour
from tests.probes.stores.asking import target
from tests.probes.stores.stage import OBSERVE

SHORT = Limits(connect_s=1.0, answer_s=1.0, total_s=4.0, tries=1)
SOMEBODY = Credentials(username="x", password=SecretStr("x"))
MOST = 64 * MIB
WEB = ("keycloak", "grafana", "superset", "s3")


def observed(store: str, port: int) -> StoreObservation:
    """Return what is seen of a store on a port, within so much memory."""
    with hostile.memory(MOST):
        return OBSERVE[store](target(store, port, limits=SHORT), SOMEBODY)


def after(asked: bytes, answer: Behaviour) -> Behaviour:
    """Give ``answer`` when something that begins so was asked; what sniffs is left alone."""

    def behave(connection: socket.socket) -> None:
        if connection.recv(65536).startswith(asked):
            answer(connection)

    return behave


@pytest.mark.parametrize("store", OBSERVE)
def test_a_flood_before_any_question_is_broken_off(store: str) -> None:
    """Each client reads what comes; none of them reads all of it."""
    with hostile.server(hostile.flood(b"", b"\xaa" * MIB)) as (_, port):
        seen = observed(store, port)
    assert seen.speaks.ok is not True


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("store", WEB)
def test_no_web_answer_fills_the_memory(store: str, answer: str) -> None:
    """JSON of Keycloak, Grafana and Superset, XML of S3: endless, zipped, nested."""
    with hostile.web(ANSWERS[answer]()) as server:
        seen = observed(store, int(server.rpartition(":")[2]))
    assert seen.speaks.ok is not True


@pytest.mark.parametrize("store", WEB)
def test_a_web_answer_beyond_its_bound_is_no_failure_of_the_store(store: str) -> None:
    """It is told as what could not be asked."""
    with hostile.web(hostile.flood(hostile.head(status="403 Forbidden") + b"<Error>" * (store == "s3"))) as server:
        seen = observed(store, int(server.rpartition(":")[2]))
    if store == "s3":  # of the unsigned answer the first bytes say enough
        assert seen.logs_in.ok is None
        assert "could not be asked: the answer has more than 1 MiB" in seen.logs_in.words
    else:
        assert (seen.speaks.ok, seen.speaks.kind) == (None, Kind.TOO_MUCH)
        assert "could not be asked: the answer has more than 1 MiB" in seen.speaks.words


REDIS = {
    "a bulk of 2 GiB": hostile.flood(b"$2147483647\r\n", b"x" * MIB),
    "a line without end": hostile.flood(b"+", b"x" * MIB),
    "lists in lists": hostile.flood(b"", b"*1\r\n" * (MIB // 4)),
    "a list of all": hostile.flood(b"*2147483647\r\n", b":1\r\n" * (MIB // 4)),
}
STOMP = {
    "a header without end": hostile.flood(b"CONNECTED\nversion:", b"1" * MIB),
    "headers without end": hostile.flood(b"CONNECTED\n", b"a:b\n" * (MIB // 4)),
    "a body without end": hostile.flood(b"ERROR\n\n", b"x" * MIB),
    "frames without end": hostile.flood(b"", b"MESSAGE\n\n\x00" * 100_000),
}


@pytest.mark.parametrize("answer", REDIS)
def test_no_answer_of_redis_fills_the_memory(answer: str) -> None:
    """redis-py reads as long a bulk as it is promised."""
    with hostile.server(after(b"*1", REDIS[answer])) as (_, port):
        seen = observed("redis", port)
    assert seen.speaks.ok is not True


def test_a_bulk_beyond_its_bound_is_told_so() -> None:
    """Nothing is known of the store then."""
    with hostile.server(after(b"*1", REDIS["a bulk of 2 GiB"])) as (_, port):
        seen = observed("redis", port)
    assert (seen.speaks.ok, seen.speaks.kind) == (None, Kind.TOO_MUCH)


@pytest.mark.parametrize("answer", STOMP)
def test_no_frame_fills_the_memory(answer: str) -> None:
    """stomp.py collects a frame until it ends."""
    with hostile.server(after(b"CONNECT", STOMP[answer])) as (_, port):
        seen = observed("activemq", port)
    assert seen.speaks.ok is not True


def _message(document: Mapping[str, object], reply_to: int, code: int = 2013, length: int = 0) -> bytes:
    body = struct.pack("<IB", 0, 0) + bson.encode(document)
    return struct.pack("<iiii", length or 16 + len(body), 1, reply_to, code) + body


HELLO = {
    "ok": 1.0,
    "isWritablePrimary": True,
    "maxWireVersion": 21,
    "minWireVersion": 0,
    "maxBsonObjectSize": 2**31 - 1,
    "maxMessageSizeBytes": 2**31 - 1,
}
MONGO = {
    "a message of 2 GiB": lambda number: struct.pack("<iiii", 2**31 - 1, 1, number, 2013),
    "a packed message": lambda number: struct.pack("<iiiiiiB", 1 << 20, 1, number, 2012, 2013, 2**31 - 1, 2),
    "no message": lambda number: struct.pack("<iiii", 5, 1, number, 2013),
}


@pytest.mark.parametrize("answer", MONGO)
def test_no_message_of_mongo_fills_the_memory(answer: str) -> None:
    """Although its hello allows messages of 2 GiB: only the handshake is answered well."""

    def behave(connection: socket.socket) -> None:
        while asked := connection.recv(65536):
            number = struct.unpack("<i", asked[4:8])[0]
            if b"hello" in asked or b"ismaster" in asked.lower():
                connection.sendall(_message(HELLO, number))
            else:
                hostile.flood(MONGO[answer](number), b"\0" * MIB)(connection)

    with hostile.server(behave) as (_, port):
        seen = observed("mongo", port)
    assert seen.speaks.ok is True
    assert seen.logs_in.ok is not True


def _postgresql(*then: Behaviour) -> Behaviour:
    """Speak PostgreSQL up to where anybody is let in, and then what follows."""

    def behave(connection: socket.socket) -> None:
        asked = connection.recv(65536)
        if asked[4:8] == struct.pack("!i", 80877103):
            connection.sendall(b"N")
            asked = connection.recv(65536)
        if not asked:
            return
        connection.sendall(b"R" + struct.pack("!ii", 8, 0))
        for one in then:
            one(connection)

    return behave


def _parameter(name: bytes) -> bytes:
    value = name + b"\0" + b"x" * 1000 + b"\0"
    return b"S" + struct.pack("!i", 4 + len(value)) + value


def _listen(connection: socket.socket) -> None:
    connection.recv(65536)


READY = b"Z" + struct.pack("!i", 5) + b"I"
ROW = b"D" + struct.pack("!ihi", 4 + 2 + 4 + 1000, 1, 1000) + b"x" * 1000
COLUMNS = b"T" + struct.pack("!ih", 4 + 2 + 2 + 18, 1) + b"a\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0)
POSTGRESQL = {
    "parameters without end": _postgresql(hostile.flood(b"", b"".join(_parameter(b"p%d" % i) for i in range(1000)))),
    "a message of 2 GiB": _postgresql(hostile.flood(b"S" + struct.pack("!i", 2**31 - 1), b"x" * MIB)),
    "rows without end": _postgresql(
        lambda connection: connection.sendall(READY),
        _listen,
        hostile.flood(COLUMNS, ROW * 1000),
    ),
    "a row of 1 GiB": _postgresql(
        lambda connection: connection.sendall(READY),
        _listen,
        hostile.flood(COLUMNS + b"D" + struct.pack("!ihi", 1 << 30, 1, 1 << 30), b"x" * MIB),
    ),
}


@pytest.mark.parametrize("answer", POSTGRESQL)
def test_no_answer_of_postgresql_fills_the_memory(answer: str) -> None:
    """pg8000 reads as long a message as it is promised, and keeps every row."""
    with hostile.server(POSTGRESQL[answer]) as (_, port):
        seen = observed("postgresql", port)
    assert seen.usable.ok is not True

"""No form of a secret is in what is told of a store, whatever it answers instead of what it is asked."""

import json
import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores.target import Credentials, Limits
from tests.hostile import servers
from tests.planted_forms import PLANTED, TRACES
from tests.probes.stores.asking import target
from tests.probes.stores.stage import OBSERVE

SHORT = Limits(connect_s=2.0, answer_s=0.5, total_s=3.0, tries=1)


def line(text: str) -> bytes:
    """Return a text on one line."""
    return " ".join(text.split()).encode()


def refusal(body: bytes) -> bytes:
    """Return what a web server refuses with."""
    return b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n" + body


def of_postgresql(text: str) -> bytes:
    """Return an ErrorResponse."""
    body = b"SFATAL\0C28P01\0M" + text.encode() + b"\0\0"
    return b"E" + struct.pack("!i", 4 + len(body)) + body


def of_s3(text: str) -> bytes:
    """Return an error as S3 has it."""
    words = text.replace("<", " ").replace("&", " ").encode()
    return refusal(b"<Error><Code>AccessDenied</Code><Message>" + words + b"</Message></Error>")


def of_web(text: str) -> bytes:
    """Return JSON with the text wherever an error may be told."""
    return refusal(json.dumps(dict.fromkeys(("error", "error_description", "message", "status"), text)).encode())


ANSWERS: dict[str, Callable[[str], bytes]] = {
    "redis": lambda text: b"-ERR " + line(text) + b"\r\n",
    "mongo": str.encode,
    "activemq": lambda text: b"ERROR\nmessage:" + line(text) + b"\n\n" + text.encode() + b"\0",
    "s3": of_s3,
    "postgresql": of_postgresql,
    "keycloak": of_web,
    "grafana": of_web,
    "superset": of_web,
}


BRIEF = ("keycloak", "redis")
"""Stores that are asked in no protocol in each run of the tests: one of the web, one of its own."""


@pytest.mark.parametrize(
    ("store", "raw"),
    [
        pytest.param(
            store,
            raw,
            marks=pytest.mark.long if raw and store not in BRIEF else (),
            id=f"{store} in {'none' if raw else 'its protocol'}",
        )
        for store in OBSERVE
        for raw in (False, True)
    ],
)
def test_no_planted_secret_is_told_of_a_store(store: str, *, raw: bool) -> None:
    """In its own protocol, or just so: a refusal may repeat what is configured."""
    for text in PLANTED[:: 12 if raw else 6]:
        answer = text.encode() if raw else ANSWERS[store](text)

        def behave(connection: socket.socket, answer: bytes = answer) -> None:
            connection.recv(65536)
            connection.sendall(answer)
            connection.settimeout(0.3)
            with suppress(OSError):
                connection.recv(65536)

        with servers.server(behave) as (_, port):
            there = target(store, port, limits=SHORT)
            seen = repr(OBSERVE[store](there, Credentials(username="x", password=SecretStr("hunter22"))))
        assert [one for one in TRACES if re.search(re.escape(one), seen)] == [], seen

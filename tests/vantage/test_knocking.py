"""A port whose promised name begins with http must speak HTTP; what hangs up or is silent cannot be called."""

import socket
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from cx_conformance.blueprint.component import ServicePort
from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.looking import NoVantage, Unreachable
from cx_conformance.probes.http_observation import HttpLimits
from cx_conformance.vantage import knocking
from cx_conformance.vantage.knocking import PodPort, knocked, scheme_of, speaks_http
from cx_conformance.vantage.reach import Way
from tests.checks.installation import Installation, blueprint
from tests.probes import targets
from tests.vantage.late_tunnel import LATE

Answer = Callable[[socket.socket], None]


@cache
def pod(sidecar: str | None = None) -> Pod:
    """Return a pod of a component without a health endpoint."""
    installation = Installation()
    proxy = {"name": sidecar, "image": "proxy"}
    if sidecar:
        installation.live("Pod", "ef-unified-admin-", lambda one: one["spec"]["containers"].append(proxy))
    plan = Plan(blueprint(), installation.site)
    return Seen(installation.snapshot(plan), plan).pods(plan.components["unified-admin"])[0]


def port(number: int, name: str | None = "http-un-ad-3000") -> ServicePort:
    """Return a promised port."""
    fields: dict[str, Any] = {"port": number, "name": name}
    return ServicePort(**fields)


def asked(answer: Answer, scheme: str = "http", tunnel: Any = None) -> PodPort:
    """Return what a port came to that a server answers so."""
    with targets.listening(answer) as number:
        way = Way(pod(), 3000, ("127.0.0.1", number), tunnel)
        (one,) = speaks_http(port(number), "ef-unified-admin-svc", [way], scheme)
    return one


def saying(status: str, body: bytes = b"") -> Answer:
    """Return a server that gives this HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

    def answer(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(head + body)

    return answer


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = HttpLimits(connect_seconds=0.5, total_seconds=1.0, pause_seconds=0)
    monkeypatch.setattr(knocking, "_LIMITS", limits)


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("http-un-ad-3000", "http"),
        ("https-fi-m-8443", "https"),
        ("http", "http"),
        ("httpd-x", None),
        ("tcp-6379", None),
        (None, None),
    ],
)
def test_the_promised_name_says_what_a_port_speaks(name: str | None, scheme: str | None) -> None:
    """A name of another kind, or none, promises no more than that it accepts."""
    assert scheme_of(port(3000, name)) == scheme


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "401 Unauthorized", "404 Not Found", "426 Upgrade Required"])
def test_any_status_below_500_will_do(status: str) -> None:
    """Nobody promised a page at /; a status line shows that the component serves."""
    one = asked(saying(status))
    assert (one.kept, one.words) == (True, f"speaks HTTP: answers {status[:3]}")


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":500,"message":"No static resource ."}',
        b"No handler found for GET /",
        b'{"error":"Request method \'GET\' is not supported"}',
    ],
)
def test_a_500_that_says_that_nothing_is_served_there_will_do(body: bytes) -> None:
    """Spring leaves it to a component's handler of errors, and many make a 500 of whatever comes."""
    one = asked(saying("500 Internal Server Error", body))
    assert (one.kept, one.words) == (True, "speaks HTTP: answers 500, for it serves nothing at /")
    assert not asked(saying("503 Service Unavailable", body)).kept


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (saying("503 Service Unavailable", b"no database"), "answers 503 Service Unavailable to GET /: no database"),
        (saying("500 Oops"), "answers 500 Oops to GET /"),
        (targets.resets, "accepts and does not speak HTTP: reset"),
        (targets.ends, "accepts and does not speak HTTP: "),
        (targets.silent, "accepts and does not answer an HTTP request within 0.5 s, asked twice"),
        (
            saying("400 Bad Request", b"Client sent an HTTP request to an HTTPS server.\n"),
            "speaks HTTPS where HTTP is promised",
        ),
    ],
)
def test_what_nobody_can_call_is_found(answer: Answer, words: str) -> None:
    """An accepted connection alone would hide it."""
    one = asked(answer)
    assert not one.kept
    assert f"port 3000 of pod {pod().where} {words}" in one.words


def test_behind_a_tunnel_that_was_long_in_opening_silence_alone_is_not_known() -> None:
    """What ends a connection has had it."""
    assert "does not speak HTTP: reset" in asked(targets.resets, tunnel=LATE).words
    with pytest.raises(Unreachable):
        asked(targets.silent, tunnel=LATE)


@pytest.mark.parametrize(
    ("answer", "ends"), [(targets.ends, True), (targets.resets, True), (targets.silent, False), (targets.greets, False)]
)
def test_that_a_mesh_accepts_says_nothing_of_who_is_behind_it(answer: Answer, ends: bool) -> None:
    """Its proxy accepts any connection, and ends it where nobody listens; a port that only waits is open."""
    with targets.listening(answer) as number:
        address = ("127.0.0.1", number)
        unknown = Way(pod("istio-proxy"), 3000, address, mesh=lambda: "a mesh's proxy")
        if ends:
            with pytest.raises(NoVantage, match="a mesh's proxy"):
                knocked(unknown)
        else:
            assert knocked(unknown).kept
        empty = knocked(Way(pod("istio-proxy"), 3000, address))
        assert (empty.kept, "nobody listens behind it" in empty.words) == (not ends, ends)
        assert knocked(Way(pod(), 3000, address)).kept


def test_plain_http_where_https_is_promised_is_found() -> None:
    """Whoever calls it by https gets nothing."""
    one = asked(saying("404 Not Found"), "https")
    assert (one.kept, "speaks HTTP where HTTPS is promised" in one.words) == (False, True)


def test_a_port_that_nobody_listens_on_refuses() -> None:
    """Told as before, whether it is asked for a page or only knocked on."""
    with targets.listening(targets.ends) as number:
        pass
    way = Way(pod(), 3000, ("127.0.0.1", number))
    (one,) = speaks_http(port(number), "x", [way], "http")
    assert one.words == knocked(way).words == f"port 3000 of pod {pod().where} refuses connections at {pod().ip}"

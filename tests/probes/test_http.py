"""HTTP probes against servers that answer, misbehave, or are of another kind."""

from __future__ import annotations

import gzip
import itertools
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from cx_conformance.probes.http import get, get_all
from cx_conformance.probes.http_observation import (
    HttpFailure,
    HttpLimits,
    HttpObservation,
    HttpRequest,
    Trust,
    is_web_page,
)
from tests.probes.authority import Authority
from tests.probes.targets import (
    answering,
    closed_port,
    http,
    listening,
    never_answering,
    over_tls,
    request_head,
    resets,
    silent,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUICK = HttpLimits(connect_seconds=0.5, total_seconds=1, tries=1)
OK = http("200 OK", b"well", X_Probe="seen")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return an authority for this test."""
    return Authority(tmp_path)


def ask(
    answer: Callable[[socket.socket], None],
    scheme: str = "http",
    *,
    limits: HttpLimits = QUICK,
    trust: Path | Trust = Trust.NOBODY,
) -> HttpObservation:
    """Ask a server that behaves as ``answer`` says."""
    with listening(answer) as port:
        return get(HttpRequest(url=f"{scheme}://127.0.0.1:{port}/health", trust=trust), limits)


def test_an_answer_has_status_headers_body_and_time() -> None:
    """A plain answer is told whole."""
    seen = ask(answering(OK))
    assert (seen.status, seen.reason, seen.body, seen.body_is_whole) == (200, "OK", b"well", True)
    assert seen.headers["x-probe"] == "seen"
    assert (seen.failure, seen.tls, seen.location, seen.tries) == (None, None, None, 1)
    assert seen.milliseconds > 0


def test_a_status_of_failure_is_an_answer_too() -> None:
    """Status 503 is an answer that the check judges, not a failure to get one."""
    seen = ask(answering(http("503 Service Unavailable", b"down")))
    assert (seen.status, seen.failure, seen.text) == (503, None, "down")


def test_a_redirect_is_shown_and_not_followed() -> None:
    """The location is in the evidence."""
    seen = ask(answering(http("302 Found", Location="https://elsewhere.invalid/login")))
    assert (seen.status, seen.location) == (302, "https://elsewhere.invalid/login")


def test_the_dialled_address_keeps_name_and_path_of_the_url() -> None:
    """Through a tunnel the Host header is the promised name."""
    heads: list[bytes] = []

    def answer(peer: socket.socket) -> None:
        heads.append(request_head(peer))
        peer.sendall(OK)

    with listening(answer) as port:
        request = HttpRequest(url="http://ef-ccm-svc:8081/actuator/health?x=1", connect_to=("127.0.0.1", port))
        assert get(request, QUICK).status == 200
    assert heads[0].startswith(b"GET /actuator/health?x=1 HTTP/1.1\r\n")
    assert b"host: ef-ccm-svc:8081\r\n" in heads[0].lower()


@pytest.mark.parametrize(
    ("answer", "failure", "words"),
    [
        (silent, HttpFailure.TIMED_OUT, "no answer within 1 s"),
        (answering(b""), HttpFailure.CLOSED, "closed without an answer"),
        (resets, HttpFailure.RESET, "the connection was reset"),
        (answering(b"220 hello\r\n\r\n"), HttpFailure.GARBAGE, "what answered is not HTTP"),
        (answering(b"\x00\x01garbage\r\n\r\n"), HttpFailure.GARBAGE, "what answered is not HTTP"),
    ],
)
def test_each_way_of_no_answer_has_its_own_words(
    answer: Callable[[socket.socket], None], failure: HttpFailure, words: str
) -> None:
    """Hang, end, reset and another protocol are told apart."""
    seen = ask(answer)
    assert (seen.status, seen.failure) == (None, failure)
    assert words in seen.words


def test_a_refused_connection_is_told() -> None:
    """Nothing listens."""
    seen = get(HttpRequest(url=f"http://127.0.0.1:{closed_port()}/"), QUICK)
    assert seen.failure is HttpFailure.REFUSED
    assert "nothing listens" in seen.words


def test_a_connection_that_is_never_answered_ends_at_the_connect_limit() -> None:
    """A dropped packet costs the connect limit, not the whole."""
    with never_answering() as listener:
        host, port = listener.getsockname()
        seen = get(HttpRequest(url=f"http://{host}:{port}/"), QUICK)
    assert seen.failure is HttpFailure.TIMED_OUT
    assert "no connection within 0.5 s" in seen.words


def test_a_name_that_does_not_resolve_is_told() -> None:
    """DNS says no."""
    seen = get(HttpRequest(url="http://no-such-name.invalid/"), QUICK)
    assert seen.failure is HttpFailure.NOT_RESOLVABLE


def drip(peer: socket.socket, head: bytes, drop: bytes) -> None:
    """Send ``drop`` for ever, each before any single read would time out."""
    request_head(peer)
    peer.sendall(head)
    stopped = threading.Event()
    while True:
        peer.sendall(drop)
        stopped.wait(0.05)


def test_a_head_that_drips_ends_at_the_total_limit() -> None:
    """A server that sends a header a moment does not hold the run."""
    seen = ask(lambda peer: drip(peer, b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"))
    assert (seen.status, seen.failure) == (None, HttpFailure.TIMED_OUT)


def test_a_body_that_drips_keeps_the_status() -> None:
    """What came of an endless body is kept, and marked as not whole."""
    seen = ask(lambda peer: drip(peer, b"HTTP/1.1 200 OK\r\n\r\n", b"x"))
    assert (seen.status, seen.failure, seen.body_is_whole, seen.broken_off) == (200, None, False, False)
    assert set(seen.body) == {ord("x")}


def test_a_body_without_a_length_is_not_broken_off_by_a_reset() -> None:
    """A server that has not read all that it was asked resets the connection where it only means to end it."""

    def serve(peer: socket.socket) -> None:
        request_head(peer)
        peer.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
        time.sleep(0.3)
        resets(peer)

    seen = ask(serve)
    assert (seen.status, seen.body, seen.broken_off) == (200, b"hello", False)


@pytest.mark.parametrize(
    ("head", "broken_off"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\n\r\n", False),
    ],
    ids=["length", "chunked", "whole", "until the end"],
)
def test_a_body_that_ends_before_its_length_is_broken_off(head: bytes, broken_off: bool) -> None:
    """What came is kept; a body without a length ends with its connection."""

    def serve(peer: socket.socket) -> None:
        request_head(peer)
        peer.sendall(head + b"hello")

    seen = ask(serve)
    assert (seen.status, seen.failure, seen.broken_off, seen.body_is_whole) == (200, None, broken_off, not broken_off)
    assert seen.body == b"hello"


@pytest.mark.parametrize(
    ("packed", "body", "whole"),
    [
        (gzip.compress(b'{"status":"DOWN"}'), b'{"status":"DOWN"}', True),
        (gzip.compress(b"x" * 2000), b"x" * 1000, False),
        (b"none of it", b"none of it", True),
    ],
    ids=["packed", "large", "not packed"],
)
def test_a_body_that_is_packed_unasked_is_read(packed: bytes, body: bytes, whole: bool) -> None:
    """Nobody is told that the component is down, or that the database is well, by what is not unpacked."""

    def serve(peer: socket.socket) -> None:
        request_head(peer)
        length = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        peer.sendall(length.encode() + packed)

    seen = ask(serve, limits=HttpLimits(body_bytes=1000))
    assert (seen.body, seen.body_is_whole, seen.status) == (body, whole, 200)


def test_a_large_body_is_cut() -> None:
    """Only the first bytes of a huge body are read."""

    def pour(peer: socket.socket) -> None:
        request_head(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.sendall(b"y " * 32768)

    seen = ask(pour, limits=HttpLimits(body_bytes=1000))
    assert (len(seen.body), seen.body_is_whole) == (1000, False)
    assert len(seen.excerpt()) == 203


def test_https_shows_protocol_and_certificate(authority: Authority) -> None:
    """A verified connection tells its TLS."""
    server = over_tls(authority.server("127.0.0.1", "ccm.expertflow.svc"), answering(OK))
    seen = ask(server, "https", trust=authority.file)
    assert seen.status == 200
    assert seen.tls is not None
    assert seen.tls.protocol == "TLSv1.3"
    assert seen.tls.certificate is not None
    assert seen.tls.certificate.names == ("ccm.expertflow.svc",)


def test_the_certificate_is_compared_with_the_promised_name_through_a_tunnel(authority: Authority) -> None:
    """Name and SNI are those of the URL, wherever the connection goes."""
    with listening(over_tls(authority.server("ef-file-engine-svc"), answering(OK))) as port:
        there = ("127.0.0.1", port)
        right = HttpRequest(url="https://ef-file-engine-svc:8443/", connect_to=there, trust=authority.file)
        wrong = HttpRequest(url="https://ef-ccm-svc:8443/", connect_to=there, trust=authority.file)
        named = HttpRequest(
            url="https://127.0.0.1/", connect_to=there, server_name="ef-file-engine-svc", trust=authority.file
        )
        seen = get_all([right, wrong, named], QUICK)
    assert [each.status for each in seen] == [200, None, 200]
    assert seen[1].failure is HttpFailure.CERTIFICATE
    assert "ef-ccm-svc" in seen[1].words


@pytest.mark.parametrize(
    ("days", "known", "words"),
    [((-10, -1), True, "certificate has expired"), ((-1, 1), False, "unable to get local issuer certificate")],
)
def test_a_certificate_that_is_not_accepted_is_still_shown(
    authority: Authority, tmp_path: Path, days: tuple[int, int], known: bool, words: str
) -> None:
    """The evidence holds the certificate that was refused, and the reason."""
    trust = authority if known else Authority(tmp_path, "Another Authority")
    server = over_tls(authority.server("127.0.0.1", days=days), answering(OK))
    seen = ask(server, "https", trust=trust.file)
    assert (seen.status, seen.failure) == (None, HttpFailure.CERTIFICATE)
    assert words in seen.words
    assert seen.tls is not None
    assert seen.tls.certificate is not None
    assert seen.tls.certificate.issuer == "CN=Test Authority"


def test_a_server_without_modern_tls_is_told(authority: Authority) -> None:
    """TLS 1.1 and before are no TLS that counts."""
    context = authority.server("127.0.0.1")
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    seen = ask(over_tls(context, answering(OK)), "https")
    assert seen.failure is HttpFailure.TLS
    assert "offers no TLS 1.2 or later" in seen.words


def test_https_promised_http_answered() -> None:
    """A plain server behind an HTTPS promise is said in these words, with its answer."""
    seen = ask(answering(http("400 Bad Request"), hold=False), "https")
    assert seen.failure is HttpFailure.SCHEME
    assert "HTTPS promised, HTTP answered (400 Bad Request)" in seen.words


def tomcat_without_tls(peer: socket.socket) -> None:
    """Wait for an end of line that a TLS greeting has not; answer what has one."""
    if request_head(peer):
        peer.sendall(OK)


def test_https_promised_http_answered_by_a_server_that_waits() -> None:
    """A plain server that waits for the rest of the TLS greeting is found out too."""
    seen = ask(tomcat_without_tls, "https")
    assert seen.failure is HttpFailure.SCHEME
    assert "HTTPS promised, HTTP answered (200 OK)" in seen.words


@pytest.mark.parametrize("words", ["The plain HTTP request was sent to HTTPS port", "requires TLS"])
def test_http_promised_https_answered_in_the_servers_words(authority: Authority, words: str) -> None:
    """Nginx and Tomcat answer 400 in plain text: with TLS behind it, that is a wrong scheme."""
    secure = over_tls(authority.server("127.0.0.1"), answering(OK))

    def answer(peer: socket.socket) -> None:
        if peer.recv(1, socket.MSG_PEEK) == b"\x16":
            secure(peer)
        else:
            answering(http("400 Bad Request", words.encode()))(peer)

    seen = ask(answer)
    assert (seen.status, seen.failure) == (400, HttpFailure.SCHEME)
    assert "HTTP promised, HTTPS answered" in seen.words


def test_http_promised_https_answered_by_silence(authority: Authority) -> None:
    """Node closes the connection on a plain request: the TLS behind it is found."""
    seen = ask(over_tls(authority.server("127.0.0.1"), answering(OK)))
    assert seen.failure is HttpFailure.SCHEME
    assert "HTTP promised, HTTPS answered" in seen.words
    assert seen.tls is not None


def flaky(*answers: bytes) -> Callable[[socket.socket], None]:
    """Give the answers in turn, the last for ever; an empty one resets."""
    turn = itertools.chain(answers, itertools.repeat(answers[-1]))
    lock = threading.Lock()

    def answer(peer: socket.socket) -> None:
        if peer.recv(1, socket.MSG_PEEK) != b"G":
            return  # a second look, with TLS
        request_head(peer)
        with lock:
            said = next(turn)
        if said:
            peer.sendall(said)
        else:
            resets(peer)

    return answer


AGAIN = HttpLimits(tries=2, pause_seconds=0)
DOWN = http("503 Service Unavailable")


def healthy(seen: HttpObservation) -> bool:
    """Tell whether the status is 200."""
    return seen.status == 200


@pytest.mark.parametrize(
    ("answers", "consecutive", "status", "tries"),
    [
        ([OK], 1, 200, 1),
        ([b"", OK], 1, 200, 2),
        ([DOWN, OK], 1, 200, 2),
        ([b"", b"", OK], 1, None, 2),
        ([OK], 3, 200, 3),
        ([OK, DOWN, OK, OK, OK], 3, 200, 5),
        ([OK, DOWN, OK, DOWN, OK], 3, 503, 4),
    ],
)
def test_tries_and_passes_in_a_row(answers: list[bytes], consecutive: int, status: int | None, tries: int) -> None:
    """A failed try is asked again, N passes in a row are wanted, and the count is told."""
    with listening(flaky(*answers)) as port:
        request = HttpRequest(url=f"http://127.0.0.1:{port}/")
        seen = get(request, AGAIN, good=healthy, consecutive=consecutive)
    assert (seen.status, seen.tries) == (status, tries)


def test_a_server_is_silent_that_leaves_two_questions_alone() -> None:
    """The second is put beside the first after half of its time, so that a dead server costs no more than one limit."""
    asked: list[bytes] = []

    def hang(peer: socket.socket) -> None:
        asked.append(request_head(peer))
        peer.recv(1)

    with listening(hang) as port:
        request = HttpRequest(url=f"http://127.0.0.1:{port}/")
        seen = get(request, HttpLimits(total_seconds=0.6, tries=3, pause_seconds=0))
    assert (seen.failure, seen.tries) == (HttpFailure.TIMED_OUT, 2)
    assert [head.startswith(b"GET ") for head in asked[:2]] == [True, True]  # others ask whether it speaks TLS


def test_a_connection_that_was_left_alone_is_no_answer() -> None:
    """A server that was starved when it was asked first answers the question that is put beside it."""
    turns = itertools.count()

    def starved(peer: socket.socket) -> None:
        request_head(peer)
        if next(turns):
            peer.sendall(OK)
        else:
            peer.recv(1)

    with listening(starved) as port:
        request = HttpRequest(url=f"http://127.0.0.1:{port}/")
        seen = get(request, HttpLimits(total_seconds=2.0, tries=1, pause_seconds=0))
    assert (seen.status, seen.failure, seen.tries) == (200, None, 2)


def test_many_requests_are_asked_at_once() -> None:
    """Twenty targets that hang cost as long as one: each connection is open while the others are."""
    together = threading.Barrier(20)

    def answer(peer: socket.socket) -> None:
        request_head(peer)
        together.wait(10)
        peer.sendall(OK)

    with listening(answer) as port:
        seen = get_all([HttpRequest(url=f"http://127.0.0.1:{port}/{n}") for n in range(20)], HttpLimits())
    assert [each.status for each in seen] == [200] * 20


def test_the_environments_proxy_is_not_asked_for_what_lies_in_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tunnel's end is reached directly; outside, the proxy is used when that is wanted."""
    with listening(answering(http("200 OK", b"proxy"))) as proxy, listening(answering(OK)) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        url = f"http://127.0.0.1:{port}/"
        assert get(HttpRequest(url=url), QUICK).body == b"well"
        assert get(HttpRequest(url=url, use_proxy=True), QUICK).body == b"proxy"


def test_authorities_are_read_once_and_again_where_they_are_others(authority: Authority, tmp_path: Path) -> None:
    """The system's take 50 ms, and a run makes dozens of requests; a file that was replaced is the one that counts."""
    trusted = tmp_path / "trusted.pem"
    server = over_tls(authority.server("127.0.0.1"), answering(OK))
    for known, status in ((authority, 200), (Authority(tmp_path, "Another Authority of late"), None)):
        trusted.write_bytes(known.file.read_bytes())
        assert [ask(server, "https", trust=trusted).status for _ in range(2)] == [status] * 2


def test_a_missing_file_of_authorities_is_the_callers_error(tmp_path: Path) -> None:
    """It is no finding about the server."""
    with pytest.raises(OSError, match="No such file"):
        get(HttpRequest(url="https://127.0.0.1/", trust=tmp_path / "none.pem"), QUICK)


def test_a_tls_handshake_that_waits_for_more_is_out_of_time_and_not_failed() -> None:
    """Python's TLS says "the operation did not complete" while it waits; that is why nobody is called wrong."""
    with listening(silent) as port:
        limits = HttpLimits(connect_seconds=0.3, total_seconds=0.6, tries=1)
        seen = get(HttpRequest(url=f"https://127.0.0.1:{port}/", trust=Trust.NOBODY), limits)
    assert seen.failure is HttpFailure.TIMED_OUT, seen.words


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("<!DOCTYPE html><html>", True),
        ("\ufeff\n<html lang='en'>", True),
        ("<!-- of somebody --><!-- <p> -->\n<!doctype html>", True),
        ("<?xml version='1.0'?><!DOCTYPE html PUBLIC '-'>", True),
        ("<!-- a comment without an end", False),
        ("<?xml version='1.0'?><Error/>", False),
        ('{"status": "UP"}', False),
    ],
)
def test_a_page_is_html_whatever_stands_before_its_type(text: str, page: bool) -> None:
    """Comments, such as a licence, and a declaration of XML may."""
    assert is_web_page(text) is page

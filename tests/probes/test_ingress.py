"""The entry point from outside, on servers of the tests' own behind an address that no DNS knows."""

from __future__ import annotations

import base64
import hashlib
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cx_conformance.probes.default_backend import default_backend
from cx_conformance.probes.http_observation import HttpFailure, HttpLimits, HttpObservation
from cx_conformance.probes.ingress import EntryPoint, probe_paths, probe_redirect, probe_socket_io, probe_tls
from cx_conformance.probes.resolve import Resolve, parse_resolve
from tests.probes.authority import Authority
from tests.probes.targets import closed_port, http, listening, over_tls, request_head

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

FQDN = "cx.example.test"
LIMITS = HttpLimits(connect_seconds=1, total_seconds=2, tries=1)
NGINX = (
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n"
    b"<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
GO = b"404 page not found\n"
KONG = b'{\n  "message":"no Route matched with those values",\n  "request_id":"%s"\n}'


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return an authority for this test."""
    return Authority(tmp_path)


@contextmanager
def entry_point(
    answer: Callable[[str, str, bytes], bytes], authority: Authority, *names: str, days: tuple[int, int] = (-1, 1)
) -> Iterator[EntryPoint]:
    """Serve HTTPS by ``answer`` (host, path, head), with a certificate for ``names``."""

    def talk(peer: socket.socket) -> None:
        head = request_head(peer)
        if head:
            host = re.search(rb"(?im)^host: ([^:\r\n]*)", head)
            peer.sendall(answer(host[1].decode() if host else "", head.split()[1].decode(), head))

    with listening(over_tls(authority.server(*(names or (FQDN,)), days=days), talk)) as port:
        yield EntryPoint(
            fqdn=FQDN,
            resolves=[Resolve(host=FQDN, port=port, address="127.0.0.1")],
            trust=authority.file,
            https_port=port,
            limits=LIMITS,
        )


def controller(page: bytes) -> Callable[[str, str, bytes], bytes]:
    """Answer as an ingress controller with one good rule, one with a dead backend, and its own ``page``."""

    def answer(host: str, path: str, head: bytes) -> bytes:
        if host == FQDN and path.startswith("/unified-admin"):
            return http("200 OK", b"<html>admin</html>")
        if host == FQDN and path.startswith("/auth"):
            return http("302 Found", Location="/auth/realms")
        if host == FQDN and path.startswith("/own-404"):
            return http("404 Not Found", b"no such customer")
        if host == FQDN and path.startswith("/dead"):
            return http("503 Service Temporarily Unavailable")
        return http("404 Not Found", page)

    return answer


@pytest.mark.parametrize(
    ("page", "name"), [(NGINX, "ingress-nginx"), (GO, "Traefik"), (b"<h1>Mist</h1>", "the ingress controller")]
)
def test_a_path_without_a_rule_is_the_controllers_own_answer(authority: Authority, page: bytes, name: str) -> None:
    """A component's 404, a redirect and a page are answers; the controller's own 404 and a 503 are not."""
    paths = ["/unified-admin", "/auth", "/own-404", "/dead", "/forgotten"]
    with entry_point(controller(page), authority) as entry:
        seen = probe_paths(entry, paths)
    assert [each.answers for each in seen] == [True, True, True, False, False]
    assert seen[4].default_backend == name
    assert f"no rule leads anywhere, {name} answered 404 itself" in seen[4].words
    assert "answered 503" in seen[3].words
    assert "leads to /auth/realms" in seen[1].words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http("400 Bad Request", b"Client sent an HTTP request to an HTTPS server.\n"), "wants TLS.*backend-protocol"),
        (http("308 Permanent Redirect", Location="https://{host}/agent"), "leads to itself for ever"),
        (http("302 Found", Location="/agent"), "leads to itself for ever"),
    ],
    ids=["asked in plain", "redirected to itself", "by its path"],
)
def test_an_answer_that_takes_no_user_anywhere_is_none(authority: Authority, answer: bytes, words: str) -> None:
    """A component's complaint of a wrong scheme is not the component at work, nor is a redirect without an end."""

    def talk(host: str, path: str, head: bytes) -> bytes:
        asked = re.search(rb"(?im)^host: ([^\r\n]*)", head)
        return answer.replace(b"{host}", asked[1] if asked else b"")

    with entry_point(talk, authority) as entry:
        (seen,) = probe_paths(entry, ["/agent"])
    assert not seen.answers
    assert re.search(words, seen.words)


def test_a_redirect_to_itself_that_sets_a_cookie_may_end(authority: Authority) -> None:
    """Whoever comes again brings the cookie."""
    answer = http("302 Found", Location="/agent", Set_Cookie="route=1")
    with entry_point(lambda *_: answer, authority) as entry:
        (seen,) = probe_paths(entry, ["/agent"])
    assert seen.answers


def test_paths_are_asked_whoever_signed_the_certificate(authority: Authority, tmp_path: Path) -> None:
    """A bad certificate is one finding of its own, not one for each path."""
    with entry_point(controller(NGINX), Authority(tmp_path, "Another Authority"), "wrong.example.test") as entry:
        (seen,) = probe_paths(entry, ["/unified-admin"])
    assert seen.answers


def test_an_entry_point_that_is_not_there_is_told_for_each_path() -> None:
    """A refused connection is no answer."""
    port = closed_port()
    entry = EntryPoint(fqdn=FQDN, resolves=[parse_resolve(f"{FQDN}:{port}:127.0.0.1")], https_port=port, limits=LIMITS)
    (seen,) = probe_paths(entry, ["/unified-admin"])
    assert not seen.answers
    assert seen.http.failure is HttpFailure.REFUSED
    assert f"https://{FQDN}:{port}/unified-admin (through 127.0.0.1:{port})" in seen.words


def seen_404(body: bytes) -> HttpObservation:
    """Return a 404 with ``body``."""
    return HttpObservation(url="https://x/", status=404, body=body)


@pytest.mark.parametrize(
    ("body", "unknown", "name"),
    [
        (NGINX, None, "ingress-nginx"),
        (NGINX.replace(b">nginx<", b">nginx/1.25.3<"), None, None),
        (b"default backend - 404", None, "ingress-nginx"),
        (GO, None, "Traefik"),
        (b'{"error_msg":"404 Route Not Found"}', None, "APISIX"),
        (b"Cannot GET /x", None, None),
        (NGINX, HttpObservation(url="", status=404, body=b"other"), None),
        (KONG % b"7abe1f5f", HttpObservation(url="", status=404, body=KONG % b"f8c1d2e3"), "Kong"),
        (b"Cannot GET /x", HttpObservation(url="", status=404, body=KONG % b"f8c1d2e3"), None),
        (NGINX, HttpObservation(url="", status=421, body=b""), "ingress-nginx"),
        (NGINX, HttpObservation(url="", failure=HttpFailure.CLOSED), "ingress-nginx"),
    ],
)
def test_known_controllers_are_recognised(body: bytes, unknown: HttpObservation | None, name: str | None) -> None:
    """By their pages, unless the controller itself has shown another one."""
    assert default_backend(seen_404(body), unknown) == name


def test_an_answer_from_behind_envoy_is_not_its_own() -> None:
    """A component's 404 without a body looks the same as the gateway's; Envoy and Kong tell how long it took them."""
    unknown = HttpObservation(url="https://unknown/", status=404)
    own = HttpObservation(url="https://cx/ccm", status=404)
    assert default_backend(own, unknown) == "the ingress controller"
    for header in ("x-envoy-upstream-service-time", "x-kong-upstream-latency"):
        behind = HttpObservation(url="https://cx/ccm", status=404, headers={header: "3"})
        assert default_backend(behind, unknown) is None
        through = HttpObservation(url="https://unknown/", status=404, headers={header: "3"})
        assert default_backend(behind, through) == "the ingress controller"  # which stands behind another one


def test_an_answer_that_is_no_404_is_never_the_default_backend() -> None:
    """A page that quotes the words is a page."""
    assert default_backend(HttpObservation(url="", status=200, body=GO)) is None


def test_a_good_certificate_is_accepted_and_shown(authority: Authority) -> None:
    """Chain, name and dates are verified against the given authority."""
    with entry_point(controller(NGINX), authority) as entry:
        seen = probe_tls(entry)
    assert seen.failure is None
    assert seen.tls is not None
    assert seen.tls.protocol in {"TLSv1.2", "TLSv1.3"}
    assert seen.tls.certificate is not None
    assert seen.tls.certificate.covers(FQDN)


@pytest.mark.parametrize(
    ("name", "days", "words"),
    [("devops.example.test", (-1, 1), "Hostname mismatch"), (FQDN, (-9, -1), "certificate has expired")],
)
def test_a_bad_certificate_is_told_with_its_facts(
    authority: Authority, name: str, days: tuple[int, int], words: str
) -> None:
    """What is wrong, and what the certificate says."""
    with entry_point(controller(NGINX), authority, name, days=days) as entry:
        seen = probe_tls(entry)
    assert seen.failure is HttpFailure.CERTIFICATE
    assert words in seen.words
    assert seen.tls is not None
    assert seen.tls.certificate is not None
    assert seen.tls.certificate.names == (name,)


@pytest.mark.parametrize(
    ("location", "good"),
    [
        (f"https://{FQDN}/", True),
        (f"https://{FQDN.upper()}:443/x", True),
        (f"http://{FQDN}/", False),
        ("https://elsewhere.test/", False),
        (f"https://{FQDN}.evil.test/", False),
        ("/login", False),
    ],
)
def test_plain_http_leads_to_https_on_the_same_host(location: str, good: bool) -> None:
    """Any other location is not the promised redirect."""

    def talk(peer: socket.socket) -> None:
        request_head(peer)
        peer.sendall(http("308 Permanent Redirect", Location=location))

    with listening(talk) as port:
        # The address given for 443 serves port 80 as well.
        resolves = [Resolve(host=FQDN, port=443, address="127.0.0.1")]
        seen, leads = probe_redirect(EntryPoint(fqdn=FQDN, resolves=resolves, http_port=port, limits=LIMITS))
    assert (seen.location, leads) == (location, good)


def socket_io(*versions: int, accept: str | None = None) -> Callable[[str, str, bytes], bytes]:
    """Answer as a Socket.IO server of the Engine.IO protocols ``versions``."""

    def answer(_: str, path: str, head: bytes) -> bytes:
        version = re.search(r"[?&]EIO=(\d)", path)
        if not version or int(version[1]) not in versions:
            return http("400 Bad Request", b'{"code":5,"message":"Unsupported protocol version"}')
        key = re.search(rb"(?im)^sec-websocket-key: (\S+)", head)
        assert key is not None
        digest = hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
        said = accept or base64.b64encode(digest).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        return "\r\n".join([*lines, f"Sec-WebSocket-Accept: {said}", "", ""]).encode()

    return answer


@pytest.mark.parametrize("version", [3, 4])
def test_a_socket_io_path_opens_a_websocket(authority: Authority, version: int) -> None:
    """Old and new servers are both asked in their own protocol."""
    with entry_point(socket_io(version), authority) as entry:
        seen = probe_socket_io(entry, "/agent-manager/socket.io/")
    assert seen.upgraded
    assert f"/agent-manager/socket.io/?EIO={version}&transport=websocket: a WebSocket was opened" in seen.words


def test_an_ingress_that_does_not_pass_the_upgrade_is_told(authority: Authority) -> None:
    """A 400 from behind says that Upgrade was lost."""
    with entry_point(socket_io(), authority) as entry:
        seen = probe_socket_io(entry, "/agent-manager/socket.io/")
    assert not seen.upgraded
    assert "answered 400 Bad Request instead of 101" in seen.words


def test_a_101_that_proves_nothing_is_not_an_upgrade(authority: Authority) -> None:
    """The answer must fit the key that was sent."""
    with entry_point(socket_io(4, 3, accept="bm90IHRoZSBrZXk="), authority) as entry:
        seen = probe_socket_io(entry, "/agent-manager/socket.io/")
    assert not seen.upgraded
    assert "wrong Sec-WebSocket-Accept" in seen.words


@pytest.mark.parametrize(
    ("text", "host", "port", "address"),
    [
        ("cx.example.com:443:192.0.2.7", "cx.example.com", 443, "192.0.2.7"),
        ("CX.Example.com:8443:[2001:db8::7]", "cx.example.com", 8443, "2001:db8::7"),
        (" cx:80:2001:db8::7 ", "cx", 80, "2001:db8::7"),
    ],
)
def test_resolve_is_read_as_in_curl(text: str, host: str, port: int, address: str) -> None:
    """Host, port and address, of both kinds."""
    assert parse_resolve(text) == Resolve(host=host, port=port, address=address)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not HOST:PORT:ADDRESS"),
        ("cx.example.com", "is not HOST:PORT:ADDRESS"),
        ("cx.example.com:443", "is not HOST:PORT:ADDRESS"),
        ("cx.example.com:https:192.0.2.7", "is not HOST:PORT:ADDRESS"),
        ("cx.example.com:443:other.example.com", "other.example.com is no IP address"),
        ("cx.example.com:70000:192.0.2.7", "70000 is no port"),
    ],
)
def test_a_resolve_that_cannot_be_read_says_what_is_allowed(text: str, words: str) -> None:
    """The message shows the text, what is wrong, and an example."""
    with pytest.raises(ValueError, match=f"{words}; write it as curl does, for example"):
        parse_resolve(text)

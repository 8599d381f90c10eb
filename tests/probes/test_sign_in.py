"""A person's login is one request, tells apart what Keycloak tells apart, and keeps what is secret to itself."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.probes.http_observation import HttpLimits
from cx_conformance.probes.ingress import EntryPoint
from cx_conformance.probes.resolve import parse_resolve
from cx_conformance.probes.sign_in import Ending, Person, SignIn, sign_in
from tests.probes.authority import Authority
from tests.probes.targets import http, listening, over_tls, request_head, silent

FQDN = "cx.example.com"
ROOT = "/auth/realms/expertflow"
OIDC = f"{ROOT}/protocol/openid-connect"
PERSON = Person(
    username="agent1",
    password=SecretStr("s3cret of agent1"),
    client="cim",
    client_secret=None,
    realm="expertflow",
    root="/auth",
)
TOKENS = {"access_token": "the-access-token", "refresh_token": "the-refresh-token", "id_token": "the-id-token"}
Reply = bytes | Callable[[socket.socket], None]


def says(status: str, document: Any) -> bytes:
    """Return an answer of JSON."""
    return http(status, json.dumps(document).encode(), Content_Type="application/json")


def refused(status: str, error: str, description: str) -> bytes:
    """Return a refusal as OAuth has it."""
    return says(status, {"error": error, "error_description": description})


@dataclass
class Keycloak:
    """Answers by path, and remembers what was asked."""

    answers: dict[str, Reply] = field(
        default_factory=lambda: {
            ROOT: says("200 OK", {"realm": "expertflow"}),
            f"{OIDC}/token": says("200 OK", TOKENS),
            f"{OIDC}/userinfo": says("200 OK", {"sub": "1"}),
            f"{OIDC}/logout": http("204 No Content"),
        }
    )
    asked: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def talk(self, peer: socket.socket) -> None:
        """Answer one request."""
        head = _request(peer)
        if not head:
            return
        method, path, _ = head.partition("\r\n")[0].split(" ")
        self.asked.append(f"{method} {path.rpartition('/')[2]}")
        self.requests.append(head)
        answer = self.answers.get(path, says("404 Not Found", {"error": "not found"}))
        if callable(answer):
            answer(peer)
        else:
            peer.sendall(answer)


def _request(peer: socket.socket) -> str:
    """Return a whole request: a server that closes before it has read all of it resets the connection."""
    head, _, body = request_head(peer).decode("latin-1").partition("\r\n\r\n")
    length = next((int(one[15:]) for one in head.split("\r\n") if one.lower().startswith("content-length:")), 0)
    while len(body) < length and (more := peer.recv(65536)):
        body += more.decode("latin-1")
    return f"{head}\r\n\r\n{body}" if head else ""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return whom the tests trust."""
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def entered(keycloak: Keycloak, authority: Authority, trust: Path | None = None) -> Iterator[EntryPoint]:
    """Serve Keycloak behind an entry point."""
    with listening(over_tls(authority.server(FQDN), keycloak.talk)) as port:
        resolve = parse_resolve(f"{FQDN}:{port}:127.0.0.1")
        limits = HttpLimits(total_seconds=4.0, pause_seconds=0.01)
        yield EntryPoint(fqdn=FQDN, resolves=[resolve], https_port=port, trust=trust or authority.file, limits=limits)


def signed_in(keycloak: Keycloak, authority: Authority, person: Person = PERSON) -> tuple[SignIn, list[str]]:
    """Log in, and return what came of it and what was learnt to be secret."""
    learnt: list[SecretStr] = []
    with entered(keycloak, authority) as entry:
        found = sign_in(entry, person, learnt.append)
    return found, [one.get_secret_value() for one in learnt]


def test_a_login_is_one_token_one_userinfo_and_one_logout(authority: Authority) -> None:
    """Every token is learnt to be secret, and none is in what is said."""
    keycloak = Keycloak()
    found, learnt = signed_in(keycloak, authority)
    assert (found.token.ending, found.userinfo.ending) == (Ending.GRANTED, Ending.GRANTED)
    assert keycloak.asked == ["GET expertflow", "POST token", "GET userinfo", "POST logout"]
    assert set(learnt) == set(TOKENS.values())
    assert not [one for one in (*learnt, "s3cret") if one in repr(found)]
    assert "authorization: bearer the-access-token" in keycloak.requests[2].lower()


@pytest.mark.parametrize(
    ("answer", "ending", "words"),
    [
        (refused("401 Unauthorized", "invalid_grant", "Invalid user credentials"), Ending.REFUSED, "told apart"),
        (refused("400 Bad Request", "invalid_grant", "Account disabled"), Ending.REFUSED, "is disabled"),
        (refused("400 Bad Request", "invalid_grant", "Account is not fully set up"), Ending.REFUSED, "action is left"),
        (refused("400 Bad Request", "invalid_grant", "Account temporarily disabled"), Ending.REFUSED, "some time"),
        (refused("400 Bad Request", "invalid_grant", "Something new"), Ending.REFUSED, "refused (Something new)"),
        (refused("403 Forbidden", "access_denied", "Realm not enabled"), Ending.REFUSED, "nobody log in (Realm not"),
        (refused("401 Unauthorized", "invalid_client", "Invalid client"), Ending.UNTOLD, "no password was judged"),
        (refused("400 Bad Request", "unauthorized_client", "not allowed"), Ending.UNTOLD, "Direct access grants"),
        (
            refused("400 Bad Request", "unauthorized_client", "Unexpected error when authenticating client"),
            Ending.REFUSED,
            "look at its log and its database",
        ),
        (refused("500 Oops", "unknown_error", "see the log"), Ending.REFUSED, "answered 500 to a login (see the log)"),
        (http("503 Unavailable", b"<html>no endpoints</html>"), Ending.REFUSED, "answered 503"),
        (http("200 OK", b"<html>log in</html>"), Ending.UNTOLD, "neither a token nor a refusal"),
        (http("302 Found", Location="https://elsewhere.example.com/"), Ending.UNTOLD, "answered 302"),
        (b"\x00\xff", Ending.UNTOLD, "nobody tries again"),
        (b"", Ending.UNTOLD, "nobody tries again"),
    ],
)
def test_what_keycloak_tells_apart_is_told_apart_after_one_request(
    authority: Authority, answer: bytes, ending: Ending, words: str
) -> None:
    """Whatever it answers, the password is sent once."""
    keycloak = Keycloak()
    keycloak.answers[f"{OIDC}/token"] = answer
    found, _ = signed_in(keycloak, authority)
    assert found.token.ending is ending
    assert words in found.token.words
    assert (found.attempted, keycloak.asked.count("POST token")) == (True, 1)
    assert "GET userinfo" not in keycloak.asked


def test_a_silent_server_is_not_sent_the_password_again(authority: Authority) -> None:
    """Other questions are put once more beside the first; this one is not."""
    keycloak = Keycloak()
    keycloak.answers[f"{OIDC}/token"] = silent
    found, _ = signed_in(keycloak, authority)
    assert found.token.ending is Ending.UNTOLD
    assert keycloak.asked.count("POST token") == 1


@pytest.mark.parametrize(
    "answer",
    [http("503 Unavailable", b"no endpoints"), says("404 Not Found", {"error": "Realm does not exist"}), b""],
    ids=["503", "no-realm", "closed"],
)
def test_without_the_realm_no_password_is_sent(authority: Authority, answer: bytes) -> None:
    """A platform that is only starting costs nobody a failed login, and may be asked again."""
    keycloak = Keycloak()
    keycloak.answers[ROOT] = answer
    found, _ = signed_in(keycloak, authority)
    assert (found.attempted, found.token.ending) == (False, Ending.UNTOLD)
    assert "POST token" not in keycloak.asked


def test_an_unknown_certificate_gets_no_password(authority: Authority, tmp_path: Path) -> None:
    """Whoever answers there may be anybody."""
    keycloak = Keycloak()
    other = Authority(tmp_path, "Another")
    with entered(keycloak, authority, other.file) as entry:
        found = sign_in(entry, PERSON, lambda _: None)
    assert (found.attempted, keycloak.asked) == (False, [])
    assert "certificate is not accepted" in found.token.words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refused("401 Unauthorized", "invalid_token", "Token verification failed"), "does not accept the token"),
        (refused("403 Forbidden", "insufficient_scope", "Missing openid scope"), "Missing openid scope"),
        (says("200 OK", {}), "names nobody"),
    ],
)
def test_a_token_that_is_not_accepted_is_told(authority: Authority, answer: bytes, words: str) -> None:
    """The session is ended all the same."""
    keycloak = Keycloak()
    keycloak.answers[f"{OIDC}/userinfo"] = answer
    found, _ = signed_in(keycloak, authority)
    assert (found.token.ending, found.userinfo.ending) == (Ending.GRANTED, Ending.REFUSED)
    assert words in found.userinfo.words
    assert keycloak.asked[-1] == "POST logout"


def test_a_secret_client_says_its_secret(authority: Authority) -> None:
    """In the same form as the password."""
    keycloak = Keycloak()
    signed_in(keycloak, authority, replace(PERSON, client_secret=SecretStr("of the client")))
    form = "client_id=cim&client_secret=of+the+client&grant_type=password&scope=openid&username=agent1"
    assert form in keycloak.requests[1]

"""No password is found in what an observation says, logs, shows of itself, or leaves in a traceback."""

import base64
import logging
import traceback
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.masking import Masking, legible
from cx_conformance.probes.stores.target import Credentials, Limits, Target, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.sandbox.stores.certificates import Authority
from tests.probes.stores import stage
from tests.probes.stores.stage import OBSERVE, Stage, door
from tests.sandbox.stores.wanted import wanted

OTHER = SecretStr("0ther planted/secret=&+ö")


def forms(secret: SecretStr) -> tuple[str, ...]:
    """Return the forms in which a secret would be found."""
    value = secret.get_secret_value()
    coded = base64.b64encode(value.encode()).decode().rstrip("=")
    return value, coded, quote(value, safe=""), quote_plus(value), ascii(value)[1:-1], repr(value.encode())[2:-1]


def holds(text: str, *secrets: SecretStr) -> bool:
    """Tell whether a text holds one of the secrets in any form."""
    return any(form in text for secret in secrets for form in forms(secret))


@pytest.fixture(scope="module")
def everything(authority: Authority, password: SecretStr, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give every store, with a password and without TLS."""
    wanted(stage.missing())
    with Stage(authority, password, tmp_path_factory.mktemp("secrecy")) as servers:
        for store in OBSERVE:
            servers.plain(store)
        servers.settle()
        yield servers


@pytest.fixture
def tracebacks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the tracebacks, with the values of all variables, of every error that an observation explains."""
    seen: list[str] = []
    explain = Line.explain

    def recorded(line: Line, error: BaseException, otherwise: Kind = Kind.GAVE_UP) -> Trouble:
        seen.extend(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        return explain(line, error, otherwise)

    monkeypatch.setattr(Line, "explain", recorded)
    return seen


@pytest.mark.parametrize("store", list(OBSERVE))
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_an_observation_gives_no_password_away(
    everything: Stage,
    password: SecretStr,
    tracebacks: list[str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    *,
    store: str,
    right: bool,
) -> None:
    """Words, details, representations, logs at DEBUG, output and tracebacks hold it in no form."""
    caplog.set_level(logging.DEBUG)
    credentials = everything.credentials(store, password if right else OTHER)
    seen = OBSERVE[store](door(store, everything.plain(store)), credentials)
    output = capfd.readouterr()
    shown = [repr(seen), repr(credentials), caplog.text, output.out, output.err, *tracebacks]
    assert seen.logs_in.ok is right
    leaks = [number for number, text in enumerate(shown) if holds(text, password, OTHER)]
    assert leaks == []


def test_the_search_finds_what_is_there(password: SecretStr) -> None:
    """The search that the other tests rest on finds a secret in each form."""
    assert all(holds(f"words {form} words", password) for form in forms(password))
    assert not holds("words", password)


def test_what_a_server_echoes_is_masked(password: SecretStr) -> None:
    """A server that repeats the password gets it masked in plain, base64 and URL-encoded form."""
    said = Masking([password])
    for form in forms(password)[:4]:
        assert not holds(said(f"invalid password {form}!"), password)
    assert said("invalid password x!") == "invalid password x!"


def test_a_cut_leaves_no_half_of_a_secret(password: SecretStr) -> None:
    """The secret is masked before the text is cut."""
    text = Masking([password])("x" * 195 + password.get_secret_value())
    assert password.get_secret_value()[:4] not in text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("red\x1b[31m", r"red\x1b[31m"),
        ("a\nb", r"a\nb"),
        ("right\u202eleft", r"right\u202eleft"),
        (b"bytes\xff", r"bytes\xff"),
        ("x" * 300, "x" * 200 + " ..."),
    ],
)
def test_what_a_server_says_is_made_legible(said: str | bytes, shown: str) -> None:
    """Escapes, line ends, reordering and endless texts reach nobody's terminal."""
    assert legible(said) == shown


def test_a_target_shows_no_key(authority: Authority) -> None:
    """A client certificate with its key in one file shows neither."""
    client = authority.issue("ef-ccm")
    both = client.certificate_pem + client.key_pem
    target = Target(
        host="redis-master.ef-external.svc",
        port=6379,
        tls=TlsExpectation(ca_pem=authority.ca_pem, certificate_pem=both, key_pem=SecretStr(both)),
        limits=Limits(),
    )
    assert "PRIVATE KEY" not in repr((target, Credentials(password=SecretStr(both))))

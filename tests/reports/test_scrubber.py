import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from cx_conformance.reports.scrubber import Scrubber

PASSWORD = 'p&ss w/rd+ü"1'


def basic(user: str, password: str) -> str:
    """Return what an Authorization header holds."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "form",
    [
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe=""),
        quote(PASSWORD, safe="").lower(),
        quote_plus(PASSWORD),
        json.dumps(PASSWORD),
        json.dumps(PASSWORD, ensure_ascii=False),
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.urlsafe_b64encode(PASSWORD.encode()).decode(),
        f"mongodb://admin:{quote(PASSWORD, safe='')}@mongo:27017/",
    ],
)
def test_a_secret_is_found_in_every_form_it_comes_in(form: str) -> None:
    """Plain, URL-encoded, JSON-escaped, base64: the value is gone, what stood around it is left."""
    scrubbed = Scrubber([SecretStr(PASSWORD)]).scrub(f"login failed: {form} was refused")
    assert "***" in scrubbed
    assert form not in scrubbed
    assert scrubbed.startswith("login failed: ")
    assert scrubbed.endswith(" was refused")


def test_both_alphabets_of_base64_are_known() -> None:
    """A token in a URL has ``-`` and ``_`` where a header has ``+`` and ``/``."""
    secret = "\u00bf\u00ff\u00be~~~???>>>"
    encoded = base64.b64encode(secret.encode()).decode()
    assert {"+", "/"} <= set(encoded)
    scrubber = Scrubber([SecretStr(secret)])
    assert scrubber.scrub(encoded).rstrip("=") == "***"
    assert scrubber.scrub(encoded.replace("+", "-").replace("/", "_")).rstrip("=") == "***"


@pytest.mark.parametrize("user", ["me", "bob", "root", "admin"])
def test_a_secret_is_found_inside_basic_authentication(user: str) -> None:
    """Whatever the length of the user name, the password cannot be decoded from what is left."""
    header = basic(user, "correct-horse-battery")
    scrubbed = Scrubber([SecretStr("correct-horse-battery")]).scrub(f"Authorization: Basic {header}")
    left = scrubbed.removeprefix("Authorization: Basic ")
    assert "***" in left
    assert len(left) < len(header) / 2


@given(st.text(min_size=4, max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_known_value_survives(secret: str, before: str, after: str) -> None:
    """Any value of four characters or more is taken out of any text, unless the mask itself spells it."""
    scrubbed = Scrubber([SecretStr(secret)]).scrub(f"{before}{secret}{after}")
    if secret not in before + "***" + after and "*" not in secret:
        assert not scrubbed.count(secret)


def test_short_values_are_left_alone() -> None:
    """A password ``abc`` is not worth an unreadable report."""
    assert Scrubber([SecretStr("abc"), SecretStr("")]).scrub("abc of abc") == "abc of abc"


def test_the_longer_of_two_secrets_is_taken_first() -> None:
    """A secret that begins with another leaves no tail behind."""
    scrubber = Scrubber([SecretStr("hunter2"), SecretStr("hunter2-and-more")])
    assert scrubber.scrub("with hunter2-and-more") == "with ***"


def test_a_secret_from_a_file_is_found_without_its_line_feed() -> None:
    """``kubectl create secret --from-file`` keeps the line feed, the store's message does not."""
    assert Scrubber([SecretStr("hunter2\n")]).scrub("password hunter2 refused") == "password *** refused"


def test_a_scrubber_does_not_show_what_it_knows() -> None:
    """Its repr may end up in a traceback."""
    assert "hunter2" not in repr(Scrubber([SecretStr("hunter2")]))

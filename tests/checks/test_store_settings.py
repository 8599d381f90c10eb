"""What the components are told about TLS, beside what the stores speak."""

from types import SimpleNamespace

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.probes.stores.observation import Finding, Level, StoreObservation
from cx_conformance.vantage.store_asked import StoreAsked
from tests.checks.installation import Installation


def judged(flag: str, *, secure: bool, takes_plain: bool = False, port: str = "27017") -> Outcome:
    """Judge Mongo's TLS setting, when it was asked with or without TLS."""
    installation = Installation()
    told = installation.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"]
    told.update(MONGODB_ENABLE_SSL=flag, MONGODB_PORT=port)
    observation = StoreObservation(
        store="mongo", address="mongo:27017", findings={level: Finding(ok=True, words="so it is") for level in Level}
    )
    asked = StoreAsked(
        observation=observation,
        vantage="port-forward",
        pod="mongo-mongodb-0",
        secure=secure,
        without_login=None,
        takes_plain=takes_plain,
    )
    installation.probes["store_probes"] = SimpleNamespace(of=lambda _: asked)
    return installation.outcome("CX812", "mongo")


@pytest.mark.parametrize(
    ("flag", "secure", "words"),
    [
        ("true", False, "MONGODB_ENABLE_SSL in ConfigMap expertflow/ef-connection-env-cm is true, but mongo:27017 "),
        ("false", True, "but mongo:27017 wants TLS"),
    ],
)
def test_a_flag_that_contradicts_the_server_is_found(flag: str, secure: bool, words: str) -> None:
    """Either way the components cannot connect."""
    ended = judged(flag, secure=secure)

    assert ended.result is Result.FAIL
    assert words in ended.message


def test_a_flag_that_agrees_passes() -> None:
    """With TLS and without."""
    assert judged("True", secure=True).result is Result.PASS
    assert judged("false", secure=False).result is Result.PASS


def test_a_server_that_takes_both_contradicts_no_flag() -> None:
    """Mongo's preferTLS answers either way."""
    assert judged("true", secure=True, takes_plain=True).result is Result.PASS
    assert judged("false", secure=True, takes_plain=True).result is Result.PASS


def test_another_port_than_the_one_that_was_asked_says_nothing() -> None:
    """Its TLS is its own."""
    assert judged("true", secure=False, port="27018").result is Result.NOT_APPLICABLE


def test_another_word_is_noted() -> None:
    """It is not guessed at."""
    ended = judged("perhaps", secure=True)

    assert ended.result is Result.PASS
    assert "neither true nor false" in ended.evidence["notes"][0]

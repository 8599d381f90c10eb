"""Copies of a store's password, in what the components of the reference installation read."""

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.references import References
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.vantage.copies import StoreCopies
from tests.checks.installation import Installation, blueprint

Object = dict[str, Any]
PLURALS = {"secrets": "Secret", "configmaps": "ConfigMap"}


def judged(installation: Installation, component: str) -> Outcome:
    """Judge the passwords of one store; every value is read from the installation's manifests."""

    def read(path: str) -> Object | None:
        _, _, _, _, namespace, plural, name = path.split("/")
        try:
            return installation.find(PLURALS[plural], name, namespace)
        except LookupError:
            return None

    plan = Plan(blueprint(), installation.site)
    references = References(cast("Any", SimpleNamespace(read=read)), Path())
    installation.probes["store_copies"] = StoreCopies(Seen(installation.snapshot(plan), plan), references)
    return installation.outcome("CX811", component)


def settings(installation: Installation) -> dict[str, str]:
    """Return what the components are told about the stores."""
    found: dict[str, str] = installation.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"]
    return found


def test_equal_copies_pass_with_a_note_of_those_in_clear() -> None:
    """The vendor ships passwords in a ConfigMap; that alone makes no installation non-conformant."""
    ended = judged(Installation(), "mongo")

    assert ended.result is Result.PASS
    assert ended.evidence["notes"] == [
        (
            "minor: MONGODB_PASSWORD in ConfigMap expertflow/ef-connection-env-cm holds a password in clear, as the "
            "vendor ships it"
        )
    ]


def test_a_password_that_was_changed_in_one_place_only_is_found() -> None:
    """Both places and who reads the copy are named, no value is."""
    installation = Installation()
    settings(installation)["REDIS_PASSWORD"] = "an-older-one"

    ended = judged(installation, "redis")

    assert ended.result is Result.FAIL
    assert ended.message.startswith(
        "REDIS_PASSWORD in ConfigMap expertflow/ef-connection-env-cm differs from redis-password in Secret "
        "ef-external/redis; it is read by "
    )
    assert "an-older-one" not in str(ended)


def test_white_space_at_the_end_is_named() -> None:
    """``echo`` without ``-n`` puts a line break behind the password."""
    installation = Installation()
    secret = installation.find("Secret", "redis", "ef-external")["data"]
    secret["redis-password"] = base64.b64encode(base64.b64decode(secret["redis-password"]) + b"\n").decode()

    ended = judged(installation, "redis")

    assert ended.result is Result.FAIL
    assert "(only by white space at its ends)" in ended.message


def test_a_copy_in_a_secret_of_the_components_is_compared_too() -> None:
    """A container's own variable comes before what envFrom brings."""
    installation = Installation()
    container = installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]["containers"][0]
    taken = {"secretKeyRef": {"name": "own-account", "key": "word"}}
    container.setdefault("env", []).append({"name": "MONGODB_PASSWORD", "valueFrom": taken})
    about = {"name": "own-account", "namespace": "expertflow"}
    installation.manifests.append(
        {"kind": "Secret", "metadata": about, "data": {"word": base64.b64encode(b"x").decode()}}
    )

    ended = judged(installation, "mongo")

    assert ended.result is Result.FAIL
    assert ended.message == (
        "word in Secret expertflow/own-account differs from mongodb-root-password in Secret ef-external/mongo-mongodb; "
        "it is read by ccm"
    )


def test_another_account_of_the_components_is_not_compared() -> None:
    """Its password is its own."""
    installation = Installation()
    settings(installation).update(MONGODB_USERNAME="expertflow", MONGODB_PASSWORD="its-own")

    ended = judged(installation, "mongo")

    assert ended.result is Result.NOT_APPLICABLE
    assert "log in as another account" in ended.message


def test_an_installation_without_these_keys_has_nothing_to_compare() -> None:
    """Older releases have neither the Secret nor the keys."""
    without_keys, without_secret = Installation(), Installation()
    settings(without_keys).pop("MONGODB_PASSWORD")
    without_secret.remove("Secret", "mongo-mongodb")

    assert judged(without_keys, "mongo").result is Result.NOT_APPLICABLE
    assert judged(without_secret, "mongo").result is Result.NOT_APPLICABLE


@pytest.mark.parametrize(
    "value",
    [
        "$(REDIS_SECRET)",
        "vault:secret/data/cx#redis",
        ">>vault:secret/data/cx#redis#2",
        "op://cx/redis/password",
        "sm://project/redis#1",
        "redis-password@azurekeyvault",
    ],
)
def test_a_value_put_in_later_is_not_compared(value: str) -> None:
    """It is no password: variables fill it in, or the program of a webhook before the container's own begins."""
    installation = Installation()
    settings(installation)["REDIS_PASSWORD"] = value

    assert judged(installation, "redis").result is Result.NOT_APPLICABLE


def test_a_stores_own_password_that_is_kept_elsewhere_is_not_known() -> None:
    """Its copies cannot be compared with it."""
    installation = Installation()
    secret = installation.find("Secret", "redis", "ef-external")["data"]
    secret["redis-password"] = base64.b64encode(b"vault:secret/data/cx#redis").decode()

    ended = judged(installation, "redis")

    assert ended.result is Result.NOT_APPLICABLE
    assert ended.message.endswith("Secret ef-external/redis only says where the value of redis-password is kept")

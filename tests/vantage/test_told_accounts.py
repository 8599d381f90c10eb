"""The accounts that components are told, beside the store's own."""

import pytest
from pydantic import SecretStr

from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.store import Login, Reference, Store
from cx_conformance.cluster.seen import Seen
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.vantage.store_access import StoreAccess
from cx_conformance.vantage.told_accounts import read_from, told_accounts
from tests.checks.installation import Installation, blueprint


class Told(StoreAccess):
    """Reads one account, whatever is asked for."""

    def __init__(self, username: str, password: str | None) -> None:
        """Give this account; None: it is not there."""
        self._held = Credentials(username=username, password=SecretStr(password)) if password is not None else None

    def login(self, store: Store, login: Login, namespace: str) -> Credentials | None:  # noqa: ARG002 - always the same
        """Return it."""
        return self._held


def places(username: str, password: str | None) -> list[str]:
    """Return where components are told another account than root."""
    installation = Installation()
    plan = Plan(blueprint(), installation.site)
    seen = Seen(installation.snapshot(plan), plan)
    mongo = next(one for one in plan.entries("store") if one.component == "mongo")
    known = Credentials(username="root", password=SecretStr("known"))
    return [where for where, _ in told_accounts(seen, mongo, Told(username, password), known)]


def test_another_account_is_told_with_its_place() -> None:
    """Once for each ConfigMap that components read."""
    assert places("cx", "other") == ["MONGODB_USERNAME in ConfigMap expertflow/ef-connection-env-cm"]


@pytest.mark.parametrize(
    ("username", "password"), [("root", "other"), ("cx", None), ("cx", ""), ("${USER}", "x"), ("cx", "{{ p }}")]
)
def test_what_is_no_other_account_is_left_out(username: str, password: str | None) -> None:
    """The store's own, one that is not there or may not be read, and what is put in later."""
    assert places(username, password) == []


def test_places_are_named_and_values_are_not() -> None:
    """By kind, namespace, name and key."""
    login = Login(
        username_from=Reference(config_map="cm", key="USER", namespace="expertflow"),
        password=Reference(secret="mongo-mongodb", key="root"),
    )
    assert read_from(login, "ef-external") == (
        "USER in ConfigMap expertflow/cm",
        "root in Secret ef-external/mongo-mongodb",
    )
    assert read_from(Login(password=Reference(env="PW")), "x") == ("environment variable PW",)
    assert read_from(None, "x") == ()

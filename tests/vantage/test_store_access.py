"""As whom a store is logged in to, where charts take existing Secrets, other ConfigMaps, or nobody may read them."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from cx_conformance.outcome.outcome import Result
from cx_conformance.sandbox.stores import redis_server
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.vantage.store_access import StoreAccess
from tests.checks.installation import Installation
from tests.sandbox.stores.wanted import wanted
from tests.vantage.stores import CONNECTION, CORE, EXTERNAL, Ports, ask, entry, judged, put, references, seen, tell

PASSWORD = SecretStr("Pl4nted+Secret/=&? %ü")


@pytest.fixture(scope="module")
def ports() -> Iterator[Ports]:
    """Give the way to a Redis with a password."""
    wanted(redis_server.available())
    port = free_port()
    with redis_server.start("127.0.0.1", {"redis": port}, password=PASSWORD).wait():
        yield {("redis", 6379): port}


@pytest.fixture
def installation() -> Installation:
    """Give an installation whose Redis takes its password from a Secret of another name."""
    made = Installation()
    container = made.find("StatefulSet", "redis")["spec"]["template"]["spec"]["containers"][0]
    (source,) = (
        one["valueFrom"]["secretKeyRef"] for one in container["env"] if "secretKeyRef" in one.get("valueFrom", {})
    )
    made.remove("Secret", "redis", EXTERNAL)
    put(made, "existing", **{source["key"]: PASSWORD})
    source["name"] = "existing"
    return made


def test_components_log_in_as_they_are_told(installation: Installation, ports: Ports) -> None:
    """Where the charts' Secret does not exist, the password in the connection ConfigMap is tried, and that is noted."""
    tell(installation, REDIS_PASSWORD=PASSWORD.get_secret_value())
    asked = ask(installation, "redis", ports)
    ended = judged(installation, "CX803", "redis", asked)
    assert ended.result is Result.PASS, ended.message
    assert ended.evidence["notes"] == [
        f"logged in with REDIS_PASSWORD in ConfigMap {CORE}/{CONNECTION}, as the components do"
    ]


def test_a_wrong_password_in_what_components_are_told_is_found(installation: Installation, ports: Ports) -> None:
    """They will not get in either."""
    tell(installation, REDIS_PASSWORD="an-older-one")
    assert judged(installation, "CX803", "redis", ask(installation, "redis", ports)).result is Result.FAIL


def test_nobody_logs_in_where_nothing_is_told(installation: Installation, ports: Ports) -> None:
    """A template is filled in by something else, later."""
    tell(installation, REDIS_PASSWORD="${REDIS_PASSWORD}")
    ended = judged(installation, "CX803", "redis", ask(installation, "redis", ports))
    assert ended.result is Result.NOT_APPLICABLE
    assert "Secret ef-external/redis does not exist" in ended.message


def test_a_secret_that_is_taken_wholly_need_not_hold_the_password(installation: Installation, ports: Ports) -> None:
    """What else tells it is tried, or nobody logs in."""
    tell(installation, REDIS_PASSWORD="${REDIS_PASSWORD}")
    about = {"name": "more", "namespace": CORE}
    installation.manifests.append({"apiVersion": "v1", "kind": "Secret", "metadata": about, "data": {}})
    for one in installation.manifests:
        if one["kind"] == "Deployment" and one["metadata"]["namespace"] == CORE:
            one["spec"]["template"]["spec"]["containers"][0].setdefault("envFrom", []).append(
                {"secretRef": {"name": "more"}}
            )
    ended = judged(installation, "CX803", "redis", ask(installation, "redis", ports))
    assert ended.result is Result.NOT_APPLICABLE


def test_a_secret_that_may_not_be_read_leaves_only_the_login_open(ports: Ports) -> None:
    """An account with few rights sees the rest of the store all the same."""
    installation = Installation()
    asked = ask(installation, "redis", ports, forbidden=["redis"])
    assert judged(installation, "CX802", "redis", asked).result is Result.PASS
    assert judged(installation, "CX805", "redis", asked).result is Result.PASS
    ended = judged(installation, "CX803", "redis", asked)
    assert ended.result is Result.ERROR
    assert "secrets/redis" in ended.message


def test_the_connection_configmap_is_found_under_its_other_name() -> None:
    """The Helm charts call it otherwise."""
    installation = Installation()
    renamed = installation.find("ConfigMap", CONNECTION, CORE)
    renamed["metadata"]["name"] = "ef-cx-efconnections-cm"
    looked = seen(installation)
    store = entry(looked, "activemq")
    account = StoreAccess(references(installation)).account(looked, store, store.of.login, of_site=False)
    assert account.missing is None
    assert account.credentials is not None
    assert account.credentials.username == renamed["data"]["ACTIVEMQ_USERNAME"]

"""Stores that are wrong in what they speak, whom they let in, what they hold and what they present."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from cx_conformance.blueprint.manifests.simulation import PASSWORD, USERNAME
from cx_conformance.blueprint.store import Reference, Settings, Store
from cx_conformance.sandbox.credentials import Authority
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object

PASSWORDS = ("store.login.password.secret", "store.login.password.key", "store.login.password.config_map")


def _store(fact: Fact) -> Store:
    found: Store = fact.of(Store)
    return found


@contextmanager
def _answers(fact: Fact, ground: Ground) -> Iterator[list[Object]]:
    """Hand out what answers on the store's port, to be changed in place."""
    store, service = _store(fact), ground.component(fact).service
    ports = service.ports if service else ()
    port = next((one.container_port for one in ports if one.port == store.port), store.port)
    with ground.answers(fact, port) as answers:
        if not answers:
            raise LookupError(f"nothing answers on port {port} of {fact.component}")
        yield answers


def _answer(fact: Fact, ground: Ground, **said: object) -> None:
    """Change what answers on the store's port."""
    with _answers(fact, ground) as answers:
        for one in answers:
            one.update(said)


@breaks("store.protocol", how="wrong kind", live=True)
def store_talks_garbage(fact: Fact, ground: Ground) -> None:
    """Something else listens on its port, and speaks no protocol."""
    _answer(fact, ground, behaviour="garbage")


@breaks("store.protocol", how="silent", live=True)
def store_hangs(fact: Fact, ground: Ground) -> None:
    """It accepts connections and says nothing."""
    _answer(fact, ground, behaviour="hang")


@breaks("store.protocol", how="wrong kind", live=True)
def a_web_server_in_its_place(fact: Fact, ground: Ground) -> None:
    """A web server that knows no path listens on its port."""
    _answer(fact, ground, **{"as": "http", "paths": {}})


@breaks("store.port", how="refusing", live=True)
def store_deaf(fact: Fact, ground: Ground) -> None:
    """Its pod is ready, and nothing listens."""
    _answer(fact, ground, behaviour="closed")


def _environment(fact: Fact, ground: Ground, name: str, value: str) -> None:
    """Let the server be started with something else than what its Secret says."""
    for one in ground.container(fact).get("env", []):
        if one["name"] == name:
            one.pop("valueFrom", None)
            one["value"] = value
            return
    raise Inapplicable("it has no account")


@breaks("store.login.username", "store.login.username_from.key", how="wrong credential", live=True)
def account_unknown_to_the_store(fact: Fact, ground: Ground) -> None:
    """The store knows another account only."""
    _environment(fact, ground, USERNAME, "somebody-else")


@breaks(*PASSWORDS, how="wrong credential", live=True)
def password_changed_in_the_store_only(fact: Fact, ground: Ground) -> None:
    """The store was given another password, its Secret was not."""
    _environment(fact, ground, PASSWORD, "changed-in-the-store-only")


@breaks("store.login.password.secret", "store.login.password.key", how="wrong credential", live=True)
def password_changed_in_the_secret_only(fact: Fact, ground: Ground) -> None:
    """The Secret has another password than the components are told."""
    reference: Reference = fact.of(Reference)
    if not any(one.password for one in _store(fact).settings):
        raise Inapplicable("the components are told no password of it")
    secret = ground.find("Secret", reference.secret or "", ground.component(fact).namespace.name)
    secret["data"][reference.key] = base64.b64encode(b"changed-in-the-secret-only").decode()


@breaks("store.login.database", "store.databases", how="absent", live=True)
def database_absent(fact: Fact, ground: Ground) -> None:
    """The store has all databases but this one."""
    if not _store(fact).databases:
        raise Inapplicable("it makes its databases when they are first used")
    _answer(fact, ground, databases=[one for one in _store(fact).databases if one != fact.value])


@breaks("store.bucket", how="absent", live=True)
def bucket_absent(fact: Fact, ground: Ground) -> None:
    """The store has another bucket."""
    _answer(fact, ground, bucket="another")


def _without_paths(fact: Fact, ground: Ground, text: str) -> None:
    with _answers(fact, ground) as answers:
        for one in answers:
            if one["as"] == "s3":  # a real server answers only as it does
                one["as"] = "https"
            one["paths"] = {path: said for path, said in one["paths"].items() if text not in path}


@breaks("store.realm", how="absent", live=True)
def realm_absent(fact: Fact, ground: Ground) -> None:
    """The realm was never imported."""
    _without_paths(fact, ground, f"/realms/{fact.value}")


@breaks("store.health_path", how="absent", live=True)
def liveness_endpoint_absent(fact: Fact, ground: Ground) -> None:
    """The store answers 404 at its liveness endpoint."""
    _without_paths(fact, ground, fact.value)


def _settings(fact: Fact, ground: Ground) -> Object:
    """Return what the ConfigMap tells the components of the store."""
    settings: Settings = fact.of(Settings)
    found: Object = ground.find("ConfigMap", settings.config_map, "expertflow")["data"]
    return found


def _told(fact: Fact, ground: Ground, value: str) -> None:
    _settings(fact, ground)[fact.value] = value


@breaks("store.settings.password", how="wrong credential", live=True)
def told_another_password(fact: Fact, ground: Ground) -> None:
    """The components are told an old password."""
    _told(fact, ground, "changed-everywhere-but-here")


@breaks("store.settings.username", how="wrong credential", live=True)
def told_another_account(fact: Fact, ground: Ground) -> None:
    """The components are told another account, and the password of the store's own."""
    _told(fact, ground, "somebody-else")


@breaks("store.settings.also", how="wrong reference", words="another", live=True)
def told_what_the_store_lacks(fact: Fact, ground: Ground) -> None:
    """The components are told a bucket or a realm that is not there."""
    if fact.value not in {_store(fact).bucket, _store(fact).realm}:
        raise Inapplicable("the store cannot be asked for it")
    settings: Settings = fact.of(Settings)
    key = fact.where.rpartition("[")[2].rstrip("]")
    ground.find("ConfigMap", settings.config_map, "expertflow")["data"][key] = "another"


@breaks("store.settings.tls", how="wrong scheme", live=True)
def told_the_wrong_scheme(fact: Fact, ground: Ground) -> None:
    """The components are told to use TLS with a store that does not speak it, or none with one that wants it."""
    now = _settings(fact, ground).get(fact.value)
    _told(fact, ground, "false" if now == "true" else "true")


@breaks(
    "store.login.username_from.config_map",
    "store.login.username_from.namespace",
    "store.login.password.namespace",
    "store.login.password.config_map",
    "store.login.username_from.key",
    "store.login.password.key",
    how="wrong credential",
    live=True,
)
def account_wrong_where_it_is_told(fact: Fact, ground: Ground) -> None:
    """The ConfigMap that is read for the account has another value."""
    reference: Reference = fact.of(Reference)
    if reference.config_map is None:
        raise Inapplicable("it is read from a Secret")
    ground.find("ConfigMap", reference.config_map, reference.namespace)["data"][reference.key] = "another"


@cache
def _another_authority() -> str:
    return base64.b64encode(Authority().issue(["localhost"]).authority).decode()


def _tls_secret(fact: Fact, ground: Ground) -> Object:
    reference: Reference = fact.of(Reference)
    return ground.find("Secret", reference.secret or "", ground.component(fact).namespace.name)


@breaks("store.tls.ca.secret", "store.tls.ca.key", how="wrong certificate", words="certificate", live=True)
def ca_of_another_authority(fact: Fact, ground: Ground) -> None:
    """The components have the CA of before the renewal."""
    reference: Reference = fact.of(Reference)
    _tls_secret(fact, ground)["data"][reference.key] = _another_authority()


@breaks("store.tls.ca.secret", "store.tls.ca.key", how="wrong certificate", words="certificate", live=True)
def certificate_of_another_name(fact: Fact, ground: Ground) -> None:
    """The store presents a certificate for another host name."""
    pair = Authority().issue(["another.example.com"])
    reference: Reference = fact.of(Reference)
    encoded = {
        "tls.crt": pair.certificate,
        "tls.key": pair.key,
        reference.key: pair.authority,
        "ca.crt": pair.authority,
    }
    _tls_secret(fact, ground)["data"] |= {key or "": base64.b64encode(value).decode() for key, value in encoded.items()}

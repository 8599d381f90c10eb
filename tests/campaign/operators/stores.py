"""Stores, as far as the API's own objects break them: what the components are told."""

import re

from cx_conformance.blueprint.store import Reference, Settings, Store
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object


def _store(fact: Fact) -> Store:
    found: Store = fact.of(Store)
    return found


def _data(fact: Fact, ground: Ground) -> Object:
    settings: Settings = fact.of(Settings)
    found: Object = ground.find("ConfigMap", settings.config_map, "expertflow")["data"]
    return found


def _place(fact: Fact) -> tuple[str, ...]:
    return (fact.of(Settings).config_map, fact.text)


def _account(fact: Fact) -> Reference:
    found: Reference = fact.of(Reference)
    return found


def _secret(fact: Fact, ground: Ground) -> Object:
    reference = _account(fact)
    if reference.secret is None:
        raise Inapplicable("it is read from a ConfigMap")
    return ground.find("Secret", reference.secret, ground.component(fact).namespace.name)


@breaks("store.login.password.secret", "store.login.username_from.secret", how="absent")
def account_secret_absent(fact: Fact, ground: Ground) -> None:
    """The Secret with the store's account was never created."""
    ground.manifests.remove(_secret(fact, ground))


@breaks("store.login.password.key", "store.login.username_from.key", how="absent")
def account_key_absent(fact: Fact, ground: Ground) -> None:
    """The Secret is there, without the key."""
    del _secret(fact, ground)["data"][fact.value]


@breaks("store.login.password.secret", "store.login.username_from.secret", how="wrong namespace")
def account_secret_elsewhere(fact: Fact, ground: Ground) -> None:
    """The Secret is where the components are, and not where the store is."""
    _secret(fact, ground)["metadata"]["namespace"] = "expertflow"


@breaks("store.settings.host", how="wrong reference", words=_place)
def told_a_host_of_nobody(fact: Fact, ground: Ground) -> None:
    """The components are told a host name that no Service has."""
    _data(fact, ground)[fact.value] = "gone.ef-external.svc"


@breaks("store.settings.host", how="wrong reference", words=_place)
def told_the_host_of_another_store(fact: Fact, ground: Ground) -> None:
    """The components are told another store."""
    _data(fact, ground)[fact.value] = "ef-postgresql.ef-external.svc"


@breaks("store.settings.host", how="wrong namespace", words=_place)
def told_a_short_name(fact: Fact, ground: Ground) -> None:
    """The components are told a name that leads nowhere from their own namespace."""
    _data(fact, ground)[fact.value] = _data(fact, ground)[fact.value].partition(".")[0]


@breaks("store.settings.host", how="wrong namespace", words=_place)
def told_the_host_in_another_namespace(fact: Fact, ground: Ground) -> None:
    """The components are told the name in their own namespace."""
    _data(fact, ground)[fact.value] = _data(fact, ground)[fact.value].replace("ef-external", "expertflow")


@breaks("store.settings.host", how="wrong reference", words=_place)
def told_localhost(fact: Fact, ground: Ground) -> None:
    """The components are told themselves."""
    _data(fact, ground)[fact.value] = "localhost"


@breaks("store.settings.port", how="wrong number", words=_place)
def told_another_port(fact: Fact, ground: Ground) -> None:
    """The components are told the next port."""
    _data(fact, ground)[fact.value] = f"{int(_data(fact, ground)[fact.value]) + 5}"


@breaks("store.settings.port", how="wrong kind", words=_place)
def told_a_port_with_words(fact: Fact, ground: Ground) -> None:
    """The components are told no number."""
    _data(fact, ground)[fact.value] = "default"


@breaks("store.settings.url", how="wrong reference", words=_place)
def told_a_url_of_nobody(fact: Fact, ground: Ground) -> None:
    """The components are told an address whose host no Service has."""
    data = _data(fact, ground)
    data[fact.value] = data[fact.value].replace("ef-external", "ef-other")


@breaks("store.settings.url", how="wrong number", words=_place)
def told_a_url_of_another_port(fact: Fact, ground: Ground) -> None:
    """The components are told an address on a port that the store does not have."""
    data = _data(fact, ground)
    data[fact.value] = re.sub(r"^((?:[a-z0-9+]+:)*//)?([^:/]+)(:[0-9]+)?", r"\1\2:9", data[fact.value])


@breaks("store.settings.also", how="wrong reference", words=lambda fact: (fact.where.rpartition("[")[2].rstrip("]"),))
def told_another_value(fact: Fact, ground: Ground) -> None:
    """The components are told something else than what is documented."""
    if fact.value in {_store(fact).bucket, _store(fact).realm}:
        raise Inapplicable("the store itself is asked for it")
    key = fact.where.rpartition("[")[2].rstrip("]")
    _data(fact, ground)[key] = {"false": "true"}.get(fact.value, "other")


def _reader(fact: Fact) -> str:
    """Return the first component that reads the ConfigMap."""
    readers = (
        name
        for name, component in fact.components.items()
        if any(one.name == fact.value for one in component.config_maps)
    )
    return next(readers)


@breaks("store.settings.config_map", how="absent", told_of=_reader)
def settings_not_there(fact: Fact, ground: Ground) -> None:
    """The ConfigMap was never created."""
    ground.manifests.remove(ground.find("ConfigMap", fact.value, "expertflow"))

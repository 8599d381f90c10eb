"""What the components are told about a store: keys of the shared ConfigMaps that some container really reads.

A variable that a pod template sets itself comes before them. The file is long because each way of telling a setting
stands beside the others.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Final, Literal

from msgspec import Struct

from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.store import Protocol, Settings, Store
from cx_conformance.cluster.fetched import is_fetched
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.overriding import last_to_tell
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.pod_spec import Container, PodSpec, PodTemplate
from cx_conformance.objects.workload import Workload

Field = Literal["host", "port", "url", "username", "password", "tls"]

_OF_AN_ADDRESS: Final = ("host", "port", "url")
_ON: Final = frozenset({"true", "yes", "on", "1"})
_OFF: Final = frozenset({"false", "no", "off", "0"})


class Setting(Struct, frozen=True, kw_only=True):
    """One value that components are told under ``key``; it is masked where it looks secret."""

    holder: str
    """What holds it, as messages name it: ``ConfigMap expertflow/ef-ccm-cm``."""
    namespace: str
    """Where it is read."""
    key: str
    value: str
    readers: tuple[str, ...]
    """Ids of the components whose containers are told it."""

    @property
    def where(self) -> str:
        """The setting as messages name it."""
        return f"{self.key} in {self.holder}"

    @property
    def is_template(self) -> bool:
        """Whether the value is put in by something else later, so that it says nothing here."""
        return "$" in self.value or "{{" in self.value or is_fetched(self.value)

    @property
    def switched_on(self) -> bool | None:
        """Whether it says yes or no; None for any other word."""
        return switch(self.value)


def switch(value: str) -> bool | None:
    """Tell whether a value says yes or no; None for any other word."""
    word = value.strip().strip("\"'").lower()
    return True if word in _ON else False if word in _OFF else None


class Shared(Setting, frozen=True, kw_only=True):
    """A setting that is a key of a live ConfigMap."""

    config_map: ConfigMap


def told(seen: Seen, entry: Entry[Store], field: Field) -> tuple[Setting, ...]:
    """Return every live setting of one field of a store, empty values left out; raises CouldNotLook."""
    return tuple(
        one
        for settings in entry.of.settings
        if (key := getattr(settings, field)) is not None
        for one in (
            *keyed(seen, settings, key),
            *_written(seen, entry, key),
            *(_put_instead(seen, entry, settings, key) if field in _OF_AN_ADDRESS else ()),
        )
    )


class Lack(Struct, frozen=True, kw_only=True):
    """A documented setting that a documented ConfigMap does not have, although it has others of the store."""

    key: str
    what: str
    """What components lack by it: ``address to call``, ``password to log in with``."""
    config_map: str
    """Namespace and name."""
    readers: tuple[str, ...]
    """Ids of the components that call the store and take the ConfigMap."""
    perhaps: str = ""
    """Another object that they take, and of which nobody may know whether it holds the key."""

    def __str__(self) -> str:
        """Return it as messages name it."""
        return f"ConfigMap {self.config_map} has no {self.key}"


def lacking(seen: Seen, entry: Entry[Store]) -> Iterator[Lack]:
    """Yield what of a store's address and account its callers are not told, where they are told other things of it.

    Raises CouldNotLook.
    """
    if entry.of.protocol is Protocol.REDIS and sentinel_told(seen, entry).enabled:
        return  # Sentinels say where Redis is
    callers = {edge.caller.id for edge in seen.plan.edges if edge.callee.id == entry.component}
    workloads = [(component, live) for component, live in _workloads(seen) if component in callers]
    for settings in entry.of.settings:
        keys = {key: what for key, what in _told_by(settings) if key}
        known = {key for key in (*keys, settings.tls, *settings.also) if key}
        for namespace in dict.fromkeys(live.namespace for _, live in workloads):
            for held in _documented(seen, settings, namespace):
                missing = [key for key, what in keys.items() if _is_missing(key, what, held)]
                if not any(_is_of(key, known) for key in held.keys):
                    continue
                for key in missing:
                    readers = [
                        (component, live.template)
                        for component, live in workloads
                        if live.namespace == namespace and _needs(seen, live, held.name, key)
                    ]
                    if readers:
                        yield Lack(
                            key=key,
                            what=keys[key],
                            config_map=held.where,
                            readers=tuple(component for component, _ in readers),
                            perhaps=_perhaps(held, keys[key], [template for _, template in readers]),
                        )


_OF_AN_ACCOUNT: Final = ("account to log in with", "password to log in with")


def _told_by(settings: Settings) -> Iterator[tuple[str | None, str]]:
    yield settings.host, "address to call"
    yield settings.url, "address to call"
    yield settings.port, "port to call"
    yield from zip((settings.username, settings.password), _OF_AN_ACCOUNT, strict=True)


def _is_missing(key: str, what: str, held: ConfigMap) -> bool:
    """Tell whether a key is not there; an empty password, or account, is that of a store that asks for none."""
    return key not in held.keys or (held.value(key) == "" and what not in _OF_AN_ACCOUNT)


def _is_of(key: str, known: Collection[str]) -> bool:
    """Tell whether a key is about the store of the ``known`` ones: it is one of them, or begins with the same word."""
    first, parted, _ = key.partition("_")
    return key in known or (parted != "" and any(one.startswith(f"{first}_") for one in known))


def _needs(seen: Seen, live: Workload, name: str, key: str) -> bool:
    """Tell whether the containers take the whole ConfigMap, and ``key`` from nowhere else."""
    containers = (*live.template.spec.init_containers, *live.template.spec.containers)
    if any(variable.name == key for one in containers for variable in one.env):
        return False
    taken = [one for each in containers for one in each.env_from if one.kind == "ConfigMap"]
    others = (seen.snapshot.get(ConfigMap, live.namespace, one.name) for one in taken if one.name != name)
    if any(other is not None and other.value(key) for other in others):
        return False
    return _reads(live.template.spec, name, key)


def _perhaps(held: ConfigMap, what: str, readers: list[PodTemplate]) -> str:
    """Return what else may tell it to all readers, out of sight: Secrets that they take, or, of an account, Vault."""
    in_files = all(switch(one.annotations.get(_VAULT_AGENT, "")) for one in readers)
    if what in _OF_AN_ACCOUNT and (in_files or switch(held.value("VAULT_ENABLED") or "")):
        return "Vault"
    secrets = [_secret_of(one.spec) for one in readers]
    return secrets[0] if all(secrets) else ""


_VAULT_AGENT: Final = "vault.hashicorp.com/agent-inject"
"""Has Vault's agent write secrets into files of the pod, which the container's command may read before it begins
(https://developer.hashicorp.com/vault/docs/deploy/kubernetes/injector/annotations)."""


def _secret_of(spec: PodSpec) -> str:
    """Return a Secret that a container takes wholly: its keys are not looked at."""
    containers = (*spec.init_containers, *spec.containers)
    return next((f"Secret {one.name}" for each in containers for one in each.env_from if one.kind == "Secret"), "")


def _written(seen: Seen, entry: Entry[Store], key: str) -> Iterator[Setting]:
    """Yield what pod templates of the store's callers say themselves under ``key``."""
    callers = {edge.caller.id: edge.caller for edge in seen.plan.edges if edge.callee.id == entry.component}
    for planned in callers.values():
        with suppress(Absent):
            live = seen.workload(planned).object
            for value in dict.fromkeys(_own_values(live.template.spec, key)):
                yield Setting(
                    holder=f"{live.kind} {live.where}",
                    namespace=live.namespace,
                    key=key,
                    value=value,
                    readers=(planned.id,),
                )


def _put_instead(seen: Seen, entry: Entry[Store], settings: Settings, key: str) -> Iterator[Setting]:
    """Yield what a ConfigMap that documents nothing of the store tells its callers in the place of one that does."""
    callers = {edge.caller.id: edge.caller for edge in seen.plan.edges if edge.callee.id == entry.component}
    for held, readers in last_to_tell(seen, callers.values(), key):
        value = (held.value(key) or "").strip()
        if value and held.name not in {one.name for one in _documented(seen, settings, held.namespace)}:
            holder = f"ConfigMap {held.where}"
            yield Setting(holder=holder, namespace=held.namespace, key=key, value=value, readers=readers)


def _own_values(spec: PodSpec, key: str) -> Iterator[str]:
    for container in (*spec.init_containers, *spec.containers):
        for variable in container.env:
            if variable.name == key and (variable.value or "").strip():
                yield (variable.value or "").strip()


def replica_set(seen: Seen, entry: Entry[Store]) -> str | None:
    """Return the replica set that components are told to use; None where they are told none, or several."""
    if entry.of.protocol is not Protocol.MONGO:
        return None
    names = {
        named.value
        for settings in entry.of.settings
        if any(one.switched_on for one in keyed(seen, settings, "MONGODB_REPLICASET_ENABLED"))
        for named in keyed(seen, settings, "MONGODB_REPLICASET")
        if not named.is_template
    }
    return names.pop() if len(names) == 1 else None


class SentinelTold(Struct, frozen=True, kw_only=True):
    """What components are told of Redis Sentinel."""

    enabled: bool
    master: str | None
    """The name of the master to ask for."""
    nodes: str | None
    """Where Sentinels are: ``host:port``, several with commas."""


def sentinel_told(seen: Seen, entry: Entry[Store]) -> SentinelTold:
    """Return what components are told of Sentinel; raises CouldNotLook."""
    flags = [one for settings in entry.of.settings for one in keyed(seen, settings, "REDIS_SENTINEL_ENABLE")]
    return SentinelTold(
        enabled=any(one.switched_on for one in flags),
        master=named(seen, entry, "REDIS_SENTINEL_MASTER"),
        nodes=named(seen, entry, "REDIS_SENTINEL_NODES"),
    )


def named(seen: Seen, entry: Entry[Store], key: str) -> str | None:
    """Return what components are told under ``key``, a name of their own choice; None where none, or several."""
    names = {one.value for settings in entry.of.settings for one in keyed(seen, settings, key) if not one.is_template}
    return names.pop() if len(names) == 1 else None


def keyed(seen: Seen, settings: Settings, key: str) -> Iterator[Shared]:
    """Yield the live settings under ``key`` of the ConfigMaps that ``settings`` documents; raises CouldNotLook."""
    workloads = tuple(_workloads(seen))
    for namespace in dict.fromkeys(live.namespace for _, live in workloads):
        for config_map in _documented(seen, settings, namespace):
            value = (config_map.value(key) or "").strip()
            if not value:
                continue
            readers = tuple(
                component
                for component, live in workloads
                if live.namespace == namespace and _reads(live.template.spec, config_map.name, key)
            )
            if readers:
                yield Shared(
                    holder=f"ConfigMap {config_map.where}",
                    namespace=namespace,
                    config_map=config_map,
                    key=key,
                    value=value,
                    readers=readers,
                )


def _documented(seen: Seen, settings: Settings, namespace: str) -> Iterator[ConfigMap]:
    """Yield the ConfigMaps of the documented names, and those whose names were made of them."""
    for name in (settings.config_map, *settings.aliases):
        yield from seen.config_maps_made_of(name, namespace)


def _workloads(seen: Seen) -> Iterator[tuple[str, Workload]]:
    for planned in seen.plan.components.values():
        with suppress(Absent):
            yield planned.id, seen.workload(planned).object


def _reads(spec: PodSpec, name: str, key: str) -> bool:
    """Tell whether a container takes ``key`` from this ConfigMap; a variable of its own comes before envFrom."""
    return any(_takes(one, name, key) for one in (*spec.init_containers, *spec.containers)) or any(
        one.kind == "ConfigMap" and one.name == name and one.key in (None, key)
        for volume in spec.volumes
        if volume not in spec.unmounted
        for one in volume.references
    )


def _takes(container: Container, name: str, key: str) -> bool:
    if any(
        one.reference is not None
        and (one.reference.kind, one.reference.name, one.reference.key) == ("ConfigMap", name, key)
        for one in container.env
    ):
        return True
    # With a prefix it is a variable of another name.
    wholly = any(one.kind == "ConfigMap" and one.name == name and not one.prefix for one in container.env_from)
    return wholly and all(one.name != key for one in container.env)

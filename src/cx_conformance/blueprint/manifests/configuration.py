"""ConfigMaps and Secrets: every promised one, with the keys that components and stores read."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from cx_conformance.blueprint.component import Component
from cx_conformance.blueprint.manifests.installation import (
    STANDALONE_ROUTES,
    Installation,
    encoded,
    metadata,
    pull_secret,
    serves_tls,
    store_port,
)
from cx_conformance.blueprint.store import Login, Protocol, Reference, Settings, Store

Data = dict[tuple[str, str], dict[str, str]]
"""By namespace and name."""

_URL: Final = {
    Protocol.ACTIVEMQ: "tcp://{host}:61616",
    Protocol.KEYCLOAK: "{scheme}://{host}:{port}/auth/",
    Protocol.MONGO: "mongodb://{host}:{port}",
    Protocol.POSTGRESQL: "jdbc:postgresql://{host}:{port}/{database}",
    Protocol.REDIS: "redis://{host}:{port}",
}
_CHARTED: Final = {
    **_URL,
    Protocol.ACTIVEMQ: "{host}",
    Protocol.KEYCLOAK: "{scheme}://{host}/auth/",
    Protocol.MONGO: "{host}:{port}",
    Protocol.REDIS: "{host}:{port}",
}
"""The vendor's charts write some as plain host names."""
_ANY_URL: Final = "{scheme}://{host}:{port}"


def config_maps(made: Installation) -> Iterator[dict[str, Any]]:
    """Give every promised ConfigMap, those that a store is configured by, and those that hold a mounted file."""
    for (namespace, name), data in sorted(_config_data(made).items()):
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(namespace, name), "data": data}


def secrets(made: Installation) -> Iterator[dict[str, Any]]:
    """Give the Secrets: TLS certificates, the pull secret, the stores' accounts, and every other promised one."""
    for (namespace, name), pair in sorted(made.certificates.items()):
        data = {"tls.crt": pair.certificate, "tls.key": pair.key.get_secret_value(), "ca.crt": pair.ca}
        yield _secret(namespace, name, "kubernetes.io/tls", data | _keyed(name, data, made))
    registries = json.dumps({"auths": {}})
    every = made.blueprint.components.values()
    pulling = {(made.namespace(one), used) for one in every if (used := pull_secret(one))}
    for namespace, used in sorted(pulling):
        yield _secret(namespace, used, "kubernetes.io/dockerconfigjson", {".dockerconfigjson": registries})
    for (namespace, name), data in sorted(_secret_data(made).items()):
        if (namespace, name) not in {*made.certificates, *pulling}:
            yield _secret(namespace, name, "Opaque", data)


def _keyed(name: str, pair: dict[str, str], made: Installation) -> dict[str, str]:
    """Return what a certificate's Secret holds under the keys that stores document."""
    found = {}
    for component in made.blueprint.components.values():
        tls = component.store.tls if component.store else None
        client = pair["tls.crt"] if tls and tls.client_key else pair["tls.crt"] + pair["tls.key"]
        for reference, content in (
            (tls.ca if tls else None, pair["ca.crt"]),
            (tls.client_certificate if tls else None, client),
            (tls.client_key if tls else None, pair["tls.key"]),
        ):
            if reference and reference.secret == name and reference.key:
                found[reference.key] = content
    return found


def file_config_map(name: str, volume: str | None) -> str | None:
    """Return the ConfigMap behind a volume that the page names ``config-volume-...``; None: another kind of volume."""
    return f"ef-{name}-cm" if volume and volume.startswith("config-") else None


def account_config_map(component: Component, reference: Reference | None, made: Installation) -> str | None:
    """Return the store's own ConfigMap for an account that is documented in another namespace's only.

    A pod reads ConfigMaps of its own namespace alone.
    """
    if reference is None or not reference.config_map:
        return None
    elsewhere = made.store_namespace(component, reference) != made.namespace(component)
    return f"{component.workload.name}-cm" if elsewhere else reference.config_map


def _secret(namespace: str, name: str, kind: str, data: dict[str, str]) -> dict[str, Any]:
    about = metadata(namespace, name)
    return {"apiVersion": "v1", "kind": "Secret", "metadata": about, "type": kind, "data": encoded(data)}


def _config_data(made: Installation) -> Data:
    data: Data = defaultdict(dict)
    users = Counter(one.name for component in made.blueprint.components.values() for one in component.config_maps)
    shared = {name for name, count in users.items() if count > 1}
    for name, component in made.blueprint.components.items():
        namespace = made.namespace(component)
        for promised in component.config_maps:
            if promised.name != STANDALONE_ROUTES:
                data[namespace, promised.name]["FQDN"] = made.fqdn
        own = next((one.name for one in component.config_maps if one.name not in {*shared, STANDALONE_ROUTES}), None)
        if own:
            data[namespace, own].update(_callees(component, made))
        for volume in component.volumes:
            if volume.config_map and volume.file and volume.config_map != STANDALONE_ROUTES:
                data[namespace, volume.config_map][volume.file] = f"# {volume.mount_path}\n"
            holder = file_config_map(name, volume.name)
            if holder and volume.mount_path:
                data[namespace, holder][PurePosixPath(volume.mount_path).name] = f"# {volume.mount_path}\n"
        if component.store:
            _store_settings(name, component, component.store, made, data)
    for place, keys in _needed_keys(made, "ConfigMap"):
        data[place].update(dict.fromkeys(keys, "# made by hand\n"))
    return data


def _needed_keys(made: Installation, kind: str) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Give the keys of what is made by hand, in each namespace of the components that need it."""
    for promised in made.blueprint.prerequisites:
        if promised.kind == kind and promised.use == "mount":
            users = (made.blueprint.components[name] for name in promised.needed_by)
            for namespace in sorted({made.namespace(one) for one in users}):
                yield (namespace, promised.name), promised.keys or ("content",)


def _callees(component: Component, made: Installation) -> dict[str, str]:
    """Return the addresses of what ``component`` calls over HTTP, as the vendor's manifests name them."""
    found = {}
    for call in component.calls:
        callee = made.blueprint.components.get(call.to)
        if callee and callee.service and not callee.store:
            port = callee.service.ports[0]
            scheme = "https" if serves_tls(callee, port.container_port) else "http"
            found[f"{call.to}_URL".upper().replace("-", "_")] = f"{scheme}://{callee.service.name}:{port.port}"
    return found


def _store_settings(name: str, component: Component, store: Store, made: Installation, data: Data) -> None:
    for settings in store.settings:
        for namespace in _users(settings, made):
            data[namespace, settings.config_map].update(_setting_values(name, component, store, settings, made))
    if store.login:
        for key, value, reference in _account(name, store.login, made):
            if reference.config_map:
                data[made.store_namespace(component, reference), reference.config_map][key] = value
                own = account_config_map(component, reference, made) or reference.config_map
                data[made.namespace(component), own][key] = value


def _users(settings: Settings, made: Installation) -> list[str]:
    """Return the namespaces of the components that read a shared ConfigMap."""
    found = {
        made.namespace(component)
        for component in made.blueprint.components.values()
        if any(settings.config_map == promised.name for promised in component.config_maps)
    }
    return sorted(found)


def variables(component: Component, made: Installation) -> Iterator[tuple[str, str]]:
    """Give the variables by which ``component`` is told whom it calls, but for what it reads of a shared ConfigMap."""
    read = {one.name for one in component.config_maps}
    for call in component.calls:
        callee = made.blueprint.components.get(call.to)
        if callee is None or callee.service is None:
            continue
        settings = callee.store.settings if callee.store else ()
        shared = {key for one in settings if one.config_map in read for key in (one.host, one.port, one.url)}
        port = call.ports[0] if call.ports else callee.service.ports[0].port
        for via in call.via:
            host_in, _, port_in = via.partition(":")
            if host_in not in shared:
                yield host_in, made.host(callee) if port_in else _address(callee, port, made)
            if port_in and port_in not in shared:
                yield port_in, f"{port}"


def _address(callee: Component, port: int, made: Installation) -> str:
    service = callee.service
    target = next((one.container_port for one in service.ports if one.port == port), port) if service else port
    login = callee.store.login if callee.store else None
    where = {
        "scheme": "https" if serves_tls(callee, target) else "http",
        "host": made.host(callee),
        "port": port,
        "database": login.database if login else None,
    }
    pattern = _CHARTED.get(callee.store.protocol, _ANY_URL) if callee.store else _ANY_URL
    return pattern.format(**where)


def _setting_values(
    name: str, component: Component, store: Store, settings: Settings, made: Installation
) -> dict[str, str]:
    account = made.accounts.get(name)
    tls = serves_tls(component, store_port(component) or store.port)
    where = {
        "scheme": "https" if tls else "http",
        "host": made.host(component),
        "port": store.port,
        "database": store.login.database if store.login else None,
    }
    values = {
        settings.host: made.host(component),
        settings.port: f"{store.port}",
        settings.tls: f"{tls}".lower(),
        settings.url: (_CHARTED if component.chart else _URL).get(store.protocol, _ANY_URL).format(**where),
        settings.username: account.username if account else "",
        settings.password: account.password.get_secret_value() if account else "",
    }
    return {key: value for key, value in values.items() if key} | settings.also


def _account(name: str, login: Login, made: Installation) -> Iterator[tuple[str, str, Reference]]:
    """Give key, value and place of what a login is read from."""
    account = made.accounts[name]
    for reference, value in (
        (login.username_from, account.username),
        (login.password, account.password.get_secret_value()),
    ):
        if reference and reference.key:
            yield reference.key, value, reference


def _secret_data(made: Installation) -> Data:
    data: Data = defaultdict(dict)
    for name, component in made.blueprint.components.items():
        for promised in component.secrets:
            data[made.namespace(component), promised.name][f"{name}.yaml"] = f"# {promised.name}\n"
        if component.store and component.store.login:
            for key, value, reference in _account(name, component.store.login, made):
                if reference.secret:
                    data[made.store_namespace(component, reference), reference.secret][key] = value
    for place, keys in _needed_keys(made, "Secret"):
        data[place].update(dict.fromkeys(keys, "made by hand"))
    return data

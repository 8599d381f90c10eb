"""A component as a site has it that gave the vendor's Helm releases other names than the guides do."""

from collections.abc import Mapping
from typing import TypeVar

from cx_conformance.blueprint.component import Component
from cx_conformance.blueprint.promise import NamedPromise
from cx_conformance.blueprint.store import Store

P = TypeVar("P", bound=NamedPromise)


def renamed(component: Component, releases: Mapping[str, str]) -> Component:
    """Return the component with what is named after a Helm release named after the site's; the guides' names remain.

    ``releases`` maps the guides' names of Helm releases to the site's.
    """
    changed: dict[str, object] = {
        "workload": _named(component.workload, releases),
        "config_maps": tuple(_named(one, releases) for one in component.config_maps),
        "secrets": tuple(_named(one, releases) for one in component.secrets),
        "further_services": tuple(_named(one, releases) for one in component.further_services),
        "service": _named(component.service, releases) if component.service else None,
        "store": _told(component.store, releases) if component.store else None,
    }
    return component.model_copy(update=changed)


def _named(promise: P, releases: Mapping[str, str]) -> P:
    used = of_release(promise.name, releases)
    return promise.model_copy(update={"name": used, "aliases": promise.candidates}) if used else promise


def _told(store: Store, releases: Mapping[str, str]) -> Store:
    """Look for a store's settings in the ConfigMaps of the site's releases too."""
    settings = []
    for one in store.settings:
        used = (of_release(name, releases) for name in (one.config_map, *one.aliases))
        settings.append(one.model_copy(update={"aliases": (*filter(None, used), *one.aliases)}))
    return store.model_copy(update={"settings": tuple(settings)})


def of_release(name: str, releases: Mapping[str, str]) -> str | None:
    """Return the name that an object of a release has where the site names the release otherwise; None: it is not."""
    for documented, used in releases.items():
        if name == documented or name.startswith(f"{documented}-"):
            return used + name.removeprefix(documented)
    return None

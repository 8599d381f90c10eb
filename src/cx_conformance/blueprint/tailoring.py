"""A blueprint's component as one site has it: model of deployment, namespaces, names, overrides."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cx_conformance.blueprint.component import Component, Group, Volume
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.resources import Resources
from cx_conformance.blueprint.site import DeploymentModel, Override, Replicas, Site
from cx_conformance.blueprint.store import Reference, Store


@dataclass(frozen=True, slots=True)
class Planned:
    """A component as this site has it."""

    id: str
    facts: Component
    replicas: range
    """Accepted numbers of desired replicas."""
    names: tuple[str, ...]
    """Names that its workload may bear here: documented, aliases, the site's template."""
    service_names: tuple[str, ...]
    """Names that its Service may bear here, likewise; empty: it has none."""
    namespaces: tuple[str, ...]
    """Namespaces that it may live in here, the documented one first."""
    chart_names: tuple[str, ...]
    """The charts' names of it, by which a Helm release's object is recognised."""
    moved_ports: Mapping[int, int] = field(default_factory=dict)
    """Documented Service port to the one used here, where a site moved it."""


def tailored(blueprint: Blueprint, site: Site) -> Mapping[str, Planned]:
    """Return the installed components by id, in the page's order.

    ValueError names what in the site file the blueprint does not know.
    """
    _refuse_unknown(blueprint, site)
    helm = site.deployment.model is DeploymentModel.HELM
    releases = {
        documented.helm.release: site.deployment.releases[name]
        for name, documented in blueprint.components.items()
        if documented.helm and name in site.deployment.releases
    }
    planned: dict[str, Planned] = {}
    for name, documented in blueprint.components.items():
        if site.components.only and name not in site.components.only:
            continue
        if name in site.components.without or (helm and documented.helm and documented.helm.absent):
            continue
        facts = _as_charted(documented, releases) if helm else documented
        planned[name] = _planned(name, facts, site, site.overrides.get(name, Override()), helm=helm)
    return planned


def _refuse_unknown(blueprint: Blueprint, site: Site) -> None:
    named = {
        "components.only": site.components.only,
        "components.without": site.components.without,
        "overrides": site.overrides,
        "hosts": site.hosts,
        "credentials": site.credentials,
        "deployment.releases": site.deployment.releases,
    }
    for where, names in named.items():
        for name in names:
            if name not in blueprint.components:
                known = ", ".join(blueprint.components)
                raise ValueError(f"{where}: the blueprint has no component {name!r}; it has {known}")


def _as_charted(component: Component, releases: Mapping[str, str]) -> Component:
    """Return what the charts install, from releases that the site may have named otherwise."""
    charted = component.helm
    changed: dict[str, object] = {"store": _told(component.store, releases)}
    for name in ("workload", "container_ports", "service", "config_maps", "volumes", "health"):
        value = getattr(charted, name, None)
        if value is not None:
            changed[name] = value
    made = component.model_copy(update=changed)
    named = [
        one.model_copy(update={"name": used, "aliases": one.candidates})
        if (used := _of_release(one.name, releases))
        else one
        for one in made.config_maps
    ]
    return made.model_copy(update={"config_maps": tuple(named)})


def _told(store: Store | None, releases: Mapping[str, str]) -> Store | None:
    """Look for a store's settings in the ConfigMaps of the site's releases too."""
    if store is None:
        return None
    settings = []
    for one in store.settings:
        named = (_of_release(alias, releases) for alias in one.aliases)
        settings.append(one.model_copy(update={"aliases": (*filter(None, named), *one.aliases)}))
    return store.model_copy(update={"settings": tuple(settings)})


def _of_release(name: str, releases: Mapping[str, str]) -> str | None:
    """Return the name that an object of a release has where the site names the release otherwise; None: it is not."""
    for documented, used in releases.items():
        if name.startswith(f"{documented}-"):
            return used + name.removeprefix(documented)
    return None


def _planned(name: str, facts: Component, site: Site, override: Override, *, helm: bool) -> Planned:
    chart = (facts.helm.name if facts.helm else None) or name
    template = ""
    if helm and facts.helm and facts.group is Group.INTERNAL:
        release = site.deployment.releases.get(name, facts.helm.release)
        template = site.deployment.template.replace("{release}", release).replace("{component}", chart)
    documented = facts.namespace
    namespaces = tuple(site.namespaces.get(one, one) for one in documented.candidates)
    names = (override.workload,) if override.workload else _first(facts.workload.candidates, template)
    service_names: tuple[str, ...] = ()
    if facts.service:
        service_names = _first(facts.service.candidates, f"{template}-svc" if template else "")
        service_names = (override.service,) if override.service else service_names
    return Planned(
        id=name,
        facts=_overridden(_placed(facts, site.namespaces), override),
        replicas=_range(override.replicas, facts.workload.replicas),
        names=names,
        service_names=service_names,
        namespaces=(override.namespace,) if override.namespace else tuple(dict.fromkeys(namespaces)),
        chart_names=tuple(dict.fromkeys((chart, name))),
        moved_ports=override.service_ports,
    )


def _placed(facts: Component, namespaces: Mapping[str, str]) -> Component:
    """Let what a store's login and certificates are read from be in this site's namespaces."""
    if facts.store is None or not namespaces:
        return facts
    changed = {
        part: promised.model_copy(
            update={
                field: one.model_copy(update={"namespace": namespaces.get(one.namespace, one.namespace)})
                for field in type(promised).model_fields
                if isinstance(one := getattr(promised, field), Reference) and one.namespace
            }
        )
        for part in ("login", "tls")
        if (promised := getattr(facts.store, part)) is not None
    }
    return facts.model_copy(update={"store": facts.store.model_copy(update=changed)})


def _first(candidates: tuple[str, ...], template: str) -> tuple[str, ...]:
    """Put the site's own name first where it has one: there the documented names belong to another model."""
    return tuple(dict.fromkeys((template, *candidates))) if template else candidates


def _range(override: int | Replicas | None, documented: int) -> range:
    if isinstance(override, Replicas):
        return range(override.least, override.most + 1)
    exact = documented if override is None else override
    return range(exact, exact + 1)


def _overridden(facts: Component, override: Override) -> Component:
    changed: dict[str, object] = {}
    if override.resources:
        changed["resources"] = Resources(
            requests=override.resources.requests, limits=override.resources.limits, source=Source.SITE
        )
    if override.volume_sizes:
        changed["volumes"] = tuple(_resized(volume, override) for volume in facts.volumes)
    if override.service_ports and facts.service:
        ports = tuple(
            port.model_copy(
                update={
                    "port": override.service_ports[port.port],
                    "target_port": port.container_port,
                    "source": Source.SITE,
                }
            )
            if port.port in override.service_ports
            else port
            for port in facts.service.ports
        )
        changed["service"] = facts.service.model_copy(update={"ports": ports})
        if facts.store:
            used = override.service_ports.get(facts.store.port, facts.store.port)
            changed["store"] = facts.store.model_copy(update={"port": used})
    if override.ingress_path and facts.ingress:
        url = "https://${FQDN}" + override.ingress_path
        changed["ingress"] = facts.ingress.model_copy(update={"url": url, "source": Source.SITE})
    return facts.model_copy(update=changed) if changed else facts


def _resized(volume: Volume, override: Override) -> Volume:
    for label in (volume.name, volume.mount_path, volume.label):
        if label in override.volume_sizes:
            return volume.model_copy(update={"size": override.volume_sizes[label], "source": Source.SITE})
    return volume

"""A blueprint's component as one site has it: model of deployment, namespaces, names, overrides."""

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from cx_conformance.blueprint.component import Component, Group, Volume
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.renaming import renamed
from cx_conformance.blueprint.resources import Resources
from cx_conformance.blueprint.site import TEMPLATE, Override, Replicas, Site
from cx_conformance.blueprint.store import Reference
from cx_conformance.blueprint.user_login import PAGES


class Planned(Struct, frozen=True):
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

    @property
    def by_service(self) -> "tuple[Planned, ...]":
        """Return it once for each of its Services, as if that were its only one; the one that callers use first."""
        further = (
            replace(self, facts=self.facts.model_copy(update={"service": one}), service_names=one.candidates)
            for one in self.facts.further_services
        )
        return (*((self,) if self.facts.service else ()), *further)


def tailored(blueprint: Blueprint, site: Site) -> Mapping[str, Planned]:
    """Return the installed components by id, in the blueprint's order.

    ValueError names what in the site file the blueprint does not know.
    """
    _refuse_unknown(blueprint, site)
    releases = {
        documented.chart.release: site.deployment.releases[name]
        for name, documented in blueprint.components.items()
        if documented.chart and name in site.deployment.releases
    }
    planned: dict[str, Planned] = {}
    for name, documented in blueprint.components.items():
        if site.components.only and name not in site.components.only:
            continue
        if name not in site.components.without:
            facts = renamed(documented, releases) if releases else documented
            planned[name] = _planned(name, facts, site, site.overrides.get(name, Override()))
    return planned


def _refuse_unknown(blueprint: Blueprint, site: Site) -> None:
    named = {
        "components.only": site.components.only,
        "components.without": site.components.without,
        "overrides": site.overrides,
        "hosts": site.hosts,
        "credentials": site.credentials,
        "deployment.releases": site.deployment.releases,
        "login.pages": set(site.login.pages) - set(PAGES) if site.login else (),
    }
    for where, names in named.items():
        for name in names:
            if name not in blueprint.components:
                known = ", ".join(blueprint.components)
                raise ValueError(f"{where}: the blueprint has no component {name!r}; it has {known}")


def _planned(name: str, facts: Component, site: Site, override: Override) -> Planned:
    chart = (facts.chart.name if facts.chart else None) or name
    template = _templated(name, chart, facts, site)
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


def _templated(name: str, chart: str, facts: Component, site: Site) -> str:
    """Return the name that a site's own template gives a component of the vendor's charts; empty: it has none."""
    template = site.deployment.template
    if facts.chart is None or facts.group is not Group.INTERNAL or template == TEMPLATE:
        return ""
    release = site.deployment.releases.get(name, facts.chart.release)
    return template.replace("{release}", release).replace("{component}", chart)


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

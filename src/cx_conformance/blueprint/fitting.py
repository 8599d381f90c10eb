"""Whether a site file speaks of things that the blueprint has."""

from collections.abc import Iterable, Iterator

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.problems import DocumentPath, Problem, meant
from cx_conformance.blueprint.site import Override, Site
from cx_conformance.blueprint.yaml_text import Tree


def misfits(site: Site, tree: Tree, blueprint: Blueprint) -> list[Problem]:
    """Give one problem for each component, store, namespace, volume or port that the site file names in vain."""
    known = ", ".join(blueprint.components)
    found = [
        (path, f"the blueprint has no component {name}{meant(name, blueprint.components)}; it has {known}")
        for path, name in _components(site)
        if name not in blueprint.components
    ]
    namespaces = {name for one in blueprint.components.values() for name in one.namespace.candidates}
    found += [
        (
            ("namespaces", name),
            f"the blueprint has no namespace {name}{meant(name, namespaces)}; it has {', '.join(sorted(namespaces))}",
        )
        for name in site.namespaces
        if name not in namespaces
    ]
    stores = ", ".join(name for name, one in blueprint.components.items() if one.store) or "none"
    found += [
        (("credentials", name), f"{name} is no store, and nobody logs in to it; the blueprint's stores are {stores}")
        for name in site.credentials
        if name in blueprint.components and blueprint.components[name].store is None
    ]
    for name, override in site.overrides.items():
        if name in blueprint.components:
            found += _of_override(name, override, blueprint)
    return [Problem(message, tree.place(path, key=True), path) for path, message in found]


def _components(site: Site) -> Iterator[tuple[DocumentPath, str]]:
    for field, listed in (("only", site.components.only), ("without", site.components.without)):
        yield from ((("components", field, index), name) for index, name in enumerate(listed))
    keyed: tuple[tuple[DocumentPath, Iterable[str]], ...] = (
        (("overrides",), site.overrides),
        (("hosts",), site.hosts),
        (("credentials",), site.credentials),
        (("deployment", "releases"), site.deployment.releases),
    )
    for section, names in keyed:
        yield from (((*section, name), name) for name in names)
    for index, waiver in enumerate(site.waivers):
        # "platform" is the component of outcomes about the cluster as a whole.
        if waiver.component not in {None, "platform"}:
            yield ("waivers", index, "component"), f"{waiver.component}"


def _of_override(name: str, override: Override, blueprint: Blueprint) -> Iterator[tuple[DocumentPath, str]]:
    component = blueprint.components[name]
    labels = {label for one in component.volumes for label in (one.name, one.mount_path, one.label) if label}
    for label in override.volume_sizes:
        if label not in labels:
            has = ", ".join(sorted(labels)) or "none"
            yield (
                ("overrides", name, "volumeSizes", label),
                f"{name} has no volume {label}; by name, mount path, or size where it has neither: {has}",
            )
    ports = {port.port for port in component.service.ports} if component.service else set()
    for port in override.service_ports:
        if port not in ports:
            has = ", ".join(f"{one}" for one in sorted(ports)) or "none"
            yield (
                ("overrides", name, "servicePorts", f"{port}"),
                f"the Service of {name} has no port {port}; it has {has}",
            )
    if override.ingress_path and component.ingress is None:
        yield ("overrides", name, "ingressPath"), f"{name} has no ingress address"

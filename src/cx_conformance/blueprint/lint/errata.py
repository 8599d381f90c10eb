"""Rules about errata: each still says what the blueprint does with a cell of the page."""

from collections.abc import Iterator

from cx_conformance.blueprint.component import Component
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.erratum import Erratum
from cx_conformance.blueprint.lint.finding import Level, Spot, rule
from cx_conformance.blueprint.page import COLUMNS, cells, same_cell


def _errata(blueprint: Blueprint) -> Iterator[tuple[int, Erratum]]:
    """Give the errata with their places; none of what was captured beside the page, which its cells say nothing of."""
    if blueprint.blueprint.captured is None:
        yield from enumerate(blueprint.errata)


@rule("BL301", Level.ERROR)
def errata_are_about_cells(blueprint: Blueprint) -> Iterator[Spot]:
    """An erratum of a component names a component that is there, and a column of its table."""
    for index, erratum in _errata(blueprint):
        if erratum.component is None:
            continue
        component = blueprint.components.get(erratum.component)
        if component is None:
            path = ("errata", index, "component")
            yield Spot(path, f"there is no component {erratum.component}", erratum.component)
        elif erratum.field not in COLUMNS[component.group]:
            columns = ", ".join(column for column in COLUMNS[component.group] if column)
            message = f"the page's {component.group} table has no column {erratum.field}; it has {columns}"
            yield Spot(("errata", index, "field"), message, erratum.field)


@rule("BL302", Level.ERROR)
def errata_say_what_is_used(blueprint: Blueprint) -> Iterator[Spot]:
    """What an erratum calls used is what the blueprint says."""
    for index, erratum in _errata(blueprint):
        if erratum.component not in blueprint.components:
            continue
        said = cells(erratum.component, blueprint).get(erratum.field)
        if said is not None and not same_cell(said, erratum.used):
            message = (
                f"the blueprint says {said!r} for {erratum.field} of {erratum.component}, the erratum {erratum.used!r}"
            )
            yield Spot(("errata", index, "used"), message, erratum.component)


@rule("BL303", Level.ERROR)
def errata_say_what_is_accepted(blueprint: Blueprint) -> Iterator[Spot]:
    """What an erratum calls accepted too, the blueprint accepts: an alias, another kind, port, type, path or callee."""
    for index, erratum in _errata(blueprint):
        component = blueprint.components.get(erratum.component or "")
        accepted = set(_accepted(component)) if component else set()
        for other in erratum.also if component else ():
            if other not in accepted:
                message = f"{erratum.component} does not accept {other}, but the erratum says so"
                yield Spot(("errata", index, "also"), message, other)


@rule("BL304", Level.ERROR)
def errata_differ(blueprint: Blueprint) -> Iterator[Spot]:
    """No cell of an edition has two errata."""
    seen: set[tuple[str | None, str, str]] = set()
    for index, erratum in _errata(blueprint):
        for edition in erratum.edition:
            cell = (erratum.component, erratum.field, edition)
            if cell in seen:
                message = f"{erratum.field} of {erratum.component or 'the page'} has an erratum for {edition} already"
                yield Spot(("errata", index), message, erratum.component)
            seen.add(cell)


def _accepted(component: Component) -> Iterator[str]:
    """Give everything that is accepted beside what the page documents."""
    yield from component.namespace.aliases
    yield from component.workload.aliases
    yield from component.workload.also_kinds
    for promised in (*component.config_maps, *component.secrets):
        yield from promised.aliases
    yield from (secret.or_config_map for secret in component.secrets if secret.or_config_map)
    yield from (alias for port in component.container_ports for alias in port.aliases)
    if component.service:
        yield from component.service.aliases
        yield from component.service.also_types
        yield from (f"{also}" for port in component.service.ports for also in port.also)
    if component.ingress:
        yield from component.ingress.also_paths
    yield from (call.to for call in component.calls)

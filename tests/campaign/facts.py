"""Every fact of the blueprint, read off the model itself, so that one which no check looks at is seen too."""

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from enum import Enum
from typing import Any, Final

from cx_conformance.blueprint.component import Component, Service, ServicePort
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.plan import PLATFORM
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.promise import Model, Promise
from cx_conformance.blueprint.quantity import Quantity

FROM_EVERY_PROMISE: Final = ("source", "severity", "why", "optional")
"""What a promise says of itself: by whom it was made, how bad it is when broken. Nothing of a cluster."""

NO_FACTS: Final[Mapping[str, str]] = {
    "row": "a number of the page",
    "group": "a table of the page",
    "namespace.aliases": "accepted instead; tried among the variations",
    "workload.also_kinds": "accepted instead; tried among the variations",
    "workload.aliases": "accepted instead; tried among the variations",
    "container_ports.aliases": "accepted instead",
    "service.aliases": "accepted instead; tried among the variations",
    "service.also_types": "accepted instead; tried among the variations",
    "service.ports.also": "accepted instead; tried among the variations",
    "config_maps.aliases": "accepted instead; tried among the variations",
    "secrets.aliases": "accepted instead",
    "secrets.or_config_map": "accepted instead; tried among the variations",
    "health.also_schemes": "accepted instead",
    "ingress.exact": "says how much of the path is promised",
    "ingress.also_paths": "not required, by the model's own words",
    "ingress.paths.inside": "by which name a path is called; broken with the path",
    "chart.release": "how it is recognised; refuses nothing",
    "chart.name": "how it is recognised; refuses nothing",
    "chart.version": "how its release is recognised; refuses nothing",
    "image": "refuses another component's alone, which the tests of CX116 hold",
    "optional": "accepted when absent as a whole",
    "store.tls.required": "what the embedded cluster's stores speak; each is told by CX806",
    "workload.containers": "of releases by charts",
    "calls.via": "of releases by charts",
    "service.headless": "of further Services, and broken there",
    "further_services.aliases": "accepted instead",
    "further_services.also_types": "accepted instead",
    "further_services.ports.also": "accepted instead",
    "further_services.ports.target_port": "a headless Service leads to the pods themselves",
    "store.settings.aliases": "accepted instead",
    "store.settings.also_values": "accepted instead",
    "platform.entrance": "how a release is reached; what leads there is each path's",
    "platform.any_storage": "accepted instead: any other provider; tried among the variations",
    "platform.node_conformance": "a link to a test that the suite does not run",
}
"""Fields of the model that no cluster can break, each with the reason."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One value that the blueprint promises of a cluster."""

    component: str
    """Id of the component, or ``platform``."""
    field: str
    """Its place in the model: ``service.ports.name``."""
    where: str
    """Its place in the blueprint: ``service.ports[8081].name``."""
    value: Any
    holders: tuple[Model, ...]
    """The records around it, the component's or the platform's own first."""
    blueprint: Blueprint | None = attribute(default=None, repr=False, compare=False)
    """The release that promises it."""

    @property
    def components(self) -> Mapping[str, Component]:
        """Return all that is promised in its release."""
        return self.blueprint.components if self.blueprint else {}

    @property
    def area(self) -> str:
        """Return the part of the blueprint it belongs to: ``service``."""
        return self.field.partition(".")[0]

    @property
    def text(self) -> str:
        """Return the value as messages write it."""
        return str(self.value.value if isinstance(self.value, Enum) else self.value)

    @property
    def name(self) -> str:
        """Return the fact as tables name it: ``ccm service.ports[8081].name``."""
        return f"{self.component} {self.where}"

    def of(self, kind: type[Any]) -> Any:
        """Return the nearest record of a kind that holds it."""
        return next(one for one in reversed(self.holders) if isinstance(one, kind))


def facts(blueprint: Blueprint) -> Iterator[Fact]:
    """Yield every fact of components and platform, in the blueprint's order."""
    for name, component in blueprint.components.items():
        yield from (replace(fact, blueprint=blueprint) for fact in facts_of(name, component))
        for one in component.called_by:
            yield Fact(name, "called_by", f"called_by[{one}]", one, (component,), blueprint)
    yield from (replace(fact, blueprint=blueprint) for fact in _walk(PLATFORM, blueprint.platform, (), ""))


def facts_of(name: str, component: Component) -> Iterator[Fact]:
    """Yield the facts of one component."""
    for fact in _walk(name, component, (), ""):
        if fact.field != "called_by":
            yield fact


def _walk(component: str, model: Model, holders: tuple[Model, ...], where: str) -> Iterator[Fact]:
    prefix = "platform." if component == PLATFORM else ""
    within = (*holders, model)
    for name in type(model).model_fields:
        place = f"{where}.{name}" if where else name
        field = prefix + "".join(part.partition("[")[0] + "." for part in place.split("."))[:-1]
        if field in NO_FACTS or (name in FROM_EVERY_PROMISE and isinstance(model, Promise)):
            continue
        value = getattr(model, name)
        if isinstance(model, ServicePort) and name == "target_port":
            # Left out means the same number, which is a promise too; a headless Service leads to the pods themselves.
            is_headless = any(isinstance(one, Service) and one.headless for one in holders)
            value = None if is_headless else model.container_port
        yield from _values(component, value, within, (field, place))


def _values(component: str, value: Any, within: tuple[Model, ...], place: tuple[str, str]) -> Iterator[Fact]:
    field, where = place
    if isinstance(value, Model) and not isinstance(value, Quantity):
        yield from _walk(component, value, within, where)
    elif isinstance(value, tuple):
        labels = [_label(one) for one in value]
        for number, one in enumerate(value):
            again = labels[:number].count(labels[number])
            label = f"{labels[number]}·{again + 1}" if again else labels[number]
            yield from _values(component, one, within, (field, f"{where}[{label}]"))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield Fact(component, field, f"{where}[{key}]", one, within)
    elif value is not None and value is not False:
        yield Fact(component, field, where, value, within)


def _label(one: Any) -> str:
    """Return what tells an item of a list from the others, without the dots that part fields."""
    if not isinstance(one, Model):
        text = str(one)
    else:
        keys = ("name", "port", "to", "mount_path", "size", "config_map", "path")
        text = next((str(value) for key in keys if (value := getattr(one, key, None))), "")
    return text.replace(".", "·")


def fields(model: type[Model] = Component, prefix: str = "") -> Iterator[str]:
    """Yield every field of the model that holds a value, whether or not this blueprint fills it."""
    for name, info in model.model_fields.items():
        if name in FROM_EVERY_PROMISE and issubclass(model, Promise):
            continue
        inner = list(_models(info.annotation))
        if inner:
            for one in inner:
                yield from fields(one, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def platform_fields() -> Iterator[str]:
    """Yield every field of the platform's part of the model."""
    yield from fields(Platform, "platform.")


def _models(annotation: Any) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, Model):
            yield annotation
        return
    for one in typing.get_args(annotation):
        yield from _models(one)

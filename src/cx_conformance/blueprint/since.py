"""What one release promises otherwise than another: component by component, promise by promise."""

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.listing import promises
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site


class Difference(Struct, frozen=True):
    """One promise that is new, gone or another; an empty text says that there is none."""

    component: str
    field: str
    before: str
    now: str


def differences(before: Blueprint, now: Blueprint) -> Iterator[Difference]:
    """Give what ``now`` promises otherwise than ``before``, in its order; components that are gone come last."""
    old, new = _promised(before), _promised(now)
    for name in (*new, *(one for one in old if one not in new)):
        if name not in old:
            yield Difference(name, "component", "", "new")
        elif name not in new:
            yield Difference(name, "component", "promised", "")
        else:
            yield from _of_component(name, old[name], new[name])
    yield from _listed("errata of charts", before, now)


_Fields = dict[str, dict[str, str]]
"""By field, and by what tells one value of it from another."""


def _promised(blueprint: Blueprint) -> dict[str, _Fields]:
    found: dict[str, _Fields] = {}
    for name, planned in Plan(blueprint, Site()).components.items():
        fields: _Fields = defaultdict(dict)
        for line in promises(planned, Site()):
            note = f" ({line.note})" if line.note and line.field in {"calls", "ingress"} else ""
            key = line.value.split(" ")[0] if line.field in _MANY else ""
            fields[line.field][key] = line.value + note
        found[name] = fields
    return found


_MANY = frozenset(
    {
        "ConfigMap",
        "Secret",
        "Service port",
        "calls",
        "called by",
        "container port",
        "further Service",
        "health",
        "settings",
        "volume",
    }
)
"""Fields of which a component may have several."""


def _of_component(name: str, old: _Fields, new: _Fields) -> Iterator[Difference]:
    for field in dict.fromkeys((*new, *old)):
        was, is_now = old.get(field, {}), new.get(field, {})
        for key in dict.fromkeys((*is_now, *was)):
            if was.get(key) != is_now.get(key):
                yield Difference(name, field, was.get(key, ""), is_now.get(key, ""))


def _listed(field: str, before: Blueprint, now: Blueprint) -> Iterator[Difference]:
    old = {(one.component, f"{one.kind} {one.about}") for one in before.chart_errata}
    new = {(one.component, f"{one.kind} {one.about}") for one in now.chart_errata}
    for component, about in sorted(old ^ new, key=str):
        is_new = (component, about) in new
        yield Difference(component or "every", field, "" if is_new else about, about if is_new else "")

"""The installation as it stands on a cluster that it shares: in namespaces of a prefix of its own."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from cx_conformance.outcome.outcome import Outcome
from tests.checks.installation import Object

DOCUMENTED = ("expertflow", "ef-external")
Key = tuple[str, str, str]
Objects = dict[Key, Object]
"""By kind, namespace and name."""


@dataclass(frozen=True, slots=True)
class Own:
    """Documented namespaces to those that the campaign makes and deletes."""

    prefix: str

    @property
    def namespaces(self) -> Mapping[str, str]:
        """Return the documented names with the own ones."""
        return {name: f"{self.prefix}-{name}" for name in DOCUMENTED}

    def moved(self, objects: Iterable[Object]) -> Objects:
        """Return objects as they stand in the own namespaces, by kind, namespace and name.

        The names are replaced where they stand for a namespace: ``expertflow`` is a label and a realm, too.
        """
        text = json.dumps(list(objects))
        for name, own in self.namespaces.items():
            text = re.sub(rf'("(?:namespace|kubernetes\.io/metadata\.name)": )"{name}"', rf'\1"{own}"', text)
            text = re.sub(rf"\.{name}\.svc", f".{own}.svc", text)
        found: list[Object] = json.loads(text)
        for one in found:
            if one["kind"] == "Namespace":
                one["metadata"]["name"] = self.namespaces.get(one["metadata"]["name"], one["metadata"]["name"])
        return {key_of(one): one for one in found}

    def documented(self, one: Outcome) -> Outcome:
        """Return an outcome with the documented namespaces in its words."""
        evidence = json.dumps(one.evidence, default=str).replace(f"{self.prefix}-", "")
        return replace(one, message=one.message.replace(f"{self.prefix}-", ""), evidence=json.loads(evidence))


def key_of(one: Object) -> Key:
    """Return kind, namespace and name."""
    return one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What leads from one installation to another."""

    gone: tuple[Object, ...]
    new: tuple[Object, ...]
    changed: tuple[Object, ...]

    @property
    def touched(self) -> tuple[Object, ...]:
        """Return all of it."""
        return (*self.gone, *self.new, *self.changed)


def difference(before: Objects, after: Objects) -> Difference:
    """Return what is gone, new and changed."""
    return Difference(
        gone=tuple(one for key, one in before.items() if key not in after),
        new=tuple(one for key, one in after.items() if key not in before),
        changed=tuple(one for key, one in after.items() if key in before and before[key] != one),
    )

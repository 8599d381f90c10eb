"""Named faults: what goes wrong with installations in the field, each as a change of the objects.

A fault is named on the command line with its target: ``absent-workload:ccm``. Its target may be left out: each has
one of its own, a component of the reference installation. ``catalogue`` lists them all.
"""

from functools import cache
from importlib import import_module

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.faults.fault import Fault, UnknownFault
from cx_conformance.sandbox.faults.installation import CannotApply, Installation

__all__ = ["CannotApply", "Fault", "Injection", "UnknownFault", "catalogue", "parse"]

_AREAS = (
    "workloads",
    "services",
    "configuration",
    "storage",
    "ingress",
    "platform",
    "health",
    "edges",
    "policies",
    "stores",
    "inside",
    "login",
    "helm",
    "ready",
    "api",
)
"""One module each, imported only when a fault is asked for: most clusters have none."""


class Injection:
    """One fault with the target it is aimed at."""

    def __init__(self, fault: Fault, target: str) -> None:
        """Aim ``fault`` at a component, or whatever its target is."""
        self.fault = fault
        self.target = target

    def apply(self, objects: list[Object]) -> list[Object]:
        """Return the objects with the fault in them; those given stay untouched.

        Raises CannotApply where the target is not among them.
        """
        installation = Installation(objects)
        self.fault.change(installation, self.target)
        return installation.objects


def catalogue() -> tuple[Fault, ...]:
    """Return every fault, by area."""
    return tuple(_faults().values())


def parse(text: str) -> Injection:
    """Return the fault that ``name`` or ``name:target`` means.

    Raises UnknownFault, which lists what there is.
    """
    name, _, target = text.strip().partition(":")
    fault = _faults().get(name)
    if fault is None:
        raise UnknownFault(name, _faults())
    return Injection(fault, target or fault.target)


@cache
def _faults() -> dict[str, Fault]:
    areas = (import_module(f"{__name__}.{area}") for area in _AREAS)
    return {fault.name: fault for area in areas for fault in area.FAULTS}

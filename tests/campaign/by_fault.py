"""The checks that no fact of the blueprint is broken for, by the faults of the embedded cluster that break them."""

from collections.abc import Iterator, Mapping
from typing import Final

from cx_conformance.outcome.check import Check
from cx_conformance.run.catalogue import every_check
from cx_conformance.sandbox.faults import Fault, catalogue

AREAS: Final = ("login", "ready")
"""Areas about what no blueprint says: a person's account, and a cluster before anything is installed on it."""
BESIDE: Final = ("CX010", "CX115")
"""Checks of other areas that are likewise about none of its facts: what Helm did, and its Jobs."""
UNBROKEN: Final[Mapping[str, str]] = {
    "CX900": "tells by a note that the platform is there already; nothing is broken by that",
    "CX901": "tells by a note which distribution it is; any certified one is supported",
}
"""Those that no fault breaks, each with the reason."""


def checks() -> list[Check]:
    """Return the checks that are broken by faults."""
    return [one for one in every_check() if one.area in AREAS or one.id in BESIDE]


def faults(check: str) -> list[Fault]:
    """Return the faults that a check must find; tests of each hold that it does, and that no other check does."""
    return [one for one in catalogue() if one.check == check]


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield each check with its title and the faults that break it."""
    for one in checks():
        names = "; ".join(f"`{fault.name}`: {fault.description}" for fault in faults(one.id))
        yield one.id, one.title, names or f"none: {UNBROKEN.get(one.id, '**no reason yet**')}"

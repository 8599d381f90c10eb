"""What a check is, and how one is written.

::

    @check("CX203", "Service type", severity=Severity.CRITICAL, rests_on=("CX201",), remedy="...")
    def check_type(service: Entry[Service], seen: Seen, evidence: Evidence) -> None:
        \"\"\"One sentence that says what holds and why it matters.\"\"\"
        assert found == promised, f"Service x has type {found}, promised {promised}"

The first parameter names the kind of entry that the check runs once for (``cx_conformance.blueprint.plan.ENTRIES``);
``evidence`` is filled with what was seen; every other parameter is a fixture, which looks. An AssertionError is a
``fail``, ``CouldNotLook`` an ``error``, ``NotApplicable`` an ``n/a``; ``SwitchedOff`` is one that spreads.
"""

import inspect
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

from msgspec import Struct

from cx_conformance.blueprint.plan import ENTRIES
from cx_conformance.blueprint.promise import Severity


class Stage(StrEnum):
    """When a check says something."""

    INSTALLED = "installed"
    """Of a platform that is there."""
    BEFORE = "before"
    """Of a cluster on which it is yet to be installed."""
    EITHER = "either"


AREAS: Final = (
    "platform",
    "workloads",
    "services",
    "config",
    "storage",
    "ingress",
    "gateway",
    "health",
    "edges",
    "stores",
    "login",
    "ready",
)
"""The areas in the order in which reports show them, each a file in ``checks/``."""

LIVE: Final = frozenset(
    {
        "health_probes",
        "edge_probes",
        "store_probes",
        "store_copies",
        "entrance_probes",
        "inside_probes",
        "login_probes",
        "before_probes",
    }
)
"""Fixtures that look by more than the API: exec, tunnel, login; a static run does not ask for them."""

_ID: Final = re.compile(r"CX[0-9]{3}")


class NotApplicable(Exception):  # noqa: N818 - an outcome, not a bug
    """There is nothing to look at here; the text says why."""


class SwitchedOff(NotApplicable):
    """It does not run, and the site allows that; nor is what rests on it to be looked at, where that is not kept."""


class Check(Struct, frozen=True, kw_only=True):
    """One rule."""

    id: str
    title: str
    area: str
    severity: Severity
    remedy: str
    """What to do when it fails."""
    why: str
    """The docstring: what holds, and why it matters."""
    per: str
    """The kind of entry it runs once for."""
    looks: tuple[str, ...]
    """The fixtures it needs."""
    takes_evidence: bool
    rests_on: tuple[str, ...]
    """Checks that must pass before this one says anything: ``CX101`` of the same component, ``callee:CX201`` of an
    edge's callee, ``gateway:CX201`` of what every path passes, ``namespace:CX001`` of the entry's namespace."""
    follows: tuple[str, ...] = ()
    """Checks of which this one, where both fail, only tells the consequence: it stays broken, and both are told as one
    thing at fault. Named as those that it rests on, or ``any:CX502``, of whatever component."""
    live: bool
    """Whether it looks by more than the API."""
    function: Callable[..., None]
    stage: Stage = Stage.INSTALLED

    @property
    def rests(self) -> str:
        """The IDs of what it rests on, each once, of whomever; empty where there is none."""
        return _ids(self.rests_on)

    @property
    def led_by(self) -> str:
        """The IDs of what it may follow from, likewise."""
        return _ids(self.follows)

    def says_something(self, *, before: bool) -> bool:
        """Whether it is judged by a run that looks ``before`` anything is installed, or by one that looks after."""
        return self.stage is Stage.EITHER or (self.stage is Stage.BEFORE) is before


def _ids(named: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(one.rpartition(":")[2] for one in named))


F = TypeVar("F", bound=Callable[..., None])


def check(  # noqa: PLR0913 - what a check says of itself, all but two by keyword
    identity: str,
    title: str,
    *,
    severity: Severity,
    remedy: str,
    rests_on: tuple[str, ...] = (),
    follows: tuple[str, ...] = (),
    stage: Stage = Stage.INSTALLED,
) -> Callable[[F], F]:
    """Mark a function as the check ``identity``; ValueError names what is missing."""

    def mark(function: F) -> F:
        parameters = _parameters(function, identity)
        function.__check__ = Check(  # type: ignore[attr-defined] # how pytest finds it
            id=identity,
            title=title,
            area=function.__module__.rpartition(".")[2],
            severity=severity,
            remedy=remedy,
            why=inspect.cleandoc(function.__doc__ or ""),
            per=parameters[0],
            looks=tuple(name for name in parameters[1:] if name != "evidence"),
            live=not LIVE.isdisjoint(parameters),
            takes_evidence="evidence" in parameters,
            rests_on=rests_on,
            follows=follows,
            function=function,
            stage=stage,
        )
        return function

    return mark


def _parameters(function: Callable[..., None], identity: str) -> list[str]:
    """Return the names of the function's parameters; ValueError says what keeps it from being a check."""
    where = f"{function.__module__}.{function.__name__}"
    if _ID.fullmatch(identity) is None:
        raise ValueError(f"{where}: {identity!r} is not a check's ID; allowed is CX and three digits")
    if not function.__doc__:
        raise ValueError(f"{where}: {identity} has no docstring; say in one sentence what holds and why it matters")
    parameters = list(inspect.signature(function).parameters)
    if not parameters or parameters[0] not in ENTRIES:
        raise ValueError(f"{where}: the first parameter names what it runs once for: one of {', '.join(ENTRIES)}")
    area = function.__module__.rpartition(".")[2]
    if area not in AREAS:
        raise ValueError(f"{where}: {area!r} is not an area; allowed are {', '.join(AREAS)}")
    return parameters

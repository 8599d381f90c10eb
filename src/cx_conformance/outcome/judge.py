"""Runs checks: each once for each entry, what it rests on first."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from cx_conformance.blueprint.component import Component
from cx_conformance.blueprint.plan import PLATFORM, Entry, Plan
from cx_conformance.blueprint.promise import Severity, Source
from cx_conformance.outcome.check import Check, NotApplicable, SwitchedOff
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Evidence, Outcome, Result
from cx_conformance.outcome.roots import root_name
from cx_conformance.outcome.waivers import STATIC, Waivers

Look = Callable[[str], Any]
"""Gives what a fixture of that name saw; raises CouldNotLook."""

_FIRST: Final = "platform:CX000"
"""Everything rests on an API server that answers."""

_BROKEN: Final = (Result.FAIL, Result.WAIVED, Result.BLOCKED)
_EXISTS: Final = "CX101"
"""What a site has left out as a whole, as it may, is judged by this alone."""

_IN_THE_WAY: Final = {
    Result.FAIL: _BROKEN,  # what was seen broken is not hidden behind what could not be looked at
    Result.ERROR: (*_BROKEN, Result.ERROR),
}
"""By how a check ended: the outcomes of what it rests on that explain it."""

_NOT_PROMISED: Final = (Source.VENDOR_DOCS, Source.CHARTS)
"""Who says what neither the page nor the site does."""

_OFF: Final = "off"
"""The evidence's key for why something does not run, and need not."""


class Judge:
    """Decides outcomes on demand and remembers them.

    What a check rests on is judged when it is needed, whether or not it was selected, in any order: a run of one area,
    or one process of several, sees the same root causes as a full run.
    """

    def __init__(
        self, plan: Plan, waivers: Waivers, *, static: bool = False, clean: Callable[[Outcome], Outcome] | None = None
    ) -> None:
        """Judge by ``plan``; ``static`` leaves live checks out as not applicable.

        ``clean`` takes out of an outcome what must not be shown.
        """
        self.plan = plan
        self.waivers = waivers
        self.static = static
        self._clean = clean
        self.checks: dict[str, Check] = {}
        self._outcomes: dict[tuple[str, str, str], Outcome] = {}
        self._looked: dict[str, Any] = {}
        self._ready: set[str] = set()
        self._fixtures: dict[str, frozenset[str]] = {}
        self._entries: dict[str, dict[str, list[Entry[Any]]]] = {}

    def register(self, checks: Iterable[Check]) -> None:
        """Make checks known; ValueError for an ID that two functions claim."""
        for one in checks:
            known = self.checks.setdefault(one.id, one)
            if known.function is not one.function and known.function.__qualname__ != one.function.__qualname__:
                first, second = (f"{c.function.__module__}.{c.function.__name__}" for c in (known, one))
                raise ValueError(f"{one.id} is used twice: by {first} and by {second}; give one of them a free ID")

    def again(self, keep: Callable[[Outcome], bool]) -> "Judge":
        """Return a judge of the same checks for another look, who remembers only the outcomes to ``keep``."""
        fresh = Judge(self.plan, Waivers(self.waivers.all, self.waivers.today), static=self.static, clean=self._clean)
        fresh.checks = self.checks
        fresh._outcomes = {key: fresh.waivers.apply(one) for key, one in self._outcomes.items() if keep(one)}
        return fresh

    def outcome(self, check: Check, entry: Entry[Any], look: Look) -> Outcome:
        """Return how ``check`` ends for ``entry``."""
        key = (check.id, entry.component, entry.id)
        known = self._outcomes.get(key)
        if known is None:
            judged = self._judged(check, entry, look)
            known = self._outcomes[key] = self.waivers.apply(self._clean(judged) if self._clean else judged)
        return known

    def needs_no_look(self, check: Check) -> bool:
        """Whether every fixture was asked already that ``check`` and what it rests on need."""
        if check.id not in self._ready and self._looked.keys() >= self._needed(check):
            self._ready.add(check.id)
        return check.id in self._ready

    def look_ahead(self, check: Check, look: Look) -> None:
        """Ask every fixture that ``check`` and what it rests on need; what cannot be looked at is told by outcomes."""
        for name in sorted(self._needed(check)):
            with suppress(Exception):
                self._seen(name, look)

    def _needed(self, check: Check) -> frozenset[str]:
        """Return the fixtures that ``check`` needs, and those of what it rests on or follows, judged where it fails."""
        known = self._fixtures.get(check.id)
        if known is None:
            rests = (self.checks.get(rest.rpartition(":")[2]) for rest in (*check.rests_on, *check.follows, _FIRST))
            under = [self._needed(one) for one in rests if one is not None and one is not check]
            own = () if self._leaves_out(check) else check.looks
            known = self._fixtures[check.id] = frozenset(own).union(*under)
        return known

    def _leaves_out(self, check: Check) -> bool:
        return self.static and check.live

    def _judged(self, check: Check, entry: Entry[Any], look: Look) -> Outcome:
        evidence = Evidence()
        started = time.perf_counter()
        result, message, remedy = Result.PASS, "", check.remedy
        try:
            self._look(check, entry, look, evidence)
        except NotApplicable as reason:
            result, message = Result.NOT_APPLICABLE, f"n/a: {reason}"
            if isinstance(reason, SwitchedOff):
                evidence.details[_OFF] = str(reason)
        except CouldNotLook as reason:
            result, message, remedy = Result.ERROR, str(reason), reason.remedy
            evidence.cause = reason.cause or None
        except AssertionError as broken:
            result, message = Result.FAIL, _sentence(broken)
        except Exception as bug:  # noqa: BLE001 - a bug of one check must not end the run; it is reported as what it is
            result, remedy = Result.ERROR, f"report it with this report; `--skip {check.id}` runs all else"
            message = f"the check itself broke: {type(bug).__name__}: {bug}; please report it"
        # What was seen kept is told so, whatever else is broken; only what fails is traced to its cause.
        root = self._root(check, entry, look, _IN_THE_WAY[result]) if result in _IN_THE_WAY else None
        off = self._off(check, entry, look) if result in _IN_THE_WAY and root is None else ""
        if root is not None:
            evidence.details["seen"] = message
            result, message = Result.BLOCKED, f"blocked: {root[0]}"
        elif off:
            evidence.details |= {"seen": message, _OFF: off}
            result, message = Result.NOT_APPLICABLE, f"n/a: {off}"
        elif result is Result.FAIL:
            evidence.follows = self._followed(check, entry, look)
        return Outcome(
            check=check.id,
            title=check.title,
            area=check.area,
            component=entry.component,
            entry=entry.id,
            severity=severity_of(check, entry),
            result=result,
            message=message,
            remedy=remedy,
            root=root[0] if root else None,
            root_entry=root[1] if root else None,
            evidence=evidence.as_mapping(),
            vantage=evidence.vantage or "api",
            tries=evidence.tries,
            duration_ms=(time.perf_counter() - started) * 1000,
        )

    def _look(self, check: Check, entry: Entry[Any], look: Look, evidence: Evidence) -> None:
        if self._leaves_out(check):
            raise NotApplicable(STATIC)
        arguments = {name: self._seen(name, look) for name in check.looks}
        if check.takes_evidence:
            arguments["evidence"] = evidence
        check.function(entry, **arguments)

    def _seen(self, name: str, look: Look) -> Any:
        """Return what a fixture saw; each is asked once for all checks, and raises again what it raised."""
        if name not in self._looked:
            try:
                self._looked[name] = look(name)
            except CouldNotLook as reason:
                self._looked[name] = reason
        found = self._looked[name]
        if isinstance(found, CouldNotLook):
            raise found
        return found

    def _root(self, check: Check, entry: Entry[Any], look: Look, causes: Collection[Result]) -> tuple[str, str] | None:
        """Return name and entry of the outcome that explains this one: the last in the row of what rests on what."""
        for rest in (*check.rests_on, _FIRST):
            relation, _, identity = rest.rpartition(":")
            needed = self.checks.get(identity)
            if needed is None or needed is check:
                continue
            for one in self._related(needed, relation, entry):
                found = self.outcome(needed, one, look)
                if found.result in causes:
                    return found.root or root_name(found), found.root_entry or found.entry
        return None

    def _followed(self, check: Check, entry: Entry[Any], look: Look) -> str | None:
        """Return what this failure is only the consequence of, as outcomes name it; None where it stands for itself."""
        for needed, other in self._before(check, entry):
            first = self.outcome(needed, other, look)
            if first.result is Result.FAIL:
                return first.where
        return None

    def _before(self, check: Check, entry: Entry[Any]) -> Iterator[tuple[Check, Entry[Any]]]:
        """Yield what a failure may follow from: of the same port, where both are about one."""
        for one in check.follows:
            relation, _, identity = one.rpartition(":")
            if (needed := self.checks.get(identity)) is None:
                continue
            by_component = self._by_component(needed)
            anybody = self.plan.entries(needed.per)
            for other in anybody if relation == "any" else by_component.get(self._whose(relation, entry), ()):
                ports = entry.container_port, other.container_port
                if None in ports or ports[0] == ports[1]:
                    yield needed, other

    def _off(self, check: Check, entry: Entry[Any], look: Look) -> str:
        """Return why something that ``check`` rests on does not run and need not; empty where all of it is to run."""
        left_out = (_EXISTS,) if entry.owner and entry.owner.facts.optional else ()
        for rest in (*check.rests_on, *left_out):
            relation, _, identity = rest.rpartition(":")
            needed = self.checks.get(identity)
            if needed is None or needed is check:
                continue
            for one in self._related(needed, relation, entry):
                off = self.outcome(needed, one, look).evidence.get(_OFF)
                if off:
                    return str(off)
        return ""

    def _related(self, needed: Check, relation: str, entry: Entry[Any]) -> Iterable[Entry[Any]]:
        by_component = self._by_component(needed)
        if relation == "namespace":
            return [one for one in by_component.get(PLATFORM, ()) if one.id in entry.namespaces[:1]]
        candidates = by_component.get(self._whose(relation, entry), ())
        port = getattr(getattr(entry.of, "port", None), "port", None) if relation == "callee" else None
        # A workload and a Secret of one name are two things: what is of the component rests on all of its Secrets.
        whole = isinstance(entry.of, Component)
        same = [one for one in candidates if one.id == entry.id and (not whole or isinstance(one.of, Component))]
        same_port = [one for one in candidates if port is not None and getattr(one.of, "port", None) == port]
        return same or same_port or candidates

    def _whose(self, relation: str, entry: Entry[Any]) -> str:
        """Return the component that a relation leads to; empty where there is none."""
        whose = {"callee": entry.callee, "platform": PLATFORM, "gateway": self.plan.platform.gateway}
        return whose.get(relation, entry.component) or ""

    def _by_component(self, check: Check) -> Mapping[str, list[Entry[Any]]]:
        known = self._entries.get(check.per)
        if known is None:
            known = self._entries[check.per] = defaultdict(list)
            for entry in self.plan.entries(check.per):
                known[entry.component].append(entry)
        return known


def severity_of(check: Check, entry: Entry[Any]) -> Severity:
    """Return how bad a broken promise is: the check's own severity for what the page or the site promises.

    What only other documents and charts say is at most major, what the vendor's own charts break is marked minor.
    """
    own, least = check.severity, entry.severity
    if least is None:
        if entry.source not in _NOT_PROMISED:
            return own
        least = Severity.MAJOR
    return least if least.rank > own.rank else own


def _sentence(broken: AssertionError) -> str:
    """Return a check's own words, without the operands that pytest's assertion rewriting adds below them."""
    return str(broken).partition("\nassert ")[0].strip() or "the promise is broken"

"""Root causes: the broken promises that others wait for, worst first, and what many of them have in common."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.outcome import FOLLOWS, Outcome, Result


class RootCause(Struct, frozen=True):
    """A failure or error, and the outcomes that it blocks."""

    outcome: Outcome
    blocked: tuple[Outcome, ...]


class SharedCause(Struct, frozen=True):
    """One thing at fault, with every promise that it breaks: a certificate that twenty Ingresses serve."""

    causes: tuple[RootCause, ...]
    named: str = ""
    """What is at fault as the checks named it; empty: the outcomes say it in the same words."""

    @property
    def outcome(self) -> Outcome:
        """The outcome that the others follow from, else the worst; what it says of check and remedy stands for all."""
        return self.causes[0].outcome

    @property
    def severity(self) -> Severity:
        """How bad the worst of it is."""
        return min((one.severity for one in self.outcomes), key=lambda one: one.rank)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every promise that is broken by it."""
        return tuple(one.outcome for one in self.causes)

    @property
    def components(self) -> tuple[str, ...]:
        """The components whose promises these are, each once."""
        return tuple(dict.fromkeys(one.component for one in self.outcomes))

    @property
    def blocked(self) -> tuple[Outcome, ...]:
        """What waits for any of them."""
        return tuple(blocked for one in self.causes for blocked in one.blocked)

    @property
    def words(self) -> str:
        """What is wrong: the cause that several name, else the message that all say, or the first of them."""
        return self.named if self.named and len(self.causes) > 1 else self.outcome.message


def root_causes(outcomes: Iterable[Outcome]) -> tuple[RootCause, ...]:
    """Return every failure and error with what it blocks: by severity, then by how much it blocks."""
    blocked: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    unwell: list[Outcome] = []
    for one in outcomes:
        if one.result is Result.BLOCKED and one.root:
            blocked[one.root, one.root_entry or ""].append(one)
        elif not one.well:
            unwell.append(one)
    causes: list[RootCause] = []
    for one in unwell:
        name = root_name(one)
        # Reports of earlier versions name no entry: the first failure of check and component takes theirs.
        causes.append(RootCause(one, (*blocked.pop((name, one.entry), ()), *blocked.pop((name, ""), ()))))
    return tuple(
        sorted(causes, key=lambda cause: (*_weight(cause.outcome, len(cause.blocked)), *_place(cause.outcome)))
    )


def causes_of(outcomes: Iterable[Outcome], result: Result = Result.FAIL) -> tuple[SharedCause, ...]:
    """Return what is at fault, each once: of what is broken, or of what could not be looked at."""
    return shared_causes(one for one in root_causes(outcomes) if one.outcome.result is result)


def shared_causes(causes: Iterable[RootCause]) -> tuple[SharedCause, ...]:
    """Return the causes with those put together that are one thing at fault: what blocks most first, then the worst.

    Alike are outcomes that name the same cause in their evidence, of whatever checks, outcomes of one check that say
    the same words, and what could not be looked at for one reason. One that names several causes is told with each;
    what it blocks with the first. What follows from another failure is told behind that.
    """
    alike: dict[tuple[object, ...], list[RootCause]] = defaultdict(list)
    behind: list[tuple[Outcome, RootCause]] = []
    every = tuple(causes)
    by_name = {one.outcome.where: one.outcome for one in every if one.outcome.result is Result.FAIL}
    for one in every:
        outcome = one.outcome
        first = _followed(outcome, by_name)
        if first is not outcome:
            behind.append((first, one))
            continue
        for place, key in enumerate(_keys(outcome)):
            alike[key].append(RootCause(outcome, () if place else one.blocked))
    for first, one in behind:
        alike[_keys(first)[0]].append(one)
    found = [SharedCause(tuple(ones), str(key[1]) if len(key) == 2 else "") for key, ones in alike.items()]
    return tuple(
        sorted(
            found,
            key=lambda one: (-len(one.blocked), one.severity.rank, -len(one.causes), *_place(one.outcome)),
        )
    )


def _followed(outcome: Outcome, by_name: Mapping[str, Outcome]) -> Outcome:
    """Return the failure that this one follows from, the last in the row; itself where it follows from none."""
    passed = {outcome.where}
    while (name := outcome.evidence.get(FOLLOWS)) in by_name and name not in passed:
        passed.add(str(name))
        outcome = by_name[str(name)]
    return outcome


def _keys(outcome: Outcome) -> tuple[tuple[object, ...], ...]:
    """Return what outcomes of one cause have in common, for each of its causes."""
    if outcome.causes:
        return tuple((outcome.result, named) for named in outcome.causes)
    if outcome.result is Result.ERROR:
        return ((outcome.result, outcome.message),)
    # Two that say nothing have nothing in common.
    return ((outcome.result, outcome.check, outcome.severity, outcome.message or outcome.key),)


def root_name(outcome: Outcome) -> str:
    """Return how blocked outcomes name the one that blocks them: ``CX101 ccm``."""
    return f"{outcome.check} {outcome.entry if outcome.component == 'platform' else outcome.component}"


def _weight(outcome: Outcome, blocked: int) -> tuple[int, int]:
    return outcome.severity.rank, -blocked


def _place(outcome: Outcome) -> tuple[str, str, str]:
    return outcome.component, outcome.check, outcome.entry

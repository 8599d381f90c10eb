"""Root causes: the broken promises that others wait for, worst first, and what many of them have in common."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cx_conformance.outcome.outcome import Outcome, Result


@dataclass(frozen=True, slots=True)
class RootCause:
    """A failure or error, and the outcomes that it blocks."""

    outcome: Outcome
    blocked: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class SharedCause:
    """One thing at fault, with every promise that it breaks: a certificate that twenty Ingresses serve."""

    causes: tuple[RootCause, ...]

    @property
    def outcome(self) -> Outcome:
        """The first of the outcomes; what it says of check, severity and remedy holds for all."""
        return self.causes[0].outcome

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
        """What is wrong: the message that all say, or the cause that they name."""
        return common_words(self.outcomes)


def root_causes(outcomes: Iterable[Outcome]) -> tuple[RootCause, ...]:
    """Return every failure and error with what it blocks: by severity, then by how much it blocks."""
    every = tuple(outcomes)
    blocked: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for one in every:
        if one.result is Result.BLOCKED and one.root:
            blocked[one.root, one.root_entry or ""].append(one)
    causes: list[RootCause] = []
    for one in every:
        if one.result in (Result.FAIL, Result.ERROR):
            name = root_name(one)
            # Reports of earlier versions name no entry: the first failure of check and component takes theirs.
            causes.append(RootCause(one, (*blocked.pop((name, one.entry), ()), *blocked.pop((name, ""), ()))))
    return tuple(
        sorted(causes, key=lambda cause: (*_weight(cause.outcome, len(cause.blocked)), *_place(cause.outcome)))
    )


def shared_causes(causes: Iterable[RootCause]) -> tuple[SharedCause, ...]:
    """Return the causes with those put together that are one thing at fault: by severity, then by what they block.

    Alike are outcomes of one check that name the same cause in their evidence, or say the same words.
    """
    alike: dict[tuple[object, ...], list[RootCause]] = defaultdict(list)
    for one in causes:
        outcome = one.outcome
        # Two that say nothing have nothing in common.
        words = shared_words(outcome) or outcome.key
        alike[outcome.check, outcome.result, outcome.severity, words].append(one)
    found = [SharedCause(tuple(ones)) for ones in alike.values()]
    return tuple(
        sorted(found, key=lambda one: (*_weight(one.outcome, len(one.blocked)), -len(one.causes), *_place(one.outcome)))
    )


def shared_words(outcome: Outcome) -> str:
    """Return what an outcome says of its cause: the words that others may share."""
    return str(outcome.evidence.get("cause") or outcome.message)


def common_words(outcomes: Sequence[Outcome]) -> str:
    """Return what outcomes of one cause say of it: their message where it is the same."""
    first = outcomes[0]
    return first.message if all(one.message == first.message for one in outcomes) else shared_words(first)


def root_name(outcome: Outcome) -> str:
    """Return how blocked outcomes name the one that blocks them: ``CX101 ccm``."""
    return f"{outcome.check} {outcome.entry if outcome.component == 'platform' else outcome.component}"


def _weight(outcome: Outcome, blocked: int) -> tuple[int, int]:
    return outcome.severity.rank, -blocked


def _place(outcome: Outcome) -> tuple[str, str, str]:
    return outcome.component, outcome.check, outcome.entry

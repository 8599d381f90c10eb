"""How a fact is broken, and how one more way is written down.

::

    @breaks("workload.name", how="absent")
    def absent(fact: Fact, ground: Ground) -> None:
        \"\"\"The workload was never applied.\"\"\"
        ground.manifests.remove(ground.workload(fact))
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.campaign.facts import Fact
from tests.campaign.ground import Base, Ground

Change = Callable[[Fact, Ground], None]
Words = Callable[[Fact], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One way of breaking facts of some fields."""

    name: str
    how: str
    """In which of the issue's ways: absent, renamed, wrong number ..."""
    change: Change
    words: Words
    """What the failing outcome must name, in its message or its evidence."""
    told_of: Callable[[Fact], str]
    """The component whose outcome is to fail."""
    prepare: Change | None
    """What makes the fact count, and breaks nothing: the provider in question at work."""
    live: bool
    """Whether only a probe can see it."""
    together: bool
    """Whether many facts may be broken so at once without one hiding another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One fact, broken in one way."""

    base: Base
    fact: Fact
    operator: Operator

    @property
    def name(self) -> str:
        """Return it as tables name it: ``ccm workload.name: absent``."""
        return f"{self.fact.name}: {self.operator.name}"

    @property
    def component(self) -> str:
        """Return the component of the outcome that is to fail."""
        return self.operator.told_of(self.fact)

    def before(self) -> Ground:
        """Return the installation in which the fact is kept."""
        made = Ground(self.base)
        if self.operator.prepare:
            self.operator.prepare(self.fact, made)
        return made

    def ground(self) -> Ground:
        """Return the broken installation; raises Inapplicable."""
        made = self.before()
        self.operator.change(self.fact, made)
        return made

    def named_in(self, text: str) -> bool:
        """Tell whether words name the fact."""
        return all(_holds(text, word) for word in self.operator.words(self.fact))


OPERATORS: Final[dict[str, list[Operator]]] = defaultdict(list)
"""By field of the model."""


def _holds(text: str, word: str) -> bool:
    before = "" if word.startswith("/") else r"(?<![\w.-])"
    return re.search(rf"{before}{re.escape(word)}(?![\w-])", text) is not None


def _value(fact: Fact) -> tuple[str, ...]:
    return (fact.text,)


def breaks(
    *fields: str,
    how: str,
    words: str | Words | None = None,
    told_of: str | Callable[[Fact], str] | None = None,
    prepare: Change | None = None,
    live: bool = False,
    together: bool = False,
) -> Callable[[Change], Change]:
    """Declare a function as an operator on facts of these fields.

    By default the fact's value must be named, in an outcome of the fact's own component.
    """
    component = told_of if callable(told_of) else lambda fact: told_of or fact.component
    named: Words = _value
    if isinstance(words, str):
        text = words
        named = lambda _: (text,)  # noqa: E731 - one expression
    elif words is not None:
        named = words

    def declare(change: Change) -> Change:
        operator = Operator(
            name=change.__name__.replace("_", " "),
            how=how,
            change=change,
            words=named,
            told_of=component,
            prepare=prepare,
            live=live,
            together=together,
        )
        for field in fields:
            OPERATORS[field].append(operator)
        return change

    return declare


def mutations(found: Iterable[tuple[Base, Fact]], *, live: bool = False) -> Iterator[Mutation]:
    """Yield every way of breaking each fact, by its objects or so that only a probe sees it.

    One that turns out not to apply raises Inapplicable.
    """
    for base, fact in found:
        # What can be done to a Service can be done to a further one.
        for operator in OPERATORS[fact.field.replace("further_services.", "service.")]:
            if operator.live is live:
                yield Mutation(base=base, fact=fact, operator=operator)

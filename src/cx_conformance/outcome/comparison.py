"""Two runs side by side: what broke, what healed, what is still broken, what got slower."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord

Key = tuple[str, str, str]
"""What identifies a promise from night to night: check, component, entry."""

FACTOR: Final = 2.0
"""A probe that takes more than so many times as long as before is told."""
NOTICEABLE_MS: Final = 50.0
"""A probe that takes only so much longer is not told, whatever the factor: it is noise."""


class Slower(Struct, frozen=True):
    """A probe that got slower."""

    outcome: Outcome
    before_ms: float
    now_ms: float


class Comparison(Struct, frozen=True, kw_only=True):
    """What is different in ``new``; each outcome is that of ``new`` but those of ``dropped``."""

    broke: tuple[Outcome, ...] = ()
    """Fail now, and did not before, or are promised anew."""
    fixed: tuple[Outcome, ...] = ()
    """Failed before, and pass now."""
    still: tuple[Outcome, ...] = ()
    """Failed before, and fail now."""
    let_pass: tuple[Outcome, ...] = ()
    """Failed before, and are waived now."""
    lost_sight: tuple[Outcome, ...] = ()
    """Could be looked at before, and cannot be now: errors."""
    seen_again: tuple[Outcome, ...] = ()
    """Could not be looked at before, and pass now."""
    slower: tuple[Slower, ...] = ()
    added: tuple[Outcome, ...] = ()
    """Promised now, and not before."""
    dropped: tuple[Outcome, ...] = ()
    """Promised before, and not now; empty when something of ``new`` was left out."""
    notes: tuple[str, ...] = ()
    """What a reader must know of the two runs: of two clusters, or one of them partial."""

    @property
    def changed(self) -> bool:
        """Whether an operator has to hear of it."""
        return bool(self.broke or self.fixed or self.let_pass or self.lost_sight or self.seen_again)


def compare(old: RunRecord, new: RunRecord, factor: float = FACTOR) -> Comparison:
    """Compare ``new`` with ``old``; ``factor`` is how much longer a probe must take to be told as slower.

    What was left out of one of them, or is hidden behind something else that is broken, is told neither as broken nor
    as fixed.
    """
    before, after = by_key(_worst_first(old.outcomes)), by_key(_worst_first(new.outcomes))
    both = [(before[key], one) for key, one in after.items() if key in before]
    added = [one for key, one in after.items() if key not in before]

    def turned(was: set[Result], now: Result) -> list[Outcome]:
        return [one for earlier, one in both if earlier.result in was and one.result is now]

    fail, others = {Result.FAIL}, set(Result) - {Result.FAIL}
    return Comparison(
        broke=tuple(_worst_first([*turned(others, Result.FAIL), *(one for one in added if one.result is Result.FAIL)])),
        fixed=tuple(turned(fail, Result.PASS)),
        still=tuple(turned(fail, Result.FAIL)),
        let_pass=tuple(turned(fail, Result.WAIVED)),
        lost_sight=(
            *turned(set(Result) - {Result.ERROR}, Result.ERROR),
            *(one for one in added if one.result is Result.ERROR),
        ),
        seen_again=tuple(turned({Result.ERROR}, Result.PASS)),
        slower=tuple(_slower(both, factor)),
        added=() if old.partial else tuple(added),
        dropped=() if new.partial else tuple(one for key, one in before.items() if key not in after),
        notes=tuple(_notes(old, new)),
    )


def by_key(outcomes: Iterable[Outcome]) -> Mapping[Key, Outcome]:
    """Return the outcomes by what identifies them."""
    return {one.key: one for one in outcomes}


def _worst_first(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda one: (one.severity.rank, one.component, one.check, one.entry))


def latencies(outcome: Outcome) -> tuple[float, ...]:
    """Return the milliseconds that the outcome's probes took, as its evidence has them; empty: it has none."""
    found: list[float] = []
    for name in ("ms", "connect_ms"):
        value = outcome.evidence.get(name)
        each = value.values() if isinstance(value, Mapping) else [value]
        found += [float(one) for one in each if isinstance(one, int | float) and not isinstance(one, bool) and one >= 0]
    return tuple(found)


def _slower(both: Iterable[tuple[Outcome, Outcome]], factor: float) -> Iterable[Slower]:
    for earlier, one in both:
        was, now = max(latencies(earlier), default=0.0), max(latencies(one), default=0.0)
        if was and now > was * factor and now - was > NOTICEABLE_MS:
            yield Slower(one, was, now)


def _notes(old: RunRecord, new: RunRecord) -> Iterable[str]:
    uids = [run.cluster.uid for run in (old, new) if run.cluster and run.cluster.uid]
    if len(set(uids)) > 1:
        yield f"these are runs of two clusters: {uids[0]} and {uids[1]}"
    if old.blueprint.sha256 != new.blueprint.sha256:
        yield f"the blueprint has changed: version {old.blueprint.version} before, {new.blueprint.version} now"
    if old.site.sha256 != new.site.sha256:
        yield "the site file has changed"
    for which, run in (("earlier", old), ("later", new)):
        if run.partial:
            yield f"the {which} run is partial: {run.selection or 'it was interrupted'}"
    if old.started > new.started:
        yield "the first run is the younger one; give the older one first"

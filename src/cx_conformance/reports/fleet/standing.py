"""What a fleet's page needs of one installation: small enough that hundreds fit into memory."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.roots import causes_of
from cx_conformance.outcome.verdict import Verdict
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.fleet.source import Source
from cx_conformance.reports.formats.json_report import UnreadableReport
from cx_conformance.reports.scrubber import Scrubber

STALE: Final = dt.timedelta(hours=36)
"""A report older than this is none of last night's."""
_ROOTS: Final = 3
_WELL: Final = (Verdict.CONFORMANT, Verdict.DEVIATIONS)
_WORST_FIRST: Final = (Verdict.NON_CONFORMANT, None, Verdict.INCONCLUSIVE, Verdict.DEVIATIONS, Verdict.CONFORMANT)

Promise = tuple[str, str, str]
"""Check, its title, component."""


class Standing(Struct, frozen=True, kw_only=True):
    """How one installation stands."""

    cluster: str
    verdict: Verdict | None = None
    """None: there is no report of the last visit."""
    words: str = ""
    """Why there is none, or what is at the root of what is broken."""
    started: dt.datetime | None = None
    """When the report was made that is told of; None: there is none at all."""
    page: str = ""
    seconds: float = 0.0
    areas: Mapping[str, Counter[Result]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken: tuple[Promise, ...] = ()
    stale: bool = False
    """Whether the report is an old one."""

    @property
    def rank(self) -> tuple[int, int, str]:
        """Return what sorts the worst first."""
        failed = sum(one[Result.FAIL] for one in self.areas.values())
        return _WORST_FIRST.index(self.known), -failed, self.cluster

    @property
    def known(self) -> Verdict | None:
        """Return the verdict as far as it is known today: that all was well is not, where the report is an old one."""
        return Verdict.INCONCLUSIVE if self.stale and self.verdict in _WELL else self.verdict


def standings(names: Iterable[str], source: Source, now: dt.datetime) -> list[Standing]:
    """Return how each cluster of these names stands, worst first."""
    return worst_first(standing(name, source, now) for name in names)


def worst_first(found: Iterable[Standing]) -> list[Standing]:
    """Return them in the page's order."""
    return sorted(found, key=lambda one: one.rank)


def standing(name: str, source: Source, now: dt.datetime) -> Standing:
    """Return how a cluster stands by its last report, and by what the last visit left where it made none."""
    try:
        record = source.report(name)
    except UnreadableReport as reason:
        return Standing(cluster=name, words=str(reason))
    unreported = source.unreported(name)
    if record is None:
        return Standing(cluster=name, words=unreported.words if unreported else "it has not been looked at")
    if unreported is not None and unreported.started > record.started:
        words = f"{unreported.words}; the last report is of {record.started:%Y-%m-%d %H:%M} UTC"
        return Standing(cluster=name, words=words, started=record.started, page=source.page_of(name), stale=True)
    return standing_of(name, record, page=source.page_of(name), stale=now - record.started > STALE)


def standing_of(name: str, record: RunRecord, *, page: str = "", stale: bool = False) -> Standing:
    """Return how a cluster stands by its report."""
    cleaner = Cleaner(Scrubber())
    run = cleaner.run(record)
    areas: dict[str, Counter[Result]] = {}
    for one in record.outcomes:
        areas.setdefault(one.area, Counter())[one.result] += 1
    cluster = run.cluster
    return Standing(
        cluster=name,
        verdict=record.verdict,
        words="" if record.verdict is Verdict.DEVIATIONS else _roots(cleaner, record.outcomes),
        started=record.started,
        page=page,
        seconds=record.seconds,
        areas=areas,
        versions={
            "Kubernetes": f"{cluster.version} {cluster.distribution}".strip() if cluster else "",
            "blueprint": f"{run.blueprint.version} ({run.blueprint.sha256[:12]})",
            "suite": run.suite_version,
        },
        images=cluster.images if cluster else {},
        broken=tuple(dict.fromkeys(_promise(one) for one in record.outcomes if one.result is Result.FAIL)),
        stale=stale,
    )


def _promise(outcome: Outcome) -> Promise:
    return outcome.check, outcome.title, outcome.component


def _roots(cleaner: Cleaner, outcomes: Iterable[Outcome]) -> str:
    """Return the sentences of the first root causes, each once: a cluster that is down says one for all checks."""
    every = tuple(outcomes)
    causes = (*causes_of(every), *causes_of(every, Result.ERROR))
    blocked = Counter(one.root for one in every if one.result is Result.BLOCKED)
    if not causes and blocked:
        ((root, number),) = blocked.most_common(1)
        return f"{number} promises are blocked by {root}, which was not part of the run"
    said = dict.fromkeys(cleaner.text(" ".join(one.words.split()), 300) for one in causes)
    more = f"; and {len(said) - _ROOTS} more" if len(said) > _ROOTS else ""
    return "; ".join(list(said)[:_ROOTS]) + more

"""A run as it is remembered: the record that every report is written from."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cx_conformance import __version__
from cx_conformance.blueprint.graph import graph_of
from cx_conformance.blueprint.lint.edges import calls_leading_nowhere
from cx_conformance.outcome.outcome import Outcome
from cx_conformance.outcome.record import ClusterFacts, Input, RunRecord, WaiverState
from cx_conformance.run.circumstances import edges_of, groups_of, who
from cx_conformance.run.released import release_of

if TYPE_CHECKING:
    from cx_conformance.run.run import Run


def record_of(run: "Run", lost: Collection[Outcome] = ()) -> RunRecord:
    """Return ``run`` as reports are written from it; ``lost`` are outcomes beside those of the run."""
    site = run.plan.site.site
    graph = graph_of(run.plan)
    return RunRecord(
        started=run.started,
        local_time=run.started.astimezone().isoformat(timespec="seconds"),
        who=who(),
        seconds=run.time_limit.passed,
        command=run.command,
        suite_version=__version__,
        blueprint=Input(
            name=run.plan.blueprint.blueprint.name,
            version=run.plan.blueprint.blueprint.version,
            path=str(run.blueprint.path),
            sha256=run.blueprint.sha256,
        ),
        site=Input(
            name=site.name,
            path=str(run.site.path) if run.site else "",
            sha256=run.site.sha256 if run.site else "",
        ),
        fqdn=run.fqdn or "",
        release=release_of(run) if run.looks.has_snapshot else None,
        cluster=_facts(run),
        static=run.options.static,
        outcomes=(*map(run.without_secrets, run.outcomes.values()), *lost),
        components=tuple(run.plan.components),
        groups=groups_of(graph),
        edges=edges_of(graph),
        deselected=run.deselected,
        selection=" ".join(part for part in (run.selection.words, run.stopped) if part),
        waivers=_waivers(run, (*run.outcomes.values(), *lost)),
        interrupted=run.interrupted,
        extra=run.extra | _told(run),
    )


def _waivers(run: "Run", outcomes: tuple[Outcome, ...]) -> tuple[WaiverState, ...]:
    return tuple(
        WaiverState(
            check=waiver.check,
            component=waiver.component or "any",
            entry=waiver.entry or "any",
            reason=waiver.reason,
            owner=waiver.owner,
            expires=waiver.expires,
            state=state,
        )
        for waiver, state in run.judge.waivers.states(outcomes, run.implies)
    )


def _told(run: "Run") -> dict[str, Any]:
    """Return what calls the blueprint promises in vain, and what was written, where that was allowed.

    Worker processes write as well; their outcomes tell.
    """

    def by_outcomes(name: str) -> list[str]:
        return [one for outcome in run.outcomes.values() for one in outcome.evidence.get(name, ())]

    found: dict[str, Any] = {}
    if run.looks.has_snapshot:
        from cx_conformance.cluster.installed import installed

        found["installed"] = installed(run.seen)
    if leading_nowhere := calls_leading_nowhere(run.blueprint.document):
        found["calls_leading_nowhere"] = leading_nowhere
    if run.looks.writes is not None:
        found["writes"] = list(dict.fromkeys((*run.looks.writes, *by_outcomes("wrote"))))
    if run.consent:
        unknown = ["what worker processes made when they were cut off, they deleted without telling"]
        cut_off = run.looks.shared is not None and run.interrupted
        found["cluster_writes"] = list(
            dict.fromkeys((*run.consent.written, *by_outcomes("wrote to the cluster"), *(unknown if cut_off else ())))
        )
    return found


def _facts(run: "Run") -> ClusterFacts | None:
    if not run.looks.has_snapshot:
        return None
    from cx_conformance.cluster.facts import facts_of

    saved = run.options.snapshot
    facts = facts_of(run.snapshot, None if saved else run.cluster, run.seen)
    if not saved:
        return facts
    taken = run.snapshot.taken_at.strftime("%Y-%m-%d %H:%M UTC")
    return replace(facts, server=f"{saved}, taken {taken}")

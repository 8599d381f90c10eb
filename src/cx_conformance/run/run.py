"""One run: what is promised, what was looked at, how each check ended."""

import datetime as dt
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cx_conformance import __version__
from cx_conformance.blueprint.graph import graph_of
from cx_conformance.blueprint.lint.edges import calls_leading_nowhere
from cx_conformance.blueprint.loading import Loaded, load_blueprint, load_site
from cx_conformance.blueprint.plan import Entry, Plan
from cx_conformance.blueprint.site import Site, Waiver
from cx_conformance.outcome.check import Check
from cx_conformance.outcome.judge import Judge
from cx_conformance.outcome.looking import CouldNotLook, OutOfTime
from cx_conformance.outcome.outcome import Outcome
from cx_conformance.outcome.record import ClusterFacts, Input, RunRecord, WaiverState
from cx_conformance.outcome.waivers import Waivers
from cx_conformance.reports.outcome_scrubber import OutcomeScrubber
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.run.catalogue import Catalogue, catalogue
from cx_conformance.run.circumstances import edges_of, groups_of, who
from cx_conformance.run.in_turn import one_at_a_time
from cx_conformance.run.options import Options
from cx_conformance.run.selection import Selection
from cx_conformance.run.suite_files import suite_root

if TYPE_CHECKING:
    from pydantic import SecretStr

    from cx_conformance.api.client import Cluster
    from cx_conformance.cluster.dossier import Dossier
    from cx_conformance.cluster.seen import Seen
    from cx_conformance.cluster.snapshot import Snapshot
    from cx_conformance.reports.nights.bucket import Access
    from cx_conformance.sandbox.cluster import EmbeddedCluster
    from cx_conformance.vantage.together import LiveProbes

T = TypeVar("T")

_FOR_CREDENTIALS: Final = 10.0
"""Seconds beyond the time limit in which the account for publishing may be read."""


class Run:
    """Everything that one run shares; looks at the cluster when it is first asked to, and only once."""

    def __init__(self, options: Options, command: str = "") -> None:
        """Read blueprint and site.

        InputProblems says what in them cannot be used, ValueError what of the options.
        """
        from cx_conformance.vantage.consent import Consent
        from cx_conformance.vantage.entrance import entrance

        self.options = options
        self.command = command
        self.started = dt.datetime.now(dt.UTC)
        self._clock = time.monotonic()
        self.blueprint = load_blueprint(options.blueprint or suite_root() / "blueprint.yaml")
        self.site: Loaded[Site] | None = load_site(options.site, self.blueprint.document) if options.site else None
        site = self.site.document if self.site else Site()
        self.fqdn = options.fqdn or site.fqdn
        self._entrance = entrance(options.resolve, options.ca)
        self.plan = Plan(self.blueprint.document, site)
        waivers = Waivers(site.waivers, self.started.date())
        self.judge = Judge(self.plan, waivers, static=options.static, clean=self._without_secrets)
        self._scrub = OutcomeScrubber(self.blueprint.path.read_text("utf-8"))
        if options.settle and options.snapshot:
            raise ValueError("--settle: a saved snapshot does not change; leave out --settle or --snapshot")
        self.selection = Selection(options.only, options.skip, self.plan, self._is_check)
        self.deselected = 0
        self.outcomes: dict[str, Outcome] = {}
        self.interrupted = False
        self.stopped = ""
        """What of pytest ended the run before its time."""
        self.extra: dict[str, Any] = {}
        """What else reports tell of the run."""
        self.shared: Path | None = None
        """Where several processes of one run share their look."""
        self._opened = ExitStack()
        self._looks: dict[str, Any] = {}
        self._wanted: Callable[[str, Entry[Any]], bool] = self._selected
        self._secrets: tuple[SecretStr, ...] = ()
        self._writes: list[str] | None = [] if options.allow_writes else None
        self._consent = Consent(options.allow_probe_pods, options.allow_debug_containers)

    def close(self) -> None:
        """End what was started: tunnels, the embedded cluster."""
        self._opened.close()

    def interrupt(self) -> None:
        """Remember that somebody wants the run to end."""
        self.interrupted = True

    def start(self) -> None:
        """Refuse what cannot be looked at, and start the embedded cluster while checks are collected.

        ValueError says what of the options is wrong: a fault that does not exist, a kubeconfig, a snapshot. That there
        is no cluster to ask just now, for want of credentials or time, is told by the checks.
        """
        if self.options.sandbox is not None:
            self._look_once("sandbox", self._start_sandbox)
        elif self.options.snapshot:
            _ = self.snapshot
        else:
            with suppress(CouldNotLook):
                _ = self.cluster

    @property
    def sandbox_kubeconfig(self) -> str | None:
        """Return the kubeconfig of the embedded cluster, if there is one."""
        if self.options.sandbox is None:
            return None
        return str(self._look_once("sandbox", self._start_sandbox).kubeconfig)

    @property
    def stand_ins(self) -> list[str]:
        """Return which stores of the embedded cluster are stand-ins and why; waits until all of them answer.

        Raises OutOfTime when that takes too long.
        """
        if self.options.sandbox is None:
            return []
        return self._look_once("stand-ins", self._wait_for_stores)

    def _wait_for_stores(self) -> list[str]:
        from cx_conformance.vantage.pool import ProbePool

        embedded: EmbeddedCluster = self._look_once("sandbox", self._start_sandbox)
        return ProbePool(self.cluster.deadline, at_once=1).submit(embedded.settle).result()

    @property
    def cluster(self) -> "Cluster":
        """Return the connection to the cluster; CouldNotLook when there is none."""
        return self._look_once("cluster", self._connect)

    @property
    def snapshot(self) -> "Snapshot":
        """Return what the API showed; CouldNotLook when it could not be asked."""
        return self._look_once("snapshot", self._take)

    @property
    def seen(self) -> "Seen":
        """Return the snapshot in the blueprint's words."""
        from cx_conformance.cluster.seen import Seen

        return self._look_once("seen", lambda: Seen(self.snapshot, self.plan, self.fqdn))

    @property
    def live(self) -> "LiveProbes":
        """Return the probes, all started together; CouldNotLook when the cluster cannot be asked."""
        return self._look_once("live", self._probe)

    def looked(self, name: str) -> Any:
        """Return what the fixture of that name looks at; KeyError for one that is none of the run's."""
        return _FIXTURES[name](self)

    def look_again(self, keep: Callable[[Outcome], bool], wanted: Callable[[str, Entry[Any]], bool]) -> None:
        """Forget what was seen, and every outcome but those to ``keep``; then look, by probes only at the ``wanted``.

        What cannot be looked at now is told by the checks, as at the first look.
        """
        self.judge = self.judge.again(keep)
        before = self._probing
        for name in ("snapshot", "seen", "live"):
            self._looks.pop(name, None)
        if self.shared is not None:
            self.shared.unlink(missing_ok=True)
        self._wanted = wanted
        if before is not None:
            before.close()
            self._secrets = before.secrets
        with suppress(CouldNotLook):
            _ = self.snapshot
            self.begin_probing()

    @property
    def scrubber(self) -> Scrubber:
        """Return what takes the secrets that were read so far out of reports."""
        return self._scrub.scrubber(self._read_secrets)

    @property
    def _read_secrets(self) -> "tuple[SecretStr, ...]":
        return self._probing.secrets if self._probing else self._secrets

    @property
    def _probing(self) -> "LiveProbes | None":
        """Return the probes, where they were started."""
        live: LiveProbes | CouldNotLook | None = self._looks.get("live")
        return None if isinstance(live, CouldNotLook) else live

    def dossiers(self, components: Iterable[str]) -> "Iterator[Dossier]":
        """Yield what support asks for about these components; nothing where no cluster answers, or time is up."""
        from cx_conformance.cluster.dossier import Dossiers

        with suppress(CouldNotLook):
            reader = Dossiers(self.cluster, self.seen)
            for one in components:
                self.out_of_time()
                yield reader.of(self.plan.components[one])

    def begin_probing(self) -> None:
        """Start the probes, without waiting for what they find; raises CouldNotLook as ``live``."""
        if not self.options.static:
            _ = self.live

    def _probe(self) -> "LiveProbes":
        from cx_conformance.vantage.together import LiveProbes

        self.out_of_time()
        _ = self.stand_ins
        folder = self.site.path.parent if self.site else Path()
        live = LiveProbes(
            self.cluster,
            self.seen,
            folder,
            entrance=self._entrance,
            consecutive=self.options.consecutive,
            every_replica=self.options.every_replica,
            wanted=self._wanted,
            known=self._secrets,
            writes=self._writes,
            consent=self._consent,
        )
        self._opened.callback(live.close)
        return live

    def _without_secrets(self, outcome: Outcome) -> Outcome:
        """Return the outcome as it may be shown and remembered."""
        return self._scrub(outcome, self._read_secrets)

    def _selected(self, kind: str, entry: Entry[Any]) -> bool:
        """Whether a live check was asked for that looks at this entry."""
        return any(
            one.live and one.per == kind and self.selection.takes(one, entry) for one in self.judge.checks.values()
        )

    def _look_once(self, name: str, look: Callable[[], T]) -> T:
        """Return what ``look`` gave the first time, or raise again what it raised."""
        if name not in self._looks:
            try:
                self._looks[name] = look()
            except CouldNotLook as reason:
                self._looks[name] = reason
        found = self._looks[name]
        if isinstance(found, CouldNotLook):
            raise found
        return found  # type: ignore[no-any-return]

    def _start_sandbox(self) -> "EmbeddedCluster":
        from cx_conformance.blueprint.manifests import reference_installation
        from cx_conformance.sandbox.cluster import EmbeddedCluster
        from cx_conformance.sandbox.faults import parse

        for fault in self.options.sandbox or ():
            parse(fault)
        objects = reference_installation(self.blueprint.document)
        embedded = EmbeddedCluster(objects, self.options.sandbox or (), static=self.options.static)
        return self._opened.enter_context(embedded)

    def _connect(self) -> "Cluster":
        from cx_conformance.api.client import Cluster

        kubeconfig, context = self.options.kubeconfig, self.options.context
        if self.options.sandbox is not None:
            kubeconfig, context = self.sandbox_kubeconfig, None
        elif self.site and not kubeconfig and (named := self.site.document.cluster.kubeconfig):
            kubeconfig = str(self.site.path.parent / Path(named).expanduser())
            context = context or self.site.document.cluster.context
        cluster = Cluster.connect(kubeconfig, context, seconds=max(0.0, self.remaining()))
        if self.options.time_limit is not None:
            cluster.deadline = self._clock + self.options.time_limit
        return cluster

    def _take(self) -> "Snapshot":
        from cx_conformance.cluster.snapshot import load, save

        if self.options.snapshot:
            return load(self.options.snapshot)
        if self.shared is None:
            return self._look()
        with one_at_a_time(self.shared):
            if not self.shared.exists():
                save(self._look(), self.shared)
            return load(self.shared)

    def _look(self) -> "Snapshot":
        from cx_conformance.cluster.rights import every_kind_for, kinds_for
        from cx_conformance.cluster.seen import Seen
        from cx_conformance.cluster.snapshot import take

        def look(kinds: Iterable[Any]) -> "Snapshot":
            return take(self.cluster, self.plan.namespaces, alternatives=self.plan.secrets, kinds=kinds, groups=False)

        seen = look(kinds_for(self.plan))
        return look(every_kind_for(self.plan)) if Seen(seen, self.plan).lacks_workload else seen

    def remaining(self) -> float:
        """Return the seconds that are left of the run's time limit; infinite without one."""
        limit = self.options.time_limit
        return math.inf if limit is None else limit - (time.monotonic() - self._clock)

    def out_of_time(self) -> None:
        """Raise OutOfTime when the run's time limit has passed."""
        if self.remaining() < 0:
            raise OutOfTime(
                f"out of time: the run's limit of {self.options.time_limit:g} s came before this could be looked at"
            )

    def bucket_access(self) -> "Access":
        """Return what leads to the bucket of ``--publish``; BucketRefused says what lacks.

        What the site file refers to may be asked for although the time limit has passed: a night that ended early is
        published as well.
        """
        from cx_conformance.cluster.references import References
        from cx_conformance.reports.nights.bucket import BucketRefused, access_of_environment, access_of_site

        given = self.plan.site.publish
        if given is None:
            return access_of_environment()
        try:
            cluster = None if self.options.snapshot else self.cluster
        except CouldNotLook as reason:
            raise BucketRefused(str(reason)) from None
        if cluster is not None and cluster.deadline is not None:
            cluster.deadline = max(cluster.deadline, time.monotonic() + _FOR_CREDENTIALS)
        return access_of_site(given, References(cluster, self.site.path.parent if self.site else Path()))

    def take_away(self) -> None:
        """Delete what was made on the cluster, and make nothing more there: what comes now is the report."""
        if self._probing:
            self._probing.take_away()

    def record(self, lost: Collection[Outcome] = ()) -> RunRecord:
        """Return the run as reports are written from it; ``lost`` are outcomes beside those of the run."""
        site = self.plan.site.site
        graph = graph_of(self.plan)
        return RunRecord(
            started=self.started,
            local_time=self.started.astimezone().isoformat(timespec="seconds"),
            who=who(),
            seconds=time.monotonic() - self._clock,
            command=self.command,
            suite_version=__version__,
            blueprint=Input(
                name=self.plan.blueprint.blueprint.name,
                version=self.plan.blueprint.blueprint.version,
                path=str(self.blueprint.path),
                sha256=self.blueprint.sha256,
            ),
            site=Input(
                name=site.name,
                path=str(self.site.path) if self.site else "",
                sha256=self.site.sha256 if self.site else "",
            ),
            fqdn=self.fqdn or "",
            cluster=self._facts(),
            static=self.options.static,
            outcomes=(*map(self._without_secrets, self.outcomes.values()), *lost),
            components=tuple(self.plan.components),
            groups=groups_of(graph),
            edges=edges_of(graph),
            deselected=self.deselected,
            selection=" ".join(part for part in (self.selection.words, self.stopped) if part),
            waivers=tuple(
                WaiverState(
                    check=waiver.check,
                    component=waiver.component or "any",
                    entry=waiver.entry or "any",
                    reason=waiver.reason,
                    owner=waiver.owner,
                    expires=waiver.expires,
                    state=state,
                )
                for waiver, state in self.judge.waivers.states((*self.outcomes.values(), *lost), self._implies)
            ),
            interrupted=self.interrupted,
            extra=self.extra | self._told(),
        )

    def _told(self) -> dict[str, Any]:
        """Return what calls the blueprint promises in vain, and what was written, where that was allowed.

        Worker processes write as well; their outcomes tell.
        """

        def by_outcomes(name: str) -> list[str]:
            return [one for outcome in self.outcomes.values() for one in outcome.evidence.get(name, ())]

        found: dict[str, Any] = {}
        if leading_nowhere := calls_leading_nowhere(self.blueprint.document):
            found["calls_leading_nowhere"] = leading_nowhere
        if self._writes is not None:
            found["writes"] = list(dict.fromkeys((*self._writes, *by_outcomes("wrote"))))
        if self._consent:
            unknown = ["what worker processes made when they were cut off, they deleted without telling"]
            cut_off = self.shared is not None and self.interrupted
            found["cluster_writes"] = list(
                dict.fromkeys(
                    (*self._consent.written, *by_outcomes("wrote to the cluster"), *(unknown if cut_off else ()))
                )
            )
        return found

    @cached_property
    def catalogue(self) -> Catalogue:
        """Return the checks of the suite, and what is wrong with its files."""
        return catalogue()

    def _is_check(self, identity: str) -> bool:
        """Whether the suite has a check of that ID, as far as its files can be read."""
        return bool(self.catalogue.missing) or any(one.id == identity for one in self.catalogue.checks)

    @cached_property
    def implied(self) -> tuple[tuple[Check, Entry[Any]], ...]:
        """Return what blueprint and site imply: every check of the suite for every entry of its kind."""
        return tuple((check, entry) for check in self.catalogue.checks for entry in self.plan.entries(check.per))

    def broke(self, words: str, traceback: str = "") -> None:
        """Remember that the suite itself is broken, so that it does not tell all of the platform; the first tells."""
        self.extra.setdefault("crash", {"words": words, "traceback": traceback})

    def _implies(self, waiver: Waiver) -> bool:
        """Whether there is a promise that a waiver is about."""
        return any(waiver.matches(check.id, entry.component, entry.id) for check, entry in self.implied)

    def _facts(self) -> ClusterFacts | None:
        if self.shared is not None and self.shared.exists():
            _ = self.snapshot  # taken by a worker process
        if not isinstance(self._looks.get("snapshot", OutOfTime()), CouldNotLook):
            from cx_conformance.cluster.facts import facts_of

            connected = None if self.options.snapshot else self.cluster
            facts = facts_of(self.snapshot, connected, self.seen)
            if self.options.snapshot:
                taken = self.snapshot.taken_at.strftime("%Y-%m-%d %H:%M UTC")
                return replace(facts, server=f"{self.options.snapshot}, taken {taken}")
            return facts
        return None


_FIXTURES: Final[Mapping[str, Callable[[Run], Any]]] = {
    "run": lambda run: run,
    "plan": lambda run: run.plan,
    "snapshot": lambda run: run.snapshot,
    "seen": lambda run: run.seen,
    "health_probes": lambda run: run.live.health,
    "edge_probes": lambda run: run.live.edges,
    "store_probes": lambda run: run.live.stores,
    "store_copies": lambda run: run.live.copies,
    "inside_probes": lambda run: run.live.inside,
    "entrance_probes": lambda run: run.live.entrance,
}
"""What the fixtures of ``conftest.py`` give, for judging outside of a test session's items."""

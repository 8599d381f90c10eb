"""One run: what is promised, what was looked at, how each check ended."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.loading import Loaded
from cx_conformance.blueprint.plan import Entry, Plan
from cx_conformance.blueprint.site import Site, Waiver
from cx_conformance.outcome.check import Check
from cx_conformance.outcome.judge import Judge
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Outcome
from cx_conformance.outcome.waivers import Waivers
from cx_conformance.reports.outcome_scrubber import OutcomeScrubber
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.run.catalogue import Catalogue, catalogue
from cx_conformance.run.looks import Looks
from cx_conformance.run.options import Options
from cx_conformance.run.promises import Promises
from cx_conformance.run.selection import Selection, refuse_unknown
from cx_conformance.run.time_limit import TimeLimit

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster
    from cx_conformance.cluster.dossier import Dossier
    from cx_conformance.cluster.seen import Seen
    from cx_conformance.cluster.snapshot import Snapshot
    from cx_conformance.vantage.together import LiveProbes


class Run:
    """Everything that one run shares; looks at the cluster when it is first asked to, and only once."""

    def __init__(self, options: Options, command: str = "") -> None:
        """Read blueprint and site.

        InputProblems says what in them cannot be used, ValueError what of the options.
        """
        from cx_conformance.vantage.consent import Consent

        self.options = options
        self.command = command
        self.time_limit = TimeLimit(options.time_limit)
        self.started = self.time_limit.started
        if options.settle and options.snapshot:
            raise ValueError("--settle: a saved snapshot does not change; leave out --settle or --snapshot")
        promises = Promises(options)
        self.consent = Consent(options.allow_probe_pods, options.allow_debug_containers)
        """What may be written to the cluster, and what was."""
        self.looks = Looks(
            options,
            promises,
            self.time_limit,
            wanted=self._selected,
            consent=self.consent,
            fqdn=options.fqdn or promises.site_alone.fqdn,
        )
        if promises.choice is not None:
            self.promise()
        else:
            refuse_unknown((*options.only, *options.skip), promises.may_promise, promises.usual, self._is_check)
        self.deselected = 0
        self.outcomes: dict[str, Outcome] = {}
        self.interrupted = False
        self.stopped = ""
        """What of pytest ended the run before its time."""
        self.extra: dict[str, Any] = {}
        """What else reports tell of the run."""

    def promise(self) -> None:
        """Be clear about what is promised; where nobody says the release the cluster is looked at.

        InputProblems says what of blueprint and site cannot be used, ValueError what of the options.
        """
        _ = self.judge, self.selection

    @property
    def fqdn(self) -> str | None:
        """Return the host name that the platform is reached by, where it is known."""
        return self.looks.fqdn

    @property
    def blueprint(self) -> Loaded[Blueprint]:
        """Return the blueprint, and where it was read from."""
        return self.looks.promises.blueprint

    @property
    def site(self) -> Loaded[Site] | None:
        """Return the site file, where there is one."""
        return self.looks.promises.site

    @property
    def plan(self) -> Plan:
        """Return the blueprint as this site has it."""
        return self.looks.promises.plan

    @cached_property
    def selection(self) -> Selection:
        """Return which checks were asked for; ValueError for a name that is nothing."""
        return Selection(self.options.only, self.options.skip, self.plan, self._is_check)

    @cached_property
    def judge(self) -> Judge:
        """Return who judges by the plan."""
        waivers = Waivers(self.plan.site.waivers, self.started.date())
        return Judge(self.plan, waivers, static=self.options.static, clean=self.without_secrets)

    @cached_property
    def _scrub(self) -> OutcomeScrubber:
        return OutcomeScrubber(self.blueprint.document.model_dump_json())

    def close(self) -> None:
        """End what was started: tunnels, the embedded cluster."""
        self.looks.close()

    def interrupt(self) -> None:
        """Remember that somebody wants the run to end."""
        self.interrupted = True

    @property
    def cluster(self) -> "Cluster":
        """Return the connection to the cluster; CouldNotLook when there is none."""
        return self.looks.cluster

    @property
    def snapshot(self) -> "Snapshot":
        """Return what the API showed; CouldNotLook when it could not be asked."""
        return self.looks.snapshot

    @property
    def seen(self) -> "Seen":
        """Return the snapshot in the blueprint's words."""
        return self.looks.seen

    @property
    def live(self) -> "LiveProbes":
        """Return the probes, all started together; CouldNotLook when the cluster cannot be asked."""
        return self.looks.live

    def looked(self, name: str) -> Any:
        """Return what the fixture of that name looks at; KeyError for one that is none of the run's."""
        return _FIXTURES[name](self)

    def look_again(self, keep: Callable[[Outcome], bool], wanted: Callable[[str, Entry[Any]], bool]) -> None:
        """Forget what was seen, and every outcome but those to ``keep``; then look, by probes only at the ``wanted``.

        What cannot be looked at now is told by the checks, as at the first look.
        """
        self.judge = self.judge.again(keep)
        self.looks.again(wanted)

    @property
    def scrubber(self) -> Scrubber:
        """Return what takes the secrets that were read so far out of reports."""
        return self._scrub.scrubber(self.looks.secrets)

    def without_secrets(self, outcome: Outcome) -> Outcome:
        """Return the outcome as it may be shown and remembered."""
        return self._scrub(outcome, self.looks.secrets)

    def dossiers(self, components: "Mapping[str, Collection[str]]") -> "Iterator[Dossier]":
        """Yield what support asks for about these components; nothing where no cluster answers, or time is up.

        Beside each stands what its broken promises speak of.
        """
        from cx_conformance.cluster.dossier import Dossiers

        with suppress(CouldNotLook):
            cluster, seen = self.cluster, self.seen
            before, ends = cluster.deadline, time.monotonic() + _FOR_EVIDENCE
            cluster.deadline = ends if before is None else min(before, ends)
            try:
                reader = Dossiers(cluster, seen, logs=self.options.evidence_logs)
                for one, subjects in components.items():
                    self.time_limit.check()
                    yield reader.of(self.plan.components[one], subjects)
            finally:
                cluster.deadline = before

    def _selected(self, kind: str, entry: Entry[Any]) -> bool:
        """Whether a live check was asked for that looks at this entry."""
        return any(
            one.live and one.per == kind and self.selection.takes(one, entry) for one in self.judge.checks.values()
        )

    def take_away(self) -> None:
        """Delete what was made on the cluster, and make nothing more there: what comes now is the report."""
        try:
            if self.looks.probing:
                self.looks.probing.take_away()
        except KeyboardInterrupt:
            self.interrupt()

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
        return tuple(
            (check, entry)
            for check in self.catalogue.checks
            if check.says_something(before=self.options.ready)
            for entry in self.plan.entries(check.per)
        )

    def implies(self, waiver: Waiver) -> bool:
        """Whether there is a promise that a waiver is about."""
        return any(waiver.matches(check.id, entry.component, entry.id) for check, entry in self.implied)

    def broke(self, words: str, traceback: str = "") -> None:
        """Remember that the suite itself is broken, so that it does not tell all of the platform; the first tells."""
        self.extra.setdefault("crash", {"words": words, "traceback": traceback})


_FOR_EVIDENCE: Final = 30.0
"""Seconds in which what support asks for is read, when all is judged."""
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
    "login_probes": lambda run: run.live.login,
    "before_probes": lambda run: run.live.before,
}
"""What the fixtures of ``conftest.py`` give, for judging outside of a test session's items."""

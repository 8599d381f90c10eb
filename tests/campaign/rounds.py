"""The live part of the campaign: many facts broken at once on the embedded cluster, each told by its own outcome."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from cx_conformance.outcome.outcome import Outcome
from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.options import Options
from cx_conformance.run.run import Run
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.campaign.ground import Base, Ground, Inapplicable
from tests.campaign.judging import WELL, Fate, Judged, Key, judged
from tests.campaign.mutation import Mutation


@dataclass(frozen=True, slots=True)
class Round:
    """Facts that are broken together: no two of one component, unless each has an outcome that names it alone."""

    base: Base
    mutations: tuple[Mutation, ...]

    @property
    def name(self) -> str:
        """Return the way in which they are broken."""
        return f"{self.mutations[0].operator.name} ({len(self.mutations)})"

    def ground(self) -> Ground:
        """Return the installation with all of them broken."""
        made = Ground(self.base)
        for one in self.mutations:
            one.operator.change(one.fact, made)
        return made


def rounds(mutations: Iterable[Mutation]) -> list[Round]:
    """Put mutations into rounds, each of one operator."""
    packed: dict[tuple[str, str], list[list[Mutation]]] = defaultdict(list)
    for one in mutations:
        try:
            one.ground()
        except Inapplicable:
            continue
        tables = packed[one.base.name, one.operator.name]
        open_ = next((table for table in tables if one.operator.together or _free(table, one)), None)
        if open_ is None:
            tables.append([one])
        else:
            open_.append(one)
    return [Round(table[0].base, tuple(table)) for tables in packed.values() for table in tables]


def _free(table: Sequence[Mutation], one: Mutation) -> bool:
    return all(other.component != one.component for other in table)


class Arena:
    """An embedded cluster on which one round after the other is played."""

    def __init__(self, cluster: EmbeddedCluster, folder: Path) -> None:
        """Play on ``cluster``; site files are written to ``folder``."""
        self._cluster = cluster
        self._folder = folder
        self._passing: dict[str, frozenset[Key]] = {}

    def play(self, one: Round) -> Iterator[Judged]:
        """Break the facts of a round, look once, and say how each ended."""
        for ended in self._played(one):
            if ended.fate is Fate.KILLED or len(one.mutations) == 1:
                yield ended
            else:
                # Broken alone, nothing else can be in its way.
                yield from self._played(Round(one.base, (ended.mutation,)))

    def _played(self, one: Round) -> Iterator[Judged]:
        before = self.passing(one.base)
        told = self.look(one.ground(), {mutation.component for mutation in one.mutations})
        for mutation in one.mutations:
            own = [outcome for outcome in told if outcome.component == mutation.component]
            yield judged(mutation, own, before)

    def passing(self, base: Base) -> frozenset[Key]:
        """Return what passes, or does not apply, on an installation before it is broken."""
        if base.name not in self._passing:
            told = self.look(Ground(base), set(base.components))
            kept = [one for one in told if one.result in WELL]
            self._passing[base.name] = frozenset((one.check, one.component, one.entry) for one in kept)
        return self._passing[base.name]

    def look(self, ground: Ground, components: Iterable[str]) -> list[Outcome]:
        """Hold an installation, and judge everything about some components."""
        self._cluster.replace(ground.manifests)
        self._cluster.settle()
        site = self._folder / f"{ground.base.name.replace(' ', '-')}.yaml"
        site.write_text(yaml.safe_dump({key: value for key, value in ground.base.site.items() if key != "fqdn"}))
        release = ground.promised.blueprint.version
        kubeconfig, only = str(self._cluster.kubeconfig), tuple(sorted(components))
        run = Run(Options(kubeconfig=kubeconfig, site=site, release=release, only=only))
        checks = all_checks()
        run.judge.register(checks)
        try:
            return [
                run.judge.outcome(check, entry, run.looked)
                for check in checks
                for entry in run.plan.entries(check.per)
                if run.selection.takes(check, entry)
            ]
        finally:
            run.close()

"""What a run looks at: the cluster, its snapshot, the probes. Each is looked at when it is first asked for, and once.

What could not be looked at is remembered too: whoever asks for it gets the same CouldNotLook.
"""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cx_conformance.blueprint.plan import Entry, Plan
from cx_conformance.outcome.looking import CouldNotLook, OutOfTime
from cx_conformance.run import way_in
from cx_conformance.run.in_turn import one_at_a_time
from cx_conformance.run.options import Options
from cx_conformance.run.promises import Promises
from cx_conformance.run.time_limit import TimeLimit

if TYPE_CHECKING:
    from pydantic import SecretStr

    from cx_conformance.api.client import Cluster
    from cx_conformance.cluster.recognition import Recognition
    from cx_conformance.cluster.seen import Seen
    from cx_conformance.cluster.snapshot import Snapshot
    from cx_conformance.objects.metadata import ApiObject
    from cx_conformance.sandbox.cluster import EmbeddedCluster
    from cx_conformance.vantage.consent import Consent
    from cx_conformance.vantage.together import LiveProbes

T = TypeVar("T")

Wanted = Callable[[str, Entry[Any]], bool]
"""Whether probes are wanted of an entry: the kind of entry, and the entry."""


class Looks:
    """Everything that a run has looked at, or can."""

    def __init__(  # noqa: PLR0913 - all that a run knows before it looks
        self,
        options: Options,
        promises: Promises,
        time_limit: TimeLimit,
        *,
        wanted: Wanted,
        consent: "Consent",
        fqdn: str | None,
    ) -> None:
        """Look, when asked, at what is promised; ValueError says what of the options cannot be used."""
        from cx_conformance.vantage.one_attempt import OneAttempt

        self._options = options
        self._promises = promises
        self._time = time_limit
        self._wanted = wanted
        self._consent = consent
        self._fqdn = fqdn
        way_in.refuse_wrong(options)
        self._opened = ExitStack()
        self._found: dict[str, Any] = {}
        self._secrets: tuple[SecretStr, ...] = ()
        self.also: tuple[type[ApiObject], ...] = ()  # kinds to be listed beside those that are promised
        self.shared: Path | None = None
        """Where several processes of one run share their look."""
        self.writes: list[str] | None = [] if options.allow_writes else None
        """What was written to stores; None where nothing may be."""
        self.login: OneAttempt | None = None if options.no_login else OneAttempt()
        """The one login of a person that a run makes; None where nobody logs in."""

    def close(self) -> None:
        """End what was started: tunnels, the embedded cluster."""
        self._opened.close()

    def start(self) -> None:
        """Refuse what cannot be looked at, and start the embedded cluster while checks are collected.

        ValueError says what of the options is wrong: a fault that does not exist, a kubeconfig, a snapshot. That there
        is no cluster to ask just now, for want of credentials or time, is told by the checks.
        """
        if (embedded := self.sandbox) is not None:
            # What a fault is aimed at is known once it is injected; without faults nothing can be wrong with options.
            if self._options.sandbox:
                way_in.refuse_faults(embedded)
        elif self._options.snapshot:
            _ = self.snapshot
        else:
            with suppress(CouldNotLook):
                _ = self.cluster

    @property
    def folder(self) -> Path:
        """Return the folder that paths of the site file start from."""
        return self._options.site.parent if self._options.site else Path()

    @property
    def sandbox(self) -> "EmbeddedCluster | None":
        """Return the embedded cluster, started; None where the run looks at another."""
        return None if self._options.sandbox is None else self._once("sandbox", self._start_sandbox)

    @property
    def stand_ins(self) -> list[str]:
        """Return which stores of the embedded cluster are stand-ins and why; waits until all of them answer.

        Raises OutOfTime when that takes too long.
        """
        embedded = self.sandbox
        return [] if embedded is None else self._once("stand-ins", lambda: self._wait_for_stores(embedded))

    def _wait_for_stores(self, embedded: "EmbeddedCluster") -> list[str]:
        from cx_conformance.vantage.pool import ProbePool

        return ProbePool(self.cluster.deadline, at_once=1).submit(embedded.settle).result()

    @property
    def cluster(self) -> "Cluster":
        """Return the connection to the cluster; CouldNotLook when there is none."""
        return self._once("cluster", self._connect)

    @property
    def snapshot(self) -> "Snapshot":
        """Return what the API showed; CouldNotLook when it could not be asked."""
        return self._once("snapshot", self._take)

    @property
    def seen(self) -> "Seen":
        """Return the snapshot in the blueprint's words."""
        from cx_conformance.cluster.seen import Seen

        return self._once("seen", lambda: Seen(self.snapshot, self.promises.plan, self.fqdn))

    @property
    def fqdn(self) -> str | None:
        """Return the host name that the platform is reached by, where it is known."""
        return self._fqdn or way_in.own_name(self.sandbox)

    @property
    def promises(self) -> Promises:
        """Return what is promised; where nobody said the release, by what is installed.

        Where that cannot be looked at it is the page that is promised.
        """
        if self._promises.choice is None:
            with suppress(CouldNotLook):
                _ = self.snapshot
            self._promises.decide(None)
        return self._promises

    def plans_without_looking(self) -> tuple[Plan, ...]:
        """Return what may be promised, where nobody looks: what somebody said, else every release."""
        return tuple(self._promises.may_be())

    def give_up_recognising(self) -> None:
        """Promise the page, where nobody said the release and the look that would show it was broken off."""
        self._promises.decide(None)

    @property
    def recognition(self) -> "Recognition | None":
        """Return which release the snapshot shows; None where there is no snapshot."""
        from cx_conformance.cluster.recognition import recognise

        return self._once("recognition", lambda: recognise(self.snapshot)) if self.has_snapshot else None

    @property
    def live(self) -> "LiveProbes":
        """Return the probes, all started together; CouldNotLook when the cluster cannot be asked."""
        return self._once("live", self._probe)

    @property
    def probing(self) -> "LiveProbes | None":
        """Return the probes, where they were started."""
        live: LiveProbes | CouldNotLook | None = self._found.get("live")
        return None if isinstance(live, CouldNotLook) else live

    @property
    def secrets(self) -> "tuple[SecretStr, ...]":
        """Return the secrets that were read so far."""
        return self.probing.secrets if self.probing else self._secrets

    @property
    def has_snapshot(self) -> bool:
        """Whether the API was asked, by this process or another of the run, and answered."""
        if self.shared is not None and self.shared.exists():
            _ = self.snapshot  # taken by a worker process
        return not isinstance(self._found.get("snapshot", OutOfTime("nobody asked")), CouldNotLook)

    def begin_probing(self) -> None:
        """Start the probes, without waiting for what they find; raises CouldNotLook as ``live``."""
        if not self._options.static:
            _ = self.live

    def again(self, wanted: Wanted) -> None:
        """Forget what was seen, and look anew, by probes only at the ``wanted``.

        What cannot be looked at now is told by the checks, as at the first look.
        """
        before = self.probing
        for name in ("snapshot", "seen", "recognition", "live"):
            self._found.pop(name, None)
        if self.shared is not None:
            self.shared.unlink(missing_ok=True)
        self._wanted = wanted
        if before is not None:
            before.close()
            self._secrets = before.secrets
        with suppress(CouldNotLook):
            _ = self.snapshot
            self.begin_probing()

    def _once(self, name: str, look: Callable[[], T]) -> T:
        """Return what ``look`` gave the first time, or raise again what it raised."""
        if name not in self._found:
            try:
                self._found[name] = look()
            except CouldNotLook as reason:
                self._found[name] = reason
        found = self._found[name]
        if isinstance(found, CouldNotLook):
            raise found
        return found  # type: ignore[no-any-return]

    def _start_sandbox(self) -> "EmbeddedCluster":
        from cx_conformance.blueprint.manifests import embedded_installation, made_beforehand
        from cx_conformance.sandbox.cluster import EmbeddedCluster
        from cx_conformance.sandbox.faults import parse

        for fault in self._options.sandbox or ():
            parse(fault)
        blueprint = self.promises.blueprint.document
        objects = embedded_installation(blueprint)
        if self._options.ready:
            objects = made_beforehand(objects, blueprint)
        embedded = EmbeddedCluster(objects, self._options.sandbox or (), static=self._options.static)
        return self._opened.enter_context(embedded)

    def _connect(self) -> "Cluster":
        from cx_conformance.api.client import Cluster

        kubeconfig, context = self._options.kubeconfig, self._options.context
        of_site = self._promises.site_alone.cluster
        if (embedded := self.sandbox) is not None:
            kubeconfig, context = str(embedded.kubeconfig), None
        elif not (kubeconfig and of_site.kubeconfig):
            # A context alone is one of whatever kubeconfig is used, as kubectl's --context is.
            context = context or of_site.context
            kubeconfig = kubeconfig or (of_site.kubeconfig and str(self.folder / Path(of_site.kubeconfig).expanduser()))
        cluster = Cluster.connect(kubeconfig, context, seconds=max(0.0, self._time.remaining()))
        cluster.deadline = self._time.deadline
        return cluster

    def _take(self) -> "Snapshot":
        from cx_conformance.cluster.recognition import recognise
        from cx_conformance.cluster.snapshot import load, save

        if self._options.snapshot:
            saved = load(self._options.snapshot)
            self._promises.decide(recognise(saved))
            return saved
        if self.shared is None:
            return self._look()
        with one_at_a_time(self.shared):
            if not self.shared.exists():
                save(self._look(), self.shared)
            return load(self.shared)

    def share(self, path: Path) -> None:
        """Share the look with other processes by this file: what was seen already, too."""
        from cx_conformance.cluster.snapshot import save

        if self.has_snapshot:
            save(self.snapshot, path)
        self.shared = path

    def _look(self) -> "Snapshot":
        from cx_conformance.run.listing import look, look_before

        return (look_before if self._options.ready else look)(self.cluster, self._promises, self.also)

    def _probe(self) -> "LiveProbes":
        from cx_conformance.vantage.together import LiveProbes

        self._time.check()
        _ = self.stand_ins
        if self.login is not None and self.shared is not None:
            self.login.folder = self.shared.parent
        live = LiveProbes(
            self.cluster,
            self.seen,
            self.folder,
            entrance=way_in.entrance_of(self._options, self.sandbox, self.fqdn),
            consecutive=self._options.consecutive,
            every_replica=self._options.every_replica,
            wanted=self._wanted,
            known=self._secrets,
            writes=self.writes,
            consent=self._consent,
            login=self.login,
        )
        self._opened.callback(live.close)
        return live

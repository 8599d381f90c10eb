"""All live probes of a run, started at once: the run takes as long as the slowest of them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from cx_conformance.blueprint.plan import Entry
from cx_conformance.cluster.references import References
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.service import Service
from cx_conformance.vantage.answers import HealthProbes
from cx_conformance.vantage.before import BeforeProbes
from cx_conformance.vantage.callers import EdgeProbes
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.copies import StoreCopies
from cx_conformance.vantage.elsewhere import Elsewhere
from cx_conformance.vantage.entrance import USUAL, Entrance, EntranceProbes
from cx_conformance.vantage.execs import run_in_time
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.insides import InsideProbes
from cx_conformance.vantage.logins import StoreProbes
from cx_conformance.vantage.one_attempt import OneAttempt
from cx_conformance.vantage.pool import ProbePool
from cx_conformance.vantage.reach import Reach
from cx_conformance.vantage.user_login import LoginProbes

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster

_AT_ONCE: Final = 64
"""Threads; they wait nearly all of their time."""

Wanted = Callable[[str, Entry[Any]], bool]
"""Whether an entry of a kind (``health``, ``edge``, ``volume``) is to be looked at right away."""


class LiveProbes:
    """Health, edges, stores, the insides of containers and the way in from outside."""

    def __init__(  # noqa: PLR0913 - how probes are to be made, each with a default
        self,
        cluster: "Cluster",
        seen: Seen,
        folder: Path,
        *,
        entrance: Entrance = USUAL,
        consecutive: int = 1,
        every_replica: bool = False,
        wanted: Wanted = lambda _kind, _entry: True,
        known: Iterable[SecretStr] = (),
        writes: list[str] | None = None,
        consent: Consent | None = None,
        login: OneAttempt | None = None,
    ) -> None:
        """Start what is ``wanted``, and the rest when it is asked for.

        ``folder`` is the site file's, against which its file references count; ``entrance`` says how the platform is
        reached from outside, ``consecutive`` how many healthy answers in a row are wanted, ``every_replica`` that
        edges are tried from all ready pods of a caller; ``known`` are secret values that an earlier look has read.
        ``login`` is the run's one login of a person, None: nobody logs in. Nothing is looked at after the cluster's
        deadline.
        """
        self._pool = ProbePool(cluster.deadline, _AT_ONCE)
        run_exec = run_in_time(cluster, self._pool)
        self._inquiries = Inquiries(run_exec, cluster.deadline)
        self._reach = Reach(cluster, seen, self._inquiries)
        self._references = References(cluster, folder)
        self._references.read.extend(known)
        # Stores first: their clients take longest to import, and hanging ones longest to give up.
        self.stores = StoreProbes(
            seen, self._reach, self._references, self._pool, writes=writes, inquiries=self._inquiries
        )
        self.copies = StoreCopies(seen, self._references)
        consent = consent or Consent()
        self._elsewhere = Elsewhere.allowed(
            cluster, self._pool, lambda namespace: seen.snapshot.list(Service, namespace), consent
        )
        self.edges = EdgeProbes(
            seen, self._inquiries, self._pool, every_replica=every_replica, elsewhere=self._elsewhere
        )
        self.health = HealthProbes(seen, self._reach, self._pool, self._inquiries, consecutive)
        self.inside = InsideProbes(seen, self._inquiries)
        self.entrance = EntranceProbes(seen, entrance, self._pool)
        self.before = BeforeProbes(cluster, seen, entrance, self._pool, consent)
        self.login = LoginProbes(seen, entrance, self._references, self._pool, login)
        starts: tuple[tuple[str, Callable[[Entry[Any]], object]], ...] = (
            ("store", self.stores.start),
            ("edge", self.edges.start),
            ("health", self.health.start_asking),
            ("port_only", self.health.start_knocking),
            ("ingress", self.entrance.start),
            ("login", self.login.start),
            ("page", self.login.start_page),
            ("volume", self.inside.start_mounts),
            ("container_port", self.inside.start_sockets),
        )
        with self._inquiries.together():
            for kind, start in starts:
                for entry in seen.plan.entries(kind):
                    if wanted(kind, entry):
                        start(entry)

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """Return every secret value that was read, for outcomes to be scrubbed of."""
        return tuple(self._references.read)

    def take_away(self) -> None:
        """Delete what was made on the cluster, and make nothing more there."""
        self._elsewhere.close()
        self.before.close()

    def close(self) -> None:
        """End every probe and tunnel, and delete what was made on the cluster."""
        self.take_away()
        self._reach.close()
        self._inquiries.close()
        self._pool.close()

"""Stores as their consumers meet them: each asked in its own protocol, as whom the components log in."""

from msgspec.structs import replace

from cx_conformance.blueprint.component import ServicePort
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.store import Store
from cx_conformance.cluster.references import References
from cx_conformance.cluster.seen import Seen
from cx_conformance.vantage.from_callers import asked_from_callers
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.pool import Pending, ProbePool
from cx_conformance.vantage.reach import TUNNEL, Reach
from cx_conformance.vantage.store_access import StoreAccess
from cx_conformance.vantage.store_asked import StoreAsked


class StoreProbes:
    """What each store answered; all of them asked at once."""

    def __init__(  # noqa: PLR0913 - by what stores are asked
        self,
        seen: Seen,
        reach: Reach,
        references: References,
        pool: ProbePool,
        *,
        writes: list[str] | None = None,
        inquiries: Inquiries | None = None,
    ) -> None:
        """Ask stores of the plan of ``seen``; what is written is told in ``writes``, None: nothing may be written.

        ``inquiries`` ask from pods of callers what a tunnel's end cannot tell.
        """
        self._seen = seen
        self._reach = reach
        self._access = StoreAccess(references)
        self._pool = pool
        self._writes = writes
        self._inquiries = inquiries
        self._running: dict[str, Pending[StoreAsked]] = {}

    def start(self, entry: Entry[Store]) -> Pending[StoreAsked]:
        """Ask a store, once."""
        if entry.component not in self._running:
            self._running[entry.component] = self._pool.submit(self._ask, entry)
        return self._running[entry.component]

    def of(self, entry: Entry[Store]) -> StoreAsked:
        """Return what a store answered; raises CouldNotLook."""
        return self.start(entry).result()

    def beside(self, port: Entry[ServicePort]) -> StoreAsked:
        """Return what the store answered that this further port belongs to; raises CouldNotLook."""
        stores = self._seen.plan.entries("store")
        return self.of(next(one for one in stores if one.component == port.component))

    def _ask(self, entry: Entry[Store]) -> StoreAsked:
        from cx_conformance.vantage.store_asking import StoreAsking  # a static run asks no store

        asking = StoreAsking(self._seen, self._reach, self._access, self._pool, entry)
        asked = asking.ask(allow_writes=self._writes is not None)
        if self._writes is not None:
            self._writes.extend(asked.observation.writes)
        if self._inquiries is None or asked.vantage != TUNNEL:
            return asked
        return replace(asked, observation=asked_from_callers(self._seen, self._inquiries, entry, asked.observation))

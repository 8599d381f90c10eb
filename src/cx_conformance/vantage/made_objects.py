"""Objects that a run makes on the cluster: each is told when it is made, and deleted again whatever ends the run."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from cx_conformance.api.request_path import part
from cx_conformance.cluster.review import review
from cx_conformance.cluster.rights import Right
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, OutOfTime
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.refused_write import not_admitted, not_taken

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster

_DELETE_SECONDS: Final = 10.0
"""So long a deletion is tried, also after the run's time limit."""
_IN_FLIGHT_SECONDS: Final = 5.0
"""So long the end of a run waits for the answer to a creation: until then it is not known what to delete."""


class Made(Struct, eq=False):
    """One object that may exist; ``answered`` once its creation has ended, ``there`` where that is known to be done."""

    kind: str
    """``Pod``, ``PersistentVolumeClaim``."""
    namespace: str
    name: str
    why: str
    """What it is for, as it is told behind its name: ``in place of shop/web-0``."""
    ends: str
    """What becomes of it where it cannot be deleted, as it is told: ``it ends after 120 s``."""
    answered: Event = field(default_factory=Event)
    there: bool = False

    @property
    def where(self) -> str:
        """The object as messages name it."""
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def collection(self) -> str:
        """The path where objects of its kind are made."""
        return f"/api/v1/namespaces/{part(self.namespace)}/{self.resource}"

    @property
    def path(self) -> str:
        """The object's own path."""
        return f"{self.collection}/{part(self.name)}"

    @property
    def resource(self) -> str:
        """The plural by which the API serves its kind."""
        return f"{self.kind.lower()}s"


class MadeObjects:
    """Makes objects of the core API, and takes them away again; safe to use from several threads."""

    def __init__(self, cluster: "Cluster", consent: Consent) -> None:
        """Make them on ``cluster``, and tell ``consent`` of each."""
        self._cluster = cluster
        self._consent = consent
        self._lock = Lock()
        self._closed = False
        self._alive: list[Made] = []
        self._may_delete: dict[tuple[str, str], bool] = {}

    def refuse_undeletable(self, resource: str, namespace: str, what: str) -> None:
        """Raise Forbidden where the account may not delete again what it is about to make."""
        place = resource, namespace
        if place not in self._may_delete:
            (asked,) = review(self._cluster, [Right(verb="delete", resource=resource, namespace=namespace)])
            self._may_delete[place] = asked.allowed
        if not self._may_delete[place]:
            raise Forbidden("delete", resource, namespace, f"{what} has to be deleted again, so none is made")

    def create(self, made: Made, body: Mapping[str, Any], what: str) -> None:
        """Make it of ``body``; raises CouldNotLook where the cluster does not take it, OutOfTime where the run ends."""
        with self._lock:
            if self._closed:
                raise OutOfTime(f"{what} was not made: the run ends")
            self._alive.append(made)
        self._consent.tell(made.where, f"created {made.where} {made.why}")
        try:
            answer = self._cluster.write("POST", made.collection, body)
        except Forbidden as refusal:
            self._not_made(made)
            raise not_admitted(what, refusal) from None
        finally:
            made.answered.set()
        # A conflict: it was sent twice, and the first was heard. Nobody else knows the name.
        if answer.status not in (200, 201, 202, 409):
            self._not_made(made)
            raise not_taken(what, answer)
        made.there = True

    def delete(self, made: Made) -> None:
        """Delete it if it is there, and tell what came of that; raises nothing."""
        with self._lock:
            if made not in self._alive:
                return
        made.answered.wait(_IN_FLIGHT_SECONDS)
        try:
            answer = self._cluster.write("DELETE", made.path, seconds=_DELETE_SECONDS)
            if answer.status == 404 and not made.there:
                self._not_made(made)
                return
            trouble = "" if answer.status in (200, 202, 404) else str(not_taken("its deletion", answer))
        except CouldNotLook as reason:
            trouble = str(reason)
        with self._lock:
            self._alive = [one for one in self._alive if one is not made]
        by_hand = f"kubectl -n {made.namespace} delete {made.kind.lower()} {made.name}"
        ended = f"and could not delete it ({trouble}); {made.ends}: {by_hand}" if trouble else "and deleted it again"
        self._consent.tell(made.where, f"created {made.where} {made.why} {ended}")

    def close(self) -> None:
        """Delete what is still there, and make nothing more; blocks for some seconds at most."""
        with self._lock:
            self._closed = True
            left = tuple(self._alive)
        if left:
            # Not daemons: whoever interrupts the end itself does not keep them from deleting.
            with ThreadPoolExecutor(min(8, len(left)), thread_name_prefix="delete") as pool:
                list(pool.map(self.delete, left))

    def _not_made(self, made: Made) -> None:
        with self._lock:
            self._alive = [one for one in self._alive if one is not made]
        self._consent.forget(made.where)

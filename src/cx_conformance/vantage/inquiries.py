"""What a run wants to know inside containers: all questions about one container are put to it by one exec."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final, TypeVar, cast

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.probes.inquiry import Asked, Question, RunExec, ask
from cx_conformance.vantage.pool import Pending, ProbePool

T = TypeVar("T")

_AT_ONCE: Final = 32
_A_FEW_AT_ONCE: Final = 4
"""Execs of containers that have nothing to tell that is judged by seconds: more of them would make the others late."""
_QUICK: Final = 1
"""The rank up to which a question is about what stands there already."""


class Inquiries:
    """Collects questions, and puts them; each is asked once, whoever asks it again."""

    def __init__(self, run_exec: RunExec, deadline: float | None = None) -> None:
        """Ask by ``run_exec``, nothing after ``deadline`` on the monotonic clock."""
        self.run_exec = run_exec
        """Runs a program by itself, for what needs no shell."""
        self._pool = ProbePool(deadline, _AT_ONCE)
        self._unhurried = ProbePool(deadline, _A_FEW_AT_ONCE)
        self._deadline = deadline
        self._lock = Lock()
        self._answers: dict[tuple[ContainerPlace, Question[Any]], Pending[Any]] = {}
        self._waiting: dict[ContainerPlace, list[Question[Any]]] = defaultdict(list)
        self._held = 0

    def ask(self, place: ContainerPlace, question: Question[T]) -> Pending[T]:
        """Return the answer to come; it is asked for at once, or else when what is ``together`` is complete."""
        with self._lock:
            key = place, question
            known = self._answers.get(key)
            if known is None:
                known = self._answers[key] = Pending(self._deadline)
                self._waiting[place].append(question)
                if not self._held:
                    self._put()
        return cast("Pending[T]", known)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Collect what is asked meanwhile: of each container all by one exec."""
        with self._lock:
            self._held += 1
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1
                if not self._held:
                    self._put()

    def close(self) -> None:
        """Ask nothing more."""
        self._unhurried.close()
        self._pool.close()

    def _put(self) -> None:
        for place, questions in self._waiting.items():
            pool = self._unhurried if all(one.rank <= _QUICK for one in questions) else self._pool
            pool.submit(self._ask, place, tuple(questions))
        self._waiting.clear()

    def _ask(self, place: ContainerPlace, questions: tuple[Question[Any], ...]) -> None:
        try:
            asked = ask(self.run_exec, place, questions)
        except BaseException as error:  # noqa: BLE001 - whoever asks for an answer is to hear it
            for one in questions:
                self._answers[place, one].work(_raising(error))
            return
        for one in questions:
            self._answers[place, one].work(_reading(asked, one))


def _reading(asked: Asked, question: Question[Any]) -> Callable[[], Any]:
    return lambda: asked.answer(question)


def _raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> None:
        raise error

    return fail

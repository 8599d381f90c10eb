"""What a run wants to know inside one container, asked by one script, by one exec.

A question brings the part of the script that answers it, and reads what that prints. What a container prints is
believed only under the run's nonce, which reaches the script on its standard input: no program that the container runs
sees it. Whatever one question's answer is spoilt by, the others stay.
"""

from __future__ import annotations

import secrets
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, TypeVar

from msgspec import Struct

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits, ExecResult
from cx_conformance.objects.admitted import quoted
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.probes.printed import lines_of
from cx_conformance.wire.discreet import Discreet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

WAIT_SECONDS: Final = 3
"""Seconds for each name lookup and each connection (whole ones: a shell counts no others)."""
SLACK_SECONDS: Final = 6.0
"""For opening the exec and starting the tools."""
_LEAST_SECONDS: Final = 20.0


class RunExec(Protocol):
    """Runs a program in a container; raises CouldNotLook where it cannot."""

    def __call__(self, place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        """Return what the program printed, and how it ended."""


class Told(Discreet, frozen=True, kw_only=True, dict=True):
    """What a container printed, to be read by the questions that were put to it."""

    hidden: ClassVar[frozenset[str]] = frozenset({"nonce"})
    place: ContainerPlace
    result: ExecResult
    nonce: str

    @property
    def where(self) -> str:
        """Return the pod as messages name it."""
        return f"pod {self.place.namespace}/{self.place.pod}"

    def complete(self, what: str) -> None:
        """Raise the CouldNotLook that says how ``what`` ended, where the exec did not end by itself."""
        self.result.complete(what, f"what was run in {self.where}")

    @property
    def unreadable(self) -> str:
        """Return what all questions have in common whose answers cannot be read."""
        return f"what was run in {self.where} came to nothing that can be read; it printed {excerpt(self.noise)}"

    def sections(self, number: int) -> list[tuple[bytes, bytes]]:
        """Return what stands between each ``begin`` and ``end`` of a question, and what its ``end`` says.

        A section that does not end, as one that was cut off, is missing.
        """
        found = []
        begins, ends = (b"%s %d %s" % (self.nonce.encode(), number, word) for word in (b"begin\n", b"end"))
        printed, at = self.result.stdout, 0
        while (at := printed.find(begins, at)) >= 0:
            begun = at + len(begins)
            ended = printed.find(b"\n" + ends, begun)
            if ended < 0:
                break
            said = ended + 1 + len(ends)
            over = printed.find(b"\n", said)
            at = len(printed) if over < 0 else over + 1
            found.append((printed[begun:ended], printed[said:at].strip()))
        return found

    def lines(self, number: int, word: str) -> list[bytes]:
        """Return what the lines of a question say behind ``word``."""
        begins = f"{self.nonce} {number} {word}".encode()
        return [each[len(begins) :].strip() for each in lines_of(self.result.stdout) if each.startswith(begins)]

    @cached_property
    def noise(self) -> bytes:
        """Return what was printed outside of sections and not under the nonce; standard error where there is none."""
        if self.nonce.encode() not in self.result.stdout:
            return self.result.stdout or self.result.stderr
        begun, out, inside = self.nonce.encode() + b" ", bytearray(), False
        for each in lines_of(self.result.stdout):
            if each.startswith(begun):
                inside = each.endswith(b" begin")
            elif not inside and each:
                out += b"\n" * bool(out) + each
        return bytes(out) or self.result.stderr


class Question(Protocol[T_co]):
    """One thing to know; equal questions have equal answers."""

    @property
    def part(self) -> str:
        """The name of the part of the script that answers it."""

    @property
    def rank(self) -> int:
        """Where among others it is asked: what is quick first, what may print what it likes last."""

    @property
    def seconds(self) -> float:
        """How long it may take beyond the start of the script."""

    @property
    def output_bytes(self) -> int:
        """How much its answer may be, with what a container says unasked; the largest of a script counts."""

    def words(self, number: int) -> tuple[tuple[str, ...], ...]:
        """Return its arguments, a tuple for each number that it takes, from ``number`` on."""

    def read(self, told: Told | CouldNotLook, number: int) -> T_co:
        """Return the answer, whose first number is ``number``; ``told`` may be why there is none at all.

        Raises CouldNotLook.
        """


class Asked(Struct, frozen=True, kw_only=True):
    """What came of an exec, for its questions to read."""

    told: Told | CouldNotLook
    numbers: Mapping[Question[object], int]
    """By question, its first number."""

    def answer(self, question: Question[T]) -> T:
        """Return the answer to a question that was asked; raises CouldNotLook."""
        return question.read(self.told, self.numbers[question])


def ask(
    run_exec: RunExec,
    place: ContainerPlace,
    questions: Sequence[Question[object]],
    *,
    wait_seconds: int = WAIT_SECONDS,
    seconds: float | None = None,
) -> Asked:
    """Put all ``questions`` to the container at ``place`` by one exec; raises nothing that it could not look at.

    ``wait_seconds`` are for each lookup and connection, ``seconds`` for the exec; None: what the questions may take.
    """
    argv, numbers, number = ["sh", "-s", "--", str(wait_seconds)], dict[Question[object], int](), 0
    in_order = sorted(questions, key=lambda one: one.rank)
    for one in in_order:
        numbers[one] = number
        items = one.words(number)
        number += len(items)
        argv += [word for item in items for word in item]
    nonce = secrets.token_hex(16)
    parts = dict.fromkeys(("script_start", *(one.part for one in in_order), "script_end"))
    stdin = f"nonce={nonce}\n".encode() + b"".join(map(script, parts))
    if seconds is None:
        seconds = max(_LEAST_SECONDS, SLACK_SECONDS + sum(one.seconds for one in questions))
    room = max((one.output_bytes for one in questions), default=0)
    try:
        result = run_exec(place, argv, stdin, ExecLimits(total_seconds=seconds, output_bytes=room))
    except CouldNotLook as trouble:
        return Asked(told=trouble, numbers=numbers)
    return Asked(told=Told(place=place, result=result, nonce=nonce), numbers=numbers)


@cache
def script(part: str) -> bytes:
    """Return one part of the script."""
    return files("cx_conformance.probes").joinpath(f"{part}.sh").read_bytes()


def excerpt(output: bytes, size: int = 160) -> str:
    """Return the start of ``output`` on one line of plain ASCII, with how much there was, and no word like a secret."""
    shown = ascii(quoted(output[: 4 * size].decode("ascii", "backslashreplace"), size))
    return shown if len(output) <= size else f"{shown} ({len(output)} bytes)"

"""Containers that answer the questions of an inquiry by what a test says, as the script would print it."""

from collections.abc import Callable, Iterator, Sequence

from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult

_WORDS = {"edge": 4, "proc": 2, "path": 3}

Answer = Callable[[str, int, tuple[str, ...]], bytes]
"""Given the kind of a question, its number and what it asks for, what the script prints behind the nonce."""


def questions(argv: Sequence[str]) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield the questions that stand in the arguments of the script: kind, number, and the rest."""
    assert tuple(argv[:3]) == ("sh", "-s", "--")
    left = tuple(argv[4:])
    while left:
        size = _WORDS.get(left[0], len(left))
        yield left[0], int(left[1]), left[2:size]
        left = left[size:]


def nonce_of(stdin: bytes) -> str:
    """Return the nonce that the script is given."""
    return stdin.partition(b"\n")[0].removeprefix(b"nonce=").decode()


def section(said: str, end: str = "") -> bytes:
    """Return what a section prints, with ``{0}`` for what stands before each of its marks."""
    return f"{{0}} begin\n{said}\n{{0}} end{' ' + end if end else ''}\n".encode()


class Inquired:
    """Answers by ``answer``, whose ``{0}`` stand for the nonce and the number; counts its execs."""

    def __init__(self, answer: Answer, trouble: Exception | None = None) -> None:
        """Raise ``trouble`` instead, where there is one."""
        self._answer = answer
        self._trouble = trouble
        self.asked: list[tuple[str, ...]] = []
        """The kinds of questions of each exec."""

    def __call__(self, _: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        """Print what the script would, cut off at the limit."""
        if self._trouble:
            raise self._trouble
        put = list(questions(argv))
        self.asked.append(tuple(kind for kind, _, _ in put))
        nonce = nonce_of(stdin)
        out = b"".join(
            self._answer(kind, number, rest).replace(b"{0}", f"{nonce} {number}".encode()) for kind, number, rest in put
        )
        out += f"{nonce} end\n".encode()
        ending = Ending.EXITED if len(out) <= limits.output_bytes else Ending.TOO_MUCH_OUTPUT
        code = 0 if ending is Ending.EXITED else None
        return ExecResult(
            stdout=out[: limits.output_bytes], stderr=b"", exit_code=code, ending=ending, milliseconds=1.0
        )

"""What is wrong with a file that was read: where, what was found and what is allowed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

SHOWN: Final = 20
"""How many problems are printed; the rest is counted, so that the message stays on one screen."""

DocumentPath = tuple[str | int, ...]
"""Where something stands in a document: ``("components", "ccm", "calls", 0)``."""


def dotted(path: DocumentPath) -> str:
    """Write ``path`` as people do: ``components.ccm.service.ports[0].port``; empty for the document itself."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def meant(name: str, known: Iterable[str]) -> str:
    """Return which of the ``known`` names ``name`` was probably meant to be, as messages go on; empty for none."""
    import difflib

    near = difflib.get_close_matches(name[:60], list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


class Position(NamedTuple):
    """A place in a file; both count from 1."""

    line: int
    column: int


class Problem(Struct, frozen=True):
    """One thing that is wrong."""

    message: str
    """What was found and what is allowed, without the place."""
    position: Position | None = None
    """None: the file as a whole."""
    path: DocumentPath = ()
    file: Path | None = None
    """The file it stands in, where that is not the one that was read: what that extends."""


class InputProblems(Exception):  # noqa: N818 - it is the list of problems, and reads as one
    """The file cannot be used; its text is what an engineer needs to mend it."""

    def __init__(self, file: Path, problems: Iterable[Problem]) -> None:
        """Take the ``file`` and all ``problems`` in it; they are kept sorted by line."""
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda each: (each.position or Position(0, 0), each.path != ())))
        super().__init__(file, self.problems)

    def __str__(self) -> str:
        """One problem a line: file, line, column, path in the document, what was found and what is allowed."""
        lines = []
        for problem in self.problems[:SHOWN]:
            place = f"{problem.file or self.file}"
            if problem.position:
                place += f":{problem.position.line}:{problem.position.column}"
            path = f"{dotted(problem.path)}: " if problem.path else ""
            lines.append(f"{place}: {path}{problem.message}")
        if len(self.problems) > SHOWN:
            lines.append(f"{self.file}: and {len(self.problems) - SHOWN} more problems")
        return "\n".join(lines)

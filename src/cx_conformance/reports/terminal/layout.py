"""A console that lines are laid out on: indented, wrapped, in what its encoding can show."""

from typing import Final

from rich.console import Console
from rich.text import Text

from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.legible import legible
from cx_conformance.reports.signs import SIGNS

STYLES: Final = {
    Result.PASS: "green",
    Result.FAIL: "bold red",
    Result.ERROR: "bold magenta",
    Result.WAIVED: "yellow",
    Result.BLOCKED: "dim",
    Result.NOT_APPLICABLE: "dim",
}

Part = str | tuple[str, str]
"""A piece of a line, with its style where it has one."""


class Page:
    """Lays lines out on a console; knows nothing of what they say."""

    def __init__(self, console: Console) -> None:
        """Write to ``console``, in its width and encoding."""
        self.console = console
        self.width = max(40, console.width)
        self._plain = not _shows(console.encoding, "".join(sign for sign, _ in SIGNS.values()))

    def sign(self, result: Result) -> str:
        """Return the one character that stands for ``result``, with or without colour."""
        return SIGNS[result][self._plain]

    def blank(self) -> None:
        """Leave a line empty."""
        self.console.print(soft_wrap=True)

    def heading(self, text: str, style: str = "bold") -> None:
        """Write a heading, after an empty line."""
        self.blank()
        self.line((text, style))

    def line(self, *parts: Part, right: Part = "") -> None:
        """Write one line, ``right`` at its right margin; where there is no room, wrapped, and ``right`` behind."""
        text, aside = self._joined(*parts), self._joined(right)
        gap = self.width - text.cell_len - aside.cell_len
        if gap >= 2 or not right:
            self.console.print(Text.assemble(text, " " * gap, aside) if right else text, soft_wrap=True)
            return
        for place, line in enumerate(Text.assemble(text, "  ", aside).wrap(self.console, self.width - 4)):
            line.rstrip()
            self.console.print(Text.assemble("    " if place else "", line), soft_wrap=True)

    def paragraph(self, *parts: Part, indent: int = 0, label: str = "", column: int = 0, most: int = 0) -> int:
        """Write a wrapped text and return its lines; it begins at ``indent``, behind ``label`` in a column of its own.

        Of more than ``most`` lines, where that is given, the last ends in dots.
        """
        lines = self._wrapped(self._joined(*parts), self.width - indent - column, most)
        for place, text in enumerate(lines):
            first = label.ljust(column) if place == 0 else " " * column
            self.console.print(Text.assemble(" " * indent, (first, "dim"), text), soft_wrap=True)
        return len(lines)

    def finding(self, sign: Part, text: str, right: str, *, most: int = 0) -> int:
        """Write a wrapped text in bold behind its sign, ``right`` at the margin of its first line; return its lines."""
        aside = self._joined(right)
        room = max(self.width - 2 - aside.cell_len - 2, self.width // 2)
        lines = self._wrapped(self._joined((text, "bold")), room, most)
        for place, line in enumerate(lines):
            before = self._joined(sign, " ") if place == 0 else Text("  ")
            gap = " " * max(2, self.width - 2 - line.cell_len - aside.cell_len)
            self.console.print(Text.assemble(before, line, *((gap, aside) if place == 0 else ())), soft_wrap=True)
        return len(lines)

    def _wrapped(self, text: Text, width: int, most: int) -> list[Text]:
        lines = list(text.wrap(self.console, width))
        for line in lines:
            line.rstrip()
        if most and len(lines) > most:
            lines = lines[:most]
            lines[-1].truncate(width - 3)
            lines[-1].rstrip()
            lines[-1].append("...")
        return lines

    def _joined(self, *parts: Part) -> Text:
        return Text.assemble(
            *((self._fit(one) if isinstance(one, str) else (self._fit(one[0]), one[1])) for one in parts)
        )

    def _fit(self, text: str) -> str:
        """Return ``text`` on one line, in characters that the encoding has; the others stay visible as escapes."""
        return (
            legible(text)
            .replace("\n", " ")
            .encode(self.console.encoding, "backslashreplace")
            .decode(self.console.encoding)
        )


def _shows(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True

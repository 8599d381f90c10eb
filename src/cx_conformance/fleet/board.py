"""What is seen while a fleet is looked at: a line for each cluster that ended, and below what is under way."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cx_conformance.fleet.visit import Visited
from cx_conformance.outcome.verdict import EXIT_STATUS, INTERRUPTED, Verdict
from cx_conformance.reports.legible import one_line

_SHOWN: Final = 12
"""Clusters under way that are shown by name."""
_STYLES: Final = {
    "conformant": "green",
    "non-conformant": "bold red",
    "inconclusive": "bold magenta",
    "no report": "bold magenta",
}
_WORDS: Final = {
    EXIT_STATUS[Verdict.CONFORMANT]: "conformant",
    EXIT_STATUS[Verdict.NON_CONFORMANT]: "non-conformant",
    EXIT_STATUS[Verdict.INCONCLUSIVE]: "inconclusive",
    INTERRUPTED: "inconclusive",
}


def word_of(visited: Visited) -> str:
    """Return in a word how a visit ended."""
    return "no report" if visited.words else _WORDS.get(visited.status or 0, "no report")


class Board:
    """Shows the clusters on a terminal as they are; elsewhere one line for each that ended."""

    def __init__(self, console: Console, total: int, running: Callable[[], list[tuple[str, float]]]) -> None:
        """Show ``total`` clusters; ``running`` gives those under way, with their seconds."""
        self._console = console
        self._total = total
        self._running = running
        self._ended: Counter[str] = Counter()
        self._began = time.monotonic()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show what is under way until the block ends."""
        if not self._console.is_terminal or self._console.is_dumb_terminal:
            yield
            return
        with Live(console=self._console, get_renderable=self._table, transient=True, refresh_per_second=2):
            yield

    def tell(self, visited: Visited) -> None:
        """Write the line of a cluster that ended."""
        word = word_of(visited)
        self._ended[word] += 1
        line = Text.assemble(
            f"{sum(self._ended.values()):>4} of {self._total}  {visited.cluster}  ",
            (word, _STYLES[word]),
            f"  {visited.seconds:.0f} s",
        )
        if visited.words:
            line.append(f"  {one_line(visited.words, 300)}", "dim")
        self._console.print(line, soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        under_way = sorted(self._running(), key=lambda one: -one[1])
        for name, seconds in under_way[:_SHOWN]:
            table.add_row(Text("looking", "dim"), name, f"{seconds:.0f} s")
        ended = sum(self._ended.values())
        counts = ", ".join(f"{number} {word}" for word, number in self._ended.items()) or "none ended yet"
        table.add_row(Text(f"{ended} of {self._total}"), counts, f"{time.monotonic() - self._began:.0f} s")
        return table

"""How the help of a command is set: in the terminal's width, paragraph by paragraph."""

import argparse
import re
import textwrap
from typing import Final

_ITEM: Final = re.compile(r"\n(?=  )")


class Paragraphs(argparse.HelpFormatter):
    """Fills each paragraph by itself, and in it each line that begins with blanks; argparse makes one of all."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Return the text as it is shown."""
        return "\n\n".join(
            "\n".join(self._filled(line, width, indent) for line in _ITEM.split(part))
            for part in text.strip("\n").split("\n\n")
        )

    def _filled(self, line: str, width: int, indent: str) -> str:
        more = "    " if line.startswith("  ") else ""
        return textwrap.fill(
            line, width, initial_indent=indent, subsequent_indent=indent + more, break_on_hyphens=False
        )

"""Regular expressions that objects of the cluster bring: matched here where that is sure to end.

Python's engine goes back as often as an expression lets it, which for some is for hours, and nothing can interrupt it.
Gateways have engines with a limit (PCRE's match limit), or none that goes back.
"""

import re
from typing import Final

_LONGEST: Final = 500
"""Characters of an expression, and of what it is matched with: paths and host names are shorter."""
_MOST: Final = 4
"""Repetitions without end: each may be tried at every place that the others leave."""
_REPEATED_GROUP: Final = re.compile(r"\)[*+{]")
_REPETITION: Final = re.compile(r"[*+{]")


def match(expression: str, text: str, flags: int = 0) -> re.Match[str] | None:
    """Return how ``text`` begins as the expression says; raises re.error where only another engine can tell."""
    return _bounded(expression, text, flags).match(text)


def search(expression: str, text: str, flags: int = 0) -> re.Match[str] | None:
    """Return where the expression matches; raises re.error where only another engine can tell."""
    return _bounded(expression, text, flags).search(text)


def _bounded(expression: str, text: str, flags: int) -> re.Pattern[str]:
    if max(len(expression), len(text)) > _LONGEST:
        raise re.error("too long")
    bare = re.sub(r"\\.|\[\^?\]?[^\]]*\]", "x", expression)  # what is escaped or in a class repeats nothing
    if _REPEATED_GROUP.search(bare) or len(_REPETITION.findall(bare)) > _MOST:
        raise re.error("repetitions within or beside repetitions")
    return re.compile(expression, flags)

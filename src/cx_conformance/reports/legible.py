r"""Makes text that somebody else chose harmless and legible: pod output, labels, certificates, replies of stores.

Nothing that leaves ``legible`` can move a cursor, colour a terminal, reorder what is read, hide between characters, or
make XML or UTF-8 invalid. What was there stays visible: an escape shows as ``\x1b``, a right-to-left override as
``\u202e``, a byte that was no UTF-8 as ``\xff``.
"""

from typing import Final

LIMIT: Final = 8_000
"""Characters of one text that a report keeps, unless it says otherwise."""


def legible(text: str, limit: int = LIMIT) -> str:
    """Return ``text`` with every character that does not print escaped, and cut to ``limit`` characters.

    Line feeds stay. A cut text ends in how long it was. Applying it again changes nothing.
    """
    kept = text if len(text) <= limit else text[: limit + 1]
    if not kept.isprintable():
        kept = kept.replace("\r\n", "\n")
        kept = kept.translate({ord(one): _escaped(one) for one in set(kept) if one != "\n" and not one.isprintable()})
    if len(text) <= limit and len(kept) <= limit:
        return kept
    return cut(kept, limit, was=len(text))


def one_line(text: str, limit: int = LIMIT) -> str:
    """Return ``text`` legible and on one line: its lines joined by `` | ``, empty ones left out."""
    joined = " | ".join(line.strip() for line in legible(text, limit).split("\n") if line.strip())
    return joined if len(joined) <= limit else cut(joined, limit, was=len(text))


def cut(text: str, limit: int, was: int) -> str:
    """Return at most ``limit`` characters of ``text`` that end in how many there were: ``was``."""
    said = f" ... (cut, {was:,} characters)"
    return text[: max(0, limit - len(said))] + said[-limit:]


def _escaped(one: str) -> str:
    """Return how a character is shown that does not print."""
    if "\udc80" <= one <= "\udcff":  # how Python carries a byte that was no UTF-8
        return f"\\x{ord(one) - 0xDC00:02x}"
    return one.encode("unicode_escape").decode("ascii")

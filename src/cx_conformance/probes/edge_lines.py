"""Reads what the edge script printed: exactly one well-formed line a target, under the run's nonce, or none at all.

The nonce reaches the script on its standard input, so no other process of the container sees it. A line without it is
noise; two lines for one target, an unknown word or a field of another form make that target unreadable.
"""

from __future__ import annotations

import ipaddress
import re

from msgspec import Struct

from cx_conformance.probes.printed import lines_of

_TOLD_BY_A_TOOL = frozenset({"connects", "closed", "refused", "timeout", "noroute", "unclear"})
_WORDS = _TOLD_BY_A_TOOL | {"unresolved", "lookup-timeout", "notool"}

_LINE = re.compile(
    rb"(?P<index>0|[1-9][0-9]{0,3}) (?P<word>[a-z-]{1,20}) (?P<milliseconds>-|[0-9]{1,7}) "
    rb"(?P<tool>-|bash|nc|curl|wget|python3|node) (?P<resolver>-|getent|hosts|nslookup|python3|node) "
    rb"(?P<addresses>-|[0-9A-Fa-f:.,%a-z]{2,1000})"
)


class EdgeLine(Struct, frozen=True, kw_only=True):
    """One target's line, in the script's words; times in milliseconds."""

    word: str
    milliseconds: int | None
    tool: str | None
    resolver: str | None
    addresses: tuple[str, ...]


def read(output: bytes, nonce: str, first: int, end: int) -> dict[int, EdgeLine]:
    """Return the lines of the targets ``first`` to ``end - 1`` that can be believed; the others are missing."""
    lines: dict[int, EdgeLine] = {}
    spoilt: set[int] = set()
    start = nonce.encode() + b" "
    for each in lines_of(output):
        match = _LINE.fullmatch(each.removeprefix(start)) if each.startswith(start) else None
        if not match:
            continue
        index, line = int(match["index"]), _line(match)
        if not first <= index < end or index in lines or line is None:
            spoilt.add(index)
        else:
            lines[index] = line
    return {index: line for index, line in lines.items() if index not in spoilt}


def _line(match: re.Match[bytes]) -> EdgeLine | None:
    word, milliseconds, tool, resolver, addresses = (
        None if match[key] == b"-" else match[key].decode()
        for key in ("word", "milliseconds", "tool", "resolver", "addresses")
    )
    line = EdgeLine(
        word=word or "",
        milliseconds=int(milliseconds) if milliseconds else None,
        tool=tool,
        resolver=resolver,
        addresses=tuple(addresses.split(",")) if addresses else (),
    )
    known = line.word in _WORDS and all(map(_is_address, line.addresses))
    return line if known and (line.tool or line.word not in _TOLD_BY_A_TOOL) else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

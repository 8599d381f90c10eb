"""JSON that somebody else wrote: bounded in memory, and read although a text in it is none."""

import re
from typing import Any, Final

import orjson

from cx_conformance.wire.bounds import TooMuch

_IN_MEMORY: Final = 96 << 20
_PER_VALUE: Final = 72
"""Bytes that Python needs for a value, beside its text."""
_MENDED: Final = 16 << 20
_MOST_MENDS: Final = 100_000
_SURROGATE: Final = re.compile(rb"\\u[dD]([89a-fA-F])[0-9a-fA-F]{2}")
_BACKSLASH: Final = ord("\\")
_LOW: Final = b"cdefCDEF"


def parsed(body: bytes | bytearray) -> Any:
    """Return what ``body`` says; what is no text in it is replaced, so that one string does not cost a list.

    Raises ValueError when it is no JSON or too deep, TooMuch when it would fill the memory, as a million empty lists
    in 3 MB do.
    """
    values = body.count(b",") + body.count(b"[") + body.count(b"{") + body.count(b":")
    if len(body) + values * _PER_VALUE > _IN_MEMORY:
        raise TooMuch(_IN_MEMORY, " in memory")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        if len(body) > _MENDED:
            raise TooMuch(_MENDED, ", and is no clean JSON") from None
    return orjson.loads(_without_lone_surrogates(body.decode("utf-8", "replace").encode()))


def _without_lone_surrogates(body: bytes) -> bytes:
    """Replace each half of a surrogate pair that stands alone: JSON may write it, Unicode has no such character."""
    mended = bytearray(body)
    paired = -1
    for number, found in enumerate(_SURROGATE.finditer(body)):
        if number > _MOST_MENDS:
            break
        at = found.start()
        start = at
        while start and body[start - 1] == _BACKSLASH:
            start -= 1
        if (at - start) % 2:
            continue  # the backslash is itself escaped
        low = found[1] in _LOW
        if low and paired == at:
            continue
        following = _SURROGATE.match(body, found.end())
        if not low and following and following[1] in _LOW:
            paired = found.end()
            continue
        mended[at : found.end()] = b"\\ufffd"
    return bytes(mended)

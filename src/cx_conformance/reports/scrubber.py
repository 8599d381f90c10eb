"""Takes known secrets out of text, in the forms in which they come by.

The last line of defence: secrets live in masked types and are never compared in sight, but a store may repeat a
password in its refusal, and a kubelet event may quote an environment variable.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

MASK: Final = "***"
SHORTEST: Final = 4
"""Shorter values are left alone: masking every ``a`` would leave no report to read, and hide nothing."""

_SHORT: Final = 300
_KEPT: Final = 4096
"""Texts of so few characters whose clean form is kept: keys, objects and values come again and again in one run."""


class Scrubber:
    """Replaces every known secret value, plain, base64, URL-encoded or JSON-escaped, by ``***``."""

    def __init__(self, secrets: Iterable[SecretStr] = ()) -> None:
        """Know ``secrets``; those under four characters are passed over."""
        values = {one.get_secret_value() for one in secrets}
        forms = {form for value in values if len(value) >= SHORTEST for form in _forms(value)}
        self._forms = len(forms)
        self._pattern = _pattern(forms)
        self._again = lru_cache(_KEPT)(self._masked)
        self.longest = max(map(len, forms), default=0)
        """Characters of the longest form: what must be seen beyond a cut, so that no half of a secret is left."""

    def __repr__(self) -> str:
        """Say how much is known, and nothing of what."""
        return f"Scrubber({self._forms} forms)"

    def scrub(self, text: str) -> str:
        """Return ``text`` without any known secret."""
        if not self._forms:
            return text
        return self._again(text) if len(text) <= _SHORT else self._masked(text)

    def _masked(self, text: str) -> str:
        return self._pattern.sub(MASK, text)


def _pattern(forms: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of ``forms``, the longest first; grouped by first characters, so that most fail at once."""
    groups: dict[str, list[str]] = {}
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        groups.setdefault(form[:2], []).append(re.escape(form[2:]))
    return re.compile("|".join(f"{re.escape(start)}(?:{'|'.join(rest)})" for start, rest in groups.items()))


def _forms(value: str) -> Iterator[str]:
    """Yield the spellings of ``value``, each at least four characters long."""
    yield value
    if value.strip() != value and len(value.strip()) >= SHORTEST:
        yield value.strip()  # a Secret that was made from a file ends in a line feed, its user strips it
    for quoted in (quote(value, safe="", errors="replace"), quote(value, errors="replace")):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda octet: octet[0].lower(), quoted)
    yield quote_plus(value, errors="replace")
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    octets = value.encode("utf-8", "surrogateescape")
    yield from _base64_forms(octets)


def _base64_forms(octets: bytes) -> Iterator[str]:
    """Yield what base64 makes of ``octets`` alone, and after one or two other octets, as in ``user:password``.

    Only whole sextets count, so what follows the secret, or its padding, makes no difference.
    """
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + octets).decode("ascii")
        first, last = -(-before * 8 // 6), (before + len(octets)) * 8 // 6
        inner = encoded[first:last]
        if before and len(inner) < 8:  # too short to be told from an ordinary word
            continue
        if len(inner) >= SHORTEST:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")

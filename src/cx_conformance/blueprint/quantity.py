"""Kubernetes quantities: ``1Gi`` equals ``1024Mi``, ``256M`` is not ``256Mi``, ``0.05`` equals ``50m``.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, total_ordering
from typing import Final

_SUFFIX: Final = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal("1e3"),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "T": Decimal("1e12"),
    "P": Decimal("1e15"),
    "E": Decimal("1e18"),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}
# An exponent excludes a suffix; "E" alone is the suffix exa. The lengths are bounded: the text may come from anybody.
_QUANTITY: Final = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40}))(?:[eE](?P<exponent>[+-]?[0-9]{1,2})|(?P<suffix>[numkMGTPE]|[KMGTPE]i)?)"
)
ALLOWED: Final = (
    "a number with an optional suffix n, u, m, k, M, G, T, P, E or Ki, Mi, Gi, Ti, Pi, Ei, such as 50m or 1Gi"
)


@total_ordering
@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount of CPU (cores) or memory and storage (bytes), compared by value and shown as it was written."""

    text: str = field(compare=False)
    value: Decimal

    @classmethod
    def parse(cls, text: str) -> "Quantity":
        """Read ``text`` as Kubernetes does; ValueError says what is allowed."""
        return _parse(text)

    def __lt__(self, other: "Quantity") -> bool:
        """Compare by value."""
        return self.value < other.value

    def __str__(self) -> str:
        """Show it as it was written."""
        return self.text


@lru_cache(maxsize=4096)
def _parse(text: str) -> Quantity:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:60]!r} is not a quantity; allowed is {ALLOWED}")
    exponent = match["exponent"]
    scale = Decimal(10) ** int(exponent) if exponent else _SUFFIX[match["suffix"] or ""]
    return Quantity(text=text, value=Decimal(match["number"]) * scale)

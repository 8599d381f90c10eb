"""Where a link into the page leads: the same place from night to night."""

import hashlib
import re

from cx_conformance.outcome.outcome import Outcome

_PLAIN = re.compile(r"[a-z0-9][-a-z0-9]{0,62}")


def of_outcome(outcome: Outcome) -> str:
    """Return the anchor of one outcome, made from check, component and entry."""
    return "o-" + _digest("\0".join(outcome.key))


def of_component(component: str, area: str = "") -> str:
    """Return the anchor of a component's outcomes, or of those in one area."""
    name = component if _PLAIN.fullmatch(component) else _digest(component)
    return f"c-{name}.{area}" if area else f"c-{name}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]

"""What a health endpoint's body says: that of Spring Boot's ``/actuator/health``, and its likes in small letters.

A status is read in capitals and small letters alike, as the draft of a format for health checks has it, which names
``error`` and ``down`` beside its own ``fail``; NestJS's Terminus has ``error`` for the whole, ``down`` for parts.
https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06#section-3.1
https://docs.nestjs.com/recipes/terminus
"""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct

from cx_conformance.objects.admitted import quoted

_DEPTH = 6
_WELL = frozenset({"UP", "PASS", "OK"})
_NOT_WELL = frozenset({"DOWN", "OUT_OF_SERVICE", "FAIL", "ERROR"})
_STATUSES = (*_WELL, *_NOT_WELL, "UNKNOWN")
_BEGINS = re.compile(rb'\s*\{\s*"status"\s*:\s*"([A-Za-z_]{1,20})"')


class FailingPart(Struct, frozen=True, kw_only=True):
    """A part that is not UP: its path (``mongo``, ``db/primary``), its status, and what it says of the reason."""

    path: str
    status: str
    reason: str

    def __str__(self) -> str:
        """Tell it in a few words."""
        return f"{self.path} is {self.status}" + (f" ({self.reason})" if self.reason else "")


def failing_parts(body: bytes) -> tuple[FailingPart, ...]:
    """Return the innermost parts that are not UP; empty for a body that is not an actuator's, or is well.

    Spring Boot 2.2 and later name them ``components``, 2.0 and 2.1 ``details``; both nest.
    """
    health = _document(body)
    return tuple(_failing(health, "", 0))


def own_status(body: bytes) -> str | None:
    """Return how a component says itself that it is not well (``DOWN``), whichever part of it; None where it does not.

    https://docs.spring.io/spring-boot/reference/actuator/endpoints.html
    """
    status = _document(body).get("status")
    begins = _BEGINS.match(body)  # a large one is cut, and reads as no document
    if begins and not isinstance(status, str):
        status = begins[1].decode()
    return status if isinstance(status, str) and status.upper() in _NOT_WELL else None


def _document(body: bytes) -> dict[str, Any]:
    try:
        health = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return health if isinstance(health, dict) else {}


def _failing(health: dict[str, Any], path: str, depth: int) -> list[FailingPart]:
    parts = {
        f"{path}/{name}".strip("/"): part
        for key in ("components", "details")
        if isinstance(health.get(key), dict)
        for name, part in health[key].items()
        if isinstance(part, dict) and "status" in part
    }
    inner = (
        [] if depth == _DEPTH else [each for name, part in parts.items() for each in _failing(part, name, depth + 1)]
    )
    status = health.get("status")
    if inner or not path or str(status).upper() in _WELL:
        return inner
    details = health.get("details")
    reason = details.get("error") or details.get("message") if isinstance(details, dict) else None
    return [FailingPart(path=quoted(path), status=quoted(str(status), 40, _STATUSES), reason=quoted(str(reason or "")))]

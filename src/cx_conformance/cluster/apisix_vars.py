"""The condition ``vars`` of a route, held against a plain call: one without headers, arguments and cookies of its own.

https://github.com/api7/lua-resty-expr
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from cx_conformance.cluster import foreign_expression
from cx_conformance.objects.json_fields import whole

_LOGIC: Final = ("AND", "OR", "!AND", "!OR")


def holds(condition: str, known: Mapping[str, str]) -> bool | None:
    """Whether a plain call with these variables meets ``condition``, as JSON; None where only APISIX can tell."""
    import orjson

    try:
        return not condition or _every(orjson.loads(condition), known)
    except (ValueError, TypeError, re.error, IndexError):
        return None


def _every(rules: Any, known: Mapping[str, str]) -> bool:
    if rules and isinstance(rules[0], str):
        if rules[0] not in _LOGIC:
            return _one(rules, known)
        met = [_every([one], known) for one in rules[1:]]
        found = all(met) if rules[0] in ("AND", "!AND") else any(met)
        return found != rules[0].startswith("!")
    return all(_every(one, known) for one in rules)


def _one(rule: list[Any], known: Mapping[str, str]) -> bool:
    variable, *rest = rule
    reverse: bool = rest[0] == "!"
    operator, wanted = rest[reverse], rest[reverse + 1] if len(rest) > reverse + 1 else None
    return _met(known.get(variable), operator, wanted) is not reverse


def _met(value: str | None, operator: str, wanted: Any) -> bool:
    match operator:
        case "==":
            return value is not None and value == str(wanted)
        case "~=":
            return value is None or value != str(wanted)
        case "~~" | "~*":
            flags = re.IGNORECASE if operator == "~*" else 0
            return value is not None and foreign_expression.search(str(wanted), value, flags) is not None
        case "in" | "IN":
            return value in [str(one) for one in wanted]
        case _:
            number = whole(value)
            return number is not None and _compared(number, operator, int(str(wanted)))


def _compared(value: int, operator: str, wanted: int) -> bool:
    found: dict[str, bool] = {">": value > wanted, ">=": value >= wanted, "<": value < wanted, "<=": value <= wanted}
    return bool(found.get(operator))

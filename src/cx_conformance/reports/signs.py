"""One character and one word for each way in which a check ends, the same in every report."""

from typing import Final

from cx_conformance.outcome.outcome import Result

SIGNS: Final = {
    Result.PASS: ("✓", "+"),
    Result.FAIL: ("✗", "x"),
    Result.ERROR: ("!", "!"),
    Result.WAIVED: ("w", "w"),
    Result.BLOCKED: ("b", "b"),
    Result.NOT_APPLICABLE: ("–", "-"),  # noqa: RUF001 - an en dash is seen, a hyphen is taken for a gap
}
"""Each with the one for an encoding that has only ASCII."""
WORDS: Final = {
    Result.PASS: "kept",
    Result.FAIL: "broken",
    Result.ERROR: "error",
    Result.WAIVED: "waived",
    Result.BLOCKED: "blocked",
    Result.NOT_APPLICABLE: "n/a",
}
WORST_FIRST: Final = (
    Result.FAIL,
    Result.ERROR,
    Result.WAIVED,
    Result.BLOCKED,
    Result.PASS,
    Result.NOT_APPLICABLE,
)
"""Of many outcomes, the first of these that occurs stands for all."""

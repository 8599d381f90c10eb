"""What there is to say of one outcome, in the words and the order that every report uses."""

from collections.abc import Sequence
from typing import Any, Final

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.reports.legible import one_line

_SAID: Final = frozenset({"found", "promised", "object", "notes", "waived_result", "cause", "causes"})
"""Evidence that has a line of its own, or is told by the outcome."""


def particulars(outcome: Outcome) -> list[tuple[str, str]]:
    """Return labels and one-line texts: found, promised, object, vantage, what else was seen, remedy."""
    evidence = outcome.evidence
    lines = [(label, shown(evidence[label])) for label in ("found", "promised", "object") if label in evidence]
    if outcome.vantage != "api":
        lines.append(("vantage", outcome.vantage))
    if outcome.tries > 1:
        lines.append(("tries", str(outcome.tries)))
    lines += [(label.replace("_", " "), shown(value)) for label, value in evidence.items() if label not in _SAID]
    lines += [("note", one_line(note)) for note in notes(outcome)]
    if outcome.remedy and outcome.result in (Result.FAIL, Result.ERROR, Result.WAIVED):
        lines.append(("remedy", one_line(outcome.remedy)))
    return lines


def shared_particulars(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """Return the particulars that all of these have in common."""
    others = [particulars(one) for one in outcomes[1:]]
    return [line for line in particulars(outcomes[0]) if all(line in lines for lines in others)]


def notes(outcome: Outcome) -> list[str]:
    """Return what a reader should know although the promise is kept."""
    noted = outcome.evidence.get("notes", ())
    return [str(one) for one in noted] if isinstance(noted, list | tuple) else [str(noted)]


def shown(value: Any) -> str:
    """Return a value of the evidence as one line."""
    if isinstance(value, list | tuple):
        return ", ".join(shown(one) for one in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(one)}" for key, one in value.items()) or "nothing"
    if value is None:
        return "nothing"
    return one_line(str(value)) or "(empty)"

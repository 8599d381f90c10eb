"""From an API server's refusal of a write to the exception that says what to do."""

from typing import TYPE_CHECKING

from cx_conformance.objects.json_fields import text
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage

if TYPE_CHECKING:
    from cx_conformance.api.client import Answer


def not_admitted(what: str, refusal: Forbidden) -> CouldNotLook:
    """Return what a 403 to a write means: a right that lacks, or admission, which answers by 403 as well.

    Only the former says which verb the account "cannot" do on a resource.
    """
    if f"cannot {refusal.verb} " in refusal.detail or not refusal.detail:
        return refusal
    return NoVantage(f"the cluster does not admit {what}: {refusal.detail}")


def not_taken(what: str, answer: "Answer") -> NoVantage:
    """Return the exception for any other answer to a write but success."""
    said = " ".join((text(answer.said, "message") or str(answer.said)).split())[:500]
    return NoVantage(f"the API server does not take {what}: {answer.status} {said}")

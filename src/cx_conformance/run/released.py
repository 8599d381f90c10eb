"""Which release a run promised and which one it saw, as reports tell it."""

from typing import TYPE_CHECKING

from cx_conformance.blueprint.fingerprints import FIRST_CHARTED
from cx_conformance.blueprint.releases import PAGE, nearest
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.record import ReleaseRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cx_conformance.cluster.recognition import Recognition
    from cx_conformance.run.promises import Choice
    from cx_conformance.run.run import Run


def release_of(run: "Run") -> ReleaseRecord:
    """Return what is to be told of the release."""
    choice, found = run.looks.promises.choice, run.looks.recognition
    if choice is None:
        return ReleaseRecord()
    covered, not_covered = _coverage(run)
    seen = found if found and found.model else None
    return ReleaseRecord(
        promised=choice.release,
        chosen=choice.reason,
        version=seen.release if seen else "",
        model=(seen.model or "") if seen else "",
        by=found.words if found else "",
        sure=found.sure if found else "",
        told=(*run.plan.site.superseded, *_told(choice, seen, run.blueprint.document.blueprint.version)),
        covered=covered,
        not_covered=not_covered,
    )


def _told(choice: "Choice", found: "Recognition | None", promised: str) -> "Iterator[str]":
    if choice.release and choice.version and not _is_of(choice.version, choice.release):
        if nearest(choice.version) == choice.release:
            yield f"{choice.version} is judged by {choice.release}, the nearest before it that is described"
        else:
            yield f"{choice.version} is judged by {choice.release}, the first release whose charts are described"
    if found is None:
        return
    said = choice.release or promised
    if choice.reason != "recognised" and _judged(found) != _known(said):
        where = {"option": "--release", "site": "the site file", "blueprint": "the blueprint"}.get(choice.reason)
        if where:
            yield f"{where} says {said}, but {found.release} by {found.model} is installed: {found.words}"
    for one in found.doubts:
        yield f"speaks against {found.release}: {one}"


def _is_of(version: str, release: str) -> bool:
    """Whether ``version`` is the release itself or one of its patches: 4.10.6 is of 4.10, 4.8 not of 4.7."""
    return version == release or version.removeprefix("v").startswith((f"{release}.", f"{release}-", f"{release}_"))


def _judged(found: "Recognition") -> str:
    judged = nearest(found.release)
    return FIRST_CHARTED if judged == PAGE and found.model == "charts" else judged


def _known(version: str) -> str:
    try:
        return nearest(version)
    except ValueError:
        return version


def _coverage(run: "Run") -> tuple[str, tuple[str, ...]]:
    from cx_conformance.cluster.coverage import coverage

    try:
        covered = coverage(run.seen)
    except CouldNotLook:
        return "", ()
    return covered.words, covered.not_covered

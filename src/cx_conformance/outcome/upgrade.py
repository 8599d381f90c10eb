"""An upgrade: the run before it and the run after it, by what an upgrade is meant to change and what it is not."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cx_conformance.outcome.comparison import by_key
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.verdict import Verdict


class Change(Struct, frozen=True):
    """One thing that is another now; an empty text is one that is not there."""

    what: str
    before: str
    now: str


class Upgrade(Struct, frozen=True, kw_only=True):
    """What an upgrade has done."""

    before: str
    """The release before it."""
    now: str
    was_well: tuple[Outcome, ...]
    """Kept before, and broken now: what the upgrade has cost."""
    new_broken: tuple[Outcome, ...]
    """Promised by the new release only, and broken."""
    new_kept: int
    """How many promises the new release adds that are kept."""
    still: tuple[Outcome, ...]
    """Broken before, and broken now."""
    healed: tuple[Outcome, ...]
    """Broken before, and kept now."""
    unseen: tuple[Outcome, ...]
    """What could not be looked at now."""
    gone: tuple[str, ...]
    """Components that the new release does not have."""
    added: tuple[str, ...]
    """Components that it adds."""
    images: tuple[Change, ...]
    claims: tuple[Change, ...]
    """By claim: its volume, class and size."""
    secrets: tuple[Change, ...]
    """Secrets that were made, deleted, or made anew."""
    helm: tuple[Change, ...]
    """By Helm release: revision and status."""
    waivers: tuple[Change, ...]
    lost_data: tuple[str, ...]
    """A sentence for each claim of one cluster that is bound to another volume than before: its data are not there."""
    doubts: tuple[str, ...]
    """What a reader must know of the two runs."""
    verdict: Verdict
    """Of the run after it; non-conformant where data were left behind."""


def upgrade(old: RunRecord, new: RunRecord) -> Upgrade:
    """Compare the run after an upgrade with the one before it."""
    before, after = by_key(old.outcomes), by_key(new.outcomes)
    broken = [one for one in new.outcomes if one.result is Result.FAIL]
    lost = () if _of_two_clusters(old, new) else tuple(_lost_data(old, new))
    return Upgrade(
        before=old.blueprint.version,
        now=new.blueprint.version,
        was_well=tuple(one for one in broken if _was(before, one, Result.PASS, Result.NOT_APPLICABLE)),
        new_broken=tuple(one for one in broken if one.key not in before),
        new_kept=sum(one.result is Result.PASS and one.key not in before for one in new.outcomes),
        still=tuple(one for one in broken if _was(before, one, *_NOT_KEPT)),
        healed=tuple(one for one in new.outcomes if one.result is Result.PASS and _was(before, one, *_NOT_KEPT)),
        unseen=tuple(one for one in new.outcomes if one.result is Result.ERROR),
        gone=tuple(one for one in old.components if one not in new.components),
        added=tuple(one for one in new.components if one not in old.components),
        images=_changes(_installed(old, "images"), _installed(new, "images")),
        claims=_changes(_installed(old, "claims"), _installed(new, "claims")),
        secrets=_changes(_installed(old, "secrets"), _installed(new, "secrets")),
        helm=_changes(_installed(old, "helm"), _installed(new, "helm")),
        waivers=_changes(_waivers(old), _waivers(new)),
        lost_data=lost,
        doubts=tuple(_doubts(old, new, after.keys() & before.keys())),
        verdict=Verdict.NON_CONFORMANT if lost else new.verdict,
    )


_NOT_KEPT = (Result.FAIL, Result.ERROR, Result.BLOCKED, Result.WAIVED)


def _was(before: Mapping[Any, Outcome], one: Outcome, *results: Result) -> bool:
    earlier = before.get(one.key)
    return earlier is not None and earlier.result in results


def _installed(run: RunRecord, field: str) -> Mapping[str, Any]:
    held = run.extra.get("installed")
    found = held.get(field) if isinstance(held, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _waivers(run: RunRecord) -> dict[str, str]:
    return {f"{one.check} {one.component} {one.entry}": f"{one.state}, until {one.expires}" for one in run.waivers}


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    return tuple(
        Change(name, _said(before.get(name)), _said(now.get(name)))
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    )


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {one}" for key, one in value.items() if one)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")


def _of_two_clusters(old: RunRecord, new: RunRecord) -> list[str]:
    """Return the UIDs where the runs are known to be of two clusters."""
    uids = [run.cluster.uid for run in (old, new) if run.cluster and run.cluster.uid]
    return uids if len(set(uids)) > 1 else []


def _lost_data(old: RunRecord, new: RunRecord) -> list[str]:
    """Return a sentence for each claim that is there as before, and bound to another volume.

    A claim that is gone may have gone with its component, on purpose: it is told among the changes.
    """
    before, now = _installed(old, "claims"), _installed(new, "claims")
    if not now:
        return []
    told = []
    for place, claim in before.items():
        volume = claim.get("volume") if isinstance(claim, Mapping) else ""
        later = now.get(place)
        if volume and isinstance(later, Mapping) and later.get("volume") and later["volume"] != volume:
            told.append(
                f"claim {place} is bound to volume {later['volume']}; before it was {volume}, where its data are"
            )
    return told


def _doubts(old: RunRecord, new: RunRecord, shared: "set[Any]") -> list[str]:
    found = []
    if uids := _of_two_clusters(old, new):
        told = "whose volumes are never the same; whether the data came along is not seen"
        found.append(f"these are runs of two clusters: {uids[0]} and {uids[1]}, {told}")
    if old.started > new.started:
        found.append("the first run is the younger one; give the one before the upgrade first")
    if old.blueprint.version == new.blueprint.version:
        found.append(f"both runs are judged as release {old.blueprint.version}")
    for which, run in (("before", old), ("after", new)):
        if run.partial:
            found.append(f"the run {which} the upgrade is partial: {run.selection or 'it was interrupted'}")
        if not isinstance(run.extra.get("installed"), Mapping):
            found.append(
                f"the run {which} the upgrade does not say what was installed: images and claims are not compared"
            )
    if not shared:
        found.append("the two runs have no promise in common")
    return found

"""What is installed, as far as an upgrade may change it: images, claims, Secrets, Helm's revisions. No value of any."""

from contextlib import suppress
from typing import Any

from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.helm import HelmRevision
from cx_conformance.objects.storage import PersistentVolumeClaim
from cx_conformance.outcome.looking import CouldNotLook


def installed(seen: Seen) -> dict[str, dict[str, Any]]:
    """Return it for a report: ``images`` by component, ``claims`` and ``secrets`` by place, ``helm`` by release.

    What could not be looked at is left out.
    """
    return {"images": _images(seen), "claims": _claims(seen), "secrets": _secrets(seen), "helm": _helm(seen)}


def _images(seen: Seen) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for planned in seen.plan.components.values():
        with suppress(Absent, CouldNotLook):
            found[planned.id] = [one.image for one in seen.spec(planned).containers]
    return found


def _claims(seen: Seen) -> dict[str, dict[str, str]]:
    found = {}
    for namespace in seen.plan.namespaces:
        with suppress(CouldNotLook):
            for claim in seen.snapshot.list(PersistentVolumeClaim, namespace):
                found[claim.where] = {
                    "volume": claim.volume_name,
                    "class": claim.storage_class or "",
                    "size": claim.capacity or claim.requested or "",
                }
    return found


def _secrets(seen: Seen) -> dict[str, str]:
    """Return for each Secret that was asked for and exists which one it is: made anew, it is another."""
    return {
        f"{namespace}/{name}": one.metadata.uid
        for (namespace, name), one in sorted(seen.snapshot.secrets.items())
        if one.metadata is not None
    }


def _helm(seen: Seen) -> dict[str, dict[str, Any]]:
    if HelmRevision not in seen.snapshot.listings:
        return {}
    last: dict[str, HelmRevision] = {}
    with suppress(CouldNotLook):
        for one in seen.snapshot.visible(HelmRevision):
            place = f"{one.namespace}/{one.release}"
            if place not in last or one.revision > last[place].revision:
                last[place] = one
    return {place: {"revision": one.revision, "status": one.status} for place, one in sorted(last.items())}

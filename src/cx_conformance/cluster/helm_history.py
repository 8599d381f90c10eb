"""How Helm's releases stand: each by its last revision, and what to do where that was not deployed."""

from collections import defaultdict
from collections.abc import Iterable

from cx_conformance.objects.helm import HelmRevision

_WORDS = {
    "failed": "failed",
    "pending-install": "is still being installed, or broke off there",
    "pending-upgrade": "is still being upgraded, or broke off there",
    "pending-rollback": "is still being rolled back, or broke off there",
    "superseded": "is superseded, and no revision came after it",
    "uninstalling": "is still being uninstalled, or broke off there",
}


def histories(revisions: Iterable[HelmRevision]) -> list[tuple[HelmRevision, ...]]:
    """Return the revisions of each release, the last one last; releases by namespace and name."""
    found: dict[tuple[str, str], list[HelmRevision]] = defaultdict(list)
    for one in revisions:
        found[one.namespace, one.release].append(one)
    return [tuple(sorted(found[place], key=lambda one: one.revision)) for place in sorted(found)]


def undeployed(history: tuple[HelmRevision, ...]) -> str:
    """Return what is wrong with a release, with what to do; empty where its last revision is deployed or gone."""
    last = history[-1]
    if last.status in {"deployed", "uninstalled"}:
        return ""
    how = _WORDS.get(last.status, f"has status {last.status or 'none'}")
    before = next((one.revision for one in reversed(history[:-1]) if one.status in {"deployed", "superseded"}), None)
    where = f"-n {last.namespace}"
    way = f"helm history {last.release} {where}"
    if before is not None:
        way += f", helm rollback {last.release} {before} {where}"
    elif last.status.startswith("pending-"):
        way += f", helm uninstall {last.release} {where}"  # Helm neither upgrades it nor has what to roll back to
    return f"release {last.release} in {last.namespace}: revision {last.revision} {how} ({way})"

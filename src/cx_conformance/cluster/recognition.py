"""Which release is installed, how that was recognised, and how sure it is.

Image tags of the vendor's own components decide, by a majority; where they say nothing, the version of the broker's
chart and the objects that only some releases have. One lost or retagged component changes nothing.
"""

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from cx_conformance.blueprint.fingerprints import CHARTED, FIRST_CHARTED, LEFT_BEHIND, MARKS, PAGE
from cx_conformance.cluster.signs import OwnWorkload, Signs, signs
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.helm import HelmRevision

Model = Literal["charts", "manifests"]
Sureness = Literal["certain", "likely", "assumed"]

_FEWEST: Final = 3
"""So many of the vendor's components make an installation of the platform; fewer may be anything."""


class Recognition(Struct, frozen=True, kw_only=True):
    """What was recognised."""

    release: str
    """The release that is installed, such as ``4.8``; what is promised may be that of the nearest one before."""
    model: Model | None
    """How it was installed; None: nothing was recognised."""
    by: tuple[str, ...] = ()
    """What says so."""
    sure: Sureness = "assumed"
    doubts: tuple[str, ...] = ()
    """What says otherwise."""
    mixed: tuple[str, ...] = ()
    """Components whose image tag is of another release, each with its tag."""

    @property
    def words(self) -> str:
        """How it was recognised, in one line."""
        return ", ".join(self.by) or "nothing of the platform was recognised"


def recognise(snapshot: Snapshot) -> Recognition:
    """Return which release a snapshot shows; what could not be listed says nothing."""
    found = signs(snapshot)
    if len(found.own) < _FEWEST:
        return Recognition(release=PAGE, model=None)
    charted = sum(one.charted for one in found.own)
    if charted * 2 <= len(found.own):
        return _of_manifests(found)
    return _of_charts(found, _helm_releases(snapshot))


def _of_manifests(found: Signs) -> Recognition:
    named = sum(not one.charted for one in found.own)
    newer = {tag: number for tag, number in found.tags.items() if _order(tag) > _order(PAGE)}
    doubts: tuple[str, ...] = ()
    if sum(newer.values()) * 2 > len(found.own):
        tagged = f"image tags of {sum(newer.values())} of {len(found.own)} components are of {_listed(newer)}"
        doubts = (f"{tagged}; installed from manifests only {PAGE} is described",)
    old = {tag: number for tag, number in found.tags.items() if tag not in newer}
    by_tags = (f"image tags of {sum(old.values())} of {len(found.own)} components",) if old else ()
    return Recognition(
        release=PAGE,
        model="manifests",
        by=(f"names by the manifests' pattern of {named} of {len(found.own)} components", *by_tags),
        sure="likely" if doubts else "certain",
        doubts=doubts,
        mixed=() if doubts else _mixed(found.own, PAGE, older=False),
    )


def _of_charts(found: Signs, helm_releases: int) -> Recognition:
    tags, number = found.tags, len(found.own)
    by_structure = _by_structure(found)
    by_tags = [tag for tag, times in tags.items() if times == max(tags.values()) and times * 2 >= tags.total()]
    agreed = [tag for tag in by_tags if tag in by_structure]
    by: list[str] = []
    if by_tags and tags.total() * 2 >= number:
        release = (agreed or sorted(by_tags, key=_order))[0]
        by.append(f"image tags of {tags[release]} of {number} components")
        told = True
    elif found.charts_release:
        release, told = found.charts_release, False
    else:
        release, told = (by_structure or [FIRST_CHARTED])[0], False
    if found.charts_release == release:
        by.append("the chart of ActiveMQ")
    by += [MARKS[one].words for one in MARKS if one in found.marks and _family(release) in map(_family, MARKS[one].of)]
    if helm_releases:
        by.append(f"{helm_releases} releases of Helm")
    if not by:
        by.append(f"names by the charts' pattern of {number} components")
    return Recognition(
        release=release,
        model="charts",
        by=tuple(by),
        sure="certain" if told and (_family(release) in map(_family, by_structure)) else "likely",
        doubts=tuple(_doubts(found, release, by_structure)),
        mixed=_mixed(found.own, release, older=True),
    )


def _by_structure(found: Signs) -> list[str]:
    """Return the releases that the objects which are there, and those which are not, speak for most; oldest first."""
    points = dict.fromkeys(CHARTED, 0)
    for name, mark in MARKS.items():
        for release in CHARTED:
            if name in found.marks:
                points[release] += 2 if release in mark.of else -2
            elif mark.absence_tells and release in mark.of:
                points[release] -= 1
    return [release for release in CHARTED if points[release] == max(points.values())]


def _doubts(found: Signs, release: str, by_structure: list[str]) -> Iterable[str]:
    against = [
        mark.words
        for name, mark in MARKS.items()
        if name in found.marks and _family(release) not in map(_family, mark.of)
    ]
    if against and _family(release) not in map(_family, by_structure):
        yield f"{', '.join(against)}: as {' or '.join(by_structure)} has it"
    if found.charts_release and _family(found.charts_release) != _family(release):
        yield f"the chart of ActiveMQ is of {found.charts_release}"


def _mixed(own: Iterable[OwnWorkload], release: str, *, older: bool) -> tuple[str, ...]:
    """Return the components whose tags are of another release, but for what the vendor's charts leave behind."""
    left = LEFT_BEHIND.get(release, {})
    return tuple(
        f"{one.component} ({one.tag})"
        for one in own
        if one.release
        and _family(one.release) != _family(release)
        and left.get(one.component) != one.release
        and (older or _order(one.release) > _order(release))
    )


def _helm_releases(snapshot: Snapshot) -> int:
    listed = snapshot.listings.get(HelmRevision)
    return (
        len({(one.namespace, one.release) for one in listed.records if isinstance(one, HelmRevision)}) if listed else 0
    )


def _listed(tags: Iterable[str]) -> str:
    return ", ".join(sorted(tags, key=_order))


def _order(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".")[:2])


def _family(release: str) -> tuple[int, ...]:
    """Return the order of the described release that one is judged by: 4.8 goes with 4.7."""
    described = [(4, 5), (4, 7), (4, 9), (4, 10), (5, 0), (5, 1)]
    order = _order(release)
    return max((one for one in described if one <= order), default=order)

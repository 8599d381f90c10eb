"""What is not the same everywhere: versions, images, and promises that only some installations break."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from cx_conformance.reports.fleet.standing import Promise, Standing


class Variant(Struct, frozen=True):
    """One of several values of the same thing, and where it is."""

    value: str
    clusters: tuple[str, ...]


class Differing(Struct, frozen=True):
    """A thing that has several values, the most common first."""

    name: str
    variants: tuple[Variant, ...]


def versions(standings: Iterable[Standing]) -> list[Differing]:
    """Return every version that is told of, also where all have the same."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in standings:
        for name, value in one.versions.items():
            if value:
                found[name][value].append(one.cluster)
    return [_differing(name, values) for name, values in found.items()]


def images(standings: Iterable[Standing]) -> list[Differing]:
    """Return the components that run different images in different clusters."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in standings:
        for component, digests in one.images.items():
            if digests:
                found[component][", ".join(_short(digest) for digest in digests)].append(one.cluster)
    differing = (_differing(name, values) for name, values in sorted(found.items()))
    return [one for one in differing if len(one.variants) > 1]


def broken(standings: Sequence[Standing]) -> list[tuple[Promise, tuple[str, ...]]]:
    """Return each check and component that is broken somewhere, with the clusters: what most of them have first."""
    found: dict[Promise, list[str]] = defaultdict(list)
    for one in standings:
        for promise in one.broken:
            found[promise].append(one.cluster)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(promise, tuple(sorted(clusters))) for promise, clusters in ordered]


def _differing(name: str, values: dict[str, list[str]]) -> Differing:
    variants = [Variant(value, tuple(sorted(clusters))) for value, clusters in values.items()]
    return Differing(name, tuple(sorted(variants, key=lambda one: (-len(one.clusters), one.value))))


def _short(digest: str) -> str:
    """Return ``registry/name@sha256:0123456789ab`` of a whole digest."""
    head, sign, number = digest.partition("sha256:")
    return f"{head}{sign}{number[:12]}"

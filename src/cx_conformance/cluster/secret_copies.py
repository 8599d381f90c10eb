"""Secrets of one name in several namespaces of the platform: whether their certificates are of one authority."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from msgspec import Struct

from cx_conformance.cluster.kinds import WORKLOADS
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot_record import SeenSecret
from cx_conformance.objects.certificate import Certificate
from cx_conformance.objects.ingress import Ingress
from cx_conformance.outcome.looking import CouldNotLook

_ORGANISATION: Final = re.compile(r"(?:^|,)O=((?:[^,\\]|\\.)+)")


class Strangers(Struct, frozen=True, kw_only=True):
    """Two Secrets of one name whose certificates are of different authorities."""

    name: str
    places: tuple[str, str]
    """Their namespaces."""
    is_used: bool
    """Whether an Ingress or a pod of the platform uses one of them."""

    @property
    def words(self) -> str:
        """What is wrong with them."""
        return f"Secret {self.name} holds certificates of different authorities in {' and '.join(self.places)}"


def strangers(seen: Seen) -> Iterator[Strangers]:
    """Yield the pairs, as far as certificates were looked at; raises CouldNotLook where users are not seen."""
    by_name: dict[str, dict[str, SeenSecret]] = defaultdict(dict)
    for (namespace, name), one in seen.snapshot.secrets.items():
        if namespace in seen.plan.namespaces and (one.authorities or one.certificate):
            by_name[name][namespace] = one
    used = _used(seen) if any(len(where) > 1 for where in by_name.values()) else set()
    for name, where in sorted(by_name.items()):
        for places in combinations(sorted(where), 2):
            if _differ(*(where[place] for place in places)):
                is_used = not used.isdisjoint((place, name) for place in places)
                yield Strangers(name=name, places=places, is_used=is_used)


def _differ(one: SeenSecret, other: SeenSecret) -> bool:
    """Tell whether both say whom they are of, and say different."""
    if one.authorities and other.authorities:
        return one.authorities.isdisjoint(other.authorities)
    mine, others = Certificate.read(one.certificate), Certificate.read(other.certificate)
    return mine is not None and others is not None and _authority(mine) != _authority(others)


def _authority(held: Certificate) -> str:
    """Return who signed it: an organisation, whose intermediate certificates change, or whom it names."""
    if held.issuer == held.subject:
        return held.fingerprint
    organisation = _ORGANISATION.search(held.issuer)
    return organisation[1] if organisation else held.issuer


def _used(seen: Seen) -> set[tuple[str, str]]:
    used = {(one.namespace, tls.secret_name or "") for one in seen.snapshot.visible(Ingress) for tls in one.tls}
    for record in WORKLOADS.values():
        try:
            every = seen.snapshot.visible(record)
        except CouldNotLook:
            continue
        for live in every:
            used |= {(live.namespace, one.name) for one in live.template.spec.references() if one.kind == "Secret"}
    return used

"""A conformant installation that a test breaks in one place, and how the checks judge it; no server, no network."""

import base64
import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any

import orjson

from cx_conformance.api.identity import ClusterIdentity, guess_distribution
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.releases import load_release
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.extensions import EXTENSIONS
from cx_conformance.cluster.kinds import KINDS, WORKLOADS
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import STATIC_KINDS, Listing, SeenSecret, Snapshot
from cx_conformance.objects.apisix_route import ApisixRoute
from cx_conformance.objects.certificate import fingerprints, key_fits
from cx_conformance.objects.config import secret_metadata
from cx_conformance.objects.event import Event
from cx_conformance.objects.helm import HelmRevision, helm_revision
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.node import Node
from cx_conformance.outcome.judge import Judge
from cx_conformance.outcome.outcome import Outcome
from cx_conformance.outcome.waivers import Waivers
from cx_conformance.run.catalogue import every_check
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.bootstrap import bootstrap
from cx_conformance.sandbox.controllers import reconcile
from cx_conformance.sandbox.faults import Injection, parse
from cx_conformance.sandbox.world import World, now

Object = dict[str, Any]
FQDN = "cx.example.com"


@cache
def blueprint() -> Blueprint:
    """Return the shipped blueprint."""
    return load_blueprint(suite_root() / "blueprint.yaml").document


@cache
def released(name: str) -> Blueprint:
    """Return a release of the platform."""
    return load_release(name, suite_root() / "blueprint.yaml").document


@cache
def _reference() -> bytes:
    return orjson.dumps(reference_installation(blueprint(), fqdn=FQDN, seed=1))


_KINDS = {kind.name: kind for kind in KINDS.values()}
_IDENTITY = uuid.UUID(int=1)


def _born() -> str:
    """Return when clusters of now were born: the same for a minute, so that what they share is read only once."""
    return now()[:-3] + "00Z"


def _read(thing: Object) -> Any:
    """Return the record of an object, of a kind that can be looked at."""
    try:
        return _read_once(thing["kind"], orjson.dumps(thing))
    except TypeError:  # a number that is too large for orjson, which the API's own answers may have
        return _KINDS[thing["kind"]].parse(thing)


@lru_cache(maxsize=4096)
def _read_once(kind: str, text: bytes) -> Any:
    return _KINDS[kind].parse(orjson.loads(text))


class Installation:
    """The reference installation on one node, to be changed by a test and then judged."""

    def __init__(
        self,
        site: dict[str, Any] | None = None,
        manifests: bytes | None = None,
        promised: Blueprint | None = None,
        kinds: tuple[type[Any], ...] = (*STATIC_KINDS, *WORKLOADS.values()),
    ) -> None:
        """Start conformant, with this site file's content.

        ``manifests`` are others than the reference's, as JSON; ``promised`` is another blueprint than the page;
        ``kinds`` are looked at, beside namespaces, Events and Helm's records.
        """
        self.kinds = kinds
        self.promised = promised or blueprint()
        self.manifests: list[Object] = orjson.loads(_reference() if manifests is None else manifests)
        self.site = Site.model_validate(site or {})
        self.version = "v1.36.2"
        self.groups: dict[str, tuple[str, ...]] = {}
        self._live_changes: list[Callable[[list[Object]], None]] = []
        self._looks: list[Callable[[Snapshot], Snapshot]] = []
        self.probes: dict[str, Any] = {}
        """What live fixtures give, by their names."""
        self._faults: list[Injection] = []

    def find(self, kind: str, name: str, namespace: str | None = None) -> Object:
        """Return a manifest to be changed in place."""
        return _find(self.manifests, kind, name, namespace)

    def remove(self, kind: str, name: str, namespace: str | None = None) -> None:
        """Take a manifest away."""
        self.manifests.remove(self.find(kind, name, namespace))

    def live(self, kind: str, name: str, change: Callable[[Object], None]) -> None:
        """Change a live object after the controllers have made it; ``name`` may be the beginning of one."""

        def apply(objects: list[Object]) -> None:
            found = [one for one in objects if one["kind"] == kind and one["metadata"]["name"].startswith(name)]
            if not found:
                raise LookupError(f"no {kind} {name}")
            for one in found:
                change(one)

        self._live_changes.append(apply)

    def inject(self, fault: str) -> None:
        """Break it by one of the sandbox's named faults."""
        self._faults.append(parse(fault))

    def add_live(self, *things: Object) -> None:
        """Add objects that no manifest of the installation makes."""
        self._live_changes.append(lambda objects: objects.extend(things))

    def change_live(self, change: Callable[[list[Object]], None]) -> None:
        """Change the list of live objects after the controllers have made them."""
        self._live_changes.append(change)

    def change_seen(self, change: Callable[[Snapshot], Snapshot]) -> None:
        """Change what a look shows: its moment, its clock, what may not be listed."""
        self._looks.append(change)

    def snapshot(self, plan: Plan) -> Snapshot:
        """Return what a look at this installation shows."""
        seen = snapshot_of(self.objects(), plan, self.version, self.groups, self.kinds)
        for change in self._looks:
            seen = change(seen)
        return seen

    def objects(self) -> list[Object]:
        """Return the live objects, as the API server shows them."""
        world = World(identity=_IDENTITY, born=_born())
        admitted = bootstrap(self.manifests, world)
        for fault in self._faults:
            admitted = fault.apply(admitted)
        objects = reconcile(admitted, world, "")
        for change in self._live_changes:
            change(objects)
        return objects

    def outcomes(self, identity: str) -> list[Outcome]:
        """Judge every entry of one check."""
        return self.all_outcomes([identity])

    def all_outcomes(self, identities: Iterable[str]) -> list[Outcome]:
        """Judge every entry of these checks."""
        plan = Plan(self.promised, self.site)
        snapshot = self.snapshot(plan)
        looks = {"snapshot": snapshot, "seen": Seen(snapshot, plan, self.site.fqdn)} | self.probes
        court = Judge(plan, Waivers(self.site.waivers, dt.datetime.now(dt.UTC).date()))
        checks = {one.id: one for one in every_check()}
        court.register(checks.values())
        return [
            court.outcome(checks[identity], entry, looks.__getitem__)
            for identity in identities
            for entry in plan.entries(checks[identity].per)
        ]

    def outcome(self, identity: str, component: str, entry: str | None = None) -> Outcome:
        """Judge one entry of one check."""
        for one in self.outcomes(identity):
            if one.component == component and entry in (None, one.entry):
                return one
        raise LookupError(f"{identity} has no entry {entry or ''} of {component}")


def snapshot_of(
    objects: Iterable[Object],
    plan: Plan,
    version: str = "v1.36.2",
    groups: dict[str, tuple[str, ...]] | None = None,
    looked_at: tuple[type[Any], ...] = (*STATIC_KINDS, *WORKLOADS.values()),
) -> Snapshot:
    """Return a snapshot of these objects, as if they had been listed; every Secret that was not there was asked for."""
    kinds = {kind.name: record for record, kind in KINDS.items()}
    records: dict[Any, list[Any]] = {
        record: [] for record in (*looked_at, Namespace, Event, HelmRevision, ApisixRoute, *EXTENSIONS)
    }
    secrets = {}
    for one in objects:
        record = kinds.get(one["kind"])
        if record is not None and record in records:
            records[record].append(_read(one))
        elif one["kind"] == "Secret":
            if one["metadata"].get("labels", {}).get("owner") == "helm":
                records[HelmRevision].append(helm_revision(one))
            place = one["metadata"]["namespace"], one["metadata"]["name"]
            data = one.get("data") or {}
            certificate, key = (base64.b64decode(data.get(name, "")) for name in ("tls.crt", "tls.key"))
            secrets[place] = SeenSecret(
                metadata=secret_metadata(one),
                certificate=certificate or None,
                certificate_looked_at=True,
                key_fits=key_fits(certificate, key) if certificate else None,
                keys=frozenset(data),
                authorities=fingerprints(base64.b64decode(data.get(plan.authorities.get(place[1], "ca.crt"), ""))),
            )
    nodes: list[Node] = records[Node]
    return Snapshot(
        namespaces=plan.namespaces,
        identity=ClusterIdentity(
            uid="00000000-0000-0000-0000-000000000000",
            version=version,
            platform="linux/amd64",
            kubelet_versions={node.name: node.kubelet_version for node in nodes},
            distribution=guess_distribution(version, nodes),
        ),
        listings={record: Listing(records=tuple(found)) for record, found in records.items()},
        secrets=_Asked(secrets),
        groups=groups or {},
        taken_at=dt.datetime.now(dt.UTC),
    )


class _Asked(dict[tuple[str, str], SeenSecret]):
    """Secrets of which each was asked for: what is not there does not exist."""

    def get(self, place: Any, default: Any = None) -> Any:
        """Return the Secret, or that there is none."""
        return super().get(place, default or SeenSecret(certificate_looked_at=True))

    def __contains__(self, place: object) -> bool:
        """Say that it was asked for."""
        return True


def _find(objects: Iterable[Object], kind: str, name: str, namespace: str | None) -> Object:
    for one in objects:
        meta = one["metadata"]
        if one["kind"] == kind and meta["name"] == name and namespace in (None, meta.get("namespace")):
            return one
    raise LookupError(f"no {kind} {namespace or ''}/{name}")


def notes(outcome: Outcome) -> list[str]:
    """Return what is noted."""
    return list(outcome.evidence.get("notes", []))

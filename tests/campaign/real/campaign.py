"""Breaks a reference installation on a real cluster, in namespaces of its own, and cleans up whatever happens."""

import secrets
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import yaml

from cx_conformance.api.client import Cluster
from cx_conformance.blueprint.manifests import DEFAULT_IMAGE, reference_installation
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.options import Options
from cx_conformance.run.run import Run
from tests.campaign.ground import Ground, Inapplicable, documented
from tests.campaign.judging import Fate, Judged, Key, judged
from tests.campaign.mutation import Mutation
from tests.campaign.operators import all_mutations
from tests.campaign.real.own import Difference, Objects, Own, difference, key_of
from tests.campaign.real.writing import PLURALS, Writer
from tests.campaign.sampling import one_of_each_operator
from tests.checks.installation import FQDN, blueprint

READY_SECONDS: Final = 600.0
"""An image may have to be pulled to the node first."""
SEEN_SECONDS: Final = 60.0
"""A broken Deployment needs as long to show."""
_KEPT: Final = (Result.PASS, Result.NOT_APPLICABLE)


class Refused(Exception):  # noqa: N818 - the sentence is what matters
    """The campaign does not start; the text says why."""


def break_cluster(kubeconfig: Path, context: str | None, *, agreed: bool, image: str | None = None) -> int:
    """Run the campaign on a cluster; returns 0 where all was killed, 1 where something survived, 2 where it refused."""
    try:
        cluster = Cluster.connect(str(kubeconfig), context)
        own = Own(f"cx-campaign-{secrets.token_hex(3)}")
        writer = Writer(cluster)
        _refuse(writer, agreed=agreed)
        with _own_namespaces(writer, own):
            found = [_said(one) for one in _campaign(kubeconfig, context, writer, own, image)]
    except (Refused, CouldNotLook) as why:
        print(why, flush=True)
        return 2
    killed = sum(one.fate is Fate.KILLED for one in found)
    print(f"{len(found)} facts broken on {cluster.server}: {killed} killed", flush=True)
    return 0 if killed == len(found) else 1


def _refuse(writer: Writer, *, agreed: bool) -> None:
    if not agreed:
        raise Refused("this breaks things on a cluster: say --yes-break-this-cluster")
    real = sorted({one for component in blueprint().components.values() for one in component.namespace.candidates})
    present = [name for name in real if writer.exists("Namespace", name)]
    if present:
        raise Refused(f"namespace {', '.join(present)} is there: this cluster holds a real installation")


@contextmanager
def _own_namespaces(writer: Writer, own: Own) -> Iterator[None]:
    """Delete the own namespaces at the end, also when somebody interrupts."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for name in own.namespaces.values():
            writer.delete("Namespace", name)
        print(f"deleted namespaces {', '.join(own.namespaces.values())}", flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _said(one: Judged) -> Judged:
    print(f"{one.fate}: {one.mutation.name}: {one.words[:200]}", flush=True)
    return one


def _campaign(kubeconfig: Path, context: str | None, writer: Writer, own: Own, image: str | None) -> Iterator[Judged]:
    whole = own.moved(reference_installation(blueprint(), image=image or DEFAULT_IMAGE, fqdn=FQDN, seed=1))
    writer.apply(whole.values())
    with tempfile.TemporaryDirectory() as name:
        look = _looking(kubeconfig, context, own, Path(name))
        kept = _wait(READY_SECONDS, look, lambda told: all(one.result in _KEPT for one in told))
        broken = [one for one in kept if one.result not in _KEPT]
        if any(one.area != "platform" for one in broken):
            raise Refused(f"the reference installation does not come up: {broken[0].check} {broken[0].message}")
        before = frozenset(_key(one) for one in kept if one.result is Result.PASS)
        for mutation, found in _writable(own):
            # What the cluster holds may have been applied with another image, so what comes back is taken from there.
            writer.bring(found)
            yield judged(mutation, _until_killed(mutation, look, before), before)
            writer.bring(difference(_after(whole, found), whole))
            _wait(READY_SECONDS, look, lambda told: before <= {_key(one) for one in told if one.result is Result.PASS})


def _writable(own: Own) -> Iterator[tuple[Mutation, Difference]]:
    """Yield a sample of mutations that only write objects of the own namespaces, and what they write."""
    base = own.moved(Ground(documented()).manifests)
    namespaces = set(own.namespaces.values())
    chosen = one_of_each_operator(one for one in all_mutations() if one.base.name == documented().name)
    for mutation in chosen:
        try:
            ground = mutation.ground()
        except Inapplicable:
            continue
        found = difference(base, own.moved(ground.manifests))
        inside = all(one["kind"] in PLURALS and one["metadata"].get("namespace") in namespaces for one in found.touched)
        if found.touched and inside and ground.is_all_written:
            yield mutation, found


def _after(whole: Objects, found: Difference) -> Objects:
    """Return what the cluster holds once a difference has been written to it."""
    now = {key: one for key, one in whole.items() if key not in {key_of(gone) for gone in found.gone}}
    return now | {key_of(one): one for one in (*found.changed, *found.new)}


Look = Callable[[], list[Outcome]]


def _looking(kubeconfig: Path, context: str | None, own: Own, folder: Path) -> Look:
    site = folder / "site.yaml"
    site.write_text(yaml.safe_dump({"namespaces": dict(own.namespaces)}))

    def look() -> list[Outcome]:
        run = Run(Options(kubeconfig=str(kubeconfig), context=context, site=site, fqdn=FQDN, static=True))
        checks = [one for one in all_checks() if not one.live]
        run.judge.register(checks)
        try:
            return [
                own.documented(run.judge.outcome(one, entry, run.looked))
                for one in checks
                for entry in run.plan.entries(one.per)
            ]
        finally:
            run.close()

    return look


def _wait(seconds: float, look: Look, enough: Callable[[list[Outcome]], bool]) -> list[Outcome]:
    """Look until it is enough, or time is up; return what was seen last."""
    until = time.monotonic() + seconds
    while True:
        told = look()
        if enough(told) or time.monotonic() > until:
            return told
        time.sleep(1)


def _until_killed(mutation: Mutation, look: Look, before: frozenset[Key]) -> list[Outcome]:
    def own(told: list[Outcome]) -> list[Outcome]:
        return [one for one in told if one.component == mutation.component]

    return own(_wait(SEEN_SECONDS, look, lambda told: judged(mutation, own(told), before).fate is Fate.KILLED))


def _key(one: Outcome) -> Key:
    return one.check, one.component, one.entry

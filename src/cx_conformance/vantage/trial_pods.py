"""What all pods share by which a cluster is tried before anything is installed: how they are made, and followed."""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cx_conformance.objects.json_fields import Json, mapping, objects, text
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.made_objects import Made, MadeObjects
from cx_conformance.vantage.node_pod import ACTIVE_SECONDS, new_name, node_pod

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster
    from cx_conformance.vantage.pool import ProbePool

PAUSE_SECONDS: Final = 0.3
"""Between two looks at a pod."""
OF_PULLING: Final = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "InvalidImageName"})
"""Why a container waits whose image does not come."""


class Patience(Struct, frozen=True, kw_only=True):
    """Seconds: for a pod to start, for a pull that has failed once to succeed, for a claim to be bound and written."""

    start: float = 60.0
    pull: float = 15.0
    bind: float = 60.0


class TrialPods:
    """Makes pods in one namespace, and takes them away again."""

    def __init__(  # noqa: PLR0913 - where, by what, and how long
        self,
        cluster: "Cluster",
        pool: "ProbePool",
        consent: Consent,
        namespace: str,
        *,
        pull_secrets: Iterable[str] = (),
        own_users: bool = False,
        patience: Patience | None = None,
    ) -> None:
        """Make them in ``namespace`` of the image that ``consent`` names; ``own_users``: it gives each pod its user."""
        self.cluster = cluster
        self.image = consent.probe_image or ""
        self.namespace = namespace
        self.patience = patience or Patience()
        self.made = MadeObjects(cluster, consent)
        self.close: Callable[[], None] = self.made.close
        self._pool = pool
        self._pull_secrets = tuple(pull_secrets)
        self._user = not own_users

    def named(self, what: str, why: str) -> Made:
        """Return a pod to be made, by a name that nobody has."""
        ends = f"it ends after {ACTIVE_SECONDS} s"
        return Made(kind="Pod", namespace=self.namespace, name=new_name(what), why=why, ends=ends)

    def create(
        self, made: Made, container: dict[str, Any], node: str | None, volume: tuple[str, dict[str, Any]] | None = None
    ) -> None:
        """Make the pod that runs ``container`` on ``node``; raises CouldNotLook."""
        body = node_pod(
            made.name,
            made.namespace,
            container,
            node=node,
            pull_secrets=self._pull_secrets,
            user=self._user,
            volume=volume,
        )
        self.made.create(made, body, f"a probe pod {made.why}")

    def until(self, seconds: float) -> float:
        """Return the moment on the monotonic clock up to which something that may take ``seconds`` is waited for."""
        return time.monotonic() + self._pool.allowed(seconds)

    def read(self, made: Made) -> Json:
        """Return an object as it is; raises NoVantage where somebody has deleted it."""
        found: Json | None = self.cluster.read(made.path)
        if found is None:
            raise NoVantage(f"{made.where} was deleted before it had looked")
        return found


def state_of(pod: Json) -> Json:
    """Return the state of a pod's only container; empty before there is any."""
    every = objects(mapping(pod, "status"), "containerStatuses")
    return mapping(every[0], "state") if every else {}


def said_of(waiting: Json) -> str:
    """Return why a container waits, on one line."""
    return " ".join(f"{text(waiting, 'reason')} {text(waiting, 'message')}".split())[:400]


def waits(pod: Json) -> str:
    """Say what a pod waits for, as far as it tells."""
    for condition in objects(mapping(pod, "status"), "conditions"):
        if text(condition, "type") == "PodScheduled" and text(condition, "status") == "False":
            return text(condition, "message") or text(condition, "reason")
    return said_of(mapping(state_of(pod), "waiting")) or "its node says nothing of it"

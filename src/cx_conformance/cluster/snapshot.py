"""Looking at the cluster once: a constant number of requests, concurrently, each kind on its own.

What is refused is kept as a fact of that kind, and the others stay. Only GETs are sent. Secrets that are named, or that
something refers to, are asked for one by one, and without their values; listed are only those that Helm keeps its
records in, and of them the metadata alone.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from cx_conformance.api.allocation import without_collection
from cx_conformance.api.identity import ClusterIdentity, guess_distribution
from cx_conformance.api.refusal import Refusal
from cx_conformance.cluster.extensions import EXTENSIONS
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.cluster.look import Look
from cx_conformance.cluster.snapshot_file import load, save
from cx_conformance.cluster.snapshot_record import Listing, Place, SeenSecret, Snapshot
from cx_conformance.objects.autoscaler import HorizontalPodAutoscaler
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.csi import CSINode
from cx_conformance.objects.ingress import Ingress, IngressClass
from cx_conformance.objects.job import Job
from cx_conformance.objects.json_fields import text
from cx_conformance.objects.lease import Lease
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.networkpolicy import NetworkPolicy
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.quota import LimitRange, ResourceQuota
from cx_conformance.objects.service import EndpointSlice, Service
from cx_conformance.objects.storage import PersistentVolume, PersistentVolumeClaim, StorageClass
from cx_conformance.objects.webhook import MutatingWebhookConfiguration, ValidatingWebhookConfiguration
from cx_conformance.objects.workload import CronJob, DaemonSet, Deployment, StatefulSet
from cx_conformance.outcome.looking import Forbidden, Unreachable

if TYPE_CHECKING:
    from cx_conformance.api.client import Answer, Cluster

__all__ = ["KINDS_BEFORE", "STATIC_KINDS", "Listing", "SeenSecret", "Snapshot", "load", "save", "take"]

# What the checks of the API's own objects need: with /version, /apis and namespaces 19 requests, which leaves 6 of
# the 25 that a static run may take for Secrets that an installation refers to. Events come when a pod is in trouble.
STATIC_KINDS: tuple[type[ApiObject], ...] = (
    Node,
    Pod,
    Deployment,
    StatefulSet,
    CronJob,
    Job,
    HorizontalPodAutoscaler,
    Service,
    EndpointSlice,
    ConfigMap,
    PersistentVolumeClaim,
    PersistentVolume,
    StorageClass,
    Ingress,
    IngressClass,
    NetworkPolicy,
)

KINDS_BEFORE: tuple[type[ApiObject], ...] = (
    *STATIC_KINDS,
    DaemonSet,
    ResourceQuota,
    LimitRange,
    CSINode,
    Lease,
    ValidatingWebhookConfiguration,
    MutatingWebhookConfiguration,
)
"""What is looked at before an installation."""

_WORKERS = 8
Served = Mapping[str, tuple[str, ...]] | Refusal
_GROUPS_UNSEEN: Final = Refusal(
    reason="CouldNotLook", words="the snapshot holds no API groups: it was taken without them"
)


class Further(Struct, frozen=True, kw_only=True):
    """What else to look at, now that the lists were seen."""

    kinds: Iterable[type[ApiObject]] = ()
    """Kinds that were not listed at first."""
    alternatives: Iterable[Sequence[Place]] = ()
    """Secrets to look for, each by the names that it may have."""
    authorities: Mapping[str, str] = field(default_factory=dict)
    """Names of Secrets with a CA, each with its key: of those that something refers to the CA is looked at."""


def take(  # noqa: PLR0913 - each says what else to look at, and has a default
    cluster: "Cluster",
    namespaces: Sequence[str],
    *,
    secrets: Iterable[Place] = (),
    alternatives: Iterable[Sequence[Place]] = (),
    certificates: Iterable[Place] = (),
    kinds: Iterable[type[ApiObject]] = STATIC_KINDS,
    groups: bool = True,
    then: Callable[[Snapshot], Further] | None = None,
) -> Snapshot:
    """Look at the cluster for an installation in ``namespaces``.

    ``secrets`` are (namespace, name) to look for beside those that pods, workloads and Ingresses of the namespaces
    refer to; of ``alternatives`` the names after one that exists are not looked for. Of ``certificates``, and of those
    that an Ingress names, ``tls.crt`` is kept too. Without ``groups`` the API groups are not asked for.
    ``then`` is told what the lists show, before any Secret is looked for, and says what else to look at.

    Raises Unreachable, Unauthorized or OutOfTime when the very first request fails so; what fails later is kept.
    """
    started, begun, before = datetime.now(UTC), time.monotonic(), cluster.tally.total
    retries = cluster.tally.retries
    version, skew = _first_look(cluster)
    with without_collection(), cluster.threads(_WORKERS) as pool:
        look = Look(cluster=cluster, wanted=tuple(dict.fromkeys(namespaces)), pool=pool)
        asking_groups = pool.submit(look.groups) if groups else None
        listings = look.kinds(kinds)

        def snapshot(secrets_seen: Mapping[Place, SeenSecret], served: Served) -> Snapshot:
            nodes = [item for item in listings.get(Node, Listing()).records if isinstance(item, Node)]
            return Snapshot(
                namespaces=look.wanted,
                identity=ClusterIdentity(
                    uid=next((item.uid for item in listings[Namespace].records if item.name == "kube-system"), ""),
                    version=text(version, "gitVersion"),
                    platform=text(version, "platform"),
                    kubelet_versions={item.name: item.kubelet_version for item in nodes},
                    distribution=guess_distribution(text(version, "gitVersion"), nodes),
                ),
                listings=listings,
                secrets=secrets_seen,
                groups=served,
                taken_at=started,
                clock_skew=skew,
                seconds=time.monotonic() - begun,
                requests=cluster.tally.total - before,
                retries={
                    reason: times - retries.get(reason, 0)
                    for reason, times in cluster.tally.retries.items()
                    if times > retries.get(reason, 0)
                },
            )

        further = then(snapshot({}, _GROUPS_UNSEEN)) if then is not None else Further()
        listings |= look.further(_served(look, further.kinds), listings)
        told_by_helm = look.helm(listings)
        listings |= look.events(listings) | look.gateway_routes(listings)
        named = (*((place,) for place in dict.fromkeys(secrets)), *alternatives, *further.alternatives)
        seen = look.secrets(listings, named, certificates, further.authorities)
        listings |= look.helm_told(told_by_helm)
        return snapshot(seen, asking_groups.result() if asking_groups is not None else _GROUPS_UNSEEN)


def _served(look: Look, kinds: Iterable[type[ApiObject]]) -> tuple[type[ApiObject], ...]:
    """Return the kinds to list: of those that come with an extension only the ones of an API that is there.

    Of an API that is not there an account is told that it may not list it.
    """
    wanted = tuple(kinds)
    if not any(one in EXTENSIONS for one in wanted):
        return wanted
    groups = look.groups()
    known = {} if isinstance(groups, Refusal) else groups
    return tuple(
        one for one in wanted if one not in EXTENSIONS or KINDS[one].version in known.get(KINDS[one].group, ())
    )


def _first_look(cluster: "Cluster") -> tuple[Any, float | None]:
    """Return /version and the clock's skew; alone and first, so that a dead server costs one request's patience.

    Every API server tells its version, so what does not is another server: a portal, an ingress, a proxy.
    """
    try:
        answer = cluster.get("/version")
    except Forbidden:
        return {}, None
    version = answer.said
    if not isinstance(version, dict) or not text(version, "gitVersion"):
        raise Unreachable(
            f"what answers at {cluster.server} is no Kubernetes API server: it said {answer.status} to GET /version "
            "and told no version; check the server address in the kubeconfig, and portals and proxies on the way"
        )
    return version, _clock_skew(answer, datetime.now(UTC))


def _clock_skew(answer: "Answer", now: datetime) -> float | None:
    """Return the seconds by which the server's Date is ahead; it has whole seconds, so less than 2 is nothing."""
    try:
        ahead = (parsedate_to_datetime(answer.headers.get("date", "")) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return ahead if abs(ahead) >= 2 else 0.0

"""What would keep the API server from taking the platform's pods: webhooks, Pod Security, quotas, limits.

https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from cx_conformance.blueprint.quantity import Quantity
from cx_conformance.cluster.requirements import Requirements
from cx_conformance.cluster.room import Amount, amount
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.quota import LimitRange, ResourceQuota
from cx_conformance.objects.service import Service
from cx_conformance.objects.webhook import MutatingWebhookConfiguration, ValidatingWebhookConfiguration, Webhook

MADE: Final = frozenset(
    {"pods", "deployments", "statefulsets", "services", "configmaps", "secrets", "ingresses", "persistentvolumeclaims"}
)
"""What an installation makes."""
ENFORCED: Final = "pod-security.kubernetes.io/enforce"
"""The label by which a namespace says which profile its pods must keep to."""
RESTRICTED: Final = "restricted"


def deaf_webhooks(snapshot: Snapshot, namespace: Namespace) -> Iterator[str]:
    """Yield a sentence for each webhook that refuses what the installation makes, for nobody answers in its place.

    One that stands outside of the cluster cannot be seen from here.
    """
    for record in (ValidatingWebhookConfiguration, MutatingWebhookConfiguration):
        for configuration in snapshot.list(record):
            for one in configuration.webhooks:
                if one.fails_closed and one.service_name and _is_asked(one, namespace):
                    reason = _why_deaf(one, snapshot)
                    if reason:
                        yield f"webhook {one.name} of {record.__name__} {configuration.name}: {reason}"


def _is_asked(webhook: Webhook, namespace: Namespace) -> bool:
    labels = {"kubernetes.io/metadata.name": namespace.name, **namespace.labels}
    asked = "*" in webhook.resources or bool(MADE & webhook.resources)
    # What it tells objects apart by is a label that somebody must have put there: the charts' objects have none.
    by_label = webhook.objects is not None and not webhook.objects.selects({})
    return asked and not by_label and (webhook.namespaces is None or webhook.namespaces.selects(labels))


def _why_deaf(webhook: Webhook, snapshot: Snapshot) -> str | None:
    place = f"{webhook.service_namespace}/{webhook.service_name}"
    service = snapshot.get(Service, webhook.service_namespace, webhook.service_name)
    if service is None:
        return f"its Service {place} does not exist"
    # One without a selector has endpoints by hand, which may stand anywhere.
    ready = not service.selector or any(pod.ready for pod in snapshot.pods_behind(service))
    return None if ready else f"no pod behind its Service {place} is ready"


def over_quota(
    quotas: Iterable[ResourceQuota], needs: Requirements, defaults: frozenset[str], *, beside: bool
) -> Iterator[str]:
    """Yield a sentence for each quota of a namespace that the installation would not stay within.

    What is used counts where it is used ``beside`` the installation, of which nothing is there yet. A quota of CPU or
    memory refuses pods that do not say how much they want, unless ``defaults`` says that a LimitRange gives them some.
    """
    wanted = {
        "requests.cpu": needs.total.cpu,
        "cpu": needs.total.cpu,
        "limits.cpu": needs.limits.cpu,
        "requests.memory": needs.total.memory,
        "memory": needs.total.memory,
        "limits.memory": needs.limits.memory,
        "pods": Decimal(needs.pods),
        "count/pods": Decimal(needs.pods),
        "persistentvolumeclaims": Decimal(needs.claims),
        "count/persistentvolumeclaims": Decimal(needs.claims),
    }
    for quota in quotas:
        if quota.scoped:
            continue
        for name, hard in quota.hard.items():
            used = quota.used.get(name, "0") if beside else "0"
            taken = _read(used, "0")
            if name in wanted and _read(hard) - taken < wanted[name]:
                told = f", of which {used} are used" if taken else ""
                shown = _shown(name, wanted[name])
                yield f"ResourceQuota {quota.where} allows {hard} {name}{told}; the installation needs {shown}"
            resource = name.removeprefix("requests.").removeprefix("limits.")
            side = "limits" if name.startswith("limits.") else "requests"
            if resource in ("cpu", "memory") and f"{side}.{resource}" in needs.unsaid - defaults:
                yield (
                    f"ResourceQuota {quota.where} counts {name}, so that pods without {side}.{resource} are refused, "
                    "and no LimitRange gives them any"
                )


def defaults_of(ranges: Iterable[LimitRange]) -> frozenset[str]:
    """Return what containers that say nothing are given: ``requests.cpu``, ``limits.memory``."""
    given = set()
    for one in ranges:
        for bounds in one.bounds:
            if bounds.kind == "Container":
                given |= {f"limits.{name}" for name in (*bounds.default_limits, *bounds.most)}
                given |= {
                    f"requests.{name}" for name in (*bounds.default_requests, *bounds.default_limits, *bounds.most)
                }
    return frozenset(given)


def beyond_limits(ranges: Iterable[LimitRange], largest: Amount) -> Iterator[str]:
    """Yield a sentence for each LimitRange that the largest container, or its pod, would not keep to."""
    for one in ranges:
        for bounds in one.bounds:
            if bounds.kind in ("Container", "Pod") and bounds.most:
                most = amount(bounds.most.get("cpu"), bounds.most.get("memory"))
                for name, allowed, wanted in (("cpu", most.cpu, largest.cpu), ("memory", most.memory, largest.memory)):
                    if name in bounds.most and allowed < wanted:
                        shown, needs = bounds.most[name], _shown(name, wanted)
                        yield f"LimitRange {one.where} allows a {bounds.kind} {shown} {name}; {needs} is promised"


def _read(text: str, otherwise: str = "Infinity") -> Decimal:
    try:
        return Quantity.parse(text).value
    except ValueError:
        return Decimal(otherwise)


def _shown(name: str, value: Decimal) -> str:
    return f"{float(value) / 2**30:.3g}Gi" if name.endswith("memory") else f"{float(value):.3g}"

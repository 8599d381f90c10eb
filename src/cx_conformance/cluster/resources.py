"""What a container requests and is limited to, with what Kubernetes fills in when its pod is made.

A template keeps what was written; only the pod shows the rest. Sources:
https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ (a request that is not given is the
limit; pod-level resources, from 1.34) and https://kubernetes.io/docs/concepts/policy/limit-range/ (which writes into
pods only).
"""

from datetime import datetime
from typing import Final

import orjson

from cx_conformance.cluster.readiness import rollout
from cx_conformance.objects.json_fields import mapping, objects, quantities, text
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.pod_spec import Container, PodSpec
from cx_conformance.objects.workload import Workload

Amounts = dict[str, dict[str, str]]
"""Quantities as they are written: ``requests`` or ``limits``, then ``cpu`` or ``memory``."""


def effective(spec: PodSpec, container: Container) -> Amounts:
    """Return what ``container`` of ``spec`` requests and is limited to.

    What is given for the pod as a whole is its only serving container's own; of several nobody can tell whose.
    """
    alone = len(spec.serving_containers) == 1
    shared_requests, shared_limits = (spec.requests, spec.limits) if alone else ({}, {})
    limits = {**shared_limits, **container.limits}
    return {
        "requests": {**shared_limits, **shared_requests, **container.limits, **container.requests},
        "limits": limits,
    }


def written(workload: Workload, container: str) -> Amounts:
    """Return what was written for ``container`` before GKE's Autopilot changed it in ``workload``; else nothing.

    It raises what is below its least amounts, or out of proportion
    (https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-resource-requests), and keeps both in JSON.
    """
    try:
        told = orjson.loads(workload.annotations.get(_AUTOPILOT, "{}"))
    except orjson.JSONDecodeError:
        told = {}
    given = (one for one in objects(mapping(told, "input"), "containers") if text(one, "name") == container)
    one = next(given, {})
    return {kind: quantities(one, kind) for kind in ("requests", "limits")}


_AUTOPILOT: Final = "autopilot.gke.io/resource-adjustment"


def running(workload: Workload, pods: tuple[Pod, ...], container: str, now: datetime) -> list[tuple[Pod, Amounts]]:
    """Return what the container has in each of ``workload``'s ``pods``: somebody may have resized it there.

    Nothing while the rollout is not complete ``now``: what pods of an old revision have says nothing of the new one.
    """
    if not rollout(workload, pods, now).complete:
        return []
    staying = [pod for pod in pods if pod.deleted is None]
    return [(pod, effective(pod.spec, one)) for pod in staying for one in pod.spec.containers if one.name == container]

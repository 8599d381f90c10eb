"""HorizontalPodAutoscalers: a workload that has one may rightly run other replicas than are promised."""

from dataclasses import dataclass

from cx_conformance.cluster.json_fields import Json, count, mapping, number
from cx_conformance.cluster.metadata import ApiObject, Condition, conditions, metadata, object_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizontalPodAutoscaler(ApiObject):
    """An autoscaler of the workload ``target_kind`` ``target_name`` in its namespace."""

    target_kind: str
    target_name: str
    min_replicas: int
    max_replicas: int
    desired_replicas: int
    conditions: tuple[Condition, ...]


def horizontal_pod_autoscaler(source: Json) -> HorizontalPodAutoscaler:
    """Read an autoscaling/v2 HorizontalPodAutoscaler."""
    spec, status = mapping(source, "spec"), mapping(source, "status")
    kind, name = object_reference(spec, "scaleTargetRef")
    least = number(spec, "minReplicas")
    return HorizontalPodAutoscaler(
        **metadata(source),
        target_kind=kind,
        target_name=name,
        min_replicas=1 if least is None else least,
        max_replicas=count(spec, "maxReplicas"),
        desired_replicas=count(status, "desiredReplicas"),
        conditions=conditions(status),
    )

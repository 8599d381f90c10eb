"""HorizontalPodAutoscalers: between how many replicas of which workload they choose."""

from cx_conformance.objects.json_fields import Json, count, mapping, number, text
from cx_conformance.objects.metadata import ApiObject, metadata


class HorizontalPodAutoscaler(ApiObject, frozen=True, kw_only=True):
    """An autoscaler of the workload ``target_kind`` ``target_name`` in its own namespace."""

    target_kind: str
    target_name: str
    least: int
    most: int


def autoscaler(source: Json) -> HorizontalPodAutoscaler:
    """Read a HorizontalPodAutoscaler, of any version; without minReplicas it is 1."""
    spec = mapping(source, "spec")
    target, least = mapping(spec, "scaleTargetRef"), number(spec, "minReplicas")
    return HorizontalPodAutoscaler(
        **metadata(source),
        target_kind=text(target, "kind"),
        target_name=text(target, "name"),
        least=1 if least is None else least,
        most=count(spec, "maxReplicas"),
    )

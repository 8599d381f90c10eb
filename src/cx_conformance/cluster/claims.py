"""Which claims stand behind the volumes of a workload's pods."""

from collections.abc import Iterable

from cx_conformance.objects.pod import Pod
from cx_conformance.objects.pod_spec import PodSpec
from cx_conformance.objects.workload import Workload


def claims_of(workload: Workload, pods: Iterable[Pod]) -> dict[str, tuple[str, ...]]:
    """Return the claims by the name of the volume: one for a shared claim, one a pod for a StatefulSet's template.

    Those of running pods count; where there is no pod yet, those that the workload would use.
    """
    found: dict[str, dict[str, None]] = {}
    specs = [pod.spec for pod in pods] or [workload.template.spec]
    for spec in specs:
        for volume, claim in _of_spec(spec):
            found.setdefault(volume, {})[claim] = None
    for template in workload.volume_claim_templates:
        # https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage
        if template.name not in found:
            ordinals = range(workload.first_ordinal, workload.first_ordinal + workload.replicas)
            found[template.name] = {f"{template.name}-{workload.name}-{n}": None for n in ordinals}
    return {volume: tuple(claims) for volume, claims in found.items()}


def _of_spec(spec: PodSpec) -> Iterable[tuple[str, str]]:
    for volume in spec.volumes:
        for reference in volume.references:
            if reference.kind == "PersistentVolumeClaim":
                yield volume.name, reference.name

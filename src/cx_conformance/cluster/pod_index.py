"""Which pods belong to a workload, and which a selector matches, without scanning all of them each time."""

import re
from collections.abc import Mapping

from cx_conformance.objects.metadata import LabelSelector
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.workload import Workload

# A CronJob names its Jobs after itself and the minute (since 1970) that they are due.
_CRON_JOB_RUN = re.compile(r"(?P<cron>.+)-\d{8,10}")


class PodIndex:
    """Pods by controller and by label."""

    def __init__(self, pods: tuple[Pod, ...]) -> None:
        """Index ``pods``."""
        self._by_controller: dict[tuple[str, str, str], list[Pod]] = {}
        self._by_label: dict[tuple[str, str, str], list[Pod]] = {}
        self._unclaimed: dict[str, list[Pod]] = {}
        for pod in pods:
            controller = controller_of(pod)
            if controller is None:
                self._unclaimed.setdefault(pod.namespace, []).append(pod)
            else:
                self._by_controller.setdefault((pod.namespace, *controller), []).append(pod)
            for key, value in pod.labels.items():
                self._by_label.setdefault((pod.namespace, key, value), []).append(pod)

    def owned_by(self, workload: Workload) -> tuple[Pod, ...]:
        """Return its pods: by their controller, and by its selector those that no known controller has claimed."""
        owned = self._by_controller.get((workload.namespace, workload.kind, workload.name), [])
        adopted = [pod for pod in self._unclaimed.get(workload.namespace, ()) if workload.selects(pod.labels)]
        return (*owned, *adopted)

    def matching(self, namespace: str, labels: Mapping[str, str]) -> tuple[Pod, ...]:
        """Return the pods of ``namespace`` that carry all of ``labels``; none for no labels, as for a Service."""
        if not labels:
            return ()
        smallest = min((self._by_label.get((namespace, *label), []) for label in labels.items()), key=len)
        selector = LabelSelector(match_labels=labels)
        return tuple(pod for pod in smallest if selector.selects(pod.labels))


def controller_of(pod: Pod) -> tuple[str, str] | None:
    """Return (kind, name) of the workload that ``pod`` belongs to, or None when its owner does not show it.

    ReplicaSets and Jobs are not listed; their names are made of the workload's: a ReplicaSet's is the Deployment's
    and the pod template's hash, which the pod carries as a label; a Job's is the CronJob's and its time.
    """
    owner = pod.owner
    if owner is None:
        return None
    if owner.kind == "ReplicaSet":
        suffix = f"-{pod.labels.get('pod-template-hash', '')}"
        if len(suffix) > 1 and owner.name.endswith(suffix) and owner.name != suffix:
            return "Deployment", owner.name.removesuffix(suffix)
        return None
    if owner.kind == "Job" and (run := _CRON_JOB_RUN.fullmatch(owner.name)):
        return "CronJob", run["cron"]
    return owner.kind, owner.name

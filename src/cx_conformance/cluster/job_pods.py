"""The pods of Jobs, which come and go: what is their way and, for a moment, no trouble."""

from datetime import datetime, timedelta
from typing import Final

from cx_conformance.objects.pod import Pod

_A_MOMENT: Final = timedelta(minutes=3)
"""Longer than a kubelet waits for a volume before it says so: two minutes and three seconds
(https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/volumemanager/volume_manager.go,
``podAttachAndMountTimeout``). Of what else keeps a container from being made it tells at once."""
_BEGINNING: Final = frozenset({"ContainerCreating", "PodInitializing"})


def is_beginning(pod: Pod, reason: str, now: datetime) -> bool:
    """Tell whether a container of a Job's pod waits only because a run has just begun: each has a pod of its own."""
    young = pod.created is not None and now - pod.created <= _A_MOMENT
    return _is_of_a_job(pod) and reason in _BEGINNING and young


def is_ending(pod: Pod, container: str | None, now: datetime) -> bool:
    """Tell whether a container of a Job's pod has ended well just now, or is a sidecar that ends after all those.

    The phase of the pod is Succeeded only some time later. Where other containers go on, as those of a mesh do that is
    no native sidecar, the run does not end.
    """
    own = [one for one in pod.statuses if one.role == "container"]
    named = [one for one in own if one.name == container] or own
    done = [one.state.finished for one in named if one.state.exit_code == 0 and one.state.finished is not None]
    return _is_of_a_job(pod) and len(done) == len(named) and any(now - at <= _A_MOMENT for at in done)


def _is_of_a_job(pod: Pod) -> bool:
    return pod.owner is not None and pod.owner.kind == "Job"

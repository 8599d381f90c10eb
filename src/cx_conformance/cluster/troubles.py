"""What is wrong with a pod, in a stable word and in a sentence that an engineer would use.

The file is long because there are many troubles, each with words of its own.
"""

import re
import signal
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from cx_conformance.cluster.job_pods import is_beginning, is_ending
from cx_conformance.cluster.mesh import only_proxies_run
from cx_conformance.objects.event import Event
from cx_conformance.objects.metadata import find_condition
from cx_conformance.objects.pod import ContainerState, ContainerStatus, Pod
from cx_conformance.objects.secrecy import mask_line

_IMAGE_REASONS = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError"}
)
_START_REASONS = frozenset(
    {"CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun", "PostStartHookError"}
)
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})
_TERMINATION_MARGIN = timedelta(seconds=30)
"""The kubelet kills what has not ended by itself only when the grace period is over, with two seconds more for a
preStop hook, and takes the pod away when its volumes are unmounted
(https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow)."""
# The kubelet forgets its back-off when a container has run so long (kubernetes.io/docs, pod lifecycle).
_BACK_OFF_RESET = timedelta(minutes=10)
# Two runs of a container that dies of one cause differ by little.
_SAME_RUN = timedelta(seconds=10)
# Answers of registries and runtimes after which trying again gives the same.
_LASTING_IMAGE = re.compile(
    r"not found|manifest unknown|unauthorized|denied|authentication required|invalid reference|does not exist",
    re.IGNORECASE,
)


_IN_VAIN = ("Unable to attach or mount volumes", "Unable to mount volumes for pod", "Error syncing pod")
"""How the kubelet begins what it repeats every two minutes, after the driver or the attacher has said once what keeps
the volume (https://github.com/kubernetes/kubernetes/issues/93563)."""
_LOOKED_AT = timedelta(minutes=1)
"""Within that a scheduler says something of a new pod, however many there are."""
_USUAL = frozenset({"", "default-scheduler"})


class Trouble(Struct, frozen=True, kw_only=True):
    """One trouble of one pod.

    ``reason`` is stable: the kubelet's word where it has one, else Unschedulable, NotScheduled, NotReady, Terminating,
    Restarted, Restarting (it runs just now, but no longer yet than it ran before), Failed.
    ``current`` tells what holds now from what happened (an OOM before the last restart); ``at`` is when,
    ``times`` how often the container has restarted. ``lasting`` tells that waiting alone will not help.
    """

    reason: str
    words: str
    pod: str
    container: str | None = None
    current: bool = True
    lasting: bool = False
    at: datetime | None = None
    times: int = 0


def troubles(pod: Pod, events: Iterable[Event] = (), now: datetime | None = None) -> tuple[Trouble, ...]:
    """Return the troubles of ``pod``, what holds now first. None for a pod that has done its work (Succeeded).

    ``events`` are the pod's own, where they were looked at: they name the volume that does not come and the probe that
    fails. ``now`` is the moment of the look by the server's clock.
    """
    moment = now or datetime.now(UTC)
    if pod.deleted is not None:
        return tuple(_terminating(pod, moment))
    if pod.phase == "Succeeded":
        return ()
    if pod.phase == "Failed":
        return (_failed(pod),)
    heard = _Heard(events, moment)
    every = (*_unscheduled(pod, moment), *_containers(pod, heard), *_gates(pod))
    found = [
        one
        for one in every
        if not is_ending(pod, one.container, moment) and (heard.warned or not is_beginning(pod, one.reason, moment))
    ]
    return tuple(sorted(found, key=lambda trouble: not trouble.current))


class _Heard:
    """The warnings about one pod until ``now``, the last of each reason."""

    def __init__(self, events: Iterable[Event], now: datetime) -> None:
        self.now = now
        self._warnings = sorted(
            (event for event in events if event.type != "Normal"),
            key=lambda event: event.last_seen or datetime.min.replace(tzinfo=UTC),
        )

    @property
    def warned(self) -> bool:
        """Whether there is any."""
        return bool(self._warnings)

    def last(self, *reasons: str, starting: str = "") -> str:
        """Return the message of the last warning of these reasons, on one line; empty when there is none.

        What only says that something was waited for in vain gives way to what says why.
        """
        found = [one for one in self._warnings if one.reason in reasons and one.message.startswith(starting)]
        telling = [one for one in found if not one.message.startswith(_IN_VAIN)]
        return mask_line((telling or found)[-1].message) if found else ""


def _named(pod: Pod, status: ContainerStatus) -> str:
    role = {"init": "init container", "sidecar": "sidecar"}.get(status.role, "container")
    return f"{role} {status.name} of pod {pod.name}"


def overdue(pod: Pod, now: datetime) -> bool:
    """Whether a pod that was deleted should have ended by ``now``, and its kubelet have taken it away."""
    return pod.deleted is not None and now > pod.deleted + _TERMINATION_MARGIN


def _terminating(pod: Pod, now: datetime) -> Iterator[Trouble]:
    if pod.deleted is None or not overdue(pod, now):
        return
    late = int((now - pod.deleted).total_seconds())
    yield Trouble(
        reason="Terminating",
        words=f"pod {pod.name} should have ended {_span(late)} ago and is still terminating on node "
        f"{pod.node or '(none)'}; the node is gone, or a finalizer or volume holds it",
        pod=pod.name,
        lasting=True,
        at=pod.deleted,
    )


def _span(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _failed(pod: Pod) -> Trouble:
    ended = next((item for item in pod.statuses if item.state.state == "terminated" and item.state.exit_code), None)
    how = f": {_named(pod, ended)} ended with {_exit(ended.state)}" if ended is not None else ""
    said = f": {mask_line(pod.message)}" if pod.message else how
    return Trouble(
        reason=pod.reason or "Failed",
        words=f"pod {pod.name} has failed ({pod.reason or 'Failed'}){said}",
        pod=pod.name,
        at=ended.state.finished if ended is not None else None,
    )


def _unscheduled(pod: Pod, now: datetime) -> Iterator[Trouble]:
    """Tell a pod that no scheduler finds a node for, or that none has looked at: it stops, or has another name."""
    scheduled = find_condition(pod.conditions, "PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        reason = scheduled.reason or "Unschedulable"
        said = mask_line(scheduled.message) or "the scheduler gives no reason"
        words = f"pod {pod.name} finds no node ({reason}): {said}"
        yield Trouble(reason=reason, words=words, pod=pod.name, at=scheduled.changed)
    elif scheduled is None and not pod.node and pod.created is not None and now - pod.created > _LOOKED_AT:
        named = (
            "kube-scheduler" if pod.spec.scheduler in _USUAL else f"the scheduler {pod.spec.scheduler} that it names"
        )
        words = f"pod {pod.name} has no node, and no scheduler has looked at it; is there {named}, and does it run?"
        yield Trouble(reason="NotScheduled", words=words, pod=pod.name, at=pod.created)


def _containers(pod: Pod, heard: _Heard) -> Iterator[Trouble]:
    """Tell each container's troubles; of those that only wait for their turn, one at most, and only if nobody else."""
    held = False
    for status in pod.statuses:
        waits_its_turn = status.state.reason == "PodInitializing"
        if status.role == "ephemeral" or (waits_its_turn and (held or status.role != "container")):
            continue
        found = tuple(_container(pod, status, heard))
        # A native sidecar holds back what comes after it as an init container does, until it has started.
        before = status.role in {"init", "sidecar"} and any(trouble.current for trouble in found)
        held |= before or waits_its_turn
        yield from found


def _container(pod: Pod, status: ContainerStatus, heard: _Heard) -> Iterator[Trouble]:
    yield from _history(pod, status, heard.now)
    state = status.state
    if state.state == "waiting":
        yield _waiting(pod, status, heard)
    elif state.state == "running" and not status.ready and status.role != "init":
        yield _not_ready(pod, status, heard)
    elif state.state == "terminated" and state.reason != "OOMKilled" and not _is_done(pod, status):
        held = state.exit_code == 0 and status.role == "container" and pod.spec.restart_policy != "Always"
        next_ = ", and its pod goes on for its mesh's proxy alone" if held else " and is to be started again"
        words = f"{_named(pod, status)} has ended with {_exit(state)}{next_}"
        yield _trouble(pod, status, state.reason or "Error", words, at=state.finished)


def _is_done(pod: Pod, status: ContainerStatus) -> bool:
    """Whether a container has ended well that is not started again: an init container, or one of a Job's beside others.

    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
    """
    if status.state.exit_code:
        return False
    once = status.role == "container" and pod.spec.restart_policy != "Always"
    return status.role == "init" or (once and not only_proxies_run(pod))


def _trouble(
    pod: Pod, status: ContainerStatus, reason: str, words: str, *, at: datetime | None = None, **more: bool
) -> Trouble:
    return Trouble(
        reason=reason, words=words, pod=pod.name, container=status.name, at=at, times=status.restarts, **more
    )


def _history(pod: Pod, status: ContainerStatus, now: datetime) -> Iterator[Trouble]:
    """Tell how the container ended: out of memory, unable to start, or so that it runs again."""
    done = status.role == "init" and status.state.state == "terminated" and status.state.exit_code == 0
    for ended in (status.state, status.last_state):
        if ended.state != "terminated":
            continue
        # While the container waits for its next start, how it ended is what is wrong with it.
        current = status.state.state != "running" and not done
        if ended.reason == "OOMKilled":
            limit = _memory_limit(pod, status)
            words = f"{_named(pod, status)} was killed out of memory (OOMKilled{limit}){_when(ended)}, {_times(status)}"
            yield _trouble(pod, status, "OOMKilled", words, at=ended.finished, current=current)
        elif ended.reason in _START_REASONS:
            words = f"{_named(pod, status)} cannot be started ({ended.reason}): {mask_line(ended.message)}"
            yield _trouble(pod, status, ended.reason, words, at=ended.finished, current=current)
        elif not current and not done:
            lived = _ends_again(status, now)
            for_long = f" after {int(lived.total_seconds())} s, and has not run for longer since" if lived else ""
            words = (
                f"{_named(pod, status)} runs, after {_times(status)}; it last ended with {_exit(ended)}{_when(ended)}"
                f"{for_long}"
            )
            reason = "Restarted" if lived is None else "Restarting"
            yield _trouble(pod, status, reason, words, at=ended.finished, current=lived is not None)


def _ends_again(status: ContainerStatus, now: datetime) -> timedelta | None:
    """Return how long the container lived last, where it has ended twice at least and may be about to end again.

    A container in a crash loop is seen running at times. It is one that has got over what it died of, such as a store
    that was not there yet, only when it has run for longer than before.
    """
    last, runs_since = status.last_state, status.state.started
    if status.restarts < 2 or last.started is None or last.finished is None or runs_since is None:
        return None
    lived = last.finished - last.started
    return lived if lived < _BACK_OFF_RESET and now - runs_since <= lived + _SAME_RUN else None


def _memory_limit(pod: Pod, status: ContainerStatus) -> str:
    specs = (*pod.spec.init_containers, *pod.spec.containers)
    limit = next((item.limits.get("memory") for item in specs if item.name == status.name), None)
    return f", limit {limit}" if limit else ""


def _waiting(pod: Pod, status: ContainerStatus, heard: _Heard) -> Trouble:
    state, name = status.state, _named(pod, status)
    reason, said = state.reason or "Waiting", mask_line(state.message)
    if reason == "CrashLoopBackOff":
        return _crash_loop(pod, status, heard)
    if reason in _IMAGE_REASONS:
        said = re.sub(r'^Back-off pulling image "[^"]*"(?:: ErrImagePull)?(?:: )?', "", said)
        said = said or heard.last("Failed", starting="Failed to pull image")
        words = f"{name} cannot pull image {status.image} ({reason}){f': {said}' if said else ''}"
        return _trouble(pod, status, reason, words, lasting=bool(_LASTING_IMAGE.search(said)))
    if reason == "InvalidImageName":
        words = f"{name} has an image name that is none: {status.image} ({reason}){f': {said}' if said else ''}"
        return _trouble(pod, status, reason, words, lasting=True)
    if reason == "CreateContainerConfigError":
        words = f"{name} cannot be configured ({reason}): {_missing(said)}"
        return _trouble(pod, status, reason, words, lasting=True)
    if reason in _STARTING:
        return _starting(pod, status, heard)
    return _trouble(
        pod, status, reason, f"{name} cannot be started ({reason}): {said or 'the kubelet gives no reason'}"
    )


def _missing(said: str) -> str:
    """Name the object or key that a CreateContainerConfigError is about; else return what was said."""
    if found := re.fullmatch(r'(?P<kind>secret|configmap) "(?P<name>[^"]*)" not found', said):
        return f"{_KIND_WORDS[found['kind']]} {found['name']} does not exist"
    if found := re.fullmatch(r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) (?P<name>\S+)", said):
        return f"{found['kind']} {found['name']} has no key {found['key']}"
    return said or "the kubelet gives no reason"


_KIND_WORDS = {"secret": "Secret", "configmap": "ConfigMap"}


def _crash_loop(pod: Pod, status: ContainerStatus, heard: _Heard) -> Trouble:
    ended = status.last_state
    probe = heard.last("Unhealthy", starting="Liveness probe failed")
    why = f"; its liveness probe had it killed: {probe}" if probe and ended.exit_code in {137, 143} else ""
    words = (
        f"{_named(pod, status)} crashes again and again (CrashLoopBackOff): it ended with {_exit(ended)}"
        f"{_when(ended)}, {_times(status)}{why}"
    )
    return _trouble(pod, status, "CrashLoopBackOff", words, at=ended.finished)


def _starting(pod: Pod, status: ContainerStatus, heard: _Heard) -> Trouble:
    """Tell a container that has not begun: usually a volume, the network, or init containers that still run."""
    name, reason = _named(pod, status), status.state.reason
    running = [item.name for item in pod.statuses if item.role == "init" and item.state.state == "running"]
    if reason == "PodInitializing" and running:
        words = f"{name} waits for init container {running[0]}, which still runs ({reason})"
        return _trouble(pod, status, reason, words)
    said = heard.last("FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox")
    if found := re.search(r'for volume "(?P<volume>[^"]*)" *:? *(?P<why>.*)', said):
        words = f"{name} waits for volume {found['volume']} ({reason}): {_missing(found['why'])}"
        return _trouble(pod, status, reason, words)
    return _trouble(pod, status, reason, f"{name} is still being created ({reason}){f': {said}' if said else ''}")


def _not_ready(pod: Pod, status: ContainerStatus, heard: _Heard) -> Trouble:
    since = f" since {_time(status.state.started)}" if status.state.started else ""
    kind = "startup" if status.started is False else "readiness"
    said = heard.last("Unhealthy", starting=f"{kind.capitalize()} probe failed")
    words = f"{_named(pod, status)} runs{since} but is not ready: {said or f'its {kind} probe does not succeed'}"
    return _trouble(pod, status, "NotReady", words, at=status.state.started)


def _gates(pod: Pod) -> Iterator[Trouble]:
    """Tell a pod whose containers are ready but which is not: a readiness gate, or a node that went silent."""
    ready, containers = (find_condition(pod.conditions, kind) for kind in ("Ready", "ContainersReady"))
    if ready is None or ready.is_true or containers is None or not containers.is_true:
        return
    said = mask_line(ready.message) or ready.reason or "the kubelet gives no reason"
    words = f"pod {pod.name} is not ready although its containers are: {said}"
    yield Trouble(reason="NotReady", words=words, pod=pod.name, at=ready.changed)


def _exit(state: ContainerState) -> str:
    """Return how a container ended: ``exit code 137 (OOMKilled)``; a bare code above 128 is a signal."""
    if state.exit_code is None:
        return "an exit code that is not known"
    told = state.reason if state.reason not in {"", "Error"} else ""
    if not told and state.exit_code - 128 in _SIGNALS:
        told = f"killed by {_SIGNALS[state.exit_code - 128]}"
    return f"exit code {state.exit_code}{f' ({told})' if told else ''}"


_SIGNALS = {item.value: item.name for item in signal.Signals}


def _when(state: ContainerState) -> str:
    return f" at {_time(state.finished)}" if state.finished else ""


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%SZ")


def _times(status: ContainerStatus) -> str:
    return f"{status.restarts} restart{'' if status.restarts == 1 else 's'}"

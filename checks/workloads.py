"""Workloads: the objects that run a component's pods, and how the pods fare.

The file is long because an area is one file: whoever asks what is checked of a pod reads it in one place.
"""

import datetime as dt
from collections.abc import Callable
from typing import Final

from cx_conformance.blueprint.component import Component, ContainerPort
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.promise import Severity
from cx_conformance.blueprint.quantity import Quantity
from cx_conformance.blueprint.resources import Resources
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.autoscaling import autoscalers_of
from cx_conformance.cluster.cron_runs import failed_run
from cx_conformance.cluster.readiness import rollout
from cx_conformance.cluster.resources import effective, running, written
from cx_conformance.cluster.rollout_delay import delays, on_lost_nodes
from cx_conformance.cluster.scaling_up import joining, only_joining
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.cluster.troubles import Trouble, troubles
from cx_conformance.objects.helm import by_helm
from cx_conformance.objects.job import Job
from cx_conformance.objects.pod_spec import ContainerPort as LivePort
from cx_conformance.objects.workload import CronJob, Workload
from cx_conformance.outcome.check import NotApplicable, SwitchedOff, check
from cx_conformance.outcome.outcome import ABOUT, Evidence


@check(
    "CX101",
    "Workload exists",
    severity=Severity.CRITICAL,
    remedy="apply its manifest, or helm upgrade its chart; if it is not installed here, say so in the site file",
    rests_on=("namespace:CX008",),
)
def check_exists(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """The object that runs the component exists under a documented name, and is not being deleted."""
    evidence.promised = f"{component.of.workload.kind} {component.id}"
    evidence.found = "absent"
    if seen.left_out(component.planned):
        raise SwitchedOff("left out here, workload and Service, as a site may; it is not part of every installation")
    found = seen.workload(component.planned)
    live = found.object
    evidence.found = evidence.seen_at = f"{live.kind} {live.where}"
    if found.note:
        evidence.note(found.note)
    assert not live.ending, f"{live.kind} {live.where} {live.ending}"
    other = _labelled_as(live, component.planned, seen)
    assert other is None, (
        f"{live.kind} {live.where} carries the labels of {other}: another component's template runs under its name"
    )


def _labelled_as(live: Workload, planned: Planned, seen: Seen) -> str | None:
    """Return the other component whose labels the pods carry, and none of this one's; None where there is none."""
    stamped = [label for name in _NAMING_LABELS if (label := live.template.labels.get(name))]
    if not {planned.id, *planned.names, *planned.chart_names}.isdisjoint(stamped):
        return None
    for other in (one for label in stamped for one in seen.plan.called.get(label, ())):
        if planned.id.startswith(f"{other.id}-"):
            continue  # a part of one chart bears the chart's name: apisix-control-plane is labelled apisix
        if other.id != planned.id and live.name not in other.names:
            return other.id
    return None


_NAMING_LABELS: Final = ("ef.service", "app.kubernetes.io/name")
"""By which the vendor's manifests and charts say whose the pods are."""


@check(
    "CX102",
    "Workload kind",
    severity=Severity.MAJOR,
    remedy="delete it and apply it with the promised kind; only a StatefulSet keeps its pods' names and volumes",
    rests_on=("CX101",),
)
def check_kind(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """The workload has the promised kind; another one keeps neither its pods' names nor their volumes."""
    promised, live = component.of.workload, seen.workload(component.planned).object
    evidence.found, evidence.promised, evidence.seen_at = live.kind, str(promised.kind), f"{live.kind} {live.where}"
    if live.kind in promised.also_kinds and live.kind != promised.kind:
        evidence.note(f"a {live.kind}, as the charts have it; documented is a {promised.kind}")
        return
    assert live.kind == promised.kind, f"{live.where} is a {live.kind} of promised {promised.kind}"


@check(
    "CX103",
    "Desired replicas",
    severity=Severity.MAJOR,
    remedy="kubectl scale to the promised number; or allow it, or an autoscaler's range, in the site's `overrides`",
    rests_on=("CX101",),
)
def check_replicas(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """At least as many replicas are desired as are promised, and of a StatefulSet no more; zero is switched off.

    A Deployment may have more than the page says, by hand or by an autoscaler, but not more than the site says; an
    autoscaler that may take it below the promise is told.
    """
    live, promised = seen.workload(component.planned).object, component.planned.replicas
    if live.kind in {"DaemonSet", "CronJob"}:
        raise NotApplicable(f"a {live.kind} has no desired replicas of its own")
    words = str(promised[0]) if len(promised) == 1 else f"{promised[0]} to {promised[-1]}"
    evidence.found, evidence.promised, evidence.seen_at = live.replicas, words, f"{live.kind} {live.where}"
    scaled = autoscalers_of(live, seen.snapshot)
    for one in scaled:
        if one.least < promised[0]:
            evidence.note(f"HorizontalPodAutoscaler {one.where} may take it down to {one.least} of promised {words}")
    by = f", by HorizontalPodAutoscaler {scaled[0].where}" if scaled else ""
    own = seen.plan.site.overrides.get(component.component)
    if live.kind == "Deployment" and live.replicas > promised[-1] and not (own and own.replicas):
        evidence.note(f"{live.kind} {live.where} desires {live.replicas} replicas, more than promised {words}{by}")
        return
    assert live.replicas in promised, (
        f"{live.kind} {live.where} desires {live.replicas} replicas of promised {words}{by}"
    )


@check(
    "CX104",
    "Rollout complete",
    severity=Severity.CRITICAL,
    remedy="kubectl rollout status, then kubectl describe the pods that are not ready",
    rests_on=("CX101", "CX103", "CX105", "CX106", "CX107", "CX112", "CX113"),
)
def check_rollout(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """All replicas are of the current version, ready and available, and no old pod outlives its grace period.

    What is added just now to as many as are promised, as by an autoscaler, is noted.
    """
    live, pods = seen.workload(component.planned).object, seen.pods(component.planned)
    state = rollout(live, pods, seen.snapshot.now)
    evidence.found, evidence.promised, evidence.seen_at = state.words, "complete", f"{live.kind} {live.where}"
    if state.state in ("leaving", "idle"):
        evidence.note(state.words)
    if state.state == "scaled-to-zero" and 0 in component.planned.replicas:
        raise SwitchedOff(f"{live.kind} {live.where} is scaled to zero, which the site allows")
    added = only_joining(live, state, pods, component.planned.replicas[0], seen.snapshot)
    if added:
        evidence.note(f"{state.words}; beside as many as are promised {', '.join(added)} was made just now")
    elif not state.complete:
        raise AssertionError(
            "; ".join((f"{live.kind} {live.where}: {state.words}", *delays(live, pods, seen.snapshot)))
        )


RUNS_AND_ENDS: Final = frozenset({"CrashLoopBackOff", "Error", "Completed", "ContainerStatusUnknown", "Restarting"})
CONFIGURED: Final = frozenset({"CreateContainerConfigError", "ContainerCreating"})
SCHEDULED: Final = frozenset({"Unschedulable", "SchedulerError", "SchedulingGated", "NotScheduled"})
ROLLOUT: Final = frozenset({"NotReady", "Terminating", "Restarted"})
RECENT: Final = dt.timedelta(days=1)
"""An out-of-memory kill that long ago may come again tonight."""


def _of_pods(
    component: Entry[Component], seen: Seen, evidence: Evidence, wanted: Callable[[Trouble], bool]
) -> list[Trouble]:
    """Return the troubles that are wanted, of pods that live; the evidence says what was found."""
    pods = [pod for pod in seen.pods(component.planned) if not pod.finished]
    found = [
        one for pod in pods for one in troubles(pod, seen.snapshot.events_about(pod), seen.snapshot.now) if wanted(one)
    ]
    if found:
        added = joining(seen.workload(component.planned).object, pods, component.planned.replicas[0], seen.snapshot)
        found = [one for one in found if one.pod not in added]
    of = f"{len(pods)} pod{'s' * (len(pods) != 1)}"
    evidence.found = [one.words for one in found] or f"{of} without such trouble"
    evidence.seen_at = next((f"Pod {pod.where}" for pod in pods if found and pod.name == found[0].pod), None)
    return found


@check(
    "CX105",
    "Containers start",
    severity=Severity.CRITICAL,
    remedy="kubectl describe pod; the message names the image, the registry or the program that is missing",
    rests_on=("CX101", "CX111"),
)
def check_start(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """No container waits for an image or cannot be started; it never starts by itself."""
    evidence.promised = "every container started"
    others = RUNS_AND_ENDS | ROLLOUT | CONFIGURED | SCHEDULED | {"OOMKilled"}
    found = _of_pods(component, seen, evidence, lambda one: one.current and one.reason not in others)
    assert not found, "; ".join(one.words for one in found)


@check(
    "CX112",
    "Containers are configured",
    severity=Severity.CRITICAL,
    remedy="create the ConfigMap, Secret or volume that the message names; the pod starts by itself then",
    rests_on=("CX101", "CX301", "CX303", "CX305", "CX402"),
)
def check_configured(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """No container waits for a ConfigMap, a Secret or a volume."""
    evidence.promised = "every container configured"
    found = _of_pods(component, seen, evidence, lambda one: one.current and one.reason in CONFIGURED)
    if found and all(_HELD in one.words for one in found):
        # By the pod before, which cannot end: whoever lost pods with that node has the same cause.
        lost = on_lost_nodes(seen.pods(component.planned), seen.snapshot)
        evidence.cause = "; ".join(sorted({why for _, why in lost})) or None
    assert not found, "; ".join(one.words for one in found)


_HELD: Final = ": Volume is already "
"""How a volume that another node still has is told (Multi-Attach error): exclusively attached, or used by a pod."""


@check(
    "CX113",
    "Pods are scheduled",
    severity=Severity.CRITICAL,
    remedy="kubectl describe pod; free CPU and memory, mend the node, the claim or the node selector",
    rests_on=("CX101", "CX402"),
)
def check_scheduled(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """Every pod has found a node, and one that works: with a node its pods are lost, until they are made elsewhere."""
    evidence.promised = "every pod on a node that is Ready"
    found = _of_pods(component, seen, evidence, lambda one: one.current and one.reason in SCHEDULED)
    lost = on_lost_nodes(seen.pods(component.planned), seen.snapshot)
    told = [*(one.words for one in found), *(f"pod {pod} is on a node that does not work: {why}" for pod, why in lost)]
    if told:
        evidence.found = told
    # The nodes are not the component's own: whoever lost pods with one, or is refused in the same words, has the same
    # cause.
    refused = {one.words.removeprefix(f"pod {one.pod} ") for one in found}
    if lost and not found:
        evidence.cause = "; ".join(sorted({why for _, why in lost}))
    elif len(refused) == 1 and not lost:
        evidence.cause = f"a pod {refused.pop()}"
    assert not told, "; ".join(told)


@check(
    "CX115",
    "Jobs of the charts completed",
    severity=Severity.MAJOR,
    remedy="kubectl logs of the Job's pod; mend what it says, delete the Job, and let `helm upgrade` make it anew",
    rests_on=("CX001",),
)
def check_jobs(namespace: Entry[str], snapshot: Snapshot, evidence: Evidence) -> None:
    """What the charts do once, such as making a database, is done; until then, and where it failed, pods lack it.

    Jobs that Helm has not made are somebody else's, and those of a CronJob are made anew.
    """
    jobs = [one for one in snapshot.list(Job, namespace.id) if by_helm(one) and one.owner is None]
    evidence.found = {one.name: _stands(one) for one in jobs} or "none"
    evidence.promised = "completed"
    evidence.details[ABOUT] = [f"Job {one.where}" for one in jobs if not (one.completed or one.suspended)]
    failed = [f"Job {one.where}: {_stands(one)}" for one in jobs if one.failure]
    assert not failed, "; ".join(failed)
    open_still = [f"Job {one.where} {_stands(one)}" for one in jobs if not (one.completed or one.suspended)]
    assert not open_still, "; ".join(open_still)


def _stands(job: Job) -> str:
    if job.failure:
        return f"failed ({job.failure.reason}): {job.failure.message}".rstrip(": ")
    if job.completed:
        return "completed"
    since = f", started {job.started:%Y-%m-%d %H:%M:%SZ}" if job.started else ""
    return f"has not completed yet: {job.active} pods run{since}"


@check(
    "CX106",
    "Containers stay up",
    severity=Severity.CRITICAL,
    remedy="kubectl logs --previous; the exit code and the last lines say why it ends",
    rests_on=("CX101", "CX105", "CX107"),
)
def check_stay(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """No container ends again and again, and of a CronJob a run has succeeded within a day of the last that failed."""
    evidence.promised = "no crash loop"
    found = _of_pods(component, seen, evidence, lambda one: one.current and one.reason in RUNS_AND_ENDS)
    for pod in seen.pods(component.planned):
        if pod.restarts:
            evidence.note(f"pod {pod.name} restarted {pod.restarts} times")
    told = [one.words for one in found]
    live = seen.workload(component.planned).object
    failed = failed_run(live, seen.snapshot) if isinstance(live, CronJob) else None
    if failed and failed.lasting:
        told.append(f"CronJob {live.where}: {failed.words}")
        evidence.found = told
    elif failed:
        evidence.note(failed.words)
    assert not told, "; ".join(told)


@check(
    "CX107",
    "No recent out-of-memory kill",
    severity=Severity.MAJOR,
    remedy="raise the memory limit or find the leak; kubectl top pod shows the use",
    rests_on=("CX101",),
)
def check_memory(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """No container was lately killed for using more memory than its limit; it will be again."""
    evidence.promised = "none"
    now = seen.snapshot.now
    found = _of_pods(
        component,
        seen,
        evidence,
        lambda one: one.reason == "OOMKilled" and (one.current or one.at is None or now - one.at < RECENT),
    )
    assert not found, "; ".join(one.words for one in found)


@check(
    "CX108",
    "Restart policy",
    severity=Severity.MAJOR,
    remedy="set restartPolicy in the pod template as promised",
    rests_on=("CX101",),
)
def check_restart_policy(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """A container that ends is started again as promised."""
    live, promised = seen.workload(component.planned).object, component.of.workload.restart_policy
    found = live.template.spec.restart_policy
    evidence.found, evidence.promised, evidence.seen_at = found, promised, f"{live.kind} {live.where}"
    if live.kind == "CronJob":
        raise NotApplicable("a CronJob's pods are not started again by this policy")
    assert found == promised, f"{live.kind} {live.where} has restartPolicy {found} of promised {promised}"


@check(
    "CX116",
    "Own image",
    severity=Severity.CRITICAL,
    remedy="set the component's own image in the pod template, or in the values of its chart",
    rests_on=("CX101",),
)
def check_image(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """No container of the component runs the image of another component; registry, tag and digest are the site's."""
    if component.of.image is None:
        raise NotApplicable("no image is promised")
    live = seen.workload(component.planned).object
    named = component.of.workload.containers
    runs = {
        one.name: one.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
        for one in live.template.spec.containers
        if one in seen.own_containers(component.planned) or one.name in named
    }
    evidence.found, evidence.promised, evidence.seen_at = runs, component.of.image, f"{live.kind} {live.where}"
    others = {one.image for one in seen.plan.blueprint.components.values() if one.image} - {component.of.image}
    wrong = [f"container {name} runs {image}" for name, image in runs.items() if image in others]
    where = f"{live.kind} {live.where}"
    assert not wrong, f"{where}: {'; '.join(wrong)}, another component's image; promised is {component.of.image}"


@check(
    "CX109",
    "Container port",
    severity=Severity.MAJOR,
    remedy="declare the port in the container's `ports`, with its documented name",
    rests_on=("CX101",),
)
def check_container_port(container_port: Entry[ContainerPort], seen: Seen, evidence: Evidence) -> None:
    """The pod declares the port under its documented name, by which Services find it."""
    promised, live = container_port.of, seen.workload(container_port.planned).object
    evidence.seen_at = f"{live.kind} {live.where}"
    names = tuple(name for name in (promised.name, *promised.aliases) if name)
    evidence.promised = f"{promised.port}{f' ({promised.name})' if promised.name else ''}"
    declared = [port for one in live.template.spec.serving_containers for port in one.ports]
    evidence.found = [_shown(port) for port in declared] or "none"
    same = [port for port in declared if port.number == promised.port and port.protocol == "TCP"]
    if not same and promised.optional:
        evidence.note(f"not declared, which is accepted: {promised.why}")
        return
    shown = ", ".join(evidence.found) if declared else "none"
    assert same, f"{live.kind} {live.where} declares ports {shown} of promised {evidence.promised}"
    if not names or any(port.name in names for port in same):
        return
    assert not same[0].name, (
        f"{live.kind} {live.where} names port {promised.port} {same[0].name} of promised {names[0]}"
    )
    raise AssertionError(f"{live.kind} {live.where} gives port {promised.port} no name, promised {names[0]}")


def _shown(port: LivePort) -> str:
    number = f"{port.number}" if port.protocol == "TCP" else f"{port.number}/{port.protocol}"
    return f"{number} ({port.name})" if port.name else number


@check(
    "CX110",
    "Requests and limits",
    severity=Severity.MAJOR,
    remedy="set the container's resources as promised, or give this site's in the site file under `overrides`",
    rests_on=("CX101",),
)
def check_resources(resources: Entry[Resources], seen: Seen, evidence: Evidence) -> None:
    """The container requests and is limited to what is promised; with less it is throttled or killed.

    So it is in the template, and no running pod has been given less since.
    """
    live, container = seen.workload(resources.planned).object, seen.container(resources.planned)
    evidence.seen_at = f"{live.kind} {live.where}, container {container.name}"
    promised = {
        "requests": resources.of.requests.promised,
        "limits": resources.of.limits.promised,
    }
    wanted = [(kind, name, amount) for kind, of in promised.items() for name, amount in of.items()]
    found = effective(live.template.spec, container)
    in_pods = running(live, seen.visible_pods(resources.planned), container.name, seen.snapshot.now)
    for kind, name, _ in wanted:
        filled_in = {amounts[kind][name] for _, amounts in in_pods if name in amounts[kind]}
        if name not in found[kind] and len(filled_in) == 1:
            found[kind] |= {name: filled_in.pop()}
            evidence.note(f"{kind}.{name} is filled in when pods are made, as by a LimitRange; the template gives none")
    evidence.promised = {kind: {name: str(amount) for name, amount in of.items()} for kind, of in promised.items()}
    evidence.found = found
    asked = written(live, container.name)
    broken = []
    for kind, name, amount in wanted:
        has, words = _amount(found[kind].get(name)), f"{kind}.{name} {found[kind].get(name, 'absent')}"
        if has and has > amount and _amount(asked[kind].get(name)) == amount:
            evidence.note(f"{words}, which GKE's Autopilot made of {amount}")
        elif has != amount:
            broken.append(f"{words} of promised {amount}")
    absent = [f"{kind}.{name}" for kind, name, _ in wanted if name not in found[kind]]
    # Who sets none has forgotten them everywhere; who sets other ones has chosen them.
    evidence.cause = f"no {', '.join(absent)} in the pod template" if absent and len(absent) == len(broken) else None
    assert not broken, f"{evidence.seen_at}: {', '.join(broken)}"
    for pod, amounts in in_pods:
        # Without a request it is given less than with the promised one, without a limit more.
        less = [
            f"{kind}.{name} {amounts[kind].get(name, 'absent')} of promised {amount}"
            for kind, name, amount in wanted
            if (there := _amount(amounts[kind].get(name, "0" if kind == "requests" else str(amount))))
            and there < amount
        ]
        words = f"pod {pod.where}, container {container.name}, runs with {', '.join(less)}, unlike its template"
        if less and not _AUTOSCALED.isdisjoint(pod.annotations):
            evidence.note(f"{words}: a VerticalPodAutoscaler set it so")
        else:
            assert not less, words


_AUTOSCALED: Final = frozenset({"vpaUpdates", "vpaInPlaceUpdated"})
"""What the VerticalPodAutoscaler writes on a pod that it gives other resources than its template has: when the pod is
made, or while it runs (update mode InPlaceOrRecreate, from its version 1.4 on; source: kubernetes/autoscaler,
vertical-pod-autoscaler/pkg/utils/annotations)."""


def _amount(found: str | None) -> Quantity | None:
    try:
        return None if found is None else Quantity.parse(found)
    except ValueError:
        return None


@check(
    "CX111",
    "Pull secret exists",
    severity=Severity.MAJOR,
    remedy="create the docker-registry Secret in the namespace; without it the next pull of the image is refused",
    rests_on=("CX101",),
)
def check_pull_secret(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """Every pull secret that the pods name exists; a missing one shows only at the next pull.

    Of those that only their service account brings, one that exists will do: the kubelet tries each.
    """
    live = seen.workload(component.planned).object
    own = live.template.spec.image_pull_secrets
    staying = [pod for pod in seen.visible_pods(component.planned) if pod.deleted is None]
    in_pods = [name for pod in staying for name in pod.spec.image_pull_secrets]
    evidence.promised, evidence.seen_at = list(dict.fromkeys((*own, *in_pods))), f"{live.kind} {live.where}"
    if not evidence.promised:
        raise NotApplicable("the pods name no pull secret")
    absent = {name for name in evidence.promised if seen.snapshot.secret(live.namespace, name) is None}
    missing = [name for name in evidence.promised if name in absent]
    if absent.isdisjoint(own) and len(absent) < len(evidence.promised):
        for name in missing:
            evidence.note(f"pull secret {name} of the service account does not exist; another one does")
        missing = []
    evidence.found = {"missing": missing}
    evidence.causes = [f"Secret {live.namespace}/{name} does not exist" for name in missing]
    assert not missing, (
        f"pull secret {', '.join(missing)} of {live.kind} {live.where} does not exist in {live.namespace}"
    )

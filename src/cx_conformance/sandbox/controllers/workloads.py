"""Deployments, StatefulSets, DaemonSets, Jobs: their ReplicaSets and Pods, and what their statuses count.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/ and the recorded statuses of a Kubernetes 1.36.
"""

import orjson

from cx_conformance.sandbox.annotations import AILMENT, ROLLED_FROM
from cx_conformance.sandbox.bootstrap import claims_of
from cx_conformance.sandbox.catalogue import Object, copied
from cx_conformance.sandbox.controllers.endpoints import is_ready
from cx_conformance.sandbox.controllers.index import Objects
from cx_conformance.sandbox.controllers.kubelet import run
from cx_conformance.sandbox.defaults import admitted
from cx_conformance.sandbox.world import suffix

_REVISION = "deployment.kubernetes.io/revision"


def workloads(objects: Objects) -> None:
    """Run every workload controller, and the kubelet for each pod."""
    for kind, controller in _CONTROLLERS.items():
        for thing in objects.of(kind):
            objects.put(controller(objects, thing))
    for pod in objects.of("Pod"):
        if "status" not in pod:
            run(objects, pod)


def _deployment(objects: Objects, thing: Object) -> Object:
    spec, metadata = thing["spec"], thing["metadata"]
    wanted = spec["replicas"]
    revision = int(metadata.get("annotations", {}).get(_REVISION, "1"))
    old: list[Object] = []
    old_image = metadata.get("annotations", {}).get(ROLLED_FROM)
    if old_image is not None:
        old = _replicas(objects, thing, _healthy(spec["template"], old_image), wanted, revision - 1)[1]
    name, pods = _replicas(objects, thing, spec["template"], 1 if old else wanted, revision)
    ready, everyone = [pod for pod in (*pods, *old) if is_ready(pod)], [*pods, *old]
    status = _counts(
        replicas=len(everyone), updatedReplicas=len(pods), readyReplicas=len(ready), availableReplicas=len(ready)
    )
    if len(everyone) > len(ready):
        status["unavailableReplicas"] = len(everyone) - len(ready)
    available = len(ready) >= wanted - wanted // 4
    progressed = all(is_ready(pod) for pod in pods)
    minimum = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    lacking = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    done = ("NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
    stuck = ("ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
    status["terminatingReplicas"] = 0
    status["conditions"] = [
        _condition("Available", available, minimum if available else lacking, objects.world.born),
        _condition("Progressing", progressed, done if progressed else stuck, objects.world.born),
    ]
    return _observed(thing, status)


def _replicas(
    objects: Objects, deployment: Object, template: Object, count: int, revision: int
) -> tuple[str, list[Object]]:
    """Make the ReplicaSet of a template and its pods; return its name and them."""
    metadata = deployment["metadata"]
    fingerprint = suffix(orjson.dumps(template, option=orjson.OPT_SORT_KEYS).decode(), 10)
    labelled = _labelled(template, {"pod-template-hash": fingerprint})
    name = f"{metadata['name']}-{fingerprint}"
    made = objects.owned(deployment, "apps/v1", "ReplicaSet", name)
    made["metadata"]["labels"] = labelled["metadata"]["labels"]
    made["metadata"]["generation"] = 1
    made["metadata"]["annotations"] = {
        "deployment.kubernetes.io/desired-replicas": str(count),
        "deployment.kubernetes.io/max-replicas": str(count + -(-count // 4)),
        _REVISION: str(revision),
    }
    selector = deployment["spec"]["selector"].get("matchLabels", {}) | {"pod-template-hash": fingerprint}
    made["spec"] = {"replicas": count, "selector": {"matchLabels": selector}, "template": labelled}
    pods = [_pod(objects, made, f"{name}-{ending}", labelled) for ending in _endings(made["metadata"]["uid"], count)]
    ready = sum(map(is_ready, pods))
    status = {"replicas": count, "fullyLabeledReplicas": count} if count else {"replicas": 0}
    counted = status | _counts(readyReplicas=ready, availableReplicas=ready)
    objects.put(made | {"status": {**counted, "terminatingReplicas": 0, "observedGeneration": 1}})
    return name, pods


def _endings(seed: str, count: int) -> list[str]:
    """Return generated name endings, no two alike: of ten thousand some would be."""
    endings: dict[str, None] = {}
    attempt = 0
    while len(endings) < count:
        endings[suffix(f"{seed}/{attempt}", 5)] = None
        attempt += 1
    return list(endings)


def _stateful_set(objects: Objects, thing: Object) -> Object:
    spec, metadata = thing["spec"], thing["metadata"]
    fingerprint = suffix(orjson.dumps(spec["template"], option=orjson.OPT_SORT_KEYS).decode(), 9)
    revision = f"{metadata['name']}-{fingerprint}"
    kept = objects.owned(thing, "apps/v1", "ControllerRevision", revision)
    kept["metadata"]["labels"] = dict(spec["template"]["metadata"]["labels"])
    objects.put(kept | {"data": {"spec": {"template": spec["template"]}}, "revision": 1})
    pods: list[Object] = []
    for ordinal in range(spec["replicas"]):
        pods.append(_stateful_pod(objects, thing, ordinal, revision))
        if spec["podManagementPolicy"] == "OrderedReady" and not is_ready(pods[-1]):
            break
    ready = sum(map(is_ready, pods))
    counts = _counts(readyReplicas=ready, currentReplicas=len(pods), updatedReplicas=len(pods))
    status = {"replicas": len(pods)} | counts | {"currentRevision": revision, "updateRevision": revision}
    return _observed(thing, status | {"collisionCount": 0, "availableReplicas": ready})


def _stateful_pod(objects: Objects, thing: Object, ordinal: int, revision: str) -> Object:
    name = f"{thing['metadata']['name']}-{ordinal}"
    labels = {
        "apps.kubernetes.io/pod-index": str(ordinal),
        "controller-revision-hash": revision,
        "statefulset.kubernetes.io/pod-name": name,
    }
    template = _labelled(thing["spec"]["template"], labels)
    volumes = []
    for claim in claims_of(thing, ordinal):
        own = claim["metadata"]
        if objects.get("PersistentVolumeClaim", own["namespace"], own["name"]) is None:
            objects.put(admitted(claim, objects.world) | {"status": {"phase": "Pending"}})
        volumes.append(
            {"name": own["name"].removesuffix(f"-{name}"), "persistentVolumeClaim": {"claimName": own["name"]}}
        )
    spec = template["spec"]
    template["spec"] = spec | {"hostname": name, "subdomain": thing["spec"].get("serviceName", "")}
    template["spec"]["volumes"] = [*volumes, *spec.get("volumes", [])]
    return _pod(objects, thing, name, template)


def _daemon_set(objects: Objects, thing: Object) -> Object:
    metadata = thing["metadata"]
    template = _labelled(thing["spec"]["template"], {"pod-template-generation": "1"})
    pods = []
    for node in objects.of("Node"):
        pinned = copied(template)
        pinned["spec"]["nodeName"] = node["metadata"]["name"]
        seed = f"{metadata['uid']}/{node['metadata']['name']}"
        pods.append(_pod(objects, thing, f"{metadata['name']}-{suffix(seed, 5)}", pinned))
    ready, count = sum(map(is_ready, pods)), len(pods)
    status = {
        "currentNumberScheduled": count,
        "desiredNumberScheduled": count,
        "numberMisscheduled": 0,
        "numberReady": ready,
    }
    if count > ready:
        status["numberUnavailable"] = count - ready
    return _observed(thing, status | {"updatedNumberScheduled": count, "numberAvailable": ready})


def _job(objects: Objects, thing: Object) -> Object:
    if "status" in thing:
        return thing
    metadata = thing["metadata"]
    template = _labelled(thing["spec"]["template"], {"batch.kubernetes.io/job-name": metadata["name"]})
    _pod(objects, thing, f"{metadata['name']}-{suffix(metadata['uid'], 5)}", template)
    complete = _condition(
        "Complete", True, ("CompletionsReached", "Reached expected number of succeeded pods"), objects.world.born
    )
    times = {"startTime": objects.world.born, "completionTime": objects.world.born}
    return thing | {"status": {"succeeded": 1, "ready": 0, "conditions": [complete], **times}}


def _pod(objects: Objects, owner: Object, name: str, template: Object) -> Object:
    """Put a pod of that template, as the kubelet leaves it, and return it."""
    metadata = template["metadata"]
    made = objects.owned(owner, "v1", "Pod", name)
    made["metadata"]["labels"] = metadata["labels"]
    made["metadata"]["generateName"] = f"{owner['metadata']['name']}-"
    made["metadata"]["generation"] = 1
    if "annotations" in metadata:
        made["metadata"]["annotations"] = metadata["annotations"]
    return run(objects, made | {"spec": template["spec"]})


def _labelled(template: Object, labels: dict[str, str]) -> Object:
    metadata = template.get("metadata") or {}
    return {"metadata": metadata | {"labels": metadata.get("labels", {}) | labels}, "spec": template["spec"]}


def _healthy(template: Object, image: str) -> Object:
    made = copied(template)
    made["metadata"].get("annotations", {}).pop(AILMENT, None)
    made["spec"]["containers"][0]["image"] = image
    return made


def _counts(**counts: int) -> Object:
    """Return the counts that are not zero: the API leaves the others out."""
    return {name: count for name, count in counts.items() if count}


def _observed(thing: Object, status: Object) -> Object:
    return thing | {"status": {"observedGeneration": thing["metadata"].get("generation", 1)} | status}


def _condition(kind: str, holds: bool, words: tuple[str, str], born: str) -> Object:
    return {
        "type": kind,
        "status": str(holds),
        "lastUpdateTime": born,
        "lastTransitionTime": born,
        "reason": words[0],
        "message": words[1],
    }


_CONTROLLERS = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
}

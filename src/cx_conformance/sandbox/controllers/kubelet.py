"""The kubelet: how far a pod gets on its node.

A pod comes up unless something it needs is not there, or an ailment is written on it. The words are those of the
recorded pods of a Kubernetes 1.36.
"""

from collections.abc import Callable

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.controllers.events import warn
from cx_conformance.sandbox.controllers.index import Objects
from cx_conformance.sandbox.controllers.needs import missing_references, missing_volumes
from cx_conformance.sandbox.controllers.scheduler import ailment, chosen_node, unschedulable
from cx_conformance.sandbox.world import digest, suffix

_TOLERATIONS = [
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("not-ready", "unreachable")
]


def run(objects: Objects, pod: Object) -> Object:
    """Put the pod with the status it comes to, and the events of the way there; return it."""
    spec = _completed(objects, pod)
    refused = unschedulable(objects, pod, spec)
    if refused is not None:
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": refused}
        made = pod | {
            "spec": spec,
            "status": {"phase": "Pending", "conditions": [_dated(objects, condition)], "qosClass": _qos(spec)},
        }
        warn(objects, made, "FailedScheduling", refused, "default-scheduler")
    else:
        node = chosen_node(objects, spec)
        spec = spec | {"nodeName": node["metadata"]["name"]}
        made = pod | {"spec": spec}
        made = made | {"status": _status(objects, made, node)}
    objects.put(made)
    return made


def _completed(objects: Objects, pod: Object) -> Object:
    """Return the specification with what admission and the service account add."""
    spec = pod["spec"]
    account = spec.get("serviceAccountName", "default")
    volume = f"kube-api-access-{suffix(pod['metadata']['uid'], 5)}"
    mount = {"name": volume, "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
            }
        },
    ]
    added: Object = {
        "volumes": [*spec.get("volumes", []), {"name": volume, "projected": {"sources": sources, "defaultMode": 420}}],
        "serviceAccountName": account,
        "serviceAccount": account,
        "tolerations": [*spec.get("tolerations", []), *_TOLERATIONS],
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }
    ephemeral = objects.world.processes.ephemeral(pod["metadata"]["uid"])
    if ephemeral:
        added["ephemeralContainers"] = ephemeral
    if spec.get("automountServiceAccountToken") is False:
        del added["volumes"]
        return dict({"volumes": []} | spec | added)
    for key in ("initContainers", "containers"):
        if key in spec:
            added[key] = [c | {"volumeMounts": [*c.get("volumeMounts", []), mount]} for c in spec[key]]
    return dict(spec | added)


def _status(objects: Objects, pod: Object, node: Object) -> Object:
    spec, metadata = pod["spec"], pod["metadata"]
    host = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
    status: Object = {
        "hostIP": host,
        "hostIPs": [{"ip": host}],
        "startTime": objects.world.born,
        "qosClass": _qos(spec),
    }
    unmounted = next(missing_volumes(objects, pod), None)
    if unmounted is None:
        address = objects.world.addresses.pod(metadata["namespace"], metadata["name"])
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
    else:
        warn(objects, pod, "FailedMount", unmounted)
    started = objects.world.processes.states(metadata["uid"])
    own = {container["name"] for container in spec["containers"]}
    finished = spec["restartPolicy"] != "Always" and unmounted is None and not own & started.keys()
    states = [_container(objects, pod, c, index, unmounted) for index, c in enumerate(spec["containers"])]
    if finished:
        states = [s | {"ready": False, "state": {"terminated": _terminated(objects, 0, "Completed")}} for s in states]
    states = [_as_started(status, started) for status in states]
    inits = [_initialized(objects, c) for c in spec.get("initContainers", [])]
    if inits:
        status["initContainerStatuses"] = inits
    status["containerStatuses"] = states
    unready = [s["name"] for s in states if not s["ready"]]
    waiting = any("waiting" in s["state"] and not s["restartCount"] for s in states)
    status["phase"] = "Succeeded" if finished else "Pending" if waiting else "Running"
    ended = [one["state"]["terminated"]["exitCode"] for one in states if "terminated" in one["state"]]
    if len(ended) == len(states) and not finished:
        status["phase"] = "Failed" if any(ended) else "Succeeded"
    if objects.world.processes.overdue(metadata["uid"]):
        message = "Pod was active on the node longer than the specified deadline"
        status |= {"phase": "Failed", "reason": "DeadlineExceeded", "message": message}
    if spec.get("ephemeralContainers"):
        status["ephemeralContainerStatuses"] = [
            _as_started(_ephemeral(container), started) for container in spec["ephemeralContainers"]
        ]
    status["conditions"] = _conditions(objects, pod, unready, sandboxed=unmounted is None)
    return status


def _as_started(status: Object, started: dict[str, Object]) -> Object:
    """Return a container's status with the state that the runtime knows; only what runs is ready."""
    state = started.get(status["name"])
    if state is None:
        return status
    return status | {"state": state, "ready": "running" in state, "started": "running" in state}


def _ephemeral(container: Object) -> Object:
    made = {"name": container["name"], "image": container["image"], "imageID": "", "lastState": {}, "restartCount": 0}
    return made | {"state": {"waiting": {"reason": "ContainerCreating"}}, "ready": False}


def _conditions(objects: Objects, pod: Object, unready: list[str], *, sandboxed: bool) -> list[Object]:
    verdict: Object = {"status": "True"}
    if unready:
        message = f"containers with unready status: [{' '.join(unready)}]"
        verdict = {"status": "False", "reason": "ContainersNotReady", "message": message}
    whole = verdict
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates", [])]
    if gates and not unready:  # nobody here sets a gate's condition
        message = f'corresponding condition of pod readiness gate "{gates[0]}" does not exist.'
        whole = {"status": "False", "reason": "ReadinessGatesNotReady", "message": message}
    return [
        _dated(objects, condition)
        for condition in (
            {"type": "PodReadyToStartContainers", "status": str(sandboxed)},
            {"type": "Initialized", "status": "True"},
            {"type": "Ready", **whole},
            {"type": "ContainersReady", **verdict},
            {"type": "PodScheduled", "status": "True"},
        )
    ]


def _container(objects: Objects, pod: Object, container: Object, index: int, unmounted: str | None) -> Object:
    base: Object = {
        "name": container["name"],
        "state": {"running": {"startedAt": objects.world.born}},
        "lastState": {},
        "ready": True,
        "restartCount": 0,
        "image": container["image"],
        "imageID": f"sha256:{digest(container['image'])}",
        "containerID": f"containerd://{digest(pod['metadata']['uid'] + container['name'])}",
        "started": True,
        "resources": container["resources"],
    }
    if unmounted is not None:
        return base | _waiting("ContainerCreating")
    unfound = next(missing_references(objects, pod, container), None)
    if unfound is not None:
        warn(objects, pod, "Failed", f"Error: {unfound}")
        return base | _waiting("CreateContainerConfigError", unfound)
    ail = _AILMENTS.get(ailment(pod)) if index == 0 else None
    return base | ail(objects, pod, container) if ail is not None else base


def _initialized(objects: Objects, container: Object) -> Object:
    made: Object = {
        "name": container["name"],
        "lastState": {},
        "ready": True,
        "restartCount": 0,
        "image": container["image"],
        "imageID": f"sha256:{digest(container['image'])}",
        "started": container.get("restartPolicy") == "Always",
    }
    running = {"running": {"startedAt": objects.world.born}}
    return made | {"state": running if made["started"] else {"terminated": _terminated(objects, 0, "Completed")}}


def _image_pull(objects: Objects, pod: Object, container: Object) -> Object:
    image = container["image"]
    why = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
    message = f'Back-off pulling image "{image}": ErrImagePull: {why}'
    warn(objects, pod, "Failed", f'Failed to pull image "{image}": {why}')
    return _waiting("ImagePullBackOff", message)


def _crash_loop(objects: Objects, pod: Object, container: Object) -> Object:
    return _crashed(objects, pod, container, 3, "Error")


def _out_of_memory(objects: Objects, pod: Object, container: Object) -> Object:
    return _crashed(objects, pod, container, 137, "OOMKilled")


def _crashed(objects: Objects, pod: Object, container: Object, code: int, reason: str) -> Object:
    metadata = pod["metadata"]
    full = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
    message = f"back-off 2m40s restarting failed container={container['name']} pod={full}"
    warn(objects, pod, "BackOff", f"Back-off restarting failed container {container['name']} in pod {full}")
    last = {"lastState": {"terminated": _terminated(objects, code, reason)}, "restartCount": 5}
    started = {
        key: value
        for key, value in _waiting("CrashLoopBackOff", message).items()
        if key not in ("imageID", "containerID")
    }
    return started | last


def _unready(objects: Objects, pod: Object, container: Object) -> Object:
    message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    warn(objects, pod, "Unhealthy", message)
    return {"name": container["name"], "ready": False}


def _waiting(reason: str, message: str = "") -> Object:
    waiting = {"reason": reason} | ({"message": message} if message else {})
    return {"state": {"waiting": waiting}, "ready": False, "started": False, "imageID": "", "containerID": ""}


def _terminated(objects: Objects, code: int, reason: str) -> Object:
    return {"exitCode": code, "reason": reason, "startedAt": objects.world.born, "finishedAt": objects.world.born}


def _dated(objects: Objects, condition: Object) -> Object:
    return condition | {"lastProbeTime": None, "lastTransitionTime": objects.world.born}


def _qos(spec: Object) -> str:
    resources = [container["resources"] for container in spec["containers"]]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    guaranteed = all(
        {"cpu", "memory"} <= r.get("limits", {}).keys() and r.get("requests", r["limits"]) == r["limits"]
        for r in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


_AILMENTS: dict[str, Callable[[Objects, Object, Object], Object]] = {
    "image-pull": _image_pull,
    "crash-loop": _crash_loop,
    "out-of-memory": _out_of_memory,
    "unready": _unready,
}

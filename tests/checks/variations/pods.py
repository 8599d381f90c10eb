"""Workloads and their pods: sidecars, leftovers, histories, other ways of writing the same."""

import copy
import datetime as dt
import json
from collections.abc import Callable
from typing import Any, Final

from tests.checks.installation import Installation, Object
from tests.checks.variations.vary import (
    Vary,
    added,
    all_of,
    live,
    named,
    of_kind,
    own_config_map,
    pod_spec,
    pod_specs,
    pods_of,
    promised,
    sized,
    without_config_map,
    workload,
    workload_name,
    workloads,
)

LONG_AGO: Final = "2026-01-02T03:04:05Z"


def native_mesh(pod: Object) -> None:
    """Let the mesh's proxy be in the pod as a native sidecar, with its own init container before it."""
    proxy = {
        "name": "istio-proxy",
        "image": "istio/proxyv2",
        "restartPolicy": "Always",
        "ports": [{"name": "http-envoy-prom", "containerPort": 15090, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "2", "memory": "1Gi"}},
        "volumeMounts": [{"name": "istio-envoy", "mountPath": "/etc/istio/proxy"}],
    }
    spec, status = pod["spec"], pod["status"]
    spec["initContainers"] = [{"name": "istio-init", "image": "istio/proxyv2"}, proxy, *spec.get("initContainers", [])]
    spec.setdefault("volumes", []).append({"name": "istio-envoy", "emptyDir": {"medium": "Memory"}})
    ended = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": LONG_AGO}}
    status["initContainerStatuses"] = [
        {"name": "istio-init", "ready": True, "restartCount": 0, "state": ended},
        {"name": "istio-proxy", "ready": True, "started": True, "restartCount": 0, "state": {"running": {}}},
    ]


def debugged(pod: Object) -> None:
    """Let somebody have debugged the pod with an ephemeral container that has ended."""
    pod["spec"]["ephemeralContainers"] = [{"name": "debugger-x", "image": "busybox", "targetContainerName": "ccm"}]
    ended = {"terminated": {"exitCode": 137, "reason": "Error", "finishedAt": LONG_AGO}}
    pod["status"]["ephemeralContainerStatuses"] = [
        {"name": "debugger-x", "ready": False, "restartCount": 0, "state": ended}
    ]


def restarted(reason: str, times: int) -> Callable[[Object], None]:
    """Let the containers have ended so, long ago."""

    def change(pod: Object) -> None:
        for status in pod["status"]["containerStatuses"]:
            status["restartCount"] = times
            status["lastState"] = {"terminated": {"exitCode": 137, "reason": reason, "finishedAt": LONG_AGO}}

    return change


def waited_for_a_store(pod: Object) -> None:
    """Let the containers have ended three times while the stores were not there yet, and run for two minutes now."""
    now = dt.datetime.now(dt.UTC)
    started, ended, began = ((now - dt.timedelta(seconds=ago)).isoformat() for ago in (120, 140, 170))
    for status in pod["status"]["containerStatuses"]:
        last = {"exitCode": 1, "reason": "Error", "startedAt": began, "finishedAt": ended}
        status |= {"restartCount": 3, "lastState": {"terminated": last}, "state": {"running": {"startedAt": started}}}


def filled_in_by_a_limit_range(installation: Installation) -> None:
    """Leave the amounts to the namespace's LimitRange, which writes what is promised into the pods."""
    component = sized(installation)
    written = pod_spec(installation, component)["containers"][0].pop("resources")

    def change(pod: Object) -> None:
        pod["spec"]["containers"] = [{**pod["spec"]["containers"][0], "resources": written}]

    pods_of(component, change)(installation)


def given_to_the_pod(installation: Installation) -> None:
    """Give the amounts to each pod as a whole, as Kubernetes 1.34 allows."""
    for spec in pod_specs(installation):
        spec["resources"] = spec["containers"][0].pop("resources", {})


def vertically_scaled(pod: Object) -> None:
    """Let a VerticalPodAutoscaler have lowered the requests when the pod was made."""
    pod["spec"]["containers"] = copy.deepcopy(pod["spec"]["containers"])
    pod["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "15m", "memory": "105M"}
    pod["metadata"].setdefault("annotations", {})["vpaUpdates"] = (
        "Pod resources updated by ccm: container 0: cpu request"
    )


def vertically_scaled_in_place(pod: Object) -> None:
    """Let a VerticalPodAutoscaler have lowered the requests while the pod ran."""
    vertically_scaled(pod)
    del pod["metadata"]["annotations"]["vpaUpdates"]
    pod["metadata"]["annotations"]["vpaInPlaceUpdated"] = "true"


def resized_up(pod: Object) -> None:
    """Give the containers more than is promised, in place."""
    pod["spec"]["containers"] = copy.deepcopy(pod["spec"]["containers"])
    for own in pod["spec"]["containers"]:
        own["resources"] = {"requests": {"cpu": "2", "memory": "8Gi"}, "limits": {"cpu": "4", "memory": "16Gi"}}


def raised_by_autopilot(installation: Installation) -> None:
    """Let GKE's Autopilot have raised the requests to its least, as it says in an annotation."""
    component = sized(installation)
    own = pod_spec(installation, component)["containers"][0]
    before = {"name": own["name"], **copy.deepcopy(own["resources"])}
    own["resources"] = {"requests": {"cpu": "2", "memory": "8Gi"}, "limits": {"cpu": "2", "memory": "8Gi"}}
    said = {"input": {"containers": [before]}, "output": {"containers": [own["resources"]]}, "modified": True}
    about = workload(installation, component)["metadata"].setdefault("annotations", {})
    about["autopilot.gke.io/resource-adjustment"] = json.dumps(said)


def without_cpu_limits(pod: Object) -> None:
    """Let a policy of the cluster take the CPU limits away when pods are made."""
    pod["spec"]["containers"] = copy.deepcopy(pod["spec"]["containers"])
    for own in pod["spec"]["containers"]:
        own.get("resources", {}).get("limits", {}).pop("cpu", None)


def a_second_pull_secret(installation: Installation) -> None:
    """Let the service account name two pull secrets, of which one was never made."""
    own_pull_secret(installation)
    names = [{"name": "never-made"}, {"name": "expertflow-reg-cred"}]
    pods_of("ccm", lambda pod: pod["spec"].update(imagePullSecrets=names))(installation)


def leftover(phase: str, reason: str) -> Vary:
    """Let each ReplicaSet have an old pod that has ended, as after an eviction or a node's reboot."""

    def doubled(objects: list[Object]) -> None:
        for pod in [one for one in objects if one["kind"] == "Pod" and one["metadata"]["namespace"] == "expertflow"]:
            twin = copy.deepcopy(pod)
            twin["metadata"] |= {"name": f"{pod['metadata']['name']}-old", "uid": f"old-{pod['metadata']['uid']}"}
            twin["status"] = {"phase": phase, "reason": reason, "message": "The node was low on resource: memory."}
            objects.append(twin)

    return lambda installation: installation.change_live(doubled)


def older_revisions(installation: Installation) -> None:
    """Keep two old ReplicaSets at zero beside each one."""

    def doubled(objects: list[Object]) -> None:
        for one in [one for one in objects if one["kind"] == "ReplicaSet"]:
            for number in (1, 2):
                twin = copy.deepcopy(one)
                twin["metadata"] |= {"name": f"{one['metadata']['name']}-{number}", "uid": f"{number}-old"}
                twin["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": f"{number}"}
                twin["spec"]["replicas"] = 0
                twin["status"] = {"replicas": 0}
                objects.insert(0, twin)

    installation.change_live(doubled)


def scheduling(installation: Installation) -> None:
    """Spread the pods, and let them have a place before others."""
    for spec in pod_specs(installation):
        spec["topologySpreadConstraints"] = [
            {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
        ]
        spec["priorityClassName"] = "system-cluster-critical"
        spec["tolerations"] = [{"operator": "Exists"}]
        spec["dnsConfig"] = {"options": [{"name": "ndots", "value": "2"}]}
        spec["hostAliases"] = [{"ip": "192.0.2.1", "hostnames": ["cx.example.com"]}]


def every(field: str, value: Any, *kinds: str) -> Vary:
    """Set a field of every workload's specification."""

    def vary(installation: Installation) -> None:
        for one in of_kind(installation, *kinds):
            one["spec"][field] = copy.deepcopy(value)

    return vary


def odd_quantities(installation: Installation) -> None:
    """Write amounts in the odd units that templates and other tools give."""
    same = {"50m": "0.05", "100m": "100000u", "256Mi": "268435456", "1Gi": "1073741824", "64Mi": "67108864000m"}
    for spec in pod_specs(installation):
        for kind in spec["containers"][0].get("resources", {}).values():
            kind.update({name: same.get(amount, amount) for name, amount in kind.items()})


def more_resources(installation: Installation) -> None:
    """Ask for room on the node's disk, too."""
    for spec in pod_specs(installation):
        for kind in spec["containers"][0].get("resources", {}).values():
            kind["ephemeral-storage"] = "2Gi"


def labelled_by_helm(installation: Installation) -> None:
    """Let Helm's labels and annotations stand on everything."""
    for one in installation.manifests:
        labels = one["metadata"].setdefault("labels", {})
        labels |= {"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "cx-4.5.3"}
        labels.setdefault("app.kubernetes.io/instance", "ef-cx")
        labels.setdefault("app.kubernetes.io/name", one["metadata"]["name"].removeprefix("ef-"))
        one["metadata"].setdefault("annotations", {})["meta.helm.sh/release-name"] = "ef-cx"


def config_by_init_container(installation: Installation) -> None:
    """Let an init container render ccm's configuration from its ConfigMap."""
    spec, name = without_config_map(installation)
    read = [{"prefix": "CX_", "configMapRef": {"name": name}}]
    spec["initContainers"] = [{"name": "render", "image": "busybox", "envFrom": read}]


def config_by_items(installation: Installation) -> None:
    """Mount single keys of ccm's ConfigMap as files."""
    own_config_map(installation)["data"]["FQDN"] = "cx.example.com"
    spec, name = without_config_map(installation)
    items = [{"key": "FQDN", "path": "fqdn", "mode": 0o400}]
    spec.setdefault("volumes", []).append({"name": "fqdn", "configMap": {"name": name, "items": items}})
    spec["containers"][0]["volumeMounts"].append({"name": "fqdn", "mountPath": "/etc/fqdn", "subPath": "fqdn"})


def immutable(installation: Installation) -> None:
    """Make ConfigMaps immutable, and let one hold its content as bytes only."""
    for one in of_kind(installation, "ConfigMap"):
        one["immutable"] = True
    held = installation.find("ConfigMap", promised(installation, "unified-agent").config_maps[-1].name)
    held["binaryData"] = {"dashboard.json": "e30="}
    del held["data"]


def autoscaled(installation: Installation) -> None:
    """Let an autoscaler hold ccm at its one replica."""
    installation.add_live(
        named(
            "HorizontalPodAutoscaler",
            "scaler",
            "expertflow",
            spec={
                "scaleTargetRef": {"kind": "Deployment", "name": workload_name(installation)},
                "minReplicas": 1,
                "maxReplicas": 5,
            },
            status={"currentReplicas": 1, "desiredReplicas": 1},
        )
    )


def ports_of_a_debugger(installation: Installation) -> None:
    """Declare a debugger's port before the promised one, and the promised one on the host too."""
    for spec in pod_specs(installation):
        for port in spec["containers"][0].get("ports", [])[:1]:
            spec["containers"][0]["ports"] = [
                {"name": "debug", "containerPort": 5005, "protocol": "TCP"},
                *spec["containers"][0]["ports"],
            ]
            port["hostPort"] = port["containerPort"] + 20000


def started_together(installation: Installation) -> None:
    """Let the pods of StatefulSets start together."""
    for one in of_kind(installation, "StatefulSet"):
        one["spec"] |= {"podManagementPolicy": "Parallel", "minReadySeconds": 10, "revisionHistoryLimit": 2}


def agent(installation: Installation) -> None:
    """Have a log agent and a nightly Job of somebody else's in the namespace, the Job's last pod failed."""
    failed = named(
        "Pod",
        "backup-1",
        "ef-external",
        metadata={"labels": {"job-name": "backup"}, "ownerReferences": [{"kind": "Job", "name": "backup", "uid": "b"}]},
        spec={"containers": [{"name": "backup", "image": "backup"}], "restartPolicy": "Never"},
        status={"phase": "Failed"},
    )
    crashing = named(
        "Pod",
        "log-agent-x",
        "expertflow",
        metadata={"labels": {"app": "log-agent", "ef": "logging"}},
        spec={"containers": [{"name": "agent", "image": "agent"}], "nodeName": "node-1"},
        status={
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "agent",
                    "ready": False,
                    "restartCount": 9,
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                }
            ],
        },
    )
    installation.add_live(failed, crashing)


def own_pull_secret(installation: Installation) -> None:
    """Let the service account bring the pull secret, so that no template names one."""
    for one in workloads(installation):
        one["spec"]["template"]["spec"].pop("imagePullSecrets", None)
        one["spec"]["template"]["spec"]["serviceAccountName"] = "cx"


VARIATIONS: Final[dict[str, Vary]] = {
    "a mesh of native sidecars": live("Pod", native_mesh),
    "an ended debugging container": pods_of("ccm", debugged),
    "many restarts, all long ago": live("Pod", restarted("Error", 41)),
    "restarted while the stores were not there yet": live("Pod", waited_for_a_store),
    "killed for memory, long ago, in every pod": live("Pod", restarted("OOMKilled", 3)),
    "evicted pods of the same ReplicaSets": leftover("Failed", "Evicted"),
    "pods that ended at a node's shutdown": leftover("Failed", "NodeShutdown"),
    "pods that have succeeded": leftover("Succeeded", ""),
    "two old ReplicaSets at zero": older_revisions,
    "spread, placed and prioritised": scheduling,
    "strategy Recreate": every("strategy", {"type": "Recreate"}, "Deployment"),
    "paused after it was complete": every("paused", True, "Deployment"),
    "OnDelete, and all pods are new": every("updateStrategy", {"type": "OnDelete"}, "StatefulSet"),
    "a partition, and all pods are new": every(
        "updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, "StatefulSet"
    ),
    "started together": started_together,
    "odd units": odd_quantities,
    "room on the node's disk": more_resources,
    "Helm's labels on manifests": labelled_by_helm,
    "configuration by an init container": config_by_init_container,
    "configuration by single files": config_by_items,
    "immutable ConfigMaps, and one of bytes": immutable,
    "an autoscaler at rest": autoscaled,
    "a debugger's port before the others": ports_of_a_debugger,
    "pull secrets of the service account": own_pull_secret,
    "two pull secrets of the service account, one missing": a_second_pull_secret,
    "amounts by a LimitRange": filled_in_by_a_limit_range,
    "amounts of the pod as a whole": given_to_the_pod,
    "a VerticalPodAutoscaler": lambda installation: pods_of(sized(installation), vertically_scaled)(installation),
    "a VerticalPodAutoscaler in place": lambda installation: pods_of(sized(installation), vertically_scaled_in_place)(
        installation
    ),
    "amounts raised by GKE's Autopilot": raised_by_autopilot,
    "CPU limits taken away by a policy": live("Pod", without_cpu_limits),
    "more than is promised, in place": live("Pod", resized_up),
    "another team's broken pods": agent,
    "all of it at once": all_of(
        live("Pod", native_mesh), live("Pod", restarted("Error", 2)), labelled_by_helm, scheduling, odd_quantities
    ),
    "objects that Helm and Kubernetes keep in a namespace": added(
        named("ConfigMap", "kube-root-ca.crt", "expertflow", data={"ca.crt": "x"}),
        named("Secret", "sh.helm.release.v1.ef-cx.v7", "expertflow", type="helm.sh/release.v1"),
    ),
}

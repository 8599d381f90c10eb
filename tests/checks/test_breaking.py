"""Each check passes on the reference installation and fails, with the fact in its words, where it is broken."""

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from cx_conformance.api.refusal import Refusal
from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.dangling import dangling
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import SeenSecret
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation, Object, blueprint
from tests.checks.variations.gateway import behind_apisix

UNSEEN = Refusal(reason="CouldNotLook", words="it was refused")
STATIC = [one.id for one in all_checks() if not one.live]


@pytest.mark.parametrize("identity", STATIC)
def test_the_reference_installation_keeps_every_promise(identity: str) -> None:
    """No check fails where nothing is broken."""
    broken = [
        f"{one.component} [{one.entry}]: {one.result}: {one.message}"
        for one in Installation(site={"fqdn": "cx.example.com"}).outcomes(identity)
        if one.result not in (Result.PASS, Result.NOT_APPLICABLE)
    ]
    assert broken == []


def container(installation: Installation, kind: str, name: str) -> Object:
    """Return the first container of a workload's template."""
    found: Object = installation.find(kind, name)["spec"]["template"]["spec"]["containers"][0]
    return found


def pod_waits(reason: str, message: str) -> Callable[[Object], None]:
    """Let the pod's container wait."""

    def change(pod: Object) -> None:
        status = pod["status"]["containerStatuses"][0]
        status["state"] = {"waiting": {"reason": reason, "message": message}}
        status["ready"] = False

    return change


def unschedulable(pod: Object) -> None:
    """Let no node take the pod."""
    pod["spec"].pop("nodeName", None)
    said = {"reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient cpu."}
    pod["status"] = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False"} | said]}


def out_of_memory(pod: Object) -> None:
    """Let the pod's container have been killed a minute ago."""
    pod["status"]["containerStatuses"][0]["lastState"] = {
        "terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2099-01-01T00:00:00Z"}
    }


def being_deleted(thing: Object) -> None:
    """Let a finalizer keep an object that somebody has deleted."""
    thing["metadata"] |= {"deletionTimestamp": "2026-01-02T03:04:05Z", "finalizers": ["example.com/keep"]}


def no_longer_ready(pod: Object) -> None:
    """Let the pod's condition Ready be false, and leave what its kubelet said."""
    for one in pod["status"]["conditions"]:
        if one["type"] == "Ready":
            one["status"] = "False"


def probed_in_vain(installation: Installation) -> None:
    """Let ccm's container run without its readiness probe ever having succeeded."""
    installation.live("Deployment", "ef-ccm", unready)
    installation.live("Pod", "ef-ccm-", no_longer_ready)
    installation.live("Pod", "ef-ccm-", lambda pod: pod["status"]["containerStatuses"][0].update(ready=False))


def with_its_node(installation: Installation) -> None:
    """Let the node go silent, and its pods with it."""
    installation.live("Node", "", condition("Ready", "Unknown"))
    installation.live("Pod", "", no_longer_ready)


def unclassed(claim: Object) -> None:
    """Let a claim wait that was made while no class was the default one."""
    claim["spec"].pop("storageClassName")
    claim["spec"].pop("volumeName", None)
    claim["status"] = {"phase": "Pending"}


def no_claim_can_be_made(installation: Installation) -> None:
    """Let a quota refuse Redis its claim, and so its pod."""
    said = "create Claim data-redis-0 for Pod redis-0 in StatefulSet redis failed error: exceeded quota: storage"
    about = {"kind": "StatefulSet", "name": "redis", "namespace": "ef-external"}
    warning = {"kind": "Event", "metadata": about | {"name": "redis.1"}, "involvedObject": about, "type": "Warning"}
    installation.add_live(warning | {"reason": "FailedCreate", "message": said})

    def gone(objects: list[Object]) -> None:
        objects[:] = [one for one in objects if one["metadata"]["name"] not in ("redis-0", "data-redis-0")]

    installation.change_live(gone)


def placed_in_vain(claim: Object) -> None:
    """Let the claim's pod have found its node, and the volume not come."""
    claim["metadata"].setdefault("annotations", {})["volume.kubernetes.io/selected-node"] = "node-1"
    claim["status"] = {"phase": "Pending"}


def not_provisioned(installation: Installation) -> None:
    """Let the driver refuse to make the volumes of claims, by warnings about each."""
    said = 'failed to provision volume with StorageClass "longhorn": rpc error: code = ResourceExhausted desc = full'

    def waits(claim: Object) -> None:
        claim["status"] = {"phase": "Pending"}
        about = {"kind": "PersistentVolumeClaim", **{key: claim["metadata"][key] for key in ("name", "namespace")}}
        warning = {"kind": "Event", "metadata": about | {"name": f"{about['name']}.1"}, "involvedObject": about}
        installation.add_live(warning | {"type": "Warning", "reason": "ProvisioningFailed", "message": said})

    installation.live("PersistentVolumeClaim", "", waits)


def resized(**amounts: Object) -> Callable[[Object], None]:
    """Give the pod's container other resources than its template has, as a resize in place does."""

    def change(pod: Object) -> None:
        pod["spec"]["containers"] = copy.deepcopy(pod["spec"]["containers"])
        for kind, of in amounts.items():
            pod["spec"]["containers"][0]["resources"][kind] |= of

    return change


def without_resources(pod: Object) -> None:
    """Take away what the pod's container requests and is limited to."""
    pod["spec"]["containers"] = [{**pod["spec"]["containers"][0], "resources": {}}]


def brought_and_gone(installation: Installation) -> None:
    """Let the service account have brought a pull secret that is gone since."""
    for one in installation.manifests:
        if one["kind"] in ("Deployment", "StatefulSet"):
            one["spec"]["template"]["spec"].pop("imagePullSecrets", None)
    installation.live("Pod", "ef-", lambda pod: pod["spec"].update(imagePullSecrets=[{"name": "gone"}]))


def between_two_crashes(pod: Object) -> None:
    """Let the pod's container run and be ready, thirty seconds after it has ended for the fourth time."""
    now = dt.datetime.now(dt.UTC)
    started, ended, began = ((now - dt.timedelta(seconds=ago)).isoformat() for ago in (30, 110, 170))
    status = pod["status"]["containerStatuses"][0]
    status["lastState"] = {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": began, "finishedAt": ended}}
    status |= {"restartCount": 4, "state": {"running": {"startedAt": started}}, "ready": True}


def unready(workload: Object) -> None:
    """Let the workload have no ready replica."""
    workload["status"] |= {"readyReplicas": 0, "availableReplicas": 0}


def no_endpoints(endpoint_slice: Object) -> None:
    """Let no endpoint be ready."""
    for endpoint in endpoint_slice["endpoints"]:
        endpoint["conditions"] = {"ready": False}


def condition(kind: str, status: str) -> Callable[[Object], None]:
    """Set a node's condition."""

    def change(node: Object) -> None:
        for one in node["status"]["conditions"]:
            if one["type"] == kind:
                one |= {"status": status, "reason": "KubeletSays", "message": "so it is"}

    return change


def rival_of_ccm(installation: Installation) -> None:
    """Let a second Ingress claim ccm's path for another Service."""
    other = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "rival", "namespace": "expertflow"},
        "spec": {
            "ingressClassName": "nginx",
            "rules": [
                {
                    "host": "cx.example.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/ccm",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "ef-license-manager-svc", "port": {"number": 8888}}},
                            }
                        ]
                    },
                }
            ],
        },
    }
    installation.manifests.append(other)


def rival_by_the_default_class(installation: Installation) -> None:
    """Let the second Ingress name no class: the default one serves both."""
    rival_of_ccm(installation)
    del installation.find("Ingress", "rival")["spec"]["ingressClassName"]
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    installation.live("IngressClass", "nginx", lambda one: one["metadata"].update(annotations=default))


def rival_to_another_port(installation: Installation) -> None:
    """Let the second Ingress lead to ccm too, but to its port for metrics."""
    rival_of_ccm(installation)
    backend = {"service": {"name": "ef-ccm-svc", "port": {"number": 9404}}}
    installation.find("Ingress", "rival")["spec"]["rules"][0]["http"]["paths"][0]["backend"] = backend


def two_default_classes(installation: Installation) -> None:
    """Let ccm's Ingress name no class, where a newer class is the default too."""
    del ingress_of(installation, "ef-ccm")["spec"]["ingressClassName"]
    meta = {"annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}}
    installation.live("IngressClass", "nginx", lambda one: one["metadata"].update(meta))
    newer = meta | {"name": "newer", "creationTimestamp": "2099-01-01T00:00:00Z"}
    installation.add_live({"kind": "IngressClass", "metadata": newer, "spec": {"controller": "k8s.io/ingress-nginx"}})


def apisix_without_a_service(installation: Installation) -> None:
    """Lead everything to APISIX, which is not there."""
    behind_apisix(installation)
    installation.remove("Service", "apisix-gateway")


def apisix_of_a_lost_class(installation: Installation) -> None:
    """Lead everything to APISIX, by a class that is not there."""
    behind_apisix(installation)
    installation.find("Ingress", "apisix")["spec"]["ingressClassName"] = "gone"


def annotate(installation: Installation, annotation: str, value: str) -> None:
    """Annotate ccm's Ingress for ingress-nginx."""
    ingress_of(installation, "ef-ccm")["metadata"]["annotations"][f"nginx.ingress.kubernetes.io/{annotation}"] = value


def local_storage_on_two_nodes(installation: Installation) -> None:
    """Keep data on the node, and have two of them."""
    installation.live("StorageClass", "", lambda c: c.update(provisioner="rancher.io/local-path"))
    installation.add_live(another_node())


def local_storage_beside_a_full_control_plane(installation: Installation) -> None:
    """Keep data on the node, have the pods on the control plane's, and a node for some purpose beside it."""
    local_storage_on_two_nodes(installation)
    installation.live("Node", "node-1", tainted("node-role.kubernetes.io/control-plane"))
    installation.live("Node", "node-2", tainted("dedicated"))


def tainted(key: str) -> Callable[[Object], None]:
    """Let a node take only pods that tolerate it."""
    return lambda node: node.setdefault("spec", {}).update(taints=[{"key": key, "effect": "NoSchedule"}])


def no_expressions(installation: Installation) -> None:
    """Let ingress-nginx read no path of the host as a regular expression."""
    for one in installation.manifests:
        if one["kind"] == "Ingress":
            one["metadata"].pop("annotations", None)


def exact_path(installation: Installation) -> None:
    """Let Keycloak's Ingress serve its path alone, and nothing below it."""
    no_expressions(installation)
    path = installation.find("Ingress", "keycloak")["spec"]["rules"][0]["http"]["paths"][0]
    path["pathType"] = "Exact"


def leads_to_metrics(installation: Installation) -> None:
    """Lead ccm's path to its port for metrics, by name."""
    metrics = {"name": "metrics", "port": 9404, "targetPort": 9404}
    installation.find("Service", "ef-ccm-svc")["spec"]["ports"].append(metrics)
    path_of(installation, "ef-ccm")["backend"]["service"]["port"] = {"name": "metrics"}


def no_endpoint_on_a_callers_node(installation: Installation) -> None:
    """Let ccm's Service keep to the node, and one of its callers run on another."""
    installation.find("Service", "ef-ccm-svc")["spec"]["internalTrafficPolicy"] = "Local"
    installation.add_live(another_node())
    installation.live("Pod", "ef-agent-manager-", lambda one: one["spec"].update(nodeName="node-2"))


def nothing_out(namespace: str) -> Object:
    """Make a NetworkPolicy that lets no pod of a namespace out."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "nothing-out", "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"]},
    }


def slice_by_hand(address: str) -> Object:
    """Make an EndpointSlice of ccm's Service that no controller keeps."""
    labels = {"kubernetes.io/service-name": "ef-ccm-svc", "endpointslice.kubernetes.io/managed-by": "staff"}
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": "by-hand", "namespace": "expertflow", "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{"name": "http-ccm-8081", "port": 8081, "protocol": "TCP"}],
    }


def in_a_volume_that_nothing_mounts(installation: Installation) -> None:
    """Let ccm's ConfigMap be in a volume only, which no container mounts."""
    own = container(installation, "Deployment", "ef-ccm")
    own["envFrom"] = [one for one in own["envFrom"] if one["configMapRef"]["name"] != "ef-ccm-cm"]
    spec = installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]
    spec["volumes"].append({"name": "conf", "configMap": {"name": "ef-ccm-cm"}})


def file_of_no_key(installation: Installation) -> None:
    """Mount by subPath what ccm's ConfigMap does not hold; an empty directory stands there then."""
    spec = installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]
    spec["volumes"].append({"name": "conf", "configMap": {"name": "ef-ccm-cm"}})
    mount = {"name": "conf", "mountPath": "/etc/ccm.conf", "subPath": "nope.conf"}
    spec["containers"][0]["volumeMounts"].append(mount)


def mounted_by_a_backup_only(installation: Installation) -> None:
    """Let a second container mount MinIO's volume, and its own not."""
    spec = installation.find("Deployment", "minio")["spec"]["template"]["spec"]
    own = spec["containers"][0]
    mount = next(one for one in own["volumeMounts"] if one["mountPath"] == "/data")
    own["volumeMounts"].remove(mount)
    spec["containers"].append({"name": "backup", "image": "backup", "volumeMounts": [mount]})


Break = Callable[[Installation], Any]

BROKEN: list[tuple[str, str, str | None, Break, str]] = [
    (
        "CX001",
        "platform",
        "ef-external",
        lambda i: i.live("Namespace", "ef-external", lambda n: n["metadata"].update(name="elsewhere")),
        "namespace ef-external does not exist",
    ),
    ("CX002", "platform", None, lambda i: setattr(i, "version", "v1.19.4"), "Kubernetes 1.19.4 is older than 1.21"),
    (
        "CX003",
        "platform",
        None,
        lambda i: i.live("Node", "", condition("Ready", "Unknown")),
        "1 of 1 nodes not Ready",
    ),
    (
        "CX009",
        "platform",
        None,
        lambda i: i.live("Node", "", lambda one: one["spec"].update(unschedulable=True)),
        "every node that takes pods is cordoned, so that nothing can start: node-1",
    ),
    (
        "CX004",
        "platform",
        None,
        lambda i: i.live("Node", "", condition("DiskPressure", "True")),
        "DiskPressure (so it is)",
    ),
    (
        "CX005",
        "platform",
        None,
        lambda i: i.live("Node", "", lambda n: n["status"]["nodeInfo"].update(kubeletVersion="v1.29.0")),
        "kubelets outside 1.33 to 1.36 for server 1.36.2",
    ),
    (
        "CX006",
        "platform",
        None,
        lambda i: i.find("Service", "ef-unified-agent-svc")["spec"].update(type="LoadBalancer"),
        "no known load balancer is installed, and these Services wait for an address: expertflow/ef-unified-agent-svc",
    ),
    (
        "CX007",
        "platform",
        None,
        lambda i: i.add_live(*(busy_pod(number) for number in range(111))),
        "pods on a node of at most 110",
    ),
    (
        "CX101",
        "ccm",
        None,
        lambda i: i.remove("Deployment", "ef-ccm"),
        "Deployment expertflow/ef-ccm does not exist",
    ),
    (
        "CX101",
        "bot-framework",
        None,
        lambda i: i.find("Deployment", "ef-bot-framework")["metadata"].update(name="ef-bot"),
        "Deployment expertflow/ef-bot-framework does not exist; found instead: Deployment expertflow/ef-bot carries",
    ),
    (
        "CX101",
        "ccm",
        None,
        lambda i: i.find("Deployment", "ef-ccm")["metadata"].update(namespace="ef-external"),
        "Deployment ef-external/ef-ccm stands in another namespace",
    ),
    (
        "CX101",
        "ccm",
        None,
        lambda i: i.live("Deployment", "ef-ccm", being_deleted),
        "Deployment expertflow/ef-ccm is being deleted, since 2026-01-02 03:04:05Z",
    ),
    (
        "CX102",
        "redis",
        None,
        lambda i: i.find("StatefulSet", "redis").update(kind="Deployment"),
        "ef-external/redis is a Deployment of promised StatefulSet",
    ),
    (
        "CX103",
        "ccm",
        None,
        lambda i: i.find("Deployment", "ef-ccm")["spec"].update(replicas=0),
        "Deployment expertflow/ef-ccm desires 0 replicas of promised 1",
    ),
    (
        "CX104",
        "ccm",
        None,
        lambda i: i.live("Deployment", "ef-ccm", unready),
        "Deployment expertflow/ef-ccm: ",
    ),
    (
        "CX104",
        "ccm",
        None,
        probed_in_vain,
        "0 of 1 pods are ready; container ccm of pod ef-ccm-",
    ),
    (
        "CX105",
        "ccm",
        None,
        lambda i: i.live("Pod", "ef-ccm-", pod_waits("ImagePullBackOff", "not found")),
        "cannot pull image",
    ),
    (
        "CX112",
        "ccm",
        None,
        lambda i: i.live("Pod", "ef-ccm-", pod_waits("CreateContainerConfigError", 'secret "x" not found')),
        "cannot be configured",
    ),
    ("CX113", "ccm", None, lambda i: i.live("Pod", "ef-ccm-", unschedulable), "finds no node (Unschedulable)"),
    ("CX113", "ccm", None, with_its_node, "is on a node that does not work: node node-1 is not Ready"),
    (
        "CX106",
        "ccm",
        None,
        lambda i: i.live("Pod", "ef-ccm-", pod_waits("CrashLoopBackOff", "back-off 5m0s")),
        "CrashLoopBackOff",
    ),
    ("CX106", "ccm", None, lambda i: i.live("Pod", "ef-ccm-", between_two_crashes), "and has not run for longer since"),
    ("CX107", "ccm", None, lambda i: i.live("Pod", "ef-ccm-", out_of_memory), "was killed out of memory (OOMKilled"),
    (
        "CX108",
        "ccm",
        None,
        lambda i: i.find("Deployment", "ef-ccm")["spec"]["template"]["spec"].update(restartPolicy="OnFailure"),
        "has restartPolicy OnFailure of promised Always",
    ),
    (
        "CX109",
        "ccm",
        "8081",
        lambda i: container(i, "Deployment", "ef-ccm")["ports"][0].update(containerPort=8082),
        "declares ports 8082 (http-ccm-8081) of promised 8081 (http-ccm-8081)",
    ),
    (
        "CX109",
        "ccm",
        "8081",
        lambda i: container(i, "Deployment", "ef-ccm")["ports"][0].update(name="http"),
        "names port 8081 http of promised http-ccm-8081",
    ),
    (
        "CX109",
        "ccm",
        "8081",
        lambda i: container(i, "Deployment", "ef-ccm")["ports"][0].pop("name"),
        "gives port 8081 no name, promised http-ccm-8081",
    ),
    (
        "CX110",
        "bot-framework",
        None,
        lambda i: container(i, "Deployment", "ef-bot-framework")["resources"]["requests"].update(memory="256Mi"),
        "requests.memory 256Mi of promised 256M",
    ),
    (
        "CX110",
        "ccm",
        None,
        lambda i: container(i, "Deployment", "ef-ccm").pop("resources"),
        "requests.cpu absent of promised 50m",
    ),
    (
        "CX109",
        "ccm",
        "8081",
        lambda i: container(i, "Deployment", "ef-ccm")["ports"][0].update(protocol="UDP"),
        "declares ports 8081/UDP (http-ccm-8081) of promised 8081 (http-ccm-8081)",
    ),
    (
        "CX110",
        "ccm",
        None,
        lambda i: i.live("Pod", "ef-ccm-", resized(limits={"memory": "64Mi"})),
        "container ccm, runs with limits.memory 64Mi of promised 1Gi, unlike its template",
    ),
    (
        "CX110",
        "ccm",
        None,
        lambda i: i.live("Pod", "ef-ccm-", without_resources),
        "runs with requests.cpu absent of promised 50m, requests.memory absent of promised 256Mi, unlike its template",
    ),
    (
        "CX110",
        "ccm",
        None,
        lambda i: container(i, "Deployment", "ef-ccm")["resources"].pop("requests"),
        "requests.cpu 100m of promised 50m, requests.memory 1Gi of promised 256Mi",
    ),
    ("CX111", "ccm", None, brought_and_gone, "pull secret gone of Deployment expertflow/ef-ccm does not exist"),
    (
        "CX111",
        "ccm",
        None,
        lambda i: i.remove("Secret", "expertflow-reg-cred", "expertflow"),
        "pull secret expertflow-reg-cred of Deployment expertflow/ef-ccm does not exist in expertflow",
    ),
    (
        "CX201",
        "ccm",
        None,
        lambda i: i.remove("Service", "ef-ccm-svc"),
        "Service expertflow/ef-ccm-svc does not exist",
    ),
    (
        "CX201",
        "ccm",
        None,
        lambda i: i.find("Service", "ef-ccm-svc")["metadata"].update(name="ccm"),
        "its pods are selected by expertflow/ccm",
    ),
    (
        "CX201",
        "ccm",
        None,
        lambda i: i.find("Service", "ef-ccm-svc")["metadata"].update(namespace="ef-external"),
        "Service expertflow/ef-ccm-svc does not exist; Service ef-external/ef-ccm-svc stands in another namespace",
    ),
    (
        "CX201",
        "grafana",
        None,
        lambda i: i.find("Service", "grafana")["metadata"].update(namespace="expertflow"),
        "Service ef-external/grafana does not exist; Service expertflow/grafana stands in another namespace",
    ),
    (
        "CX202",
        "ccm",
        None,
        lambda i: i.find("Service", "ef-ccm-svc")["spec"].update(type="NodePort"),
        "Service expertflow/ef-ccm-svc has type NodePort of promised ClusterIP",
    ),
    (
        "CX203",
        "ccm",
        "ef-ccm-svc:8081",
        lambda i: i.find("Service", "ef-ccm-svc")["spec"]["ports"][0].update(port=8080),
        "serves ports 8080/TCP of promised 8081",
    ),
    (
        "CX203",
        "ccm",
        "ef-ccm-svc:8081",
        lambda i: i.find("Service", "ef-ccm-svc")["spec"]["ports"][0].update(protocol="UDP"),
        "serves ports 8081/UDP of promised 8081",
    ),
    (
        "CX204",
        "ccm",
        "ef-ccm-svc:8081",
        lambda i: i.find("Service", "ef-ccm-svc")["spec"]["ports"][0].update(name="http"),
        "names port 8081 http of promised http-ccm-8081",
    ),
    (
        "CX205",
        "ccm",
        "ef-ccm-svc:8081",
        lambda i: i.find("Service", "ef-ccm-svc")["spec"]["ports"][0].update(targetPort="nowhere"),
        "leads to targetPort nowhere, which no container of expertflow/ef-ccm has",
    ),
    (
        "CX205",
        "web-widget",
        "ef-web-widget-svc:8080",
        lambda i: i.find("Service", "ef-web-widget-svc")["spec"]["ports"][0].update(targetPort=8080),
        "leads to container port 8080 (targetPort 8080) of promised 80",
    ),
    (
        "CX206",
        "ccm",
        "ef-ccm-svc:8081",
        lambda i: i.live("EndpointSlice", "ef-ccm-svc-", no_endpoints),
        "Service expertflow/ef-ccm-svc has no ready endpoint for port 8081: ",
    ),
    (
        "CX207",
        "ccm",
        None,
        lambda i: i.find("Service", "ef-ccm-svc")["spec"].update(selector={"ef.service": "ef-nobody"}),
        "selects ef.service=ef-nobody, which Deployment expertflow/ef-ccm does not have",
    ),
    (
        "CX207",
        "ccm",
        None,
        lambda i: i.find("Service", "ef-ccm-svc")["spec"].update(selector={"ef": "expertflow"}),
        "also selects pods of 360-connector, agent-manager",
    ),
    (
        "CX206",
        "ccm",
        "ef-ccm-svc:8081",
        lambda i: i.live(
            "EndpointSlice", "ef-ccm-svc-", lambda one: one["endpoints"][0].update(addresses=["10.9.9.9"])
        ),
        (
            "the EndpointSlices of Service expertflow/ef-ccm-svc lead port 8081 to 10.9.9.9 port 8081, "
            "where none of its pods listens"
        ),
    ),
    (
        "CX206",
        "ccm",
        "ef-ccm-svc:8081",
        lambda i: i.live("EndpointSlice", "ef-ccm-svc-", lambda one: one["ports"][0].update(port=9)),
        " port 9, where none of its pods listens; look at the controller",
    ),
    (
        "CX206",
        "ccm",
        "ef-ccm-svc:8081",
        no_endpoint_on_a_callers_node,
        (
            "Service expertflow/ef-ccm-svc keeps to the node (internalTrafficPolicy Local), and 1 callers' pods are on "
            "nodes without a ready endpoint for port 8081: expertflow/ef-agent-manager-"
        ),
    ),
    (
        "CX207",
        "ccm",
        None,
        lambda i: i.add_live(slice_by_hand("10.9.9.9")),
        "also leads to what it does not select, by hand: 10.9.9.9 (EndpointSlice by-hand)",
    ),
    (
        "CX301",
        "ccm",
        "ef-ccm-cm",
        lambda i: i.remove("ConfigMap", "ef-ccm-cm"),
        "ConfigMap expertflow/ef-ccm-cm does not exist",
    ),
    (
        "CX302",
        "ccm",
        "ef-ccm-cm",
        lambda i: unused(i, "ef-ccm", "ef-ccm-cm"),
        "Deployment expertflow/ef-ccm does not use ConfigMap ef-ccm-cm",
    ),
    (
        "CX303",
        "grafana",
        None,
        lambda i: i.remove("Secret", "ef-grafana-dashboard-provider-secret"),
        "Secret ef-external/ef-grafana-dashboard-provider-secret does not exist",
    ),
    (
        "CX304",
        "grafana",
        None,
        lambda i: unused(i, "grafana", "ef-grafana-dashboard-provider-secret"),
        "does not use Secret ef-grafana-dashboard-provider-secret",
    ),
    (
        "CX305",
        "ccm",
        None,
        lambda i: container(i, "Deployment", "ef-ccm")["env"].append(
            {"name": "X", "valueFrom": {"configMapKeyRef": {"name": "ef-ccm-cm", "key": "not-there"}}}
        ),
        "key not-there of ConfigMap ef-ccm-cm (env in ",
    ),
    (
        "CX301",
        "grafana",
        "ef-grafana-ini-cm",
        lambda i: i.find("ConfigMap", "ef-grafana-ini-cm")["metadata"].update(namespace="expertflow"),
        (
            "ConfigMap ef-external/ef-grafana-ini-cm does not exist; "
            "ConfigMap expertflow/ef-grafana-ini-cm stands in another namespace"
        ),
    ),
    (
        "CX301",
        "ccm",
        "ef-ccm-cm",
        lambda i: i.find("ConfigMap", "ef-ccm-cm")["metadata"].update(name="ef-ccm-cm-7f8g9h2k5d"),
        "ConfigMap expertflow/ef-ccm-cm does not exist",
    ),
    (
        "CX302",
        "ccm",
        "ef-ccm-cm",
        in_a_volume_that_nothing_mounts,
        "volume conf names it, but no container mounts that",
    ),
    (
        "CX305",
        "bot-framework",
        None,
        lambda i: i.find("ConfigMap", "ef-bot-framwork-cm")["metadata"].update(name="ef-bot-framework-cm"),
        "needs what is not there: ConfigMap ef-bot-framwork-cm (envFrom in bot-framework)",
    ),
    ("CX305", "ccm", None, file_of_no_key, "key nope.conf of ConfigMap ef-ccm-cm (subPath at /etc/ccm.conf)"),
    (
        "CX306",
        "ccm",
        None,
        lambda i: i.find("ConfigMap", "ef-ccm-cm")["data"].update(URL="https://devops.ef.com/ccm"),
        "devops.ef.com is left in ConfigMap ef-ccm-cm key URL",
    ),
    (
        "CX306",
        "ccm",
        None,
        lambda i: container(i, "Deployment", "ef-ccm")["env"].append(
            {"name": "URL", "value": "https://devops.ef.com/ccm"}
        ),
        "devops.ef.com is left in variable URL of container ccm",
    ),
    (
        "CX306",
        "ccm",
        None,
        lambda i: container(i, "Deployment", "ef-ccm").update(args=["--url=https://DevOps.ef.com"]),
        "devops.ef.com is left in the command of container ccm",
    ),
    (
        "CX306",
        "ccm",
        None,
        lambda i: ingress_of(i, "ef-ccm")["spec"]["tls"][0].update(hosts=["devops.ef.com"]),
        "devops.ef.com is left in Ingress ef-ccm",
    ),
    (
        "CX306",
        "ccm",
        None,
        lambda i: annotate(i, "cors-allow-origin", "https://devops.ef.com"),
        "devops.ef.com is left in annotation nginx.ingress.kubernetes.io/cors-allow-origin of Ingress ef-ccm",
    ),
    (
        "CX307",
        "platform",
        None,
        lambda i: i.find("Secret", "ef-ingress-tls-secret", "ef-external")["data"].update(
            {"tls.crt": i.find("Secret", "minio-crt")["data"]["tls.crt"]}
        ),
        "different certificates under one name: ef-ingress-tls-secret",
    ),
    (
        "CX401",
        "conversation-controller",
        "ef-conversation-controller-utils",
        lambda i: remount(i, "/app/actions/utils", "/app/utils"),
        "mounts nothing at /app/actions/utils",
    ),
    (
        "CX402",
        "minio",
        None,
        lambda i: i.live("PersistentVolumeClaim", "minio", lambda c: c.update(status={"phase": "Pending"})),
        "is Pending of promised Bound",
    ),
    (
        "CX402",
        "redis",
        None,
        lambda i: i.live("PersistentVolumeClaim", "", unclassed),
        "claim ef-external/data-redis-0 is Pending of promised Bound: it names no storage class, and no volume fits it",
    ),
    (
        "CX402",
        "redis",
        None,
        no_claim_can_be_made,
        "claim ef-external/data-redis-0 does not exist: create Claim data-redis-0 for Pod redis-0 in StatefulSet redis",
    ),
    (
        "CX402",
        "redis",
        None,
        lambda i: i.live("PersistentVolumeClaim", "", placed_in_vain),
        "claim ef-external/data-redis-0 is Pending of promised Bound",
    ),
    (
        "CX402",
        "redis",
        None,
        not_provisioned,
        "claim ef-external/data-redis-0 is Pending of promised Bound: failed to provision volume with StorageClass",
    ),
    (
        "CX402",
        "redis",
        None,
        lambda i: i.live("PersistentVolume", "", being_deleted),
        " of claim ef-external/data-redis-0 is being deleted",
    ),
    (
        "CX402",
        "redis",
        None,
        lambda i: i.live("PersistentVolumeClaim", "", being_deleted),
        "claim ef-external/data-redis-0 is being deleted: it is gone as soon as no pod uses it",
    ),
    (
        "CX403",
        "postgresql",
        None,
        lambda i: resize(i, "ef-postgresql", "8Gi"),
        "8Gi of promised 32Gi",
    ),
    (
        "CX404",
        "platform",
        None,
        lambda i: i.live("StorageClass", "", lambda c: c["metadata"].pop("annotations")),
        "no StorageClass is the default of promised one; there are: ",
    ),
    (
        "CX405",
        "platform",
        None,
        lambda i: i.live("StorageClass", "", lambda c: c.update(provisioner="kubernetes.io/no-provisioner")),
        "(kubernetes.io/no-provisioner) is of no provider that the page supports",
    ),
    (
        "CX406",
        "platform",
        None,
        local_storage_on_two_nodes,
        "keeps data on the node, and there are 2 nodes of promised one",
    ),
    (
        "CX406",
        "platform",
        None,
        local_storage_beside_a_full_control_plane,
        "keeps data on the node, and there are 2 nodes of promised one",
    ),
    (
        "CX407",
        "platform",
        None,
        lambda i: i.live("PersistentVolume", "", pinned_to_a_lost_node),
        "bound to a node that does not exist: ",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: path_of(i, "ef-ccm").update(path="/other"),
        "no Ingress in expertflow or ef-external or ef-bi has a rule for /ccm",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: path_of(i, "ef-ccm")["backend"]["service"].update(name="ef-license-manager-svc"),
        "leads /ccm(/|$)(.*) to ef-license-manager-svc:8081 of promised Service ef-ccm-svc",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: path_of(i, "ef-ccm")["backend"]["service"].update(port={"number": 80}),
        "to ef-ccm-svc:80 of promised port 8081",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: ingress_of(i, "ef-ccm")["metadata"].update(namespace="ef-external"),
        "in its own namespace, promised is the Service in expertflow",
    ),
    ("CX501", "keycloak", "/auth", exact_path, "pathType Exact leads /auth alone there, and nothing below it"),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: path_of(i, "ef-ccm").update(path="/ccm$"),
        "the expression /ccm$ matches nothing below /ccm",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        no_expressions,
        "ingress-nginx reads /ccm(/|$)(.*) letter by letter: no Ingress of its host has the annotation",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: annotate(i, "rewrite-target", "/$1"),
        "rewrite-target /$1 with path /ccm(/|$)(.*) makes // of /ccm/below; promised is /ccm and all below it",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: annotate(i, "rewrite-target", ""),
        (
            "Ingress expertflow/ef-ccm: ingress-nginx asks the component for /ccm/below, which serves from / by its "
            "health endpoints: no rewrite-target takes /ccm away"
        ),
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        apisix_without_a_service,
        "Ingress ef-external/apisix leads / to Service ef-external/apisix-gateway of APISIX, which does not exist",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: annotate(i, "canary", "true"),
        "Ingress expertflow/ef-ccm: it is a canary (annotation canary), and no Ingress serves its host and path",
    ),
    ("CX501", "ccm", "/ccm", leads_to_metrics, "leads /ccm(/|$)(.*) to ef-ccm-svc:metrics of promised port 8081"),
    (
        "CX502",
        "ccm",
        "/ccm",
        lambda i: ingress_of(i, "ef-ccm")["spec"].update(ingressClassName="haproxy"),
        "names class haproxy, which does not exist; there are: nginx",
    ),
    (
        "CX502",
        "ccm",
        "/ccm",
        lambda i: i.live("IngressClass", "nginx", lambda c: c["spec"].update(controller="haproxy.org/ingress")),
        "class nginx is of controller haproxy.org/ingress, which the page does not support",
    ),
    (
        "CX502",
        "ccm",
        "/ccm",
        apisix_of_a_lost_class,
        "Ingress ef-external/apisix names class gone, which does not exist; there are: nginx",
    ),
    ("CX502", "ccm", "/ccm", two_default_classes, "and 2 classes are the default of promised one: newer, nginx"),
    (
        "CX503",
        "ccm",
        "/ccm",
        lambda i: i.find("Secret", "ef-ingress-tls-secret", "expertflow")["data"].update(
            {"tls.key": i.find("Secret", "minio-crt")["data"]["tls.key"]}
        ),
        "the key in TLS Secret expertflow/ef-ingress-tls-secret is not that of its certificate",
    ),
    (
        "CX503",
        "ccm",
        "/ccm",
        lambda i: i.find("Secret", "ef-ingress-tls-secret", "expertflow")["data"].update({"tls.crt": ""}),
        "TLS Secret expertflow/ef-ingress-tls-secret has no tls.crt",
    ),
    (
        "CX503",
        "ccm",
        "/ccm",
        lambda i: i.remove("Secret", "ef-ingress-tls-secret", "expertflow"),
        "names TLS Secret ef-ingress-tls-secret, which does not exist in expertflow",
    ),
    ("CX503", "ccm", "/ccm", lambda i: ingress_of(i, "ef-ccm")["spec"].pop("tls"), "has no TLS for cx.example.com"),
    (
        "CX503",
        "ccm",
        "/ccm",
        lambda i: i.find("Secret", "ef-ingress-tls-secret", "expertflow")["data"].update(
            {"tls.crt": i.find("Secret", "minio-crt")["data"]["tls.crt"]}
        ),
        " of promised cx.example.com",
    ),
    (
        "CX505",
        "ccm",
        "/ccm",
        lambda i: ingress_of(i, "ef-ccm")["spec"]["rules"][0].update(host="other.example.com"),
        "for host other.example.com of promised cx.example.com",
    ),
    ("CX506", "ccm", "/ccm", rival_of_ccm, "is claimed by expertflow/"),
    ("CX506", "ccm", "/ccm", rival_by_the_default_class, "is claimed by expertflow/ef-ccm and by expertflow/rival"),
    ("CX506", "ccm", "/ccm", rival_to_another_port, "is claimed by expertflow/ef-ccm and by expertflow/rival"),
    (
        "CX310",
        "agent-manager",
        None,
        lambda i: i.find("ConfigMap", "ef-agent-manager-cm")["data"].update(CCM_URL="http://ef-cmm-svc:8081/ccm"),
        "ConfigMap ef-agent-manager-cm key CCM_URL: http://ef-cmm-svc:8081 names no Service that was seen",
    ),
    (
        "CX310",
        "routing-engine",
        None,
        lambda i: container(i, "Deployment", "ef-routing-engine")["env"].append(
            {"name": "AGENT_MANAGER_BASE_URI", "value": "http://ef-agent-manager-svc.expertflow.svc:3001"}
        ),
        "svc:3001 says port 3001, which Service expertflow/ef-agent-manager-svc does not have",
    ),
    (
        "CX308",
        "mongo",
        None,
        lambda i: settings(i).update(MONGODB_HOST="mongo.ef-external.svc"),
        (
            "MONGODB_HOST in ConfigMap expertflow/ef-connection-env-cm says mongo.ef-external.svc: "
            "mongo.ef-external.svc names no Service that was seen; promised is mongo-mongodb.ef-external.svc; "
            "it is read by"
        ),
    ),
    (
        "CX308",
        "keycloak",
        None,
        lambda i: settings(i).update(KEYCLOAK_HOST="http://key-cloak.ef-external.svc:8080/auth/"),
        "says key-cloak.ef-external.svc: key-cloak.ef-external.svc names no Service that was seen",
    ),
    (
        "CX308",
        "redis",
        None,
        lambda i: settings(i).update(REDIS_PORT="6380"),
        (
            "REDIS_PORT in ConfigMap expertflow/ef-connection-env-cm says 6380, which is no port of Service "
            "ef-external/redis-master"
        ),
    ),
    (
        "CX308",
        "activemq",
        None,
        lambda i: settings(i).update(ACTIVEMQ_PRIMARY_URL="failover:(tcp://ef-amq.ef-external.svc:1,tcp://10.9.9.9:2)"),
        (
            "says port 1, which Service ef-external/ef-amq does not have; ACTIVEMQ_PRIMARY_URL in ConfigMap "
            "expertflow/ef-connection-env-cm says 10.9.9.9: 10.9.9.9 is no address of Service ef-external/ef-amq"
        ),
    ),
    (
        "CX308",
        "redis",
        None,
        lambda i: settings(i).update(REDIS_HOST="mongo-mongodb.ef-external.svc"),
        "it leads to Service ef-external/mongo-mongodb, promised is ef-external/redis-master",
    ),
    (
        "CX308",
        "mongo",
        None,
        lambda i: container(i, "Deployment", "ef-ccm")["env"].append(
            {"name": "MONGODB_HOST", "value": "mongo.ef-external.svc"}
        ),
        (
            "MONGODB_HOST in Deployment expertflow/ef-ccm says mongo.ef-external.svc: mongo.ef-external.svc names no "
            "Service that was seen; promised is mongo-mongodb.ef-external.svc; it is read by ccm"
        ),
    ),
    (
        "CX309",
        "keycloak",
        None,
        lambda i: settings(i).update(KEYCLOAK_CLIENT_ID="other"),
        "KEYCLOAK_CLIENT_ID in ConfigMap expertflow/ef-connection-env-cm says other of promised cim; it is read by",
    ),
    (
        "CX201",
        "ccm",
        "ef-ccm-svc",
        lambda i: i.live("Service", "ef-ccm-svc", being_deleted),
        "Service expertflow/ef-ccm-svc is being deleted, since 2026-01-02 03:04:05Z: it is gone as soon",
    ),
    (
        "CX301",
        "ccm",
        "ef-ccm-cm",
        lambda i: i.live("ConfigMap", "ef-ccm-cm", being_deleted),
        "ConfigMap expertflow/ef-ccm-cm is being deleted, since 2026-01-02 03:04:05Z: it is gone as soon",
    ),
    (
        "CX303",
        "grafana",
        None,
        lambda i: i.live("Secret", "ef-grafana-dashboard-provider-secret", being_deleted),
        "Secret ef-external/ef-grafana-dashboard-provider-secret is being deleted, since 2026-01-02 03:04:05Z",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: i.live("Ingress", "ef-ccm", being_deleted),
        "Ingress expertflow/ef-ccm is being deleted, since 2026-01-02 03:04:05Z: it is gone as soon",
    ),
    (
        "CX503",
        "ccm",
        "/ccm",
        lambda i: i.live("Secret", "ef-ingress-tls-secret", being_deleted),
        "TLS Secret expertflow/ef-ingress-tls-secret is being deleted, since 2026-01-02 03:04:05Z: it is gone as soon",
    ),
    ("CX401", "minio", "/data", mounted_by_a_backup_only, "at /data in container minio; container backup does"),
    (
        "CX703",
        "agent-manager",
        "agent-manager -> ccm:8081",
        lambda i: i.inject("policy-forbids-call"),
        "NetworkPolicy expertflow/another-only restricts ingress of pod expertflow/ef-ccm-",
    ),
    (
        "CX704",
        "ccm",
        None,
        lambda i: i.inject("policy-forbids-dns"),
        "NetworkPolicy expertflow/tcp-only restricts egress of pod expertflow/ef-ccm-",
    ),
]


@pytest.mark.parametrize(
    ("identity", "component", "entry", "break_it", "words"),
    BROKEN,
    ids=[f"{one[0]}-{number}" for number, one in enumerate(BROKEN)],
)
def test_a_broken_promise_is_found_and_named(
    identity: str, component: str, entry: str | None, break_it: Break, words: str
) -> None:
    """The check of the broken fact fails for that component, and its words name the fact."""
    installation = Installation(site={"fqdn": "cx.example.com"})
    break_it(installation)
    ended = installation.outcome(identity, component, entry)
    seen = ended.evidence.get("seen", "") if ended.result is Result.BLOCKED else ended.message
    assert words in seen
    assert ended.result in (Result.FAIL, Result.BLOCKED)


def test_every_static_check_has_a_failing_test() -> None:
    """A check that nothing breaks proves nothing; those that cannot break on objects alone have tests of their own."""
    elsewhere = {
        "CX000",
        "CX115",
        "CX116",
        "CX008",
        "CX010",
        "CX011",
        "CX012",
        "CX013",
        "CX504",
        "CX705",
        "CX521",
        "CX522",
        "CX523",
        "CX524",
    }
    assert set(STATIC) - {one[0] for one in BROKEN} - elsewhere == set()


def bound_late(storage_class: Object) -> None:
    """Let a claim wait for its pod."""
    storage_class["volumeBindingMode"] = "WaitForFirstConsumer"


@pytest.mark.parametrize(
    "begun",
    [
        not_provisioned,
        lambda i: i.live("PersistentVolumeClaim", "", placed_in_vain),
        lambda i: i.live("PersistentVolumeClaim", "", lambda claim: claim.update(status={"phase": "Lost"})),
    ],
)
def test_a_claim_that_was_begun_does_not_wait_for_its_pod(begun: Break) -> None:
    """Its pod has a node, or its driver has failed, or it had a volume: there is something wrong with the claim."""
    installation = Installation()
    installation.live("StorageClass", "", bound_late)
    begun(installation)
    assert installation.outcome("CX402", "redis").result is Result.FAIL


def test_a_claim_that_waits_for_its_pod_is_not_why_the_pod_finds_no_node() -> None:
    """A class that binds late makes a volume where the pod goes: the pod is to be mended, not the claim."""
    installation = Installation()
    installation.live("StorageClass", "", bound_late)
    installation.live("PersistentVolumeClaim", "data-redis-0", lambda one: one.update(status={"phase": "Pending"}))
    installation.live("Pod", "redis-", unschedulable)
    assert installation.outcome("CX113", "redis").result is Result.FAIL
    claims = installation.outcome("CX402", "redis")
    assert (claims.result, claims.evidence["found"]) == (
        Result.NOT_APPLICABLE,
        {"data-redis-0": "Pending until its pod has a node"},
    )


@pytest.mark.parametrize("namespace", ["expertflow", "ef-external"])
def test_an_empty_namespace_is_one_cause(namespace: str) -> None:
    """Nothing of what is promised there is told one by one, and the other namespace is judged as ever."""
    installation = Installation()
    installation.manifests = [one for one in installation.manifests if one["metadata"].get("namespace") != namespace]
    ended = installation.all_outcomes(STATIC)
    assert [(one.check, one.entry) for one in ended if one.result is Result.FAIL] == [("CX008", namespace)]
    assert {one.root_entry for one in ended if one.result is Result.BLOCKED} == {namespace}
    assert len([one for one in ended if one.result is Result.PASS]) > 200


@pytest.mark.parametrize(
    ("identity", "break_it", "cause"),
    [
        (
            "CX111",
            lambda i: i.inject("absent-pull-secret:expertflow"),
            "Secret expertflow/expertflow-reg-cred does not exist",
        ),
        ("CX113", with_its_node, "node node-1 is not Ready"),
        (
            "CX402",
            lambda i: i.live(
                "PersistentVolumeClaim",
                "",
                lambda claim: (claim["spec"].update(storageClassName="fast"), claim["status"].update(phase="Pending")),
            ),
            "claims are not bound: storage class fast does not exist",
        ),
        (
            "CX502",
            lambda i: i.inject("absent-ingress-class:nginx"),
            "IngressClass nginx does not exist; there are: none",
        ),
        (
            "CX503",
            lambda i: i.inject("absent-tls-secret:expertflow"),
            "Secret expertflow/ef-ingress-tls-secret does not exist",
        ),
        (
            "CX703",
            lambda i: i.manifests.append(nothing_out("expertflow")),
            "NetworkPolicies allow too little: expertflow/nothing-out (egress)",
        ),
    ],
)
def test_what_several_components_lack_is_named_as_one_cause(identity: str, break_it: Break, cause: str) -> None:
    """Reports tell it once; each outcome names its own object all the same."""
    installation = Installation(site={"fqdn": "cx.example.com"})
    break_it(installation)
    failed = [one for one in installation.outcomes(identity) if one.result is Result.FAIL]
    assert {one.evidence.get("cause") for one in failed} == {cause}
    assert len({one.message for one in failed}) == len(failed) > 1


def settings(installation: Installation) -> Object:
    """Return what the components are told about the stores."""
    found: Object = installation.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"]
    return found


def busy_pod(number: int) -> Object:
    """Make a running pod of somebody else's on the only node."""
    return {
        "kind": "Pod",
        "metadata": {"name": f"busy-{number}", "namespace": "default"},
        "spec": {"nodeName": "node-1", "containers": [{"name": "c", "image": "busy"}]},
        "status": {"phase": "Running"},
    }


def unused(installation: Installation, workload: str, name: str) -> None:
    """Take every reference to a ConfigMap or Secret out of a workload."""
    spec = installation.find("Deployment", workload)["spec"]["template"]["spec"]
    for one in spec["containers"]:
        one["envFrom"] = [item for item in one.get("envFrom", []) if name not in str(item)]
        one["env"] = [item for item in one.get("env", []) if name not in str(item)]
    spec["volumes"] = [item for item in spec.get("volumes", []) if name not in str(item)]


def remount(installation: Installation, path: str, other: str) -> None:
    """Mount a volume elsewhere."""
    for one in container(installation, "Deployment", "ef-conversation-controller")["volumeMounts"]:
        if one["mountPath"] == path:
            one["mountPath"] = other


def resize(installation: Installation, name: str, size: str) -> None:
    """Ask for another size in a StatefulSet's claim."""
    template = installation.find("StatefulSet", name)["spec"]["volumeClaimTemplates"][0]
    template["spec"]["resources"]["requests"]["storage"] = size


def another_node() -> Object:
    """Make a second node."""
    return {"kind": "Node", "metadata": {"name": "node-2"}, "status": {"nodeInfo": {"kubeletVersion": "v1.36.2"}}}


def pinned_to_a_lost_node(volume: Object) -> None:
    """Bind a volume to a node that is gone."""
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["lost"]}]}]
    volume["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": terms}}


def ingress_of(installation: Installation, name: str) -> Object:
    """Return the Ingress that leads to a component's Service."""
    for one in installation.manifests:
        if one["kind"] == "Ingress" and f"{name}-svc" in str(one["spec"]["rules"]):
            return one
    raise LookupError(name)


def path_of(installation: Installation, name: str) -> Object:
    """Return the first path of a component's Ingress."""
    found: Object = ingress_of(installation, name)["spec"]["rules"][0]["http"]["paths"][0]
    return found


def test_a_selector_of_strangers_is_one_cause() -> None:
    """The calls to the Service are blocked by it, not told one by one."""
    installation = Installation(site={"fqdn": "cx.example.com"})
    other = installation.find("Service", "ef-license-manager-svc")["spec"]["selector"]
    installation.find("Service", "ef-ccm-svc")["spec"]["selector"] = dict(other)
    ended = installation.all_outcomes(STATIC)
    assert [(one.check, one.component) for one in ended if one.result is Result.FAIL] == [("CX207", "ccm")]


def test_the_vendors_own_host_name_is_no_sample() -> None:
    """Where it is the site's, nothing is left over; a name that only holds it is another one."""
    for fqdn, host in (("devops.ef.com", "devops.ef.com"), ("cx.example.com", "mydevops.ef.com")):
        installation = Installation(site={"fqdn": fqdn})
        installation.find("ConfigMap", "ef-ccm-cm")["data"]["URL"] = f"https://{host}/ccm"
        assert installation.outcome("CX306", "ccm").result in (Result.PASS, Result.NOT_APPLICABLE)


def test_what_is_missing_is_told_though_secrets_may_not_be_seen() -> None:
    """A refused Secret hides no ConfigMap that is gone; where nothing is seen missing, it is an error."""
    installation = Installation()
    container(installation, "Deployment", "ef-ccm")["envFrom"].append({"secretRef": {"name": "unseen"}})
    plan = Plan(blueprint(), installation.site)

    def judged() -> tuple[str, ...]:
        snapshot = installation.snapshot(plan)
        seen = dict(snapshot.secrets) | {("expertflow", "unseen"): SeenSecret(refusal=UNSEEN)}
        return dangling(Seen(structs.replace(snapshot, secrets=seen), plan), plan.components["ccm"])

    with pytest.raises(CouldNotLook):
        judged()
    container(installation, "Deployment", "ef-ccm")["envFrom"].append({"configMapRef": {"name": "gone"}})
    assert judged() == ("ConfigMap gone (envFrom in ccm)",)


def test_three_strange_addresses_are_named_and_no_more() -> None:
    """The others are like them."""
    installation = Installation()
    made = slice_by_hand("10.9.9.1")
    made["endpoints"][0]["addresses"] = [f"10.9.9.{number}" for number in range(1, 5)]
    installation.add_live(made)
    message = installation.outcome("CX207", "ccm").message
    assert ("10.9.9.3" in message, "10.9.9.4" in message) == (True, False)

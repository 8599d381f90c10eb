"""What keeps a cluster from holding the platform, before it is installed (``cx-conformance ready``)."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

import base64
import uuid
from datetime import UTC, datetime, timedelta

from cx_conformance.sandbox.annotations import DNS, HOST_NAME, LARGEST, READ_ONLY, REGISTRY
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.faults.certificates import renew
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import Installation


def _add(
    installation: Installation, api_version: str, kind: str, name: str, namespace: str = "", **more: object
) -> None:
    about = {"name": name, "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace}/{name}"))}
    metadata = about | ({"namespace": namespace} if namespace else {})
    installation.objects.append({"apiVersion": api_version, "kind": kind, "metadata": metadata, **more})


@fault("CX902")
def small_nodes(installation: Installation, _target: str) -> None:
    """The nodes together have less memory than the release's pods request."""
    for node in installation.of("Node"):
        node["status"]["allocatable"] = node["status"]["allocatable"] | {"cpu": "100m", "memory": "64Mi"}


@fault("CX903")
def many_small_nodes(installation: Installation, _target: str) -> None:
    """There is room enough, but on no node for the largest pod."""
    for number in range(2, 32):
        installation.add_node(f"node-{number}")
    for node in installation.of("Node"):
        node["status"]["allocatable"] = node["status"]["allocatable"] | {"cpu": "8", "memory": "480Mi"}


@fault("CX904")
def nodes_of_arm(installation: Installation, _target: str) -> None:
    """Every node is of arm64."""
    for node in installation.of("Node"):
        node["status"]["nodeInfo"]["architecture"] = "arm64"


@fault("CX905", "node-1")
def clock_apart(installation: Installation, node: str) -> None:
    """A node's clock is ten minutes ahead of the API server's."""
    ahead = (datetime.now(UTC) + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    _add(installation, "coordination.k8s.io/v1", "Lease", node, "kube-node-lease", spec={"renewTime": ahead})


@fault("CX906")
def storage_driver_gone(installation: Installation, _target: str) -> None:
    """The driver of the default StorageClass runs on no node."""
    for node in installation.of("CSINode"):
        node["spec"]["drivers"] = []


@fault("CX907")
def ingress_class_gone(installation: Installation, _target: str) -> None:
    """No ingress controller is installed."""
    installation.objects = [one for one in installation.objects if one["kind"] != "IngressClass"]


@fault("CX908")
def no_address_to_give(installation: Installation, _target: str) -> None:
    """The ingress controller's Service waits for an address: nobody gives any."""
    ports = [{"name": "https", "port": 443, "protocol": "TCP"}]
    spec = {"type": "LoadBalancer", "ports": ports, "selector": {"app": "none"}, "clusterIP": "None"}
    _add(installation, "v1", "Service", "ingress", "kube-system", spec=spec, status={"loadBalancer": {}})


@fault("CX909")
def dns_scaled_to_zero(installation: Installation, _target: str) -> None:
    """The cluster's DNS has no pod."""
    installation.named("Deployment", "coredns", "kube-system")["spec"]["replicas"] = 0


@fault("CX910", "expertflow")
def nothing_may_pass(installation: Installation, namespace: str) -> None:
    """A NetworkPolicy lets nothing into the namespace."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress"]}
    _add(installation, "networking.k8s.io/v1", "NetworkPolicy", "default-deny", namespace, spec=spec)


@fault("CX911", "expertflow")
def quota_too_small(installation: Installation, namespace: str) -> None:
    """The namespace may hold three pods."""
    hard = {"pods": "3"}
    _add(installation, "v1", "ResourceQuota", "small", namespace, spec={"hard": hard}, status={"hard": hard})


@fault("CX912", "ef-external")
def limit_too_small(installation: Installation, namespace: str) -> None:
    """No container of the namespace may have more than a little memory."""
    limits = [{"type": "Container", "max": {"memory": "16Mi"}}]
    _add(installation, "v1", "LimitRange", "small", namespace, spec={"limits": limits})


@fault("CX913", "expertflow")
def restricted_namespace(installation: Installation, namespace: str) -> None:
    """The namespace enforces the restricted Pod Security profile."""
    labels = installation.named("Namespace", namespace)["metadata"].setdefault("labels", {})
    labels["pod-security.kubernetes.io/enforce"] = "restricted"


@fault("CX914")
def deaf_webhook(installation: Installation, _target: str) -> None:
    """An admission webhook that fails closed has lost its Service."""
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    service = {"namespace": "policies", "name": "gone"}
    webhook = {
        "name": "check.example.com",
        "failurePolicy": "Fail",
        "rules": [rule],
        "clientConfig": {"service": service},
    }
    _add(
        installation,
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "policies",
        webhooks=[webhook | {"sideEffects": "None", "admissionReviewVersions": ["v1"]}],
    )


@fault("CX915", "expertflow-reg-cred")
def secret_not_made(installation: Installation, name: str) -> None:
    """A Secret that the charts refer to was not made."""
    installation.remove(installation.named("Secret", name))


@fault("CX916", "expertflow-reg-cred")
def secret_without_its_keys(installation: Installation, name: str) -> None:
    """A Secret was made under other keys than are read."""
    _secret(installation, name)["data"] = {"other": base64.b64encode(b"-").decode()}


@fault("CX917", "ef-ingress-tls-secret")
def certificate_not_of_the_host(installation: Installation, name: str) -> None:
    """The certificate that was made beforehand is for another host name."""
    for secret in installation.of("Secret"):
        if secret["metadata"]["name"] == name:
            renew(secret, names=["another.example.com"])


@fault("CX918", "127.0.0.9")
def host_name_elsewhere(installation: Installation, address: str) -> None:
    """DNS leads the platform's host name to an address that is none of the cluster's."""
    _annotate(installation.named("Namespace", "kube-system"), HOST_NAME, address)


@fault("CX919")
def volumes_read_only(installation: Installation, _target: str) -> None:
    """Nobody may write to volumes of the default StorageClass; found with ``--allow-probe-pods IMAGE``."""
    for storage_class in installation.of("StorageClass"):
        _annotate(storage_class, READ_ONLY, "true")


@fault("CX920", "node-1")
def registry_refused(installation: Installation, node: str) -> None:
    """A node reaches no registry; found with ``--allow-probe-pods IMAGE``."""
    _annotate(installation.named("Node", node), REGISTRY, "refused")


@fault("CX921")
def names_unknown_to_pods(installation: Installation, _target: str) -> None:
    """DNS does not know names of the cluster; found with ``--allow-probe-pods IMAGE``."""
    _annotate(installation.named("Service", "kubernetes", "default"), DNS, "nxdomain")


@fault("CX922", "node-2")
def mtu_too_large(installation: Installation, node: str) -> None:
    """There is a further node, and full-size packets do not come from it; found with ``--allow-probe-pods IMAGE``."""
    _annotate(installation.add_node(node), LARGEST, "1400")


def _annotate(thing: Object, name: str, value: str) -> None:
    thing["metadata"].setdefault("annotations", {})[name] = value


def _secret(installation: Installation, name: str) -> Object:
    found: Object = installation.named("Secret", name)
    return found


FAULTS = (
    small_nodes,
    many_small_nodes,
    nodes_of_arm,
    clock_apart,
    storage_driver_gone,
    ingress_class_gone,
    no_address_to_give,
    dns_scaled_to_zero,
    nothing_may_pass,
    quota_too_small,
    limit_too_small,
    restricted_namespace,
    deaf_webhook,
    secret_not_made,
    secret_without_its_keys,
    certificate_not_of_the_host,
    host_name_elsewhere,
    volumes_read_only,
    registry_refused,
    names_unknown_to_pods,
    mtu_too_large,
)

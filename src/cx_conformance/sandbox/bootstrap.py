"""What a new cluster has before anything is installed: namespaces, a node, DNS, RBAC, a StorageClass.

``bootstrap`` is done once, when a cluster is born; what it adds can be taken away again by faults, and stays away.
"""

from collections.abc import Iterable

from cx_conformance.sandbox import defaults
from cx_conformance.sandbox.annotations import SIMULATE
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.discovery import VERSION
from cx_conformance.sandbox.rbac_defaults import rbac_defaults
from cx_conformance.sandbox.world import World

NODE_READY_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
_SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_DNS_PORTS = (("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"), ("metrics", 9153, "TCP"))


def bootstrap(objects: Iterable[Object], world: World) -> list[Object]:
    """Return ``objects`` as admitted into a new cluster, together with what every cluster has.

    A kind that the objects bring themselves (a Node, a StorageClass, an IngressClass) is not added.
    """
    given = list(objects)
    kinds = {thing["kind"] for thing in given}
    present = {(thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]) for thing in given}
    wanted = [*_namespaces(given), *rbac_defaults(), *_dns(world)]
    wanted += [
        thing
        for kind, thing in (
            ("Node", node("node-1", world.addresses.node, world)),
            ("StorageClass", _storage_class()),
            ("IngressClass", _ingress_class()),
        )
        if kind not in kinds
    ]
    wanted += [_csi_node(thing) for thing in (*given, *wanted) if thing["kind"] == "Node"]
    added = [t for t in wanted if (t["kind"], t["metadata"].get("namespace", ""), t["metadata"]["name"]) not in present]
    everything = [*added, *(_relocated(thing, world) for thing in given)]
    default_class = default_storage_class(everything)
    admitted = [defaults.admitted(thing, world, default_class) for thing in everything]
    return [*admitted, *_claims(admitted, world, default_class)]


def admitted_with_claims(thing: Object, present: list[Object], world: World) -> list[Object]:
    """Return an object as admitted beside those ``present``, and the claims that it makes if it is a StatefulSet."""
    default_class = default_storage_class(present)
    admitted = defaults.admitted(_relocated(thing, world), world, default_class)
    claimed = [one for one in present if one["kind"] == "PersistentVolumeClaim"]
    return [admitted, *_claims([admitted, *claimed], world, default_class)]


def _relocated(thing: Object, world: World) -> Object:
    """Return a Service without an address that was written down for another cluster: it gets one of this one."""
    address = thing.get("spec", {}).get("clusterIP") if thing["kind"] == "Service" else None
    if address in (None, "None") or world.addresses.holds(address):
        return thing
    spec = {key: value for key, value in thing["spec"].items() if key not in ("clusterIP", "clusterIPs")}
    if (thing["metadata"].get("namespace"), thing["metadata"]["name"]) == ("kube-system", "kube-dns"):
        spec["clusterIP"] = world.addresses.nameserver
    return thing | {"spec": spec}


def default_storage_class(objects: Iterable[Object]) -> str | None:
    """Return the name of the default StorageClass; of several the last one, as the newest would be taken."""
    names = [
        thing["metadata"]["name"]
        for thing in objects
        if thing["kind"] == "StorageClass"
        and thing["metadata"].get("annotations", {}).get(defaults.DEFAULT_CLASS) == "true"
    ]
    return names[-1] if names else None


def claims_of(stateful_set: Object, ordinal: int) -> list[Object]:
    """Return the claims that a StatefulSet makes for its pod of that ordinal."""
    metadata = stateful_set["metadata"]
    labels = stateful_set["spec"]["selector"].get("matchLabels", {})
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": f"{template['metadata']['name']}-{metadata['name']}-{ordinal}",
                "namespace": metadata["namespace"],
                "labels": template["metadata"].get("labels", {}) | labels,
            },
            "spec": template["spec"],
        }
        for template in stateful_set["spec"].get("volumeClaimTemplates", [])
    ]


def node(name: str, address: str, world: World) -> Object:
    """Return a Ready node."""
    version = VERSION["gitVersion"]
    size = {"cpu": "8", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "1100"}
    conditions = [
        {
            "type": kind,
            "status": status,
            "lastHeartbeatTime": world.born,
            "lastTransitionTime": world.born,
            "reason": reason,
            "message": message,
        }
        for kind, status, reason, message in NODE_READY_CONDITIONS
    ]
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels | {"node-role.kubernetes.io/control-plane": ""}},
        "spec": {},
        "status": {
            "capacity": size,
            "allocatable": size,
            "conditions": conditions,
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": world.uid(f"machine/{name}"),
                "systemUUID": world.uid(f"system/{name}"),
                "bootID": world.uid(f"boot/{name}"),
                "kernelVersion": "0",
                "osImage": "embedded cluster",
                "containerRuntimeVersion": "none://0",
                "kubeletVersion": version,
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }


def _namespaces(objects: list[Object]) -> list[Object]:
    named = (thing["metadata"].get("namespace") for thing in objects)
    names = dict.fromkeys((*_SYSTEM_NAMESPACES, *filter(None, named)))
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]


def _dns(world: World) -> list[Object]:
    """Return CoreDNS as it looks from outside.

    The embedded cluster's own DNS server answers at the Service's address.
    """
    labels = {"k8s-app": "kube-dns"}
    ports = [{"name": name, "containerPort": port, "protocol": protocol} for name, port, protocol in _DNS_PORTS]
    container = {"name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.13.1", "ports": ports}
    template = {
        "metadata": {"labels": labels, "annotations": {SIMULATE: "[]"}},
        "spec": {"containers": [container]},
    }
    address = world.addresses.nameserver
    service_ports = [{"name": name, "port": port, "protocol": protocol} for name, port, protocol in _DNS_PORTS]
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "coredns", "namespace": "kube-system", "labels": labels},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": labels},
            "spec": {"selector": labels, "clusterIP": address, "clusterIPs": [address], "ports": service_ports},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kubernetes", "namespace": "default"},
            "spec": {
                "clusterIP": world.addresses.api_server,
                "clusterIPs": [world.addresses.api_server],
                "ports": [{"name": "https", "port": 443, "targetPort": 6443}],
            },
        },
    ]


def _storage_class() -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "longhorn", "annotations": {defaults.DEFAULT_CLASS: "true"}},
        "provisioner": "driver.longhorn.io",
        "allowVolumeExpansion": True,
    }


def _csi_node(node: Object) -> Object:
    """Return what a kubelet knows of storage drivers: the one of the StorageClass that a cluster begins with."""
    name = node["metadata"]["name"]
    driver = {"name": _storage_class()["provisioner"], "nodeID": name, "topologyKeys": None}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSINode",
        "metadata": {"name": name},
        "spec": {"drivers": [driver]},
    }


def _ingress_class() -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "nginx"},
        "spec": {"controller": "k8s.io/ingress-nginx"},
    }


def _claims(objects: list[Object], world: World, default_class: str | None) -> list[Object]:
    """Return the claims that the StatefulSets make, as objects that outlive a change of the default class."""
    present = {
        (t["metadata"]["namespace"], t["metadata"]["name"]) for t in objects if t["kind"] == "PersistentVolumeClaim"
    }
    made = [
        claim
        for thing in objects
        if thing["kind"] == "StatefulSet"
        for ordinal in range(thing["spec"]["replicas"])
        for claim in claims_of(thing, ordinal)
        if (claim["metadata"]["namespace"], claim["metadata"]["name"]) not in present
    ]
    return [defaults.admitted(claim, world, default_class) for claim in made]

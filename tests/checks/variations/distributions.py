"""Clusters of several vendors, as their API shows them."""

from typing import Final

from tests.checks.installation import Installation, Object
from tests.checks.variations.vary import Vary, added, all_of, live, named, pod_specs, served_by_traefik

_ANNOTATION: Final = "storageclass.kubernetes.io/is-default-class"


def version(server: str, kubelet: str | None = None) -> Vary:
    """Let server and kubelets have these versions."""

    def vary(installation: Installation) -> None:
        installation.version = server
        installation.live("Node", "", lambda one: one["status"]["nodeInfo"].update(kubeletVersion=kubelet or server))

    return vary


def storage(provisioner: str, *others: str) -> Vary:
    """Let this provisioner be behind the default class, and have classes of others beside it."""
    beside = [
        named("StorageClass", f"other-{number}", provisioner=other, volumeBindingMode="WaitForFirstConsumer")
        for number, other in enumerate(others)
    ]
    return all_of(live("StorageClass", lambda one: one.update(provisioner=provisioner)), added(*beside))


def entry(address: Object, namespace: str, name: str) -> Vary:
    """Have an ingress controller behind a load balancer."""
    return added(
        named(
            "Service",
            name,
            namespace,
            spec={"type": "LoadBalancer", "ports": [{"name": "https", "port": 443}], "selector": {"app": "entry"}},
            status={"loadBalancer": {"ingress": [address]}},
        )
    )


def nodes(*names: str, kubelet: str, **labels: str) -> Vary:
    """Have more nodes, of several zones."""
    made = [
        named(
            "Node",
            name,
            metadata={
                "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"z{number}", **labels}
            },
            spec={"taints": [{"key": "dedicated", "value": "cx", "effect": "NoSchedule"}]},
            status={
                "conditions": [
                    {"type": "KernelDeadlock", "status": "False"},
                    {"type": "ReadonlyFilesystem", "status": "False"},
                    {"type": "NetworkUnavailable", "status": "False", "reason": "RouteCreated"},
                    {"type": "Ready", "status": "True"},
                ],
                "nodeInfo": {"kubeletVersion": kubelet},
            },
        )
        for number, name in enumerate(names)
    ]
    return added(*made)


def control_plane(*names: str) -> Vary:
    """Have nodes of the control plane beside, that take no other pods."""
    made = [
        named(
            "Node",
            name,
            metadata={"labels": {"kubernetes.io/hostname": name, "node-role.kubernetes.io/control-plane": ""}},
            spec={"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]},
            status={"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1.36.2"}},
        )
        for name in names
    ]
    return added(*made)


def tolerating(installation: Installation) -> None:
    """Let all pods tolerate the taint of the control plane."""
    for spec in pod_specs(installation):
        spec["tolerations"] = [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]


def job_leftovers(namespace: str) -> Vary:
    """Have the finished pods of an installer's Jobs."""
    pods = [
        named(
            "Pod",
            f"helm-install-{name}-x",
            namespace,
            metadata={
                "ownerReferences": [{"kind": "Job", "name": f"helm-install-{name}", "uid": name, "controller": True}]
            },
            spec={"containers": [{"name": "helm", "image": "klipper-helm"}], "nodeName": "node-1"},
            status={"phase": "Succeeded"},
        )
        for name in ("traefik", "traefik-crd")
    ]
    return added(*pods)


def own_ingress_class(installation: Installation) -> None:
    """Have the distribution's own class beside the platform's."""
    other = named("IngressClass", "openshift-default", spec={"controller": "openshift.io/ingress-to-route"})
    installation.add_live(other)


def service_account_pull_secrets(installation: Installation) -> None:
    """Let the service account have added its pull secret to the pods."""

    def change(pod: Object) -> None:
        own = pod["spec"].get("imagePullSecrets", [])
        pod["spec"]["imagePullSecrets"] = [*own, {"name": "default-dockercfg-x7k2p"}]

    installation.live("Pod", "", change)
    for namespace in ("expertflow", "ef-external"):
        installation.add_live(named("Secret", "default-dockercfg-x7k2p", namespace, type="kubernetes.io/dockercfg"))


VARIATIONS: Final[dict[str, Vary]] = {
    "EKS": all_of(
        version("v1.33.1-eks-595af52", "v1.33.0-eks-802817d"),
        storage("ebs.csi.aws.com", "efs.csi.aws.com", "kubernetes.io/aws-ebs"),
        nodes("ip-10-0-1-7.ec2.internal", "ip-10-0-2-9.ec2.internal", kubelet="v1.33.0-eks-802817d"),
        entry({"hostname": "a1b2-1.elb.eu-central-1.amazonaws.com"}, "ingress-nginx", "ingress-nginx-controller"),
    ),
    "AKS": all_of(
        version("v1.32.4"),
        storage("disk.csi.azure.com", "file.csi.azure.com"),
        nodes("aks-pool1-1-vmss000000", "aks-pool1-1-vmss000001", kubelet="v1.32.4"),
        entry({"ip": "192.0.2.44"}, "app-routing-system", "nginx"),
    ),
    "GKE": all_of(
        version("v1.33.2-gke.1240000", "v1.32.6-gke.1025000"),
        storage("pd.csi.storage.gke.io", "filestore.csi.storage.gke.io"),
        nodes("gke-cx-pool-1", "gke-cx-pool-2", kubelet="v1.31.9-gke.1044000"),
        entry({"ip": "192.0.2.45"}, "ingress-nginx", "controller"),
    ),
    "RKE2": all_of(
        version("v1.33.1+rke2r1"),
        storage("driver.longhorn.io"),
        nodes("agent-1", "agent-2", kubelet="v1.33.1+rke2r1"),
        job_leftovers("kube-system"),
    ),
    "OpenShift": all_of(
        version("v1.32.5"),
        storage("openshift-storage.rbd.csi.ceph.com", "openshift-storage.cephfs.csi.ceph.com"),
        own_ingress_class,
        service_account_pull_secrets,
        nodes("worker-0", "worker-1", "infra-0", kubelet="v1.32.5"),
    ),
    "K3s with its Traefik": all_of(
        version("v1.34.1+k3s1"),
        storage("rancher.io/local-path"),
        served_by_traefik,
        entry({"ip": "192.0.2.46"}, "kube-system", "traefik"),
        job_leftovers("kube-system"),
    ),
    "MicroK8s": all_of(version("v1.33.4"), storage("microk8s.io/hostpath")),
    "kubeadm with MetalLB and NFS": all_of(
        version("v1.34.1"),
        storage("cluster.local/nfs-subdir-external-provisioner"),
        added(named("Namespace", "metallb-system")),
        entry({"ip": "192.0.2.47"}, "ingress-nginx", "ingress-nginx-controller"),
        nodes("worker-1", "worker-2", kubelet="v1.34.1"),
    ),
    "Tanzu with vSphere volumes": all_of(version("v1.31.4+vmware.1-fips"), storage("csi.vsphere.vmware.com")),
    "kubelets three versions older": version("v1.36.2", "v1.33.0"),
    "a server before 1.28, kubelets two versions older": version("v1.26.15", "v1.24.17"),
    "a release candidate": version("v1.37.0-rc.1", "v1.36.2"),
    "a control-plane node whose taint all pods tolerate": all_of(
        tolerating,
        live(
            "Node",
            lambda one: one["spec"].update(
                taints=[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
            ),
        ),
    ),
    "volumes on the only worker's disk": all_of(
        storage("rancher.io/local-path"), control_plane("cp-1", "cp-2", "cp-3")
    ),
    "nodes without a kubelet": all_of(
        added(
            *(
                named(
                    "Node",
                    name,
                    metadata={"labels": {"type": kind}},
                    spec={"taints": [{"key": f"{kind}.io/provider", "effect": "NoSchedule"}]},
                    status={
                        "conditions": [{"type": "Ready", "status": "True"}],
                        "nodeInfo": {"kubeletVersion": version},
                    },
                )
                for name, kind, version in (
                    ("virtual-node-aci-linux", "virtual-kubelet", "v1.25.0-vk-azure-aci-1.6.2"),
                    ("kwok-node-0", "kwok", "kwok-v0.7.0"),
                )
            )
        ),
    ),
    "a drained node": all_of(
        nodes("old-1", kubelet="v1.36.2"), live("Node", lambda one: one["spec"].update(unschedulable=True), "old-1")
    ),
}

"""The kinds that can be looked at: record class, API path, and who reads it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from msgspec import Struct

from cx_conformance.api.request_path import part
from cx_conformance.objects.apisix_route import ApisixRoute, apisix_route
from cx_conformance.objects.autoscaler import HorizontalPodAutoscaler, autoscaler
from cx_conformance.objects.config import ConfigMap, config_map
from cx_conformance.objects.csi import CSINode, csi_node
from cx_conformance.objects.event import Event, event
from cx_conformance.objects.helm import HelmRevision, helm_revision
from cx_conformance.objects.ingress import Ingress, IngressClass, ingress, ingress_class
from cx_conformance.objects.job import Job, job
from cx_conformance.objects.json_fields import Json
from cx_conformance.objects.lease import Lease, lease
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.namespace import Namespace, namespace
from cx_conformance.objects.networkpolicy import NetworkPolicy, network_policy
from cx_conformance.objects.node import Node, node
from cx_conformance.objects.other_policy import (
    AdminNetworkPolicy,
    CalicoNetworkPolicy,
    CiliumClusterwideNetworkPolicy,
    CiliumNetworkPolicy,
    GlobalNetworkPolicy,
    admin_policy,
    calico_policy,
    cilium_clusterwide_policy,
    cilium_policy,
    global_policy,
)
from cx_conformance.objects.other_route import HTTPRoute, IngressRoute, TLSStore, http_route, ingress_route, tls_store
from cx_conformance.objects.pod import Pod, pod
from cx_conformance.objects.quota import LimitRange, ResourceQuota, limit_range, resource_quota
from cx_conformance.objects.service import EndpointSlice, Service, endpoint_slice, service
from cx_conformance.objects.storage import (
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
    persistent_volume,
    persistent_volume_claim,
    storage_class,
)
from cx_conformance.objects.webhook import (
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
    mutating,
    validating,
)
from cx_conformance.objects.workload import (
    CronJob,
    DaemonSet,
    Deployment,
    StatefulSet,
    cron_job,
    daemon_set,
    deployment,
    stateful_set,
)

R = TypeVar("R", bound=ApiObject)


class Kind(Struct, Generic[R], frozen=True, kw_only=True):
    """One kind. ``heavy`` ones are only read from the namespaces that matter: their size is in others' hands.

    ``selector`` narrows the list to objects of some labels, of which only the metadata is read then.
    """

    record: type[R]
    group: str
    version: str
    plural: str
    namespaced: bool
    parse: Callable[[Json], R]
    heavy: bool = False
    selector: str = ""

    @property
    def name(self) -> str:
        """The kind as manifests write it, for example ``Deployment``."""
        return self.record.__name__

    def path(self, namespace: str | None = None) -> str:
        """Return the path of its list, of one namespace or of the whole cluster."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/namespaces/{part(namespace)}/{self.plural}" if namespace else f"{root}/{self.plural}"


def _kind(
    record: type[R], path: str, parse: Callable[[Json], R], *, namespaced: bool = True, heavy: bool = False
) -> Kind[R]:
    *group, version, plural = path.split("/")
    return Kind(
        record=record,
        group="/".join(group),
        version=version,
        plural=plural,
        namespaced=namespaced,
        parse=parse,
        heavy=heavy,
    )


KINDS: dict[type[ApiObject], Kind[Any]] = {
    entry.record: entry
    for entry in (
        _kind(Namespace, "v1/namespaces", namespace, namespaced=False),
        _kind(Node, "v1/nodes", node, namespaced=False),
        _kind(Pod, "v1/pods", pod),
        _kind(Service, "v1/services", service),
        _kind(ConfigMap, "v1/configmaps", config_map, heavy=True),
        _kind(PersistentVolumeClaim, "v1/persistentvolumeclaims", persistent_volume_claim),
        _kind(PersistentVolume, "v1/persistentvolumes", persistent_volume, namespaced=False),
        _kind(Event, "v1/events", event, heavy=True),
        _kind(Deployment, "apps/v1/deployments", deployment),
        _kind(StatefulSet, "apps/v1/statefulsets", stateful_set),
        _kind(DaemonSet, "apps/v1/daemonsets", daemon_set),
        _kind(CronJob, "batch/v1/cronjobs", cron_job, heavy=True),
        _kind(Job, "batch/v1/jobs", job, heavy=True),
        _kind(HorizontalPodAutoscaler, "autoscaling/v2/horizontalpodautoscalers", autoscaler, heavy=True),
        _kind(EndpointSlice, "discovery.k8s.io/v1/endpointslices", endpoint_slice, heavy=True),
        _kind(Ingress, "networking.k8s.io/v1/ingresses", ingress),
        _kind(IngressClass, "networking.k8s.io/v1/ingressclasses", ingress_class, namespaced=False),
        _kind(NetworkPolicy, "networking.k8s.io/v1/networkpolicies", network_policy, heavy=True),
        _kind(CiliumNetworkPolicy, "cilium.io/v2/ciliumnetworkpolicies", cilium_policy, heavy=True),
        _kind(
            CiliumClusterwideNetworkPolicy,
            "cilium.io/v2/ciliumclusterwidenetworkpolicies",
            cilium_clusterwide_policy,
            namespaced=False,
        ),
        _kind(CalicoNetworkPolicy, "crd.projectcalico.org/v1/networkpolicies", calico_policy, heavy=True),
        _kind(GlobalNetworkPolicy, "crd.projectcalico.org/v1/globalnetworkpolicies", global_policy, namespaced=False),
        _kind(
            AdminNetworkPolicy,
            "policy.networking.k8s.io/v1alpha1/adminnetworkpolicies",
            admin_policy,
            namespaced=False,
        ),
        _kind(ApisixRoute, "apisix.apache.org/v2/apisixroutes", apisix_route, heavy=True),
        _kind(HTTPRoute, "gateway.networking.k8s.io/v1/httproutes", http_route, heavy=True),
        _kind(IngressRoute, "traefik.io/v1alpha1/ingressroutes", ingress_route, heavy=True),
        _kind(TLSStore, "traefik.io/v1alpha1/tlsstores", tls_store),
        _kind(StorageClass, "storage.k8s.io/v1/storageclasses", storage_class, namespaced=False),
        _kind(ResourceQuota, "v1/resourcequotas", resource_quota, heavy=True),
        _kind(LimitRange, "v1/limitranges", limit_range, heavy=True),
        _kind(CSINode, "storage.k8s.io/v1/csinodes", csi_node, namespaced=False),
        _kind(Lease, "coordination.k8s.io/v1/leases", lease),
        _kind(
            ValidatingWebhookConfiguration,
            "admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
            validating,
            namespaced=False,
        ),
        _kind(
            MutatingWebhookConfiguration,
            "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
            mutating,
            namespaced=False,
        ),
        Kind(
            record=HelmRevision,
            group="",
            version="v1",
            plural="secrets",
            namespaced=True,
            parse=helm_revision,
            selector="owner=helm",
        ),
    )
}

WORKLOADS: dict[str, type[Deployment] | type[StatefulSet] | type[DaemonSet] | type[CronJob]] = {
    "Deployment": Deployment,
    "StatefulSet": StatefulSet,
    "DaemonSet": DaemonSet,
    "CronJob": CronJob,
}

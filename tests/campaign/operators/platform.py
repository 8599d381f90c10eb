"""The cluster itself."""

from cx_conformance.blueprint.platform import Distribution, IngressController, StorageProvider
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object


def _class(name: str, provisioner: str) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": provisioner,
    }


def provided(fact: Fact, ground: Ground) -> None:
    """Let the provider of the fact give the volumes."""
    provider: StorageProvider = fact.of(StorageProvider)
    pattern = fact.value if fact.field.endswith("provisioners") else provider.provisioners[0]
    ground.manifests.append(_class("campaign", pattern.replace("*", "cluster.local/")))


def _provider(fact: Fact) -> tuple[str, ...]:
    return (fact.of(StorageProvider).name,)


@breaks("platform.storage.provisioners", "platform.storage.name", how="wrong kind", words=_provider, prepare=provided)
def provisioner_that_provides_nothing(fact: Fact, ground: Ground) -> None:
    """In its place a class without a provisioner: no volume is ever made."""
    ground.live("StorageClass", "campaign", lambda one: one.update(provisioner="kubernetes.io/no-provisioner"))


@breaks("platform.storage.scope", how="wrong number", words="2", prepare=provided)
def node_disks_on_two_nodes(fact: Fact, ground: Ground) -> None:
    """Volumes on the node's own disk, where there are two."""
    if fact.value != "single-node":
        raise Inapplicable("it may be used on any number of nodes")
    ground.change_live(_second_node)


def _second_node(objects: list[Object]) -> None:
    node = next(one for one in objects if one["kind"] == "Node")
    metadata = {**node["metadata"], "name": "node-2", "labels": {"kubernetes.io/hostname": "node-2"}}
    objects.append({**node, "metadata": metadata})


@breaks("platform.storage.name", how="absent", words="default", prepare=provided)
def no_default_class(fact: Fact, ground: Ground) -> None:
    """The provider's class is there, and not the default."""
    ground.live("StorageClass", "campaign", lambda one: one["metadata"].update(annotations={}))


@breaks("platform.storage.name", how="wrong number", words="default", prepare=provided)
def two_default_classes(fact: Fact, ground: Ground) -> None:
    """A second class is the default too."""
    ground.add_live(_class("second", "driver.longhorn.io"))


def controlled(fact: Fact, ground: Ground) -> None:
    """Let the controller of the fact serve the class."""
    controller: IngressController = fact.of(IngressController)
    name = fact.value if fact.field.endswith("controllers.controllers") else controller.controllers[0]
    ground.live("IngressClass", "nginx", lambda one: one["spec"].update(controller=name))


def _controller(fact: Fact) -> tuple[str, ...]:
    return (fact.of(IngressController).name,)


@breaks(
    "platform.ingress_controllers.controllers",
    "platform.ingress_controllers.name",
    how="wrong kind",
    words=_controller,
    told_of="ccm",
    prepare=controlled,
)
def controller_of_another_vendor(fact: Fact, ground: Ground) -> None:
    """A controller that the page does not support serves the class."""
    ground.live("IngressClass", "nginx", lambda one: one["spec"].update(controller="haproxy.org/ingress"))


def balanced(fact: Fact, ground: Ground) -> None:
    """Let MetalLB have given an address to the entry point, on the fact's distribution."""
    if isinstance(fact.holders[-1], Distribution):
        ground.version += {"RKE2": "+rke2r1", "K3s": "+k3s1"}.get(fact.of(Distribution).name, "")
    ground.manifests.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "metallb-system"}})
    ground.add_live(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "entry", "namespace": "expertflow"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 443}], "selector": {"app": "entry"}},
            "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
        }
    )


@breaks(
    "platform.load_balancers.name",
    "platform.load_balancers.namespaces",
    "platform.distributions.needs_load_balancer",
    how="silent",
    words="MetalLB is installed",
    prepare=balanced,
)
def load_balancer_gives_no_address(fact: Fact, ground: Ground) -> None:
    """A Service waits for its address."""
    ground.live("Service", "entry", lambda one: one.update(status={"loadBalancer": {}}))


@breaks(
    "platform.load_balancers.name",
    "platform.load_balancers.namespaces",
    how="absent",
    words="no known load balancer",
    prepare=balanced,
)
def no_load_balancer(fact: Fact, ground: Ground) -> None:
    """A Service waits for an address that nobody gives."""
    load_balancer_gives_no_address(fact, ground)
    ground.manifests = [one for one in ground.manifests if one["metadata"]["name"] != "metallb-system"]


def _busy(number: int, node: str = "node-1", containers: int = 1) -> Object:
    return {
        "kind": "Pod",
        "metadata": {"name": f"busy-{number}", "namespace": "default"},
        "spec": {"nodeName": node, "containers": [{"name": f"c{one}", "image": "busy"} for one in range(containers)]},
        "status": {"phase": "Running"},
    }


@breaks("platform.limits.pods_per_node", how="wrong number")
def too_many_pods_on_a_node(fact: Fact, ground: Ground) -> None:
    """One node carries more pods than Kubernetes is tested for."""
    ground.add_live(*(_busy(number) for number in range(fact.value + 1)))


@breaks("platform.limits.pods", how="wrong number")
def too_many_pods(fact: Fact, ground: Ground) -> None:
    """More pods than Kubernetes is tested for, on no node yet."""
    ground.add_live(*(_busy(number, "") for number in range(fact.value + 1)))


@breaks("platform.limits.containers", how="wrong number")
def too_many_containers(fact: Fact, ground: Ground) -> None:
    """More containers than Kubernetes is tested for, in few pods."""
    ground.add_live(*(_busy(number, "", 1000) for number in range(fact.value // 1000 + 1)))


@breaks("platform.limits.nodes", how="wrong number")
def too_many_nodes(fact: Fact, ground: Ground) -> None:
    """More nodes than Kubernetes is tested for."""
    node: Object = {"kind": "Node", "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    ground.add_live(*({**node, "metadata": {"name": f"n{number}"}} for number in range(fact.value + 1)))

"""What goes wrong with workloads."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.annotations import AILMENT, ROLLED_FROM
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import CannotApply, Installation


@fault("CX101", "ccm")
def absent_workload(installation: Installation, component: str) -> None:
    """The component's Deployment or StatefulSet was never applied."""
    installation.remove(installation.workload(component))


@fault("CX101", "ccm")
def renamed_workload(installation: Installation, component: str) -> None:
    """The workload has another name than documented, and other labels."""
    workload = installation.workload(component)
    workload["metadata"]["name"] = f"new-{workload['metadata']['name']}"
    workload["metadata"]["labels"] = {"app": workload["metadata"]["name"]}


@fault("CX102", "ccm")
def wrong_kind(installation: Installation, component: str) -> None:
    """A Deployment was installed as a StatefulSet."""
    workload = installation.workload(component)
    if workload["kind"] != "Deployment":
        raise CannotApply(f"component {component!r} is a {workload['kind']}; wrong-kind needs a Deployment")
    workload["kind"] = "StatefulSet"
    spec = workload["spec"]
    del spec["strategy"], spec["progressDeadlineSeconds"]
    spec |= {"serviceName": workload["metadata"]["name"], "podManagementPolicy": "OrderedReady"}
    spec["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}


@fault("CX103", "ccm")
def scaled_to_zero(installation: Installation, component: str) -> None:
    """Somebody scaled the workload to zero and forgot it."""
    installation.workload(component)["spec"]["replicas"] = 0


@fault("CX105", "ccm")
def image_pull(installation: Installation, component: str) -> None:
    """The image cannot be pulled (ImagePullBackOff)."""
    installation.annotate(component, AILMENT, "image-pull")


@fault("CX106", "ccm")
def crash_loop(installation: Installation, component: str) -> None:
    """The container ends with exit code 3 again and again (CrashLoopBackOff)."""
    installation.annotate(component, AILMENT, "crash-loop")


@fault("CX107", "ccm")
def out_of_memory(installation: Installation, component: str) -> None:
    """The container is killed for want of memory (OOMKilled)."""
    installation.annotate(component, AILMENT, "out-of-memory")


@fault("CX113", "ccm")
def unschedulable(installation: Installation, component: str) -> None:
    """No node takes the pod (Pending)."""
    installation.annotate(component, AILMENT, "unschedulable")


@fault("CX104", "ccm")
def unready(installation: Installation, component: str) -> None:
    """The pod runs but its readiness probe fails."""
    installation.annotate(component, AILMENT, "unready")


@fault("CX104", "ccm")
def rollout_stuck(installation: Installation, component: str) -> None:
    """An upgrade does not get ready while the old pod still serves (ProgressDeadlineExceeded)."""
    workload = installation.workload(component)
    container = installation.container(component)
    workload["metadata"].setdefault("annotations", {})[ROLLED_FROM] = container["image"]
    workload["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2"
    container["image"] = f"{container['image']}-new"
    installation.annotate(component, AILMENT, "unready")


@fault("CX109", "ccm")
def wrong_container_port(installation: Installation, component: str) -> None:
    """The container declares another port than documented."""
    installation.container(component)["ports"][0]["containerPort"] += 1


@fault("CX109", "ccm")
def wrong_port_name(installation: Installation, component: str) -> None:
    """The container's port has another name than documented; the Service follows it."""
    port = installation.container(component)["ports"][0]
    service_port = installation.service_port(component)
    if service_port.get("targetPort") == port.get("name"):
        service_port["targetPort"] = "http-other"
    port["name"] = "http-other"


@fault("CX110", "ccm")
def wrong_limits(installation: Installation, component: str) -> None:
    """The memory limit is a sixteenth of the documented one."""
    installation.container(component)["resources"]["limits"] = {"cpu": "100m", "memory": "64Mi"}


@fault("CX111", "expertflow")
def absent_pull_secret(installation: Installation, namespace: str) -> None:
    """The image pull secret was never created in the namespace."""
    installation.remove(installation.named("Secret", "expertflow-reg-cred", namespace))


FAULTS = (
    absent_workload,
    renamed_workload,
    wrong_kind,
    scaled_to_zero,
    image_pull,
    crash_loop,
    out_of_memory,
    unschedulable,
    unready,
    rollout_stuck,
    wrong_container_port,
    wrong_port_name,
    wrong_limits,
    absent_pull_secret,
)

"""What a pod's containers find around them: names, resolver, environment; and which container a request means."""

import base64
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from cx_conformance.sandbox.annotations import PROCESS
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.confinement import PATH
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.statuses import PlainRefusal, bad_request

DOMAIN = "cluster.local"


def containers(pod: Object) -> list[Object]:
    """Return the pod's init containers, containers and ephemeral ones, in that order."""
    spec = pod["spec"]
    return [*spec.get("initContainers", []), *spec["containers"], *spec.get("ephemeralContainers", [])]


def chosen_container(pod: Object, name: str) -> Object:
    """Return the container that a request names, or the only one.

    Raises the API's 400 for an unknown name, and where the choice is not given.
    """
    everyone = containers(pod)
    own = pod["metadata"]["name"]
    if name:
        for container in everyone:
            if container["name"] == name:
                return container
        raise bad_request(f"container {name} is not valid for pod {own}")
    if len(pod["spec"]["containers"]) != 1:
        listed = " ".join(container["name"] for container in everyone)
        raise bad_request(f"a container name must be specified for pod {own}, choose one of: [{listed}]")
    return dict(pod["spec"]["containers"][0])


def require_host(pod: Object) -> None:
    """Raise the API's 400 for a pod that no node runs yet."""
    if not pod["spec"].get("nodeName"):
        raise bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")


def status_of(pod: Object, container: str) -> Object:
    """Return the status of one container; empty where there is none yet."""
    status = pod.get("status", {})
    for key in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        for each in status.get(key, []):
            if each["name"] == container:
                return dict(each)
    return {}


def is_running(pod: Object, container: str) -> bool:
    """Tell whether that container runs now."""
    return "running" in status_of(pod, container).get("state", {})


def etc(pod: Object, nameserver: str) -> dict[str, str]:
    """Return the files of ``/etc`` that the kubelet writes for a pod, and a ``.curlrc``.

    Pods share this machine's loopback interface, and curl takes no file's word for what localhost is: that the pod's
    ports are behind it has to be said to curl itself.
    """
    metadata, spec = pod["metadata"], pod["spec"]
    namespace = metadata["namespace"]
    hostname = spec.get("hostname") or metadata["name"][:63]
    full = f"{hostname}.{spec['subdomain']}.{namespace}.svc.{DOMAIN}\t" if spec.get("subdomain") else ""
    hosts = (
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
        f"{pod['status'].get('podIP', '127.0.0.1')}\t{full}{hostname}\n"
    )
    resolver = f"search {namespace}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}\nnameserver {nameserver}\noptions ndots:5\n"
    curl = f'connect-to = "localhost::{pod["status"].get("podIP", "127.0.0.1")}:"\n'
    return {"hosts": hosts, "resolv.conf": resolver, "hostname": f"{hostname}\n", ".curlrc": curl}


def environment(
    state: State, pod: Object, container: Object, image: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Return a container's environment: the image's, the service links, those from ConfigMaps and Secrets, its own."""
    namespace = pod["metadata"]["namespace"]
    found = {"PATH": PATH, "HOSTNAME": pod["spec"].get("hostname") or pod["metadata"]["name"], "HOME": "/root", **image}
    linked = state.of_kind("v1", "Service", namespace) if pod["spec"].get("enableServiceLinks", True) else []
    for service in (*linked, state.find("v1", "Service", "default", "kubernetes")):
        found.update(_service_link(service))
    for source in container.get("envFrom", []):
        found.update((source.get("prefix", "") + k, v) for k, v in _source(state, namespace, source).items())
    for variable in container.get("env", []):
        found[variable["name"]] = _value(state, pod, variable, found)
    return found


def _service_link(service: Object | None) -> Iterator[tuple[str, str]]:
    if service is None or service["spec"].get("clusterIP", "None") in ("None", ""):
        return
    prefix = re.sub(r"[^A-Z0-9]", "_", service["metadata"]["name"].upper())
    yield f"{prefix}_SERVICE_HOST", service["spec"]["clusterIP"]
    yield f"{prefix}_SERVICE_PORT", str(service["spec"]["ports"][0]["port"])


def _source(state: State, namespace: str, source: Object) -> dict[str, str]:
    if "configMapRef" in source:
        return data(state, namespace, "ConfigMap", source["configMapRef"]["name"])
    return data(state, namespace, "Secret", source["secretRef"]["name"])


def data(state: State, namespace: str, kind: str, name: str) -> dict[str, str]:
    """Return the decoded data of a ConfigMap or Secret; empty where it does not exist."""
    thing = state.find("v1", kind, namespace, name) or {}
    held: dict[str, str] = thing.get("data") or {}
    if kind == "Secret":
        return {key: base64.b64decode(value).decode(errors="replace") for key, value in held.items()}
    return held


def _value(state: State, pod: Object, variable: Object, known: dict[str, str]) -> str:
    reference = variable.get("valueFrom")
    if reference is None:
        text = str(variable.get("value", ""))
        return re.sub(r"\$\(([A-Za-z0-9_.-]+)\)", lambda match: known.get(match[1], match[0]), text)
    namespace = pod["metadata"]["namespace"]
    for source, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if source in reference:
            return data(state, namespace, kind, reference[source]["name"]).get(reference[source]["key"], "")
    return field(pod, reference.get("fieldRef", {}).get("fieldPath", ""))


def field(pod: Object, path: str) -> str:
    """Return what the downward API gives for a field path; empty where there is no such text."""
    if (match := re.fullmatch(r"metadata\.(annotations|labels)\['(.+)'\]", path)) is not None:
        return str(pod["metadata"].get(match[1], {}).get(match[2], ""))
    own = pod["metadata"].get("annotations", {}).get(PROCESS)
    if path == "status.podIP" and own:
        return str(own)  # all pods share this machine's loopback interface: each process has an address to itself
    value: object = pod
    for step in path.split("."):
        value = value.get(step, "") if isinstance(value, dict) else ""
    return value if isinstance(value, str) else ""


def not_running(container: str) -> PlainRefusal:
    """Return what the kubelet says of a container that does not run; the API server passes it on as plain text."""
    return PlainRefusal(500, f'container not found ("{container}")')

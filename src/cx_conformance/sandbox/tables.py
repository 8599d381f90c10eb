"""Tables and metadata-only objects, as ``kubectl get`` asks for them.

Columns are those of a Kubernetes 1.36; a kind without columns of its own gets Name and Age, as custom resources do. The
file is long because there are many kinds, each a few lines of its own.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from cx_conformance.sandbox.catalogue import Object, Resource

Cells = Callable[[Object], list[object]]


_YEAR = 31536000
_AGES = (
    (120, 1, "s", 0, ""),
    (600, 60, "m", 1, "s"),
    (10800, 60, "m", 0, ""),
    (28800, 3600, "h", 60, "m"),
    (172800, 3600, "h", 0, ""),
    (691200, 86400, "d", 3600, "h"),
    (2 * _YEAR, 86400, "d", 0, ""),
)
"""Until how many seconds an age is written in which unit, with which smaller one (k8s.io/apimachinery,
HumanDuration)."""


class _Columns(NamedTuple):
    names: str
    """Comma-separated, in order; ``*`` ends a column shown only with ``-o wide``, ``#`` one that holds an integer."""
    cells: Cells


def partial(thing: Object) -> Object:
    """Return the metadata-only form of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": thing["metadata"]}


def render(resource: Resource, things: Iterable[Object], metadata: Object, include: str) -> bytes:
    """Return the Table of ``things``; ``include`` is the includeObject parameter: None, Metadata or Object."""
    columns = _COLUMNS.get(resource.kind, _DEFAULT)
    rows = []
    for thing in things:
        row: Object = {"cells": columns.cells(thing)}
        if include != "None":
            row["object"] = thing if include == "Object" else partial(thing)
        rows.append(row)
    table = {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [_definition(name) for name in columns.names.split(",")],
        "rows": rows,
    }
    return orjson.dumps(table) + b"\n"


def age(timestamp: str | None) -> str:
    """Return how long ago that was, as kubectl writes durations: 45s, 3m31s, 5h10m, 3d4h."""
    if not timestamp:
        return "<unknown>"
    seconds = max(0, int((datetime.now(UTC) - datetime.fromisoformat(timestamp)).total_seconds()))
    for until, size, unit, small_size, small_unit in _AGES:
        if seconds < until:
            rest = seconds % size // small_size if small_size else 0
            return f"{seconds // size}{unit}" + (f"{rest}{small_unit}" if rest else "")
    return f"{seconds // _YEAR}y"


def _definition(name: str) -> Object:
    plain = name.rstrip("*#")
    return {
        "name": plain,
        "type": "integer" if "#" in name else "string",
        "format": "name" if plain == "Name" else "",
        "description": "",
        "priority": 1 if "*" in name else 0,
    }


def _name(thing: Object) -> object:
    return thing["metadata"]["name"]


def _age(thing: Object) -> str:
    return age(thing["metadata"].get("creationTimestamp"))


def _selector(thing: Object) -> str:
    selector = thing["spec"].get("selector") or {}
    labels = selector.get("matchLabels", selector) if isinstance(selector, dict) else {}
    return ",".join(f"{key}={value}" for key, value in labels.items()) or "<none>"


def _containers(thing: Object) -> list[object]:
    containers = thing["spec"]["template"]["spec"]["containers"]
    return [",".join(c["name"] for c in containers), ",".join(c["image"] for c in containers)]


def _pod(thing: Object) -> list[object]:
    spec, status = thing["spec"], thing.get("status", {})
    statuses = status.get("containerStatuses", [])
    sidecars = {c["name"] for c in spec.get("initContainers", []) if c.get("restartPolicy") == "Always"}
    counted = [*statuses, *(s for s in status.get("initContainerStatuses", []) if s["name"] in sidecars)]
    ready = sum(bool(s.get("ready")) for s in counted)
    return [
        _name(thing),
        f"{ready}/{len(spec['containers']) + len(sidecars)}",
        _pod_reason(thing),
        _restarts([*counted, *status.get("initContainerStatuses", [])]),
        _age(thing),
        status.get("podIP", "<none>"),
        spec.get("nodeName", "<none>"),
        "<none>",
        "<none>",
    ]


def _restarts(statuses: list[Object]) -> str:
    count = max((s.get("restartCount", 0) for s in statuses), default=0)
    ends = [s.get("lastState", {}).get("terminated", {}).get("finishedAt") for s in statuses]
    last = max(filter(None, ends), default=None)
    return f"{count} ({age(last)} ago)" if count and last else str(count)


def _pod_reason(thing: Object) -> str:
    status = thing.get("status", {})
    if thing["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for prefix, key in (("Init:", "initContainerStatuses"), ("", "containerStatuses")):
        for state in (s.get("state", {}) for s in status.get(key, [])):
            reason = _container_reason(state)
            if reason and not (prefix and reason == "Completed") and reason != "PodInitializing":
                return prefix + reason
    return str(status.get("reason") or status.get("phase", "Unknown"))


def _container_reason(state: Object) -> str:
    if "waiting" in state:
        return str(state["waiting"].get("reason", ""))
    if "terminated" in state:
        return str(state["terminated"].get("reason") or f"ExitCode:{state['terminated'].get('exitCode')}")
    return ""


def _deployment(thing: Object) -> list[object]:
    status = thing.get("status", {})
    ready = f"{status.get('readyReplicas', 0)}/{thing['spec'].get('replicas', 1)}"
    available = status.get("availableReplicas", 0)
    updated = status.get("updatedReplicas", 0)
    return [_name(thing), ready, updated, available, _age(thing), *_containers(thing), _selector(thing)]


def _stateful_set(thing: Object) -> list[object]:
    ready = f"{thing.get('status', {}).get('readyReplicas', 0)}/{thing['spec'].get('replicas', 1)}"
    return [_name(thing), ready, _age(thing), *_containers(thing)]


def _replica_set(thing: Object) -> list[object]:
    status = thing.get("status", {})
    counts = [thing["spec"].get("replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [_name(thing), *counts, _age(thing), *_containers(thing), _selector(thing)]


def _service(thing: Object) -> list[object]:
    spec = thing["spec"]
    addresses = [
        a.get("ip") or a.get("hostname") for a in thing.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    ]
    balanced = ",".join(addresses) or "<pending>" if spec["type"] == "LoadBalancer" else "<none>"
    external = spec.get("externalName") or ",".join(spec.get("externalIPs", [])) or balanced
    ports = ",".join(
        f"{p['port']}{':' + str(p['nodePort']) if p.get('nodePort') else ''}/{p.get('protocol', 'TCP')}"
        for p in spec.get("ports", [])
    )
    row = [_name(thing), spec["type"], spec.get("clusterIP", "<none>"), external, ports or "<none>"]
    return [*row, _age(thing), _selector(thing)]


def _ingress(thing: Object) -> list[object]:
    spec = thing["spec"]
    hosts = ",".join(dict.fromkeys(rule.get("host", "*") for rule in spec.get("rules", []))) or "*"
    ingress = thing.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    address = ",".join(a.get("ip") or a.get("hostname", "") for a in ingress)
    return [
        _name(thing),
        spec.get("ingressClassName", "<none>"),
        hosts,
        address,
        "80, 443" if spec.get("tls") else "80",
        _age(thing),
    ]


def _claim(thing: Object) -> list[object]:
    spec, status = thing["spec"], thing.get("status", {})
    return [
        _name(thing),
        status.get("phase", ""),
        spec.get("volumeName", ""),
        status.get("capacity", {}).get("storage", ""),
        _modes(status.get("accessModes", [])),
        spec.get("storageClassName", ""),
        "<unset>",
        _age(thing),
        spec.get("volumeMode", ""),
    ]


def _volume(thing: Object) -> list[object]:
    spec = thing["spec"]
    claim = spec.get("claimRef")
    return [
        _name(thing),
        spec["capacity"]["storage"],
        _modes(spec["accessModes"]),
        spec.get("persistentVolumeReclaimPolicy", ""),
        thing.get("status", {}).get("phase", ""),
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        "<unset>",
        "",
        _age(thing),
        spec.get("volumeMode", ""),
    ]


def _modes(modes: list[str]) -> str:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return ",".join(short[mode] for mode in modes)


def _node(thing: Object) -> list[object]:
    status = thing["status"]
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status["conditions"])
    roles = [
        k.partition("/")[2] for k in thing["metadata"].get("labels", {}) if k.startswith("node-role.kubernetes.io/")
    ]
    addresses = {a["type"]: a["address"] for a in status["addresses"]}
    info = status["nodeInfo"]
    return [
        _name(thing),
        ("Ready" if ready else "NotReady") + (",SchedulingDisabled" if thing["spec"].get("unschedulable") else ""),
        ",".join(roles) or "<none>",
        _age(thing),
        info["kubeletVersion"],
        addresses.get("InternalIP", "<none>"),
        addresses.get("ExternalIP", "<none>"),
        info["osImage"],
        info["kernelVersion"],
        info["containerRuntimeVersion"],
    ]


def _storage_class(thing: Object) -> list[object]:
    default = thing["metadata"].get("annotations", {}).get("storageclass.kubernetes.io/is-default-class") == "true"
    return [
        f"{_name(thing)} (default)" if default else _name(thing),
        thing["provisioner"],
        thing.get("reclaimPolicy", "Delete"),
        thing.get("volumeBindingMode", "Immediate"),
        str(thing.get("allowVolumeExpansion", False)).lower(),
        _age(thing),
    ]


def _event(thing: Object) -> list[object]:
    last = thing.get("lastTimestamp") or thing.get("eventTime") or thing["metadata"].get("creationTimestamp")
    involved = thing["involvedObject"]
    subject = f"{involved['kind'].lower()}/{involved['name']}"
    return [age(last), thing.get("type", ""), thing.get("reason", ""), subject, thing.get("message", "").strip()]


def _endpoint_slice(thing: Object) -> list[object]:
    addresses = [address for endpoint in thing["endpoints"] or [] for address in endpoint["addresses"]]
    ports = ",".join(str(port["port"]) for port in thing["ports"] or [])
    listed = ",".join(addresses[:3]) + (f" + {len(addresses) - 3} more..." if len(addresses) > 3 else "")
    return [_name(thing), thing["addressType"], ports or "<unset>", listed or "<unset>", _age(thing)]


def _data_count(thing: Object) -> int:
    return len(thing.get("data") or {}) + len(thing.get("binaryData") or {})


_DEFAULT = _Columns("Name,Age", lambda thing: [_name(thing), _age(thing)])
_COLUMNS: dict[str, _Columns] = {
    "Pod": _Columns("Name,Ready,Status,Restarts,Age,IP*,Node*,Nominated Node*,Readiness Gates*", _pod),
    "Deployment": _Columns("Name,Ready,Up-to-date,Available,Age,Containers*,Images*,Selector*", _deployment),
    "StatefulSet": _Columns("Name,Ready,Age,Containers*,Images*", _stateful_set),
    "ReplicaSet": _Columns("Name,Desired#,Current#,Ready#,Age,Containers*,Images*,Selector*", _replica_set),
    "Service": _Columns("Name,Type,Cluster-IP,External-IP,Port(s),Age,Selector*", _service),
    "Ingress": _Columns("Name,Class,Hosts,Address,Ports,Age", _ingress),
    "PersistentVolumeClaim": _Columns(
        "Name,Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age,VolumeMode*", _claim
    ),
    "PersistentVolume": _Columns(
        "Name,Capacity,Access Modes,Reclaim Policy,Status,Claim,StorageClass,VolumeAttributesClass,"
        "Reason,Age,VolumeMode*",
        _volume,
    ),
    "Node": _Columns(
        "Name,Status,Roles,Age,Version,Internal-IP*,External-IP*,OS-Image*,Kernel-Version*,Container-Runtime*", _node
    ),
    "Namespace": _Columns("Name,Status,Age", lambda t: [_name(t), t.get("status", {}).get("phase", ""), _age(t)]),
    "StorageClass": _Columns(
        "Name,Provisioner,ReclaimPolicy,VolumeBindingMode,AllowVolumeExpansion,Age", _storage_class
    ),
    "Event": _Columns("Last Seen,Type,Reason,Object,Message", _event),
    "EndpointSlice": _Columns("Name,AddressType,Ports,Endpoints,Age", _endpoint_slice),
    "ConfigMap": _Columns("Name,Data,Age", lambda t: [_name(t), str(_data_count(t)), _age(t)]),
    "Secret": _Columns("Name,Type,Data#,Age", lambda t: [_name(t), t.get("type", "Opaque"), _data_count(t), _age(t)]),
    "IngressClass": _Columns(
        "Name,Controller,Parameters,Age", lambda t: [_name(t), t["spec"]["controller"], "<none>", _age(t)]
    ),
}

"""A component written back as the page writes it: one text for each column of its row.

It is how the blueprint is compared with the page, and how errata are seen to have become stale.
"""

from collections.abc import Iterable
from typing import Final

from cx_conformance.blueprint.component import Component, Group
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.resources import Amounts

CALLS_INTERNAL: Final = "Calls (Internal - CIM)"
CALLS_EXTERNAL: Final = "Calls (External)"
UNITS: Final = ""
"""The column without a heading, which says what the next two hold."""

_COMMON: Final = ("Component", "Type", "Namespace", "Deployment", "ReplicaSet", "Restart Policy")
_CALLS: Final = (CALLS_INTERNAL, CALLS_EXTERNAL, "Called By")
COLUMNS: Final = {
    Group.INTERNAL: (
        *_COMMON,
        *("Volume Name", "Mount-Point", "Volume size", "Container-Ports", "Port-name"),
        *("Service", "service-type", "Service Ports", "Config-Maps", "Health", "Ingress"),
        *(UNITS, "Request", "Limit"),
        *_CALLS,
    ),
    Group.EXTERNAL: (
        *_COMMON,
        *("Volume size", "Mount-Point", "Container-Ports"),
        *("Service Identifier", "service-type", "Service Ports", "Config-Maps", "Secret", "Health", "Ingress"),
        *_CALLS,
    ),
}
"""The page's headings, in its order and spelling."""


def cells(name: str, blueprint: Blueprint) -> dict[str, str]:
    """Return the row of the component called ``name``: heading to text, empty where nothing is promised.

    Edges that only other documents know are left out: the page's columns do not have them.
    """
    component = blueprint.components[name]
    facts = _own(name, component) | _service(component) | _calls(component, blueprint)
    return {heading: facts[heading] for heading in COLUMNS[component.group]}


def _own(name: str, component: Component) -> dict[str, str]:
    workload, resources = component.workload, component.resources
    volumes = component.volumes
    commands = [health.command for health in component.health if health.command]
    return {
        "Component": name,
        "Type": workload.kind.lower(),
        "Namespace": component.namespace.name,
        "Deployment": workload.name,
        "ReplicaSet": f"{workload.replicas}",
        "Restart Policy": workload.restart_policy,
        "Volume Name": _listed(volume.name for volume in volumes),
        "Mount-Point": _listed(volume.mount_path for volume in volumes),
        "Volume size": _listed(f"{volume.size}" if volume.size else None for volume in volumes),
        "Container-Ports": _ports(port.port for port in component.container_ports),
        "Port-name": _listed(port.name for port in component.container_ports),
        "Config-Maps": _listed(promised.name for promised in component.config_maps),
        "Secret": _listed(promised.name for promised in component.secrets),
        "Health": _listed(commands),
        "Ingress": component.ingress.url if component.ingress else "",
        UNITS: "CPUs RAM" if resources else "",
        "Request": _amounts(resources.requests if resources else None),
        "Limit": _amounts(resources.limits if resources else None),
    }


def _service(component: Component) -> dict[str, str]:
    service = component.service
    return {
        "Service": service.name if service else "",
        "Service Identifier": f"{service.name}.{component.namespace.name}.svc" if service else "",
        "service-type": service.type.replace("ClusterIP", "Cluster-IP") if service else "",
        "Service Ports": _ports(port.port for port in service.ports) if service else "",
    }


def _calls(component: Component, blueprint: Blueprint) -> dict[str, str]:
    internal, external = [], []
    for call in component.calls:
        if call.source is Source.PAGE:
            callee = blueprint.components.get(call.to)
            if callee and callee.group is Group.INTERNAL:
                internal.append(call.to)
            else:
                party = blueprint.parties.get(call.to)
                external.append(party.name if party else call.to)
    return {
        CALLS_INTERNAL: _listed(internal),
        CALLS_EXTERNAL: _listed(external),
        "Called By": _listed(component.called_by),
    }


def _listed(texts: Iterable[str | None]) -> str:
    return ", ".join(text for text in texts if text)


def _amounts(amounts: Amounts | None) -> str:
    return " ".join(f"{amount}" for amount in amounts.promised.values()) if amounts else ""


def _ports(ports: Iterable[int]) -> str:
    """Write three or more successive numbers as a range: ``8162, 61613-61617``."""
    runs: list[list[int]] = []
    for port in ports:
        if runs and port == runs[-1][-1] + 1:
            runs[-1].append(port)
        else:
            runs.append([port])
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(f"{port}" for port in run) for run in runs]
    return ", ".join(texts)


def same_cell(one: str, other: str) -> bool:
    """Tell whether two cells say the same: letter case, and blanks after a comma, do not matter."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> list[str]:
    return [part.strip().casefold() for part in text.split(",")]

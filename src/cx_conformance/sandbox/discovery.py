"""The documents by which clients find out what the API server serves."""

from collections.abc import Iterable

from cx_conformance.sandbox.catalogue import Catalogue, Object, Resource

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
"""The media type of the aggregated form, which kubectl asks for first."""

VERSION: Object = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2+sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-06-16T00:00:00Z",
    "goVersion": "none: this is a stand-in",
    "compiler": "none",
    "platform": "linux/amd64",
}


def wants_aggregated(accept: str) -> bool:
    """Tell whether the client takes the aggregated form."""
    return "as=APIGroupDiscoveryList" in accept and "v=v2;" in accept + ";"


def versions(address: str) -> Object:
    """Return ``/api``."""
    by_client = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": by_client}


def groups(catalogue: Catalogue) -> Object:
    """Return ``/apis``."""
    listed = [_group(name, members) for name, members in _by_group(catalogue).items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def group(catalogue: Catalogue, name: str) -> Object | None:
    """Return ``/apis/<group>``, or None where it is not served."""
    members = _by_group(catalogue).get(name)
    return {"kind": "APIGroup", "apiVersion": "v1"} | _group(name, members) if members and name else None


def resources(catalogue: Catalogue, name: str, version: str) -> Object | None:
    """Return the resource list of one group version, or None where it is not served."""
    members = [each for each in catalogue if (each.group, each.version) == (name, version)]
    if not members:
        return None
    head = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if name else {})
    listed = [entry for member in members for entry in _entries(member)]
    return head | {"groupVersion": members[0].api_version, "resources": listed}


def aggregated(catalogue: Catalogue, *, core: bool) -> Object:
    """Return the aggregated form of ``/api`` (core) or ``/apis``."""
    items = [_aggregated_group(name, members) for name, members in _by_group(catalogue).items() if core == (not name)]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _by_group(catalogue: Catalogue) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for resource in catalogue:
        found.setdefault(resource.group, []).append(resource)
    return found


def _group(name: str, members: Iterable[Resource]) -> Object:
    served = [{"groupVersion": f"{name}/{v}", "version": v} for v in dict.fromkeys(m.version for m in members)]
    return {"name": name, "versions": served, "preferredVersion": served[0]}


def _entries(resource: Resource) -> Iterable[Object]:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    yield entry
    for name in resource.subresources:
        kind, verbs = _SUBRESOURCES[resource.plural, name]
        yield {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": kind,
            "verbs": list(verbs),
        }


def _aggregated_group(name: str, members: Iterable[Resource]) -> Object:
    by_version: dict[str, list[Object]] = {}
    for resource in members:
        by_version.setdefault(resource.version, []).append(_aggregated_resource(resource))
    served = [{"version": v, "resources": listed, "freshness": "Current"} for v, listed in by_version.items()]
    return {"metadata": {"name": name} if name else {}, "versions": served}


def _aggregated_resource(resource: Resource) -> Object:
    entry: Object = {
        "resource": resource.plural,
        "responseKind": {"group": "", "version": "", "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": name,
                "responseKind": {"group": "", "version": "", "kind": _SUBRESOURCES[resource.plural, name][0]},
                "verbs": list(_SUBRESOURCES[resource.plural, name][1]),
            }
            for name in resource.subresources
        ]
    return entry


_SUBRESOURCES = {
    ("pods", "ephemeralcontainers"): ("Pod", ("get", "patch")),
    ("pods", "exec"): ("PodExecOptions", ("create", "get")),
    ("pods", "log"): ("Pod", ("get",)),
    ("pods", "portforward"): ("PodPortForwardOptions", ("create", "get")),
    ("pods", "proxy"): ("PodProxyOptions", ("get",)),
    ("services", "proxy"): ("ServiceProxyOptions", ("get",)),
}

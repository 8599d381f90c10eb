"""Which containers of a pod are the component's own: a mesh or a log shipper adds its sidecars in front or behind."""

from collections.abc import Collection

from cx_conformance.objects.pod_spec import Container, PodSpec


def own_containers(spec: PodSpec, ports: Collection[int], names: Collection[str]) -> tuple[Container, ...]:
    """Return the containers that may be the component's own, the likeliest first: all where none is recognised.

    They are those that declare one of its ``ports``, then those that have one of its ``names``.
    """
    best = [one for one in spec.containers if any(port.number in ports for port in one.ports)]
    best += [one for one in spec.containers if one.name in names and one not in best]
    return tuple(best or spec.containers)

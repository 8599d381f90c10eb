"""Which ConfigMap tells a container a variable, where it takes several wholly.

The last one counts, and a variable of the container's own before all.
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.pod_spec import Container


def last_to_tell(seen: Seen, callers: Iterable[Planned], key: str) -> Iterator[tuple[ConfigMap, tuple[str, ...]]]:
    """Yield each ConfigMap that tells containers of these components ``key``, with the components.

    Left out is who may be told it by a Secret. Raises CouldNotLook.
    """
    told: dict[str, tuple[ConfigMap, dict[str, None]]] = {}
    for planned in callers:
        with suppress(Absent):
            live = seen.workload(planned).object
            for container in (*live.template.spec.init_containers, *live.template.spec.containers):
                held = _last(seen, live.namespace, container, key)
                if held is not None:
                    told.setdefault(held.where, (held, {}))[1][planned.id] = None
    yield from ((held, tuple(readers)) for held, readers in told.values())


def _last(seen: Seen, namespace: str, container: Container, key: str) -> ConfigMap | None:
    if any(one.name == key for one in container.env):
        return None
    for one in reversed(container.env_from):
        if one.kind == "Secret":
            return None
        held = None if one.prefix else seen.snapshot.get(ConfigMap, namespace, one.name)
        if held is not None and key in held.keys:
            return held
    return None

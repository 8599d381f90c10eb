"""Whom a Service leaves without an endpoint, because it leads nobody off his own node.

https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/
"""

from collections.abc import Iterable
from contextlib import suppress

from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.ports import ReadyEndpoint
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.service import Service


def cut_off(seen: Seen, planned: Planned, service: Service, ready: Iterable[ReadyEndpoint]) -> tuple[str, ...]:
    """Return the pods of the component's callers that run where no endpoint of ``ready`` does, each with its node.

    Raises CouldNotLook where pods could not be listed.
    """
    if not service.keeps_to_node:
        return ()
    served = {one.node for one in ready}
    callers = {edge.caller.id: edge.caller for edge in seen.plan.edges if edge.callee.id == planned.id}
    found = []
    for caller in callers.values():
        with suppress(Absent):
            found += [
                f"{pod.where} on {pod.node}"
                for pod in seen.pods(caller)
                if pod.node and pod.node not in served and not pod.finished and pod.deleted is None
            ]
    return tuple(found)

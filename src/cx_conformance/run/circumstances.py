"""What a record says of a run beside its outcomes: who made it, and who calls whom on the platform."""

import getpass
import platform
from typing import Final

from cx_conformance.blueprint.graph import Graph, Role
from cx_conformance.blueprint.promise import Source
from cx_conformance.outcome.record import EdgeRecord

_GROUPS: Final = {Role.INTERNAL: "internal", Role.STORE: "external", Role.PARTY: "party"}


def groups_of(graph: Graph) -> dict[str, str]:
    """Return what each component and each external party is."""
    return {node.id: _GROUPS[node.role] for node in graph.nodes}


def edges_of(graph: Graph) -> tuple[EdgeRecord, ...]:
    """Return every call, once for each port; one without a port where an external party is called."""
    return tuple(
        EdgeRecord(caller=one.caller, callee=one.callee, port=port, documented=one.source is Source.PAGE)
        for one in graph.arrows
        for port in one.ports or (None,)
    )


def who() -> str:
    """Return account and machine as far as the system knows them: in a container the account may have no name."""
    try:
        account = getpass.getuser()
    except (ImportError, KeyError, OSError):
        account = "unknown"
    return f"{account}@{platform.node()}"

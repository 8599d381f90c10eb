"""By which paths a component knows itself: from the root, or below the address under which it is reached."""

from cx_conformance.blueprint.component import Group, Ingress
from cx_conformance.blueprint.plan import Entry


def knows_address(ingress: Entry[Ingress]) -> bool | None:
    """Tell whether the documented health endpoints lie below the component's address; None where nothing says so.

    What others make, Grafana for one, may be set to serve below an address and from the root alike.
    """
    address, facts = ingress.of.path.rstrip("/"), ingress.planned.facts
    paths = [one.path for one in facts.health if one.path != "/"]
    if not paths or not address:
        return None
    below = any(path.startswith(f"{address}/") for path in paths)
    return below if below or facts.group is Group.INTERNAL else None

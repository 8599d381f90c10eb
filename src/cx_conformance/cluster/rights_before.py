"""What ``cx-conformance ready`` asks of the API server, as the permissions that it needs.

It looks at the whole cluster, for what else runs there takes room, and who refuses pods stands anywhere.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.cluster.rights import LOG, Right
from cx_conformance.cluster.snapshot import KINDS_BEFORE
from cx_conformance.objects.namespace import Namespace

if TYPE_CHECKING:
    from cx_conformance.objects.metadata import ApiObject


def rights_before(plan: Plan) -> tuple[Right, ...]:
    """Return every permission that a look before an installation of ``plan`` needs, each once."""
    records: tuple[type[ApiObject], ...] = (Namespace, *KINDS_BEFORE)
    kinds = [KINDS[record] for record in records]
    listed = [Right(verb="list", resource=kind.plural, namespace=None, group=kind.group) for kind in kinds]
    read = [
        Right(verb="get", resource="secrets", namespace=one.namespace, name=name)
        for one in plan.prerequisites
        if one.kind == "Secret"
        for name in (one.name, *one.aliases)
    ]
    return tuple(dict.fromkeys((*listed, *read)))


def rights_to_try(plan: Plan, namespaces: Iterable[str] | None = None) -> tuple[Right, ...]:
    """Return what it takes to try volumes, registry and network by pods: all in the first namespace that exists.

    ``namespaces`` are those that do; None: the first that the plan names will.
    """
    known = set(plan.namespaces) if namespaces is None else set(namespaces)
    home = next((name for name in plan.namespaces if name in known), None)
    verbs = [
        (verb, resource) for resource in ("pods", "persistentvolumeclaims") for verb in ("create", "get", "delete")
    ]
    return tuple(
        Right(verb=verb, resource=resource, namespace=home) for verb, resource in (*verbs, ("get", LOG)) if home
    )

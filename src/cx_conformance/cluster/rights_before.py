"""What ``cx-conformance ready`` asks of the API server, as the permissions that it needs.

It looks at the whole cluster, for what else runs there takes room, and who refuses pods stands anywhere.
"""

from typing import TYPE_CHECKING

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.cluster.rights import Right
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

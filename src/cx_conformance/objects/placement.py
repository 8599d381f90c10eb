"""On which nodes a pod may be placed: what it requires of their labels, and which of their taints it tolerates.

https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ and
https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
"""

from typing import Final

from msgspec import Struct

from cx_conformance.objects.json_fields import Json, mapping, objects, text, texts
from cx_conformance.objects.metadata import Requirement
from cx_conformance.objects.node import Node, Taint

_OF_KUBERNETES: Final = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
_NOT_READY: Final = ("not-ready", "uninitialized")
"""How keys end by which network plug-ins and drivers tell that they are not up on a node yet, or for a moment
(https://docs.cilium.io/en/stable/installation/taints/)."""
_COMPARED: Final = frozenset({"Gt", "Lt"})
_NAME: Final = "metadata.name"


class Toleration(Struct, frozen=True, kw_only=True):
    """A toleration; empty fields stand for any key, and for any effect."""

    key: str
    operator: str
    value: str
    effect: str

    def tolerates(self, taint: Taint) -> bool:
        """Whether a pod with it may be placed in spite of the taint; one that compares numbers is not held against it.

        https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#toleration-v1-core
        """
        if self.effect not in ("", taint.effect) or self.key not in ("", taint.key):
            return False
        return self.operator not in ("", "Equal") or self.value == taint.value


class Placement(Struct, frozen=True, kw_only=True):
    """What a pod says of nodes beside its nodeSelector. ``terms`` are alternatives, each of which wants all of its own.

    Tolerations of taints by which Kubernetes tells the state of a node are left out.
    """

    tolerations: tuple[Toleration, ...] = ()
    terms: tuple[tuple[Requirement, ...], ...] | None = None
    """None: any node will do."""

    def wants(self, node: Node) -> bool:
        """Whether the node has what is required of it; expressions that compare numbers are taken for fulfilled."""
        labels = {**node.labels, _NAME: node.name}
        return self.terms is None or any(
            term and all(one.operator in _COMPARED or one.holds(labels) for one in term) for term in self.terms
        )

    def repelled_by(self, node: Node) -> Taint | None:
        """Return a taint of the node that keeps the pod off, and that somebody gave it; None where none does."""
        return next(
            (
                taint
                for taint in node.taints
                if taint.effect in ("NoSchedule", "NoExecute")
                and not tells_state(taint)
                and not any(one.tolerates(taint) for one in self.tolerations)
            ),
            None,
        )


def tells_state(taint: Taint) -> bool:
    """Whether the state of a node is told by the taint, which Kubernetes or a plug-in takes away again itself."""
    return taint.key.startswith(_OF_KUBERNETES) or taint.key.endswith(_NOT_READY)


def placement(spec: Json) -> Placement:
    """Read what a PodSpec says of nodes."""
    required = mapping(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    found = Placement(
        tolerations=tuple(
            Toleration(
                key=text(item, "key"),
                operator=text(item, "operator"),
                value=text(item, "value"),
                effect=text(item, "effect"),
            )
            for item in objects(spec, "tolerations")
            if not text(item, "key").startswith(_OF_KUBERNETES)
        ),
        terms=tuple(_term(item) for item in objects(required, "nodeSelectorTerms")) if required else None,
    )
    return _ANYWHERE if found == _ANYWHERE else found


_ANYWHERE: Final = Placement()


def _term(source: Json) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(key=text(item, "key"), operator=text(item, "operator"), values=texts(item, "values"))
        for field in ("matchExpressions", "matchFields")
        for item in objects(source, field)
    )

"""Asking the API server what the account may do: one SelfSubjectAccessReview for each permission, concurrently.

https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cx_conformance.cluster.rights import Right
from cx_conformance.objects.json_fields import flag, mapping, text
from cx_conformance.outcome.looking import Unreachable

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_AT_ONCE = 8


class Review(Struct, frozen=True, kw_only=True):
    """The API server's answer about one permission; ``reason`` is its own word for it, often empty."""

    right: Right
    allowed: bool
    reason: str = ""


def review(cluster: "Cluster", rights: Iterable[Right]) -> tuple[Review, ...]:
    """Ask about each of ``rights`` and return the answers in the same order.

    A review changes nothing, and every authenticated account may ask unless an administrator has taken that away.
    Raises Forbidden then, else Unauthorized, Unreachable or OutOfTime.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="review") as pool:
        return tuple(pool.map(lambda right: _asked(cluster, right), rights))


def _asked(cluster: "Cluster", right: Right) -> Review:
    resource, _, subresource = right.resource.partition("/")
    attributes = {
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": right.namespace or "",
        "name": right.name,
    }
    body: dict[str, Any] = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }
    answer = cluster.post(_PATH, body)
    status = mapping(answer.said, "status")
    allowed = flag(status, "allowed")
    if answer.status not in (200, 201) or allowed is None:
        raise Unreachable(
            f"the API server at {cluster.server} answered {answer.status} to an access review instead of yes or no; "
            "look at the proxies and gateways before it"
        )
    return Review(right=right, allowed=allowed, reason=text(status, "reason") or text(status, "evaluationError"))

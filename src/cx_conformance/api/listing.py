"""Reading whole lists: page by page, from the start again when a page has expired.

https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from cx_conformance.objects.json_fields import Json, mapping, objects, text
from cx_conformance.outcome.looking import Unreachable
from cx_conformance.wire import bounds

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster

R = TypeVar("R")

PAGE = 500
_WHOLE = "application/json"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_SMALLEST_PAGE = 5


def read_list(  # noqa: PLR0913 - each narrows what is read, by keyword
    cluster: "Cluster",
    path: str,
    parse: Callable[[Json], R],
    *,
    field_selector: str = "",
    labels_of_metadata: str = "",
    page: int = PAGE,
) -> tuple[R, ...]:
    """Return every object of the list at ``path``, parsed page by page so that only one raw page is held.

    A page token lives about five minutes; when it has expired (410) the list is read again, and the second time in
    one piece, as client-go does. resourceVersion stays unset: 0 may be answered from a stale cache. Of objects that
    are so large that a page of them has more than 32 MiB fewer are asked for at once.
    ``labels_of_metadata`` is a label selector; of what it selects the server sends the metadata alone.
    Raises Forbidden, NotServed, Unauthorized, Unreachable, OutOfTime.
    """
    from cx_conformance.api.refusals import PageExpired

    query = {"fieldSelector": field_selector} if field_selector else {}
    accept = _WHOLE
    if labels_of_metadata:
        query["labelSelector"], accept = labels_of_metadata, _METADATA_ONLY
    for limit in (page, page, 0):
        try:
            return _read_pages(cluster, path, parse, query | ({"limit": str(limit)} if limit else {}), accept)
        except PageExpired as error:
            cluster.tally.count_retry("410")
            expired = error
    raise expired


def _read_pages(
    cluster: "Cluster", path: str, parse: Callable[[Json], R], query: dict[str, str], accept: str
) -> tuple[R, ...]:
    found: list[R] = []
    token = ""
    while True:
        with cluster.transport.one_page():
            page = _read_page(cluster, path, query, accept, token)
            if not isinstance(page, dict) or "items" not in page:
                raise Unreachable(
                    f"the API server at {cluster.server} answered GET {path} with something that is no list; "
                    "look at the proxies and gateways before it"
                )
            cluster.count_objects(len(objects(page, "items")))
            found.extend(parse(item) for item in objects(page, "items"))
            following = text(mapping(page, "metadata"), "continue")
            page = None
        if not following:
            return tuple(found)
        if following == token:
            raise Unreachable(f"the API server at {cluster.server} gives the same page of {path} again and again")
        token = following


def _read_page(cluster: "Cluster", path: str, query: dict[str, str], accept: str, token: str) -> Any:
    """Return one page; ``query`` asks for fewer objects from then on where that many were too large."""
    from cx_conformance.api.refusals import TooLarge

    while True:
        try:
            return cluster.read(path, query | ({"continue": token} if token else {}), accept, most=bounds.PAGE)
        except TooLarge:
            limit = int(query.get("limit", PAGE))
            if limit <= _SMALLEST_PAGE:
                raise
            cluster.tally.count_retry("too large")
            query["limit"] = str(max(limit // 10, _SMALLEST_PAGE))

"""Whole lists, page by page."""

import pytest

from cx_conformance.api.client import Cluster
from cx_conformance.api.listing import read_list
from cx_conformance.objects.json_fields import Json, mapping, text
from cx_conformance.outcome.looking import Unreachable
from tests.api.api_server import ApiServer, Reply, Request, refusal
from tests.objects.recordings import recorded_items

PODS = "/api/v1/pods"
EXPIRED = refusal(410, "Expired", "The provided continue parameter is too old")


def name_of(item: Json) -> str:
    """Return an object's name."""
    return text(mapping(item, "metadata"), "name")


def names() -> tuple[str, ...]:
    """Return the names of the recorded pods."""
    return tuple(name_of(item) for item in recorded_items(PODS))


def test_all_pages_make_the_list(cluster: Cluster, api: ApiServer) -> None:
    """In the server's order, each page asked for by the token of the one before, from no cache."""
    assert read_list(cluster, PODS, name_of, page=10) == names()
    assert [request.query.get("continue") for request in api.requests] == [None, "10", "20"]
    assert all("resourceVersion" not in request.query for request in api.requests)


def test_an_expired_page_starts_the_list_again(cluster: Cluster, api: ApiServer) -> None:
    """Nothing is missing, and nothing is there twice."""

    def expire_once(request: Request) -> Reply | None:
        repeated = any(item.query.get("continue") == "20" for item in api.requests[:-1])
        return EXPIRED if request.query.get("continue") == "20" and not repeated else None

    api.weather.append(expire_once)
    assert read_list(cluster, PODS, name_of, page=10) == names()
    assert cluster.tally.retries == {"410": 1}


def test_a_list_whose_pages_keep_expiring_is_read_in_one_piece(cluster: Cluster, api: ApiServer) -> None:
    """As client-go does."""
    api.weather.append(lambda request: EXPIRED if "continue" in request.query else None)
    assert read_list(cluster, PODS, name_of, page=10) == names()
    assert api.requests[-1].query == {}


def test_a_list_that_always_expires_is_told(cluster: Cluster, api: ApiServer) -> None:
    """Three tries, no endless loop."""
    api.once(EXPIRED, times=99)
    with pytest.raises(Unreachable, match="no longer knows the page"):
        read_list(cluster, PODS, name_of)
    assert len(api.requests) == 3


def test_an_endless_list_is_told(cluster: Cluster, api: ApiServer) -> None:
    """A server that repeats its token would never end."""
    api.always(lambda _: Reply(body={"items": [], "metadata": {"continue": "again"}}), PODS)
    with pytest.raises(Unreachable, match="again and again"):
        read_list(cluster, PODS, name_of)


@pytest.mark.parametrize("body", [[], {}, {"kind": "Status"}, "text", None])
def test_an_answer_that_is_no_list_is_not_taken_for_an_empty_one(
    cluster: Cluster, api: ApiServer, body: object
) -> None:
    """A gateway's own answer must not read as "nothing there"."""
    api.once(Reply(body=body))
    with pytest.raises(Unreachable, match="something that is no list"):
        read_list(cluster, PODS, name_of)


def test_null_items_are_an_empty_list(cluster: Cluster, api: ApiServer) -> None:
    """Go writes an empty list so."""
    api.once(Reply(body={"items": None}))
    assert read_list(cluster, PODS, name_of) == ()


def test_items_that_are_no_objects_are_left_out(cluster: Cluster, api: ApiServer) -> None:
    """One odd item does not cost the list."""
    api.once(Reply(body={"items": [{"metadata": {"name": "a"}}, None, 3, "x", {"metadata": {"name": "b"}}]}))
    assert read_list(cluster, PODS, name_of) == ("a", "b")

"""Lists come in pages that fit together, also when the cluster changes in between."""

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.objects.recordings import recorded_responses
from tests.sandbox.shop import Client, applied_objects

PODS = "/api/v1/namespaces/shop/pods?limit=3"


def names(client: Client, path: str) -> tuple[list[str], str]:
    """Return the names on a page, and the token of the next."""
    body = client.ask(path).body
    return [item["metadata"]["name"] for item in body["items"]], body["metadata"].get("continue", "")


def test_the_next_page_follows_the_first_as_recorded(as_recorded: Client) -> None:
    """The second page starts where the recorded one did."""
    recorded = next(each for each in recorded_responses() if each["label"] == "next page")["response"]["body"]
    _, token = names(as_recorded, PODS)

    page, _ = names(as_recorded, f"{PODS}&continue={token}")

    assert page == [item["metadata"]["name"] for item in recorded["items"]]


@pytest.mark.parametrize("path", ["/api/v1/pods", "/api/v1/namespaces/shop/pods", "/api/v1/namespaces"])
def test_the_pages_together_are_the_list(as_recorded: Client, path: str) -> None:
    """Every item comes once, in the order of the whole list."""
    whole, _ = names(as_recorded, path)
    collected, token = names(as_recorded, f"{path}?limit=2")
    while token:
        page, token = names(as_recorded, f"{path}?limit=2&continue={token}")
        collected += page

    assert collected == whole


def test_a_page_is_of_the_version_that_its_token_was_given_at() -> None:
    """A change between two pages does not show on the second; a forgotten version is 410 with a token to go on."""
    with EmbeddedCluster(applied_objects(), static=True) as cluster:
        client = Client.of(cluster.kubeconfig)
        whole, _ = names(client, "/api/v1/pods")
        first, token = names(client, "/api/v1/pods?limit=3")

        cluster.inject("absent-workload:web")
        rest, _ = names(client, f"/api/v1/pods?limit=500&continue={token}")
        assert first + rest == whole

        cluster.forget_history()
        refused = client.ask(f"/api/v1/pods?limit=3&continue={token}")
        assert (refused.status, refused.body["reason"]) == (410, "Expired")
        goes_on, _ = names(client, f"/api/v1/pods?limit=500&continue={refused.body['metadata']['continue']}")

    assert not [name for name in goes_on if name.startswith("web-")]

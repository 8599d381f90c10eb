"""The embedded cluster answers the recorded requests as the real API server did."""

import json
import re
from typing import Any

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.objects.recordings import recorded_responses
from tests.sandbox.shop import Client, Reply

NOT_CLAIMED = {
    "next page": "a page token is good only where it was given: see test_pages",
    "pod log": "containers are simulated: what they log is not what the shop's did",
    "service proxy": "the recorded shop's pods do not run; the applied shop's do, see test_proxy",
    "rules review": "compared in a test of its own: the recording has four discovery roles where there are two",
    "self subject review": "compared in a test of its own: tokens carry no credential ID",
}
"""Recorded exchanges that are not compared word for word, and why."""

DIFFERS = {
    "version": ("gitVersion", "gitCommit", "buildDate", "goVersion", "compiler"),
    "version with a slash": ("gitVersion", "gitCommit", "buildDate", "goVersion", "compiler"),
}
"""Fields that say what the server is, which is a stand-in."""

EXCHANGES = [each for each in recorded_responses() if each["label"] not in NOT_CLAIMED]


def ask(shop: EmbeddedCluster, client: Client, exchange: dict[str, Any]) -> Reply:
    """Send a recorded request, as the account that sent it then."""
    token = {
        "admin": client.token,
        "anonymous": None,
        "bad-token": "nonsense",
    }.get(exchange["as"], "")
    if exchange["as"] == "auditor":
        token = shop.token_for("shop/auditor")
    request = exchange["request"]
    return client.ask(
        request["path"], method=request["method"], token=token, headers=request["headers"], body=request["body"]
    )


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda each: each["label"])
def test_answers_as_recorded(recorded_shop: EmbeddedCluster, as_recorded: Client, exchange: dict[str, Any]) -> None:
    """Status, content type, warning, and the body's shape and words are those of the recording."""
    recorded, answered = exchange["response"], ask(recorded_shop, as_recorded, exchange)

    assert answered.status == recorded["status"], answered.text[:500]
    for name in ("content-type", "cache-control", "warning"):
        assert answered.headers.get(name) == recorded["headers"].get(name)
    assert comparable(exchange["label"], answered.body) == comparable(exchange["label"], recorded["body"])


def comparable(label: str, body: Any) -> Any:
    """Return what of a body is compared: all but what another moment, or another server, has to make different."""
    if not isinstance(body, dict):
        return _events(body) if "watch" in label else body
    if label in DIFFERS:
        return {key: value for key, value in body.items() if key not in DIFFERS[label]} | {"keys": sorted(body)}
    if body.get("type") == "ERROR":
        told = body["object"] | {"message": re.sub(r"[0-9]+", "N", body["object"]["message"])}
        return body | {"object": told}
    kind = body["kind"]
    if kind.endswith("Review"):
        return body | {"metadata": {}}
    return _collection(body) if kind.endswith(("List", "Table")) else body


def _collection(body: dict[str, Any]) -> Any:
    if body["kind"] == "Table":
        return _table(body)
    if body["kind"] == "APIGroupDiscoveryList":
        return sorted(body), sorted(body["items"][1])
    items = [_named(item) for item in body["items"] if not _moved(item)]
    return body["kind"], body["apiVersion"], sorted(body["metadata"]), items


def _named(item: dict[str, Any]) -> tuple[list[str], str]:
    return sorted(item), item["metadata"]["name"]


def _moved(item: dict[str, Any]) -> bool:
    """Tell whether the shop changed it between the recording of the requests and that of the objects."""
    return str(item["metadata"]["name"]).startswith(("rollout", "nightly"))


def _table(body: dict[str, Any]) -> Any:
    columns = [(c["name"], c["type"], c["format"], c["priority"]) for c in body["columnDefinitions"]]
    moving = {"Status", "Restarts", "Age"}
    kept = [index for index, column in enumerate(columns) if column[0] not in moving]
    names = {row["object"]["metadata"]["name"]: [row["cells"][i] for i in kept] for row in body["rows"]}
    return columns, {name: cells for name, cells in names.items() if name.startswith(("web", "db", "bad-image", "two"))}


def _events(text: str) -> Any:
    lines = [json.loads(line) for line in text.splitlines()]
    return [(line["type"], sorted(line["object"]), line["object"]["metadata"]["name"]) for line in lines]

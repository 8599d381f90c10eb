"""An account can ask the embedded cluster about itself, in the recorded shapes."""

from typing import Any

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.protobuf import MAGIC, read_review
from tests.objects.recordings import recorded_responses
from tests.sandbox.shop import Client

RECORDED = {each["label"]: each for each in recorded_responses()}


def ask(shop: EmbeddedCluster, client: Client, label: str) -> Any:
    """Post a recorded review as the auditor."""
    request = RECORDED[label]["request"]
    token = shop.token_for("shop/auditor")
    return client.ask(request["path"], method="POST", token=token, headers=request["headers"], body=request["body"])


def test_the_rules_that_hold_are_listed_as_recorded(recorded_shop: EmbeddedCluster, as_recorded: Client) -> None:
    """Resource rules are those of the recording; of the paths, those that clients need are there."""
    recorded = RECORDED["rules review"]["response"]

    answered = ask(recorded_shop, as_recorded, "rules review")

    assert answered.status == recorded["status"]
    ours, theirs = answered.body, recorded["body"]
    assert (ours["kind"], sorted(ours), sorted(ours["status"])) == (
        theirs["kind"],
        sorted(theirs),
        sorted(theirs["status"]),
    )
    assert ours["status"]["resourceRules"] == theirs["status"]["resourceRules"]
    assert ours["status"]["nonResourceRules"] == theirs["status"]["nonResourceRules"][2:]


def test_who_asks_is_told_as_recorded(recorded_shop: EmbeddedCluster, as_recorded: Client) -> None:
    """Name, uid and groups are those of the recorded service account."""
    recorded = RECORDED["self subject review"]["response"]["body"]["status"]["userInfo"]

    answered = ask(recorded_shop, as_recorded, "self subject review")

    assert answered.status == 201
    assert answered.body["status"]["userInfo"] == {key: recorded[key] for key in ("username", "uid", "groups")}


def field(number: int, value: bytes) -> bytes:
    """Return one length-delimited protobuf field."""
    return bytes([number << 3 | 2, len(value)]) + value


def test_a_review_in_protobuf_says_the_same_as_in_json() -> None:
    """Namespace, verb and resource are read from kubectl's form."""
    attributes = field(1, b"shop") + field(2, b"list") + field(5, b"pods")
    message = MAGIC + field(1, field(1, b"v1")) + field(2, field(2, field(1, attributes)))

    assert read_review("SelfSubjectAccessReview", message) == {
        "spec": {"resourceAttributes": {"namespace": "shop", "verb": "list", "resource": "pods"}}
    }


@pytest.mark.parametrize(
    "body", [b"", b"{}", MAGIC + b"\x12\x05ab", MAGIC + b"\x12", MAGIC + b"\x15\0\0\0\0", MAGIC + b"\xff"]
)
def test_protobuf_that_is_cut_off_is_a_value_error(body: bytes) -> None:
    """Nothing but ValueError comes of nonsense."""
    with pytest.raises(ValueError, match="protobuf"):
        read_review("SelfSubjectAccessReview", body)


def test_a_review_that_cannot_be_read_is_400(as_recorded: Client) -> None:
    """The message says what is wrong with it."""
    path = RECORDED["access review, allowed"]["request"]["path"]

    answered = as_recorded.ask(path, method="POST", headers={"Content-Type": "application/json"}, body=None)

    assert (answered.status, answered.body["reason"]) == (400, "BadRequest")
    assert "the review cannot be read" in answered.body["message"]

"""Port-forward sessions run as the recorded ones did."""

import re

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.sandbox.shop import Client, recorded_sessions
from tests.sandbox.websocket_session import converse

SESSIONS = recorded_sessions("portforward")
V4 = ["v4.channel.k8s.io"]


def pod_of(cluster: EmbeddedCluster, prefix: str) -> str:
    """Return the name of a pod."""
    for each in cluster.objects:
        if each["kind"] == "Pod" and each["metadata"]["name"].startswith(prefix):
            return str(each["metadata"]["name"])
    raise AssertionError(f"no pod {prefix}")


def test_the_ports_are_opened_and_the_answer_comes_as_recorded(
    applied_shop: EmbeddedCluster, as_applied: Client
) -> None:
    """Two channels a port, each with its number first; then what the pod answers."""
    name = pod_of(applied_shop, "web-")
    path = f"/api/v1/namespaces/shop/pods/{name}/portforward?ports=8080&ports=9"

    session = converse(as_applied, path, subprotocols=V4, seconds=3, enough=5)

    assert session.agreed == "v4.channel.k8s.io"
    assert [data for _, data in session.frames[:4]] == [b"\0\x90\x1f", b"\1\x90\x1f", b"\2\x09\0", b"\3\x09\0"]
    assert session.frames[4][1].startswith(b"\3error forwarding port 9 to pod")


def test_a_closed_port_is_told_in_the_recorded_words(as_applied: Client) -> None:
    """The error channel says which port, in the container runtime's words, and the session ends normally."""
    recorded = SESSIONS["closed port"]["frames"]

    session = converse(as_applied, "/api/v1/namespaces/shop/pods/db-0/portforward?ports=1", subprotocols=V4)

    assert [data.hex() for _, data in session.frames[:2]] == [each["hex"] for each in recorded[:2]]
    assert session.closing == int(recorded[-1]["hex"], 16)
    known = bytes.fromhex(recorded[2]["hex"].rstrip("."))[1:].decode()
    # The recording was cut within the second ID.
    assert without_ids(session.output(1)[2:].decode()).startswith(without_ids(known).rpartition('"')[0])


def without_ids(text: str) -> str:
    """Replace container IDs, uids and namespaces, which differ from one cluster to the next."""
    return re.sub(r"[0-9a-f-]{36,64}", "ID", text)


@pytest.mark.parametrize("label", ["pod that does not exist", "no port", "pod not running"])
def test_refuses_as_recorded(recorded_shop: EmbeddedCluster, as_recorded: Client, label: str) -> None:
    """Status and body of a refusal are the recorded ones."""
    recorded = SESSIONS[label]

    session = converse(as_recorded, recorded["path"], subprotocols=V4)

    assert session.refused == (recorded["refused"]["status"], recorded["refused"]["body"])


def test_the_newer_protocol_is_chosen_as_recorded(as_recorded: Client) -> None:
    """Sent without a word, until a stream is opened."""
    recorded = SESSIONS["SPDY tunnel offered"]

    session = converse(as_recorded, recorded["path"], subprotocols=recorded["subprotocols"])

    assert (session.agreed, session.frames) == (recorded["agreed"], [])

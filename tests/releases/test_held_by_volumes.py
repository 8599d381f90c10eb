"""A mounted volume holds the Secret or ConfigMap that the release's charts put there."""

from typing import Any

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from tests.releases.test_own_image import installed

Volume = dict[str, Any]
CHART, GENERATED, ANOTHER = "redis-crt", "redis-crt-7c5h9m2bkt", "mongo-mongodb-ca"


def mounted(held: Volume) -> Outcome:
    """Judge what the broker has where its charts mount the Secret of Redis."""
    installation = installed("5.1")
    volumes = installation.find("StatefulSet", "activemq")["spec"]["template"]["spec"]["volumes"]
    volumes[:] = [{"name": "redis-crt"} | held if one["name"] == "redis-crt" else one for one in volumes]
    return installation.outcome("CX401", "activemq", "redis-crt")


def test_another_secret_at_the_promised_place_is_found() -> None:
    """It exists, and may have the same keys, so that nothing else looks wrong before the first handshake."""
    ended = mounted({"secret": {"secretName": ANOTHER}})
    assert (ended.result, ended.message) == (
        Result.FAIL,
        "StatefulSet ef-external/activemq mounts Secret mongo-mongodb-ca at /redis of promised Secret redis-crt",
    )


@pytest.mark.parametrize(
    "held",
    [
        {"secret": {"secretName": CHART}},
        {"secret": {"secretName": GENERATED}},
        {"projected": {"sources": [{"secret": {"name": CHART}}, {"secret": {"name": ANOTHER}}]}},
        {"csi": {"driver": "secrets-store.csi.k8s.io", "readOnly": True}},
    ],
    ids=["as the charts have it", "as kustomize generates it", "beside another", "by a driver"],
)
def test_what_may_stand_in_its_place_does(held: Volume) -> None:
    """What cannot be told by a name is not held against it."""
    assert mounted(held).result is Result.PASS

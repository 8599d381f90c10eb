"""Behind a store's pod stands a real server, where this machine has one."""

import base64
import json
import os

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.stores import redis_server
from tests.sandbox.test_network import Object, address, component

PASSWORD = "planted-password"
LACKING = redis_server.available()


def store() -> list[Object]:
    """Return a Redis with a password in a Secret, as the reference installation has it."""
    simulate = [{"port": 6379, "as": "redis", "passwordEnv": "STORE_PASSWORD"}]
    deployment, service = component("redis", simulate=simulate)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["ports"] = [{"name": "http", "containerPort": 6379}]
    container["env"] = [{"name": "STORE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}}]
    data = {"password": base64.b64encode(PASSWORD.encode()).decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "redis", "namespace": "apps"}, "data": data}
    return [deployment, service, secret]


def connect(cluster: EmbeddedCluster, password: str) -> bool:
    """Log in through the Service, and ping."""
    with redis.Redis(
        address(cluster, "redis"), 80, password=password, socket_timeout=10, retry=Retry(NoBackoff(), 0)
    ) as client:
        return bool(client.ping())


@pytest.mark.skipif(
    LACKING is not None and not os.environ.get("CX_CONFORMANCE_ALL_SERVERS"),
    reason=LACKING or "redis-server is installed",
)
def test_a_store_takes_the_password_of_its_secret_and_no_other() -> None:
    """The first connection waits until the server is up; after the fault the Secret's password is wrong."""
    with EmbeddedCluster(store()) as cluster:
        assert connect(cluster, PASSWORD)
        assert cluster.settle() == []
        with pytest.raises(redis.AuthenticationError):
            connect(cluster, "wrong")

        cluster.inject("store-password-changed:redis")

        with pytest.raises(redis.AuthenticationError):
            connect(cluster, PASSWORD)


def test_a_stand_in_takes_the_place_of_a_server_that_is_not_installed() -> None:
    """It asks for the same password, and ``settle`` says which package lacks."""
    objects = store()
    with pytest.MonkeyPatch.context() as patched:
        # The process looks for the server on its PATH, which it has from here.
        patched.setenv("PATH", "/nowhere")
        with EmbeddedCluster(objects) as cluster:
            _ = cluster.kubeconfig
            notes = cluster.settle()
            assert connect(cluster, PASSWORD)
            with pytest.raises(redis.AuthenticationError):
                connect(cluster, "wrong")

    lacking = "redis-server is not installed (Debian package redis-server)"
    assert notes == [f"redis: {lacking}; a stand-in takes its place"]
    assert json.dumps(notes).count(PASSWORD) == 0

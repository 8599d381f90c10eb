"""Redis Sentinel: the master that it names is the one that is judged."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from cx_conformance.outcome.outcome import Result
from cx_conformance.sandbox.stores import redis_server
from cx_conformance.sandbox.stores.running import free_port
from tests.checks.installation import Installation, Object
from tests.sandbox.stores.wanted import wanted
from tests.vantage.stores import Ports, ask, judged, put, tell

PASSWORD = SecretStr("Pl4nted+Secret/=&? %ü")
Start = Callable[..., int]


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Start servers and Sentinels; they end with the module."""
    wanted(redis_server.available())
    with ExitStack() as stack:

        def begin(*settings: str, sentinel: bool = False, password: SecretStr | None = PASSWORD) -> int:
            port = free_port()
            server = redis_server.start(
                "127.0.0.1", {"redis": port}, password=password, settings=settings, sentinel=sentinel
            )
            stack.enter_context(server).wait()
            return port

        yield begin


def watching(start: Start, port: int, name: str = "expertflow", *, password: SecretStr | None = None) -> int:
    """Start a Sentinel that watches a master, and return its port."""
    settings = (
        f"sentinel monitor {name} 127.0.0.1 {port} 1",
        f'sentinel auth-pass {name} "{PASSWORD.get_secret_value()}"',
        f"sentinel down-after-milliseconds {name} 60000",
    )
    return start(*settings, sentinel=True, password=password)


@pytest.fixture(scope="module")
def master(start: Start) -> int:
    """Give the port of a master."""
    return start()


@pytest.fixture(scope="module")
def replica(start: Start, master: int) -> int:
    """Give the port of a replica that serves what it has."""
    return start(f"replicaof 127.0.0.1 {master}", f'masterauth "{PASSWORD.get_secret_value()}"')


@pytest.fixture(scope="module")
def sentinel(start: Start, master: int) -> int:
    """Give the port of a Sentinel that knows the master."""
    return watching(start, master)


@pytest.fixture
def installation() -> Installation:
    """Give an installation with a replica in the first pod and the master in the second, and Sentinels beside both."""
    made = Installation({"overrides": {"redis": {"replicas": 2}}})
    put(made, "redis", **{"redis-password": PASSWORD})
    workload = made.find("StatefulSet", "redis")
    workload["spec"]["replicas"] = 2
    container = workload["spec"]["template"]["spec"]["containers"][0]
    container["ports"].append({"containerPort": 26379, "name": "sentinel"})

    def at_home(pod: Object) -> None:
        pod["status"] |= {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}

    made.live("Pod", "redis-1", at_home)
    tell(made, REDIS_SENTINEL_ENABLE="true", REDIS_SENTINEL_MASTER="expertflow")
    return made


def ports(replica: int, master: int, sentinel: int) -> Ports:
    """Return where the pods' ports lead; that of the master's pod has the number that Sentinel tells."""
    return {("redis-0", 6379): replica, ("redis-1", master): master, ("redis-", 26379): sentinel}


def test_the_master_that_sentinel_names_is_judged(
    installation: Installation, replica: int, master: int, sentinel: int
) -> None:
    """A replica behind the Service's first pod fails nothing; the evidence says which pod was asked and why."""
    asked = ask(installation, "redis", ports(replica, master, sentinel))
    ended = judged(installation, "CX804", "redis", asked)
    assert ended.result is Result.PASS, ended.message
    assert asked.pod == "redis-1"
    assert ended.evidence["notes"] == ["Sentinel in pod redis-0 names pod redis-1 as the master, which was asked"]


def test_components_that_do_not_ask_sentinel_are_noted(
    installation: Installation, replica: int, master: int, sentinel: int
) -> None:
    """Their Service leads to replicas too; the only master that Sentinel knows is taken."""
    tell(installation, REDIS_SENTINEL_ENABLE="false", REDIS_SENTINEL_MASTER="")
    asked = ask(installation, "redis", ports(replica, master, sentinel))
    ended = judged(installation, "CX804", "redis", asked)
    assert ended.result is Result.PASS
    assert "components that do not ask Sentinel may be led to a replica" in ended.evidence["notes"][0]


def test_a_sentinel_with_a_password_is_given_it(
    installation: Installation, start: Start, replica: int, master: int
) -> None:
    """Charts protect it by the same one."""
    guarded = watching(start, master, password=PASSWORD)
    asked = ask(installation, "redis", ports(replica, master, guarded))
    assert asked.pod == "redis-1"
    assert asked.observation.usable.ok is True


def test_a_master_that_does_not_answer_fails(installation: Installation, start: Start, replica: int) -> None:
    """That Sentinel knows it is not enough."""
    gone = free_port()
    asked = ask(installation, "redis", ports(replica, gone, watching(start, gone)))
    ended = judged(installation, "CX804", "redis", asked)
    assert ended.result is Result.FAIL
    assert f"sees master expertflow at 127.0.0.1:{gone} as master,disconnected" in ended.message


def test_a_sentinel_that_knows_another_master_fails_those_who_ask_it(
    installation: Installation, start: Start, replica: int, master: int
) -> None:
    """Components ask by name; those who do not ask are judged by the pod that their Service leads to."""
    other = watching(start, master, "mymaster")
    asked = ask(installation, "redis", ports(replica, master, other))
    ended = judged(installation, "CX804", "redis", asked)
    assert ended.result is Result.FAIL
    assert "Sentinel says of master expertflow" in ended.message

    tell(installation, REDIS_SENTINEL_ENABLE="false")
    asked = ask(installation, "redis", ports(replica, master, other))
    ended = judged(installation, "CX804", "redis", asked)
    assert "its role is slave where master is promised" in ended.message
    assert "no component is told to ask it" in ended.evidence["notes"][0]


def test_a_master_that_is_no_pod_leaves_a_replica_open(
    installation: Installation, start: Start, replica: int, master: int
) -> None:
    """Nothing is known of a server that was not asked."""
    tell(installation, REDIS_SENTINEL_MASTER="")
    settings = (
        "sentinel resolve-hostnames yes",
        "sentinel announce-hostnames yes",
        f"sentinel monitor expertflow localhost {master} 1",
        f'sentinel auth-pass expertflow "{PASSWORD.get_secret_value()}"',
    )
    elsewhere = start(*settings, sentinel=True, password=None)
    asked = ask(installation, "redis", ports(replica, master, elsewhere))
    ended = judged(installation, "CX804", "redis", asked)
    assert ended.result is Result.ERROR
    assert f"knows master expertflow at localhost:{master}, which is no pod that was seen" in ended.message


def test_a_sentinel_that_nobody_runs_fails_those_who_ask_it(installation: Installation, master: int) -> None:
    """They are told to ask on a port that no pod serves."""
    container = installation.find("StatefulSet", "redis")["spec"]["template"]["spec"]["containers"][0]
    container["ports"].pop()
    asked = ask(installation, "redis", {("redis-0", 6379): master})
    ended = judged(installation, "CX804", "redis", asked)
    assert ended.result is Result.FAIL
    assert "told to ask Redis Sentinel (REDIS_SENTINEL_ENABLE), but no ready pod serves its port 26379" in ended.message


def test_sentinels_of_their_own_are_found_where_components_are_told(
    installation: Installation, replica: int, master: int, sentinel: int
) -> None:
    """The Service that the components are told leads to them."""
    container = installation.find("StatefulSet", "redis")["spec"]["template"]["spec"]["containers"][0]
    container["ports"].pop()
    tell(installation, REDIS_SENTINEL_NODES="redis-master.ef-external.svc:26379")
    asked = ask(installation, "redis", ports(replica, master, sentinel))
    assert asked.pod == "redis-1"

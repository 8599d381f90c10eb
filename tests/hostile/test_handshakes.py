"""What comes instead of a TLS handshake hangs no client and fills no memory; each has it done by another library."""

import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from cx_conformance.api.client import Cluster, Patience
from cx_conformance.api.exec import run
from cx_conformance.api.exec_record import ContainerPlace, ExecLimits
from cx_conformance.api.stream import ApiStreams
from cx_conformance.blueprint.store import Protocol
from cx_conformance.outcome.looking import CouldNotLook, OutOfTime, Unreachable
from cx_conformance.probes.stores.target import Credentials, Limits, TlsExpectation
from cx_conformance.reports.nights.bucket import Access, Bucket, BucketRefused
from cx_conformance.reports.nights.bucket_place import Place
from cx_conformance.reports.nights.pushing import NotPushed, push
from cx_conformance.vantage.secure import Security, security_of, shakes_hands
from tests.hostile import servers, streams
from tests.hostile.handshakes import HANDSHAKES
from tests.hostile.servers import MIB
from tests.probes.stores.asking import target
from tests.probes.stores.stage import OBSERVE
from tests.reports.made_up import outcome, record

LIMIT_S = 0.5
MOST = 16 * MIB
STORE = Limits(connect_s=LIMIT_S, answer_s=LIMIT_S, total_s=2 * LIMIT_S, tries=1)
every = pytest.mark.parametrize("said", HANDSHAKES)


@every
def test_the_api_server(said: str, tmp_path: Path) -> None:
    """Lists and small questions, by urllib3."""
    with servers.server(HANDSHAKES[said]()) as (host, port), servers.memory(MOST), servers.in_time(LIMIT_S):
        kubeconfig = str(streams.kubeconfig(tmp_path, f"https://{host}:{port}"))
        cluster = Cluster.connect(kubeconfig, patience=Patience(first_tries=1, connect_seconds=LIMIT_S))
        cluster.deadline = time.monotonic() + LIMIT_S
        with pytest.raises((Unreachable, OutOfTime)):
            cluster.get("/version")


@every
def test_exec_and_port_forward(said: str) -> None:
    """WebSockets, by asyncio."""
    with servers.server(HANDSHAKES[said]()) as (host, port), servers.memory(MOST), servers.in_time(2 * LIMIT_S):
        streams_there = ApiStreams(streams.configuration(f"https://{host}:{port}"))
        limits = ExecLimits(connect_seconds=LIMIT_S, total_seconds=LIMIT_S)
        with pytest.raises(CouldNotLook):
            run(streams_there, ContainerPlace(namespace="shop", pod="db-0"), ["true"], limits=limits)


@every
@pytest.mark.parametrize("store", OBSERVE)
def test_stores(store: str, said: str) -> None:
    """Each by its own client, over one way of connecting."""
    with servers.server(HANDSHAKES[said]()) as (_, port), servers.memory(MOST), servers.in_time(2 * STORE.total_s):
        there = target(store, port, TlsExpectation(ca_pem=None), limits=STORE)
        seen = OBSERVE[store](there, Credentials(username="x", password=SecretStr("x")))
    assert seen.speaks.ok is not True


@every
def test_the_question_whether_a_port_speaks_tls(said: str) -> None:
    """What is no handshake to its end is none; what begins as one counts, as of a server that is just slow."""
    with servers.server(HANDSHAKES[said]()) as address, servers.memory(MOST), servers.in_time(4 * LIMIT_S):
        assert shakes_hands(address, LIMIT_S) in (True, False, None)
        assert security_of(address, Protocol.REDIS, LIMIT_S) in tuple(Security)


@every
def test_bucket_and_gateway(said: str) -> None:
    """What stands beside a run ends in words too."""
    secret = SecretStr("x" * 20)
    with servers.server(HANDSHAKES[said]()) as (host, port), servers.memory(MOST), servers.in_time(4 * LIMIT_S):
        address = SecretStr(f"https://{host}:{port}")
        access = Access(endpoint=address.get_secret_value(), access_key=secret, secret_key=secret, region="us-east-1")
        with pytest.raises(BucketRefused):
            Bucket(Place.parse("s3://reports/acme"), access, LIMIT_S).names()
        with pytest.raises(NotPushed):
            push(record(outcome()), address.get_secret_value(), seconds=LIMIT_S)

"""The API server's own name: a DNS that does not answer, and names with several addresses."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.api.client import Cluster
from cx_conformance.api.exec import run
from cx_conformance.api.exec_record import ContainerPlace, ExecLimits
from cx_conformance.api.stream import ApiStreams
from cx_conformance.outcome.looking import OutOfTime, Unreachable
from cx_conformance.wire.fuse import burn_all
from tests.api.api_server import ApiServer, write_kubeconfig
from tests.api.conftest import IMPATIENT
from tests.api.stream_server import StreamServer, closed_port, silent

SERVER = "http://api.cluster.example:6443"


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have no name's look-up end before the test does."""
    over, real = threading.Event(), socket.getaddrinfo

    def look_up(host: Any, *others: Any, **named: Any) -> Any:
        return over.wait(60) and [] if host == "api.cluster.example" else real(host, *others, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield
    over.set()


@pytest.mark.usefixtures("silence")
def test_a_name_that_dns_never_answers_ends_with_the_patience(tmp_path: Path) -> None:
    """The resolver's own limits are 10 to 30 seconds a name."""
    patience = replace(IMPATIENT, connect_seconds=0.2, total_seconds=0.5)
    cluster = Cluster.connect(str(write_kubeconfig(tmp_path / "k", SERVER)), patience=patience)
    with pytest.raises(Unreachable, match=r"its name cannot be resolved; check the server address .* DNS and the VPN"):
        cluster.read("/version")


@pytest.mark.usefixtures("silence")
def test_one_signal_ends_a_look_up(tmp_path: Path) -> None:
    """It cannot be cut itself, and is left behind."""
    cluster = Cluster.connect(str(write_kubeconfig(tmp_path / "k", SERVER)))
    signal = threading.Timer(0.2, burn_all)
    signal.start()
    with pytest.raises(OutOfTime):
        cluster.read("/version")
    signal.join()


@pytest.mark.usefixtures("silence")
def test_an_exec_does_not_wait_for_the_look_up_it_began() -> None:
    """Neither while it runs nor when its event loop is closed."""
    with StreamServer(silent) as server:
        configuration = server.configuration
    configuration.host = SERVER
    with pytest.raises(Unreachable, match=r"did not open exec to pod shop/db-0 .*within 0\.5 s"):
        run(
            ApiStreams(configuration),
            ContainerPlace(namespace="shop", pod="db-0"),
            ["true"],
            limits=ExecLimits(connect_seconds=0.5),
        )


def test_the_second_address_is_asked_where_the_first_refuses(
    api: ApiServer, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name has often one of IPv6 that leads nowhere."""
    port = address.rpartition(":")[2]
    kinds = (socket.SOCK_STREAM, 6, "")
    found = [(socket.AF_INET, *kinds, ("127.0.0.9", 0)), (socket.AF_INET, *kinds, ("127.0.0.1", 0))]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *others, **named: found if host == "api.cluster.example" else real(host, *others, **named),
    )
    path = write_kubeconfig(tmp_path / "k", f"http://api.cluster.example:{port}")
    assert Cluster.connect(str(path), patience=IMPATIENT).read("/version")["major"] == "1"
    assert len(api.requests) == 1


def test_a_name_whose_every_address_refuses_is_told_as_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is another trouble than DNS."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    path = write_kubeconfig(tmp_path / "k", f"http://api.cluster.example:{closed_port()}")
    with pytest.raises(Unreachable, match="connection refused"):
        Cluster.connect(str(path), patience=IMPATIENT).read("/version")

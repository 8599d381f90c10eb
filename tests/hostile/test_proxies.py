"""A proxy in front of the API server that means harm to an exec: it ends in its time, whatever the proxy says."""

import pytest

from cx_conformance.api.exec import run
from cx_conformance.api.exec_record import ContainerPlace, ExecLimits
from cx_conformance.api.stream import ApiStreams
from cx_conformance.outcome.looking import Unreachable
from tests.hostile import servers, streams
from tests.hostile.servers import ANSWERS, DRIPS, MIB, Behaviour

LIMITS = ExecLimits(connect_seconds=0.5, total_seconds=0.5)
SOCKS: dict[str, Behaviour] = {
    "nothing": servers.drip(b"", b""),
    "an address that drips": servers.drip(b"\x05\x00\x05\x00\x00\x03\xff", b"x", 0.2),
    "noise without end": servers.flood(b"", b"\x05" * MIB),
}


@pytest.mark.parametrize("said", SOCKS)
def test_no_socks_proxy_hangs_an_exec(said: str) -> None:
    """Its words are few, and each of them is waited for anew by the library."""
    _end_in_time(SOCKS[said], "socks5")


@pytest.mark.parametrize("said", ANSWERS | DRIPS)
def test_no_web_proxy_hangs_an_exec(said: str) -> None:
    """Its answer to CONNECT is an answer of HTTP."""
    _end_in_time((ANSWERS | DRIPS)[said](), "http")


def _end_in_time(behaviour: Behaviour, scheme: str) -> None:
    with servers.server(behaviour) as (host, port), servers.memory(8 * MIB), servers.in_time(LIMITS.total_seconds):
        configuration = streams.configuration("https://192.0.2.1:6443")
        configuration.proxy = f"{scheme}://{host}:{port}"
        with pytest.raises(Unreachable):
            run(ApiStreams(configuration), ContainerPlace(namespace="shop", pod="db-0"), ["true"], limits=LIMITS)

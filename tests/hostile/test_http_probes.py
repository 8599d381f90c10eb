"""Pods and entry points that mean harm to an HTTP probe: a health endpoint, a path of an Ingress, a redirect."""

from urllib.parse import urlsplit

import pytest

from cx_conformance.probes import http
from cx_conformance.probes.http import HttpLimits, HttpRequest, Trust
from cx_conformance.probes.ingress import EntryPoint, probe_paths, probe_redirect, probe_socket_io, probe_tls
from tests.hostile import servers
from tests.hostile.handshakes import HANDSHAKES
from tests.hostile.servers import ANSWERS, DRIPS, MIB

LIMITS = HttpLimits(connect_seconds=0.3, total_seconds=0.6, tries=1)
LONGEST_S = LIMITS.total_seconds + LIMITS.connect_seconds
"""An answer, and whether it would have come with the other scheme."""
MOST = 16 * MIB


def asked(address: str) -> http.HttpObservation:
    """Ask for a health endpoint, within its time and memory."""
    with servers.memory(MOST), servers.in_time(LONGEST_S):
        return http.get(HttpRequest(url=f"{address}/health", trust=Trust.NOBODY), LIMITS)


@pytest.mark.parametrize("answer", ANSWERS | DRIPS)
def test_no_answer_hangs_a_probe_or_fills_the_memory(answer: str) -> None:
    """What came of the status counts, and of the body its beginning; never is a part taken for the whole."""
    with servers.web((ANSWERS | DRIPS)[answer]()) as address:
        seen = asked(address)
    assert len(seen.body) <= LIMITS.body_bytes
    assert (seen.status, seen.failure) != (None, None)
    assert not (seen.body_is_whole and len(seen.body) == LIMITS.body_bytes)


@pytest.mark.parametrize("said", HANDSHAKES)
def test_no_handshake_hangs_a_probe_or_fills_the_memory(said: str) -> None:
    """Whatever comes instead of TLS is told as a failure."""
    with servers.server(HANDSHAKES[said]()) as (host, port):
        seen = asked(f"https://{host}:{port}")
    assert seen.failure is not None
    assert seen.status is None


@pytest.mark.parametrize("said", ["requests to say hello", "certificates without end", "a record that drips"])
def test_no_handshake_hangs_a_look_at_the_entry_point(said: str) -> None:
    """Its certificate, its paths, its redirect and its WebSockets, each within the time of one question."""
    with servers.server(HANDSHAKES[said]()) as (host, port):
        entry = EntryPoint(fqdn=host, https_port=port, http_port=port, limits=LIMITS)
        with servers.memory(MOST), servers.in_time(4 * LONGEST_S):
            seen = (
                probe_tls(entry),
                probe_redirect(entry)[0],
                probe_paths(entry, ["/a", "/b", "/c"])[2].http,
                probe_socket_io(entry, "/socket.io/").http,
            )
    assert None not in [one.failure for one in seen]


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_to_an_entry_point_fills_the_memory(answer: str) -> None:
    """Thirty paths are asked at once."""
    with servers.web(ANSWERS[answer]()) as address, servers.memory(3 * MOST), servers.in_time(LONGEST_S):
        port = urlsplit(address).port
        request = [HttpRequest(url=f"http://127.0.0.1:{port}/{number}") for number in range(30)]
        assert len(http.get_all(request, LIMITS)) == 30

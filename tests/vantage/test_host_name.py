"""Who answers where a host name leads: the controller by itself, or something else."""

import socket
from pathlib import Path

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.probes.resolve import Resolve
from cx_conformance.vantage.entrance import Entrance
from cx_conformance.vantage.host_name import Answered, look_at_host_name
from tests.checks.installation import FQDN, Installation, blueprint
from tests.probes.authority import Authority
from tests.probes.targets import closed_port, http, listening, over_tls, request_head


def looked_at(port: int) -> tuple[Answered, ...]:
    """Return who answers for the host name at a port of this machine, beside a cluster that stands elsewhere."""
    installation = Installation({"fqdn": FQDN})
    way = Entrance(resolves=[Resolve(host=FQDN, port=port, address="127.0.0.1")], https_port=port)
    snapshot = installation.snapshot(Plan(blueprint(), installation.site))
    return look_at_host_name(FQDN, way, snapshot, inside=False).there


@pytest.mark.parametrize(
    ("for_us", "for_others", "nowhere"),
    [
        (http("503 Service Unavailable", b"no route"), http("503 Service Unavailable", b"no route"), True),
        (http("404 Not Found", b"404 page not found\n"), http("404 Not Found", b"404 page not found\n"), True),
        (http("401 Unauthorized", b"who are you"), http("503 Service Unavailable", b"no route"), False),
        (http("200 OK", b"a site"), http("200 OK", b"a site"), False),
    ],
    ids=["router", "controller", "a-site-of-that-name", "a-site-of-all-names"],
)
def test_a_refusal_that_every_name_gets_is_the_controllers_own(
    tmp_path: Path, for_us: bytes, for_others: bytes, *, nowhere: bool
) -> None:
    """Whatever its status: routers of OpenShift answer 503 where ingress-nginx answers 404."""

    def talk(peer: socket.socket) -> None:
        head = request_head(peer).decode().lower()
        peer.sendall(for_us if f"host: {FQDN}" in head else for_others)

    with listening(over_tls(Authority(tmp_path).server(FQDN), talk)) as port:
        (there,) = looked_at(port)
    assert there.anybody
    assert there.leads_nowhere is nowhere


def test_where_nobody_listens_nobody_answers() -> None:
    """And nothing leads anywhere."""
    (there,) = looked_at(closed_port())
    assert (there.anybody, there.leads_nowhere, there.words) == (False, False, "nobody answers")

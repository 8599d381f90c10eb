"""The way in from outside, judged on a controller of the tests' own."""

import socket
import ssl
from collections.abc import Callable

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.vantage.entrance import Entrance, EntranceProbes
from cx_conformance.vantage.pool import ProbePool
from tests.checks.installation import FQDN, Installation, blueprint
from tests.checks.variations.gateway import behind_apisix
from tests.checks.variations.vary import Vary
from tests.probes.authority import Authority
from tests.probes.targets import closed_port, http, listening, over_tls
from tests.vantage.controller import Controller, entrance

CHECKS = ("CX510", "CX511", "CX512", "CX513", "CX514", "CX515")
Judged = dict[tuple[str, str], Outcome]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority for these tests."""
    return Authority(tmp_path_factory.mktemp("authority"))


def judged(way: Entrance, fqdn: str | None = FQDN, *changes: Vary) -> Judged:
    """Judge the reference installation with changes, reached so, by check and component."""
    installation = Installation(site={"fqdn": fqdn} if fqdn else {})
    for change in changes:
        change(installation)
    plan = Plan(blueprint(), installation.site)
    seen = Seen(installation.snapshot(plan), plan, fqdn)
    pool = ProbePool(at_once=16)
    installation.probes["entrance_probes"] = probes = EntranceProbes(seen, way, pool)
    for entry in plan.entries("ingress"):
        probes.start(entry)
    outcomes = installation.all_outcomes(CHECKS)
    pool.close()
    return {(one.check, one.component): one for one in outcomes}


def failed(outcomes: Judged) -> dict[str, set[str]]:
    """Return the components that fail, by check."""
    found: dict[str, set[str]] = {}
    for (check, component), one in outcomes.items():
        if one.result is Result.FAIL:
            found.setdefault(check, set()).add(component)
    return found


def test_a_good_entry_point_keeps_every_promise(authority: Authority) -> None:
    """Paths, certificate, protocol, redirects and both WebSockets; nobody else needs one."""
    with Controller(FQDN).serving(authority) as way:
        outcomes = judged(way)
    assert {one.result for one in outcomes.values()} == {Result.PASS, Result.NOT_APPLICABLE}
    passed = {key for key, one in outcomes.items() if one.result is Result.PASS}
    assert {component for check, component in passed if check == "CX515"} == {"agent-manager", "web-channel-manager"}
    assert len([key for key in passed if key[0] == "CX511"]) == len([key for key in outcomes if key[0] == "CX514"])
    assert {one.vantage for one in outcomes.values() if one.result is Result.PASS} == {"ingress"}


def test_through_apisix_the_path_below_is_asked_for(authority: Authority) -> None:
    """Its route is for what lies below; the bare path may be another route's, whose component answers."""
    controller = Controller(FQDN)
    with controller.serving(authority) as way:
        outcomes = judged(way, FQDN, behind_apisix)
    assert {one.result for one in outcomes.values()} == {Result.PASS, Result.NOT_APPLICABLE}
    assert "/ccm/" in controller.asked
    assert "/ccm" not in controller.asked


def test_without_a_host_name_nothing_is_asked_and_the_reason_told() -> None:
    """What users type is not known."""
    outcomes = judged(Entrance(), fqdn=None)
    web_sockets = "n/a: its clients open no WebSocket"
    unknown = "n/a: no host name is known; give --fqdn or `fqdn` in the site file"
    unknown += f"; all 20 Ingresses serve {FQDN}: --fqdn {FQDN}"
    assert {one.message for one in outcomes.values()} == {unknown, web_sockets}


def answers_503(controller: Controller) -> None:
    """Let ccm's path lead to nobody who is alive."""
    controller.statuses["ccm"] = "503 Service Unavailable"


BROKEN: list[tuple[str, str, Callable[[Controller], object], str]] = [
    ("CX511", "ccm", answers_503, f"https://{FQDN}"),
    ("CX511", "ccm", lambda c: c.without_rule.add("ccm"), "no rule leads anywhere, ingress-nginx answered 404 itself"),
    ("CX515", "agent-manager", lambda c: setattr(c, "upgrades", False), "answered 200 OK instead of 101"),
    ("CX514", "ccm", lambda c: setattr(c, "redirects", False), "answered 200 OK, promised is a redirect to HTTPS"),
]


@pytest.mark.parametrize(("check", "component", "break_it", "words"), BROKEN)
def test_what_is_broken_at_the_entry_point_is_found_and_named(
    authority: Authority, check: str, component: str, break_it: Callable[[Controller], object], words: str
) -> None:
    """The failing check is the named one, and no other kind fails."""
    controller = Controller(FQDN)
    break_it(controller)
    with controller.serving(authority) as way:
        outcomes = judged(way)
    assert words in outcomes[check, component].message
    assert set(failed(outcomes)) == {check}
    assert component in failed(outcomes)[check]


def test_a_component_that_answers_404_itself_answers(authority: Authority) -> None:
    """Its page is not the controller's."""
    controller = Controller(FQDN, statuses={"ccm": "404 Not Found"})
    with controller.serving(authority) as way:
        assert failed(judged(way)) == {}


def test_a_closed_port_80_is_not_a_missing_redirect(authority: Authority) -> None:
    """Where nobody answers plain HTTP nothing is sent in plain."""
    with Controller(FQDN, plain=False).serving(authority) as way:
        outcomes = judged(way)
    assert failed(outcomes) == {}
    assert outcomes["CX514", "ccm"].message.startswith("n/a: nobody answers plain HTTP")


def test_a_bad_certificate_is_one_failure_and_paths_are_judged_all_the_same(authority: Authority) -> None:
    """What it is for, and by whom, stands in the words."""
    with Controller(FQDN).serving(authority, "devops.example.test") as way:
        outcomes = judged(way)
    assert failed(outcomes) == {"CX512": {"platform"}}
    assert "it is for devops.example.test, of " in outcomes["CX512", "platform"].message


def test_a_certificate_that_ends_soon_is_noted(authority: Authority) -> None:
    """Two weeks are time to renew it."""
    with Controller(FQDN).serving(authority, days=(-1, 14)) as way:
        ended = judged(way)["CX512", "platform"]
    assert (ended.result, ended.evidence["notes"]) == (Result.PASS, [f"the certificate of {FQDN} ends in 13 days"])


def test_an_entry_point_that_is_not_there_is_one_failure(authority: Authority) -> None:
    """Every path, redirect and certificate is blocked by it."""
    outcomes = judged(entrance(FQDN, authority.file, closed_port(), closed_port()))
    assert failed(outcomes) == {"CX510": {"platform"}}
    blocked = {one.root for one in outcomes.values() if one.result is Result.BLOCKED}
    assert blocked == {"CX510 cluster"}


def says_ok(peer: socket.socket) -> None:
    """Answer 200 to whatever comes."""
    if peer.recv(65536):
        peer.sendall(http("200 OK"))


def test_an_entry_point_without_tls_is_told_so(authority: Authority) -> None:
    """HTTP on port 443 is no entry for browsers."""
    with listening(says_ok) as port:
        outcomes = judged(entrance(FQDN, authority.file, port, closed_port()))
    assert "HTTPS promised, HTTP answered" in outcomes["CX510", "platform"].message


def test_an_old_protocol_is_told_and_the_paths_are_blocked_by_it(authority: Authority) -> None:
    """TLS 1.1 is no use to a browser: the entry point answers, and nothing behind it is reached."""
    context = authority.server(FQDN)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with listening(over_tls(context, says_ok)) as port:
        outcomes = judged(entrance(FQDN, authority.file, port, closed_port()))
    assert failed(outcomes) == {"CX513": {"platform"}}
    assert "offers no TLS 1.2 or later" in outcomes["CX513", "platform"].message
    assert outcomes["CX511", "ccm"].root == "CX513 cluster"

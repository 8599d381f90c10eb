"""Where the host name leads before an installation, as it is judged."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.objects.certificate import Certificate
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.probes.http_observation import HttpFailure, HttpObservation, TlsFacts
from cx_conformance.probes.ingress import PathObservation
from cx_conformance.vantage.host_name import Answered, HostName
from tests.checks.installation import FQDN, notes
from tests.checks.test_ready import prepared

NODE, ELSEWHERE = "192.0.2.7", "203.0.113.9"
MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def certificate(fingerprint: str, name: str = "ingress.local") -> Certificate:
    """Return a certificate that is known by its fingerprint."""
    return Certificate(
        names=(name,), subject="", issuer="", not_before=MOMENT, not_after=MOMENT, fingerprint=fingerprint
    )


def silent(address: str) -> Answered:
    """Nobody answers."""
    seen = HttpObservation(url=f"https://{FQDN}/", failure=HttpFailure.REFUSED, words="the connection is refused")
    return Answered(address=address, seen=PathObservation(path="/", http=seen, default_backend=None))


def answers(address: str, fingerprint: str, status: int = 404, backend: str | None = "ingress-nginx") -> Answered:
    """Somebody answers, by this certificate."""
    tls = TlsFacts(protocol="TLSv1.3", certificate=certificate(fingerprint))
    seen = HttpObservation(url=f"https://{FQDN}/", status=status, reason="OK", tls=tls)
    return Answered(address=address, seen=PathObservation(path="/", http=seen, default_backend=backend))


def judged(*there: Answered, own: tuple[Answered, ...] = (), installation: Any = None) -> Outcome:
    """Judge a host name that leads where ``there`` answers, in a cluster whose node is at ``NODE``."""
    cluster = installation or prepared()
    found = HostName(
        host=FQDN,
        by="as this machine's DNS says",
        leads_to=tuple(one.address for one in there),
        own={NODE: "node node-1"},
        there=there,
        at_own=own,
    )
    cluster.probes["before_probes"] = SimpleNamespace(inside=False, host_name=lambda _: found)
    (ended,) = cluster.outcomes("CX918")
    assert isinstance(ended, Outcome)
    return ended


@pytest.mark.parametrize(
    "there",
    [silent(NODE), answers(NODE, "a"), replace(answers(NODE, "a", 503, None), refuses_all=True)],
    ids=["nobody", "controller", "router"],
)
def test_a_name_that_leads_to_a_node_is_kept(there: Answered) -> None:
    """Where nobody answers yet that is noted."""
    ended = judged(there)
    assert ended.result is Result.PASS
    assert ("where nobody answers yet" in "".join(notes(ended))) is not there.anybody


def test_a_name_without_an_address_is_told() -> None:
    """By whom it was asked."""
    ended = judged()
    assert (ended.result, ended.message) == (Result.FAIL, f"{FQDN} has no address, as this machine's DNS says")


def test_something_else_at_the_nodes_is_told_unless_it_is_the_platform() -> None:
    """An installed platform is judged by another command."""
    busy = answers(NODE, "a", 200, None)
    ended = judged(busy)
    assert ended.result is Result.FAIL
    assert "something else answers already: 192.0.2.7: something answers 200 OK with a certificate for" in ended.message


@pytest.mark.parametrize(
    ("there", "own", "result"),
    [
        (answers(ELSEWHERE, "a"), answers(NODE, "a"), Result.PASS),
        (answers(ELSEWHERE, "b"), answers(NODE, "a"), Result.FAIL),
        (silent(ELSEWHERE), answers(NODE, "a"), Result.FAIL),
        (answers(ELSEWHERE, "b", 200, None), silent(NODE), Result.FAIL),
        (answers(ELSEWHERE, "b"), silent(NODE), Result.ERROR),
        (silent(ELSEWHERE), silent(NODE), Result.ERROR),
    ],
    ids=["same", "another", "nobody-there", "a-site-there", "a-controller-there", "nobody-anywhere"],
)
def test_an_address_of_nobody_here_is_the_clusters_where_both_show_one_certificate(
    there: Answered, own: Answered, result: Result
) -> None:
    """A NAT or a load balancer outside leads there; what cannot be compared is neither kept nor broken."""
    ended = judged(there, own=(own,))
    assert ended.result is result, ended.message
    if result is Result.FAIL:
        assert f"{FQDN} leads to {ELSEWHERE}, as this machine's DNS says, which is no address" in ended.message
        assert "192.0.2.7 (node node-1)" in ended.message
    if result is Result.PASS:
        assert "both show one certificate" in notes(ended)[0]


def test_without_a_host_name_it_is_not_judged() -> None:
    """The words say what to give."""
    ended = judged(installation=prepared(fqdn=None))
    assert (ended.result, "give --fqdn" in ended.message) == (Result.NOT_APPLICABLE, True)

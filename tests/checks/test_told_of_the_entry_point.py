"""What is told of the way in from outside, judged on observations that were made up."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.plan import Plan
from cx_conformance.objects.certificate import Certificate
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import causes_of
from cx_conformance.probes.http_observation import HttpFailure, HttpObservation, TlsFacts
from cx_conformance.probes.ingress import PathObservation, UpgradeObservation
from cx_conformance.sandbox.faults import parse
from cx_conformance.vantage.entrance import Redirect
from tests.checks.installation import FQDN, Installation, released

URL = f"https://{FQDN}/"


def certificate(days: float = 200, *names: str) -> Certificate:
    """Return a certificate of the entry point that ends so many days from now."""
    now = dt.datetime.now(dt.UTC)
    return Certificate(
        names=names,
        subject="CN=cx",
        issuer="CN=ca",
        not_before=now - dt.timedelta(days=100),
        not_after=now + dt.timedelta(days=days),
        fingerprint="0" * 64,
    )


def answered(protocol: str | None = "TLSv1.3", days: float = 200, *names: str, **more: Any) -> HttpObservation:
    """Return what a host answered: 200 where nothing else is said."""
    told: dict[str, Any] = {"url": URL, "status": 200, "reason": "OK"} | more
    return HttpObservation(tls=TlsFacts(protocol=protocol, certificate=certificate(days, *names)), **told)


def failed(failure: HttpFailure, words: str, **more: Any) -> HttpObservation:
    """Return how a request failed."""
    return HttpObservation(url=URL, failure=failure, words=words, **more)


def judged(check: str, component: str = "platform", **probes: Any) -> Outcome:
    """Judge the way in as it was seen."""
    installation = Installation(site={"fqdn": FQDN})
    installation.probes["entrance_probes"] = SimpleNamespace(
        **{name: lambda *_, found=found: found for name, found in probes.items()}
    )
    return installation.outcome(check, component)


def hosts(check: str, **seen: HttpObservation) -> Outcome:
    """Judge what host names answered."""
    return judged(check, hosts=seen)


def seen_of(outcome: Outcome) -> str:
    """Return what was said of it, blocked or not."""
    return str(outcome.evidence.get("seen", outcome.message))


def test_every_host_is_told_with_its_answer() -> None:
    """From outside, with the most tries that one took."""
    ended = hosts("CX510", a=answered(tries=2), b=answered(reason="", status=404))
    assert (ended.result, ended.vantage, ended.tries) == (Result.PASS, "ingress", 2)
    assert ended.evidence == {"promised": "TLS on port 443", "found": {"a": "200 OK", "b": "404"}, "object": "a, b"}


def test_a_host_whose_certificate_is_refused_speaks_tls() -> None:
    """That is told by a check of its own; one that does not answer is told, whatever the others do."""
    bad = failed(HttpFailure.CERTIFICATE, "not accepted"), failed(HttpFailure.TLS, "no common version")
    assert hosts("CX510", a=bad[0], b=bad[1]).result is Result.PASS
    ended = hosts("CX510", a=bad[0], b=failed(HttpFailure.REFUSED, "b refuses"), c=answered())
    assert (ended.result, ended.message) == (Result.FAIL, "b refuses")
    assert ended.evidence["found"] == {"a": "certificate not accepted", "b": "refused", "c": "200 OK"}
    silent = (failed(HttpFailure.REFUSED, words) for words in ("a refuses", "b refuses"))
    assert hosts("CX510", **dict(zip("ab", silent, strict=True))).message == "a refuses; b refuses"


@pytest.mark.parametrize(
    ("days", "notes"),
    [
        (30.5, []),
        (29.5, ["the certificate of a ends in 29 days"]),
        (0.5, ["the certificate of a ends in 0 days"]),
    ],
)
def test_a_certificate_that_ends_within_thirty_days_is_noted(days: float, notes: list[str]) -> None:
    """It is accepted until then; what it says is in the evidence."""
    shown = answered("TLSv1.3", days, FQDN)
    ended = hosts("CX512", a=shown)
    assert (ended.result, ended.evidence.get("notes", [])) == (Result.PASS, notes)
    assert shown.tls is not None
    assert shown.tls.certificate is not None
    until = shown.tls.certificate.not_after.isoformat()
    assert ended.evidence["certificates"] == {"a": {"names": [FQDN], "issuer": "CN=ca", "until": until}}
    assert (ended.evidence["promised"], ended.evidence["found"]) == ("verified for the host name", {"a": "200 OK"})


def test_a_certificate_that_is_refused_is_told_with_what_it_is_for() -> None:
    """Where none was shown, the words of the failure stand alone; hosts that are in order are not told."""
    how = {"failure": HttpFailure.CERTIFICATE, "words": "it is not accepted"}
    ended = hosts(
        "CX512",
        a=answered("TLSv1.3", 200, "one", "two", **how),
        b=answered("TLSv1.3", 200, **how),
        c=failed(HttpFailure.TLS, "no handshake"),
        d=answered(),
    )
    assert seen_of(ended) == (
        "it is not accepted; it is for one, two, of CN=ca; it is not accepted; it is for no name, of CN=ca; "
        "no handshake"
    )


@pytest.mark.parametrize(
    ("fault", "check"), [("certificate-expired", "CX504"), ("certificate-of-another-host", "CX503")]
)
def test_a_certificate_that_is_broken_in_its_secret_is_the_same_cause_where_it_is_shown(fault: str, check: str) -> None:
    """The one that the controller serves is the one of the Secret; it was told as two."""
    broken_once = orjson.dumps(parse(fault).apply(Installation().manifests))
    installation = Installation(site={"fqdn": FQDN}, manifests=broken_once)
    plan = Plan(installation.promised, installation.site)
    held = Certificate.read(installation.snapshot(plan).certificate("expertflow", "ef-ingress-tls-secret"))
    refused = failed(HttpFailure.CERTIFICATE, "not accepted", tls=TlsFacts(protocol="TLSv1.3", certificate=held))
    installation.probes["entrance_probes"] = SimpleNamespace(hosts=lambda: {FQDN: refused})
    broken = [one for each in (check, "CX512") for one in installation.outcomes(each) if one.result is Result.FAIL]
    assert {one.check for one in broken} == {check, "CX512"}
    (cause,) = causes_of(broken)
    assert "platform" in cause.components
    assert "Secrets ef-external/ef-ingress-tls-secret, expertflow/ef-ingress-tls-secret" in cause.words


@pytest.mark.parametrize(("days", "above"), [(200, True), (-1, False)])
def test_a_chain_that_has_expired_is_told_from_the_certificate_itself(days: float, above: bool) -> None:
    """Whoever verifies says no more than that something has expired; an old intermediate is served for years."""
    how = {"failure": HttpFailure.CERTIFICATE, "words": "certificate has expired"}
    said = seen_of(hosts("CX512", a=answered("TLSv1.3", days, FQDN, **how)))
    assert ("and itself in date, so that a certificate above it has expired" in said) is above


@pytest.mark.parametrize("protocol", ["TLSv1.2", "TLSv1.3"])
def test_a_protocol_that_browsers_speak_passes(protocol: str) -> None:
    """It is told."""
    ended = hosts("CX513", a=answered(protocol))
    assert ended.result is Result.PASS
    assert (ended.evidence["promised"], ended.evidence["found"]) == (["TLSv1.2", "TLSv1.3"], {"a": protocol})


def test_an_older_protocol_is_found() -> None:
    """In the words of the failure, or by what was spoken."""
    ended = hosts(
        "CX513", a=answered("TLSv1.1"), b=failed(HttpFailure.TLS, "b offers no TLS 1.2 or later"), c=answered()
    )
    assert ended.message == f"{URL}: speaks TLSv1.1; b offers no TLS 1.2 or later"
    assert ended.evidence["found"] == {"a": "TLSv1.1", "b": "TLS failed", "c": "TLSv1.3"}


def path(http: HttpObservation, default_backend: str | None = None) -> Outcome:
    """Judge what ccm's path answered."""
    return judged(
        "CX511",
        "ccm",
        hosts={FQDN: answered()},
        path=PathObservation(path="/ccm", http=http, default_backend=default_backend),
    )


def test_paths_that_pass_a_gateway_without_a_ready_pod_wait_for_it() -> None:
    """It answers all of them with 503; each was a cause beside the image that cannot be pulled."""
    promised = released("5.1")
    installation = Installation(
        site={"fqdn": FQDN}, promised=promised, manifests=orjson.dumps(reference_installation(promised, fqdn=FQDN))
    )
    installation.inject("image-pull:apisix")
    away = PathObservation(path="/ccm", http=answered(status=503, reason="Unavailable"), default_backend=None)
    installation.probes["entrance_probes"] = SimpleNamespace(path=lambda _: away, hosts=lambda: {FQDN: answered()})
    ended = installation.outcome("CX511", "ccm")
    assert (ended.result, ended.root) == (Result.BLOCKED, "CX105 apisix")


def test_a_path_is_told_with_its_status_and_the_time_it_took() -> None:
    """The component's own 404 is an answer."""
    ended = path(HttpObservation(url=f"{URL}ccm", status=404, milliseconds=12.34, tries=2))
    assert (ended.result, ended.vantage, ended.tries) == (Result.PASS, "ingress", 2)
    assert ended.evidence == {
        "promised": "a status below 500, of the component",
        "found": 404,
        "object": f"{URL}ccm",
        "ms": 12.3,
    }


def test_a_path_that_does_not_answer_is_told_in_its_own_words() -> None:
    """Without a status they are what was found."""
    ended = path(failed(HttpFailure.TIMED_OUT, "no answer within 10 s"))
    assert (ended.result, ended.message) == (Result.FAIL, "no answer within 10 s")
    assert ended.evidence["found"] == "no answer within 10 s"


def redirect(seen: HttpObservation, *, leads: bool = False) -> Outcome:
    """Judge what plain HTTP on ccm's path came to."""
    return judged("CX514", "ccm", hosts={FQDN: answered()}, redirect=Redirect(seen, leads))


def plain(status: int, reason: str, location: str | None = None) -> HttpObservation:
    """Return an answer over plain HTTP."""
    headers = {"location": location} if location else {}
    return HttpObservation(url="http://cx/ccm", status=status, reason=reason, headers=headers, tries=3)


def test_where_plain_http_leads_is_told() -> None:
    """To HTTPS on the same host, as promised."""
    ended = redirect(plain(308, "Permanent Redirect", f"{URL}ccm"), leads=True)
    assert (ended.result, ended.vantage, ended.tries) == (Result.PASS, "ingress", 3)
    assert ended.evidence == {"promised": "a redirect to HTTPS", "found": f"{URL}ccm", "object": "http://cx/ccm"}


@pytest.mark.parametrize(
    ("seen", "found", "words"),
    [
        (plain(200, "OK"), 200, "http://cx/ccm: answered 200 OK"),
        (
            plain(302, "Found", "http://other/"),
            "http://other/",
            "http://cx/ccm: answered 302 Found, leads to http://other/",
        ),
        (failed(HttpFailure.RESET, "it was reset"), "it was reset", "it was reset"),
    ],
)
def test_plain_http_that_leads_nowhere_or_elsewhere_is_found(seen: HttpObservation, found: Any, words: str) -> None:
    """What came instead is told."""
    ended = redirect(seen)
    assert ended.message == f"{words}, promised is a redirect to HTTPS on the same host"
    assert ended.evidence["found"] == found


def web_socket(http: HttpObservation, *, upgraded: bool) -> Outcome:
    """Judge what a WebSocket of agent-manager's came to."""
    upgrade = UpgradeObservation(http=http, upgraded=upgraded, words="in its own words")
    good = PathObservation(path="/agent-manager", http=answered(), default_backend=None)
    return judged("CX515", "agent-manager", hosts={FQDN: answered()}, path=good, upgrade=upgrade)


def test_a_web_socket_is_told_with_its_status() -> None:
    """101 where it was opened; else the status, or the words where there is none."""
    opened = web_socket(answered(status=101, tries=2), upgraded=True)
    assert (opened.result, opened.vantage, opened.tries) == (Result.PASS, "ingress", 2)
    assert opened.evidence == {"promised": "101 Switching Protocols", "found": 101, "object": URL}
    refused = web_socket(answered(status=200), upgraded=False)
    assert (refused.result, refused.message, refused.evidence["found"]) == (Result.FAIL, "in its own words", 200)
    silent = web_socket(failed(HttpFailure.TIMED_OUT, "no answer"), upgraded=False)
    assert silent.evidence["found"] == "no answer"

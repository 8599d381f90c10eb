"""Login: the platform as a person meets it, where the site file names an account to log in to (``login``)."""

from cx_conformance.blueprint.component import Ingress
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.promise import Severity
from cx_conformance.blueprint.user_login import UserLogin
from cx_conformance.outcome.check import check
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.outcome.outcome import Evidence
from cx_conformance.probes.sign_in import Ending, Said
from cx_conformance.vantage.entrance import OUTSIDE
from cx_conformance.vantage.user_login import LoginProbes

_ENTRANCE = ("platform:CX510", "platform:CX512", "platform:CX513")


def _judge(said: Said, evidence: Evidence) -> None:
    evidence.vantage, evidence.found = OUTSIDE, said.words
    if said.ending is Ending.UNTOLD:
        raise NoVantage(said.words)
    assert said.ending is Ending.GRANTED, said.words


@check(
    "CX850",
    "Account gets a token",
    severity=Severity.CRITICAL,
    remedy="look at the account in Keycloak (Users, its Details and Credentials; Realm settings, Brute force detection)"
    " before anybody tries again: more failed logins lock it for longer",
    rests_on=(*_ENTRANCE, "CX511", "CX801", "CX802", "CX804"),
)
def check_token(login: Entry[UserLogin], login_probes: LoginProbes, evidence: Evidence) -> None:
    """Keycloak gives the account that the site file names a token for its password, as a login of a person does.

    It is asked once a run, however often the run looks. An account that is disabled and one that is not fully set up
    are told as such; a wrong password, a missing account and one that is locked by failed logins get the same answer
    of Keycloak and are told together.
    """
    evidence.promised = "a token"
    _judge(login_probes.of(login).token, evidence)


@check(
    "CX851",
    "Token is accepted",
    severity=Severity.CRITICAL,
    remedy="compare the issuer of the realm with the host name (hostname settings of Keycloak), and the nodes' clocks",
    rests_on=(*_ENTRANCE, "CX850"),
)
def check_userinfo(login: Entry[UserLogin], login_probes: LoginProbes, evidence: Evidence) -> None:
    """Keycloak's userinfo endpoint accepts the token and says whose it is."""
    evidence.promised = "the userinfo of the token's owner"
    _judge(login_probes.of(login).userinfo, evidence)


@check(
    "CX852",
    "Page opens",
    severity=Severity.CRITICAL,
    remedy="open it in a browser with its console; look at the component's log and at what its configuration leads to",
    rests_on=(*_ENTRANCE, "CX511"),
)
def check_page(page: Entry[Ingress], login_probes: LoginProbes, evidence: Evidence) -> None:
    """The agent desk's and the administrator's page open as in a browser: HTML, after redirects on the same host."""
    evidence.promised, evidence.vantage = "a page", OUTSIDE
    seen = login_probes.page(page)
    evidence.found, evidence.seen_at, evidence.tries = seen.http.status or seen.words, seen.http.url, seen.http.tries
    assert seen.opens, seen.words
    if seen.elsewhere:
        evidence.note(f"it leads to {seen.elsewhere}, which was not followed")

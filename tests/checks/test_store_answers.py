"""What stores answered, judged on answers that were made up."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.blueprint.promise import Source
from cx_conformance.objects.certificate import Certificate as HeldCertificate
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.probes.stores.observation import Certificate, Finding, Level, StoreObservation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.vantage.copies import Compared, HeldCertificates
from cx_conformance.vantage.store_asked import StoreAsked
from tests.checks.installation import Installation, blueprint, notes

GOOD = Finding(ok=True, words="so it is")
BAD = Finding(ok=False, words="it is not")
UNKNOWN = Finding(ok=None, words="nobody asked")
LEVELS = [
    ("CX801", Level.REACHABLE, "accepts on 27017"),
    ("CX802", Level.SPEAKS, "speaks mongo"),
    ("CX803", Level.LOGS_IN, "accepts the components' credentials"),
    ("CX804", Level.USABLE, "usable"),
    ("CX806", Level.TLS, "verified by the components' CA"),
]


def asked(findings: dict[Level, Finding] | None = None, seen: dict[str, Any] | None = None, **more: Any) -> StoreAsked:
    """Return what Mongo answered: all is well where nothing else is said."""
    observation = StoreObservation(
        store="mongo", address="mongo:27017", findings=dict.fromkeys(Level, GOOD) | (findings or {})
    )
    told = StoreAsked(
        observation=replace(observation, **(seen or {})),
        vantage="port-forward",
        pod="mongo-0",
        secure=True,
        without_login=None,
    )
    return replace(told, **more)


def judged(check: str, answered: StoreAsked) -> Outcome:
    """Judge Mongo by its answer."""
    installation = Installation()
    installation.probes["store_probes"] = SimpleNamespace(of=lambda _: answered)
    return installation.outcome(check, "mongo")


@pytest.mark.parametrize(("check", "level", "promised"), LEVELS)
def test_a_good_answer_passes_and_tells_how_it_was_asked(check: str, level: Level, promised: str) -> None:
    """Where from, how often, how long, which version, over TLS or not, and what else was seen."""
    found = Finding(ok=True, words="very well", detail={"primary": "mongo-0"})
    ended = judged(check, asked({level: found}, {"version": "7.0.1", "milliseconds": 12.34, "tries": 2}))
    assert (ended.result, ended.vantage, ended.tries) == (Result.PASS, "port-forward", 2)
    assert ended.evidence == {
        "promised": promised,
        "found": "very well",
        "object": "mongo:27017 in pod mongo-0",
        "version": "7.0.1",
        "ms": 12.3,
        "tls": True,
        "saw primary": "mongo-0",
    }


@pytest.mark.parametrize(("check", "level"), [one[:2] for one in LEVELS])
def test_a_bad_answer_fails_in_its_own_words(check: str, level: Level) -> None:
    """The client's words are the finding."""
    ended = judged(check, asked({level: BAD}))
    assert (ended.result, ended.message) == (Result.FAIL, "it is not")


@pytest.mark.parametrize(
    ("finding", "how", "result", "words"),
    [
        (UNKNOWN, {}, Result.ERROR, "nobody asked"),
        (UNKNOWN, {"login_unread": "the Secret may not be read"}, Result.ERROR, "the Secret may not be read"),
        (UNKNOWN, {"without_login": "no account is promised"}, Result.NOT_APPLICABLE, "n/a: no account is promised"),
        (
            Finding(ok=None, words="the client stopped", kind=Kind.GAVE_UP),
            {"without_login": "no account is promised"},
            Result.ERROR,
            "the client stopped",
        ),
    ],
)
def test_what_was_not_asked_is_an_error_unless_there_was_nothing_to_ask_with(
    finding: Finding, how: dict[str, Any], result: Result, words: str
) -> None:
    """Without an account nothing behind the login can be told; a client that gave up could not look."""
    ended = judged("CX804", asked({Level.USABLE: finding}, **how))
    assert (ended.result, ended.message) == (result, words)


def test_a_login_that_nobody_tried_is_not_applicable_only_where_it_was_not_tried() -> None:
    """The reason is told; a login that came about without an account of the components counts."""
    without: dict[str, Any] = {"without_login": "no account is promised"}
    ended = judged("CX803", asked({Level.LOGS_IN: UNKNOWN}, **without))
    assert (ended.result, ended.message) == (Result.NOT_APPLICABLE, "n/a: no account is promised")
    assert judged("CX803", asked(**without)).result is Result.PASS
    stopped = Finding(ok=None, words="the client stopped", kind=Kind.GAVE_UP)
    assert judged("CX803", asked({Level.LOGS_IN: stopped}, **without)).message == ended.message
    kept = judged("CX803", asked({Level.LOGS_IN: UNKNOWN}))
    assert (kept.result, kept.message) == (Result.ERROR, "nobody asked")
    assert judged("CX803", asked({Level.LOGS_IN: BAD}, **without)).result is Result.FAIL


def test_where_the_account_comes_from_is_told() -> None:
    """In the evidence, and as a note where it is not the documented place."""
    ended = judged("CX803", asked(read_from=("Secret ef-external/mongo",), login_note="from another Secret"))
    assert ended.evidence["account read from"] == ["Secret ef-external/mongo"]
    assert ended.evidence["notes"] == ["from another Secret"]


def test_a_second_account_that_components_are_told_is_noted_and_must_be_accepted() -> None:
    """One that could not be tried breaks nothing."""
    noted = ["components log in as another account too, told by ConfigMap a"]
    ended = [judged("CX803", asked(as_told=(("ConfigMap a", finding),))) for finding in (GOOD, UNKNOWN, BAD)]
    assert [one.result for one in ended] == [Result.PASS, Result.PASS, Result.FAIL]
    assert [one.evidence["notes"] for one in ended] == [noted] * 3
    assert ended[-1].message == "as the account told by ConfigMap a: it is not"


def test_which_pod_was_asked_of_several_and_what_was_written_are_told() -> None:
    """A message and an object, where writes are allowed."""
    ended = judged("CX804", asked(seen={"writes": ("one object",)}, role_note="mongo-0 is the primary"))
    assert (ended.evidence["wrote"], ended.evidence["notes"]) == (["one object"], ["mongo-0 is the primary"])


REFUSES = (Level.REFUSES_ANONYMOUS, Level.REFUSES_WRONG_PASSWORD)


@pytest.mark.parametrize("level", REFUSES)
def test_a_store_that_lets_a_stranger_in_is_found(level: Level) -> None:
    """Without a password, or with a wrong one."""
    ended = judged("CX805", asked({level: BAD}))
    assert (ended.result, ended.message) == (Result.FAIL, "it is not")
    assert ended.evidence["promised"] == "refuses a wrong password and anonymous access"


def test_an_open_store_that_was_captured_without_an_account_is_noted() -> None:
    """Nobody knows whether it should be; with an account it should not."""
    stores = {name: one.store for name, one in blueprint().components.items()}
    mongo = stores["mongo"]
    assert mongo is not None
    open_to_all = Finding(ok=False, words="it lists databases to anybody", kind=Kind.OPEN)
    ended = {}
    for login in (None, mongo.login):
        captured = mongo.model_copy(update={"login": login, "source": Source.CAPTURED})
        component = blueprint().components["mongo"].model_copy(update={"store": captured})
        components = {**blueprint().components, "mongo": component}
        installation = Installation(promised=blueprint().model_copy(update={"components": components}))
        answered = asked({Level.REFUSES_ANONYMOUS: open_to_all})
        installation.probes["store_probes"] = SimpleNamespace(of=lambda _, answered=answered: answered)
        ended[login] = installation.outcome("CX805", "mongo")
    assert (ended[None].result, notes(ended[None])) == (
        Result.PASS,
        ["captured without an account: it lists databases to anybody"],
    )
    assert ended[mongo.login].result is Result.FAIL


def test_what_a_store_refuses_is_told() -> None:
    """Both where both were tried, else the one; where neither was, nothing is known."""
    both = judged("CX805", asked())
    assert (both.result, both.evidence["found"], both.vantage) == (Result.PASS, ["so it is"] * 2, "port-forward")
    for level in REFUSES:
        one = judged("CX805", asked({level: UNKNOWN}))
        assert (one.result, one.evidence["found"], one.vantage) == (Result.PASS, ["so it is"], "port-forward")
    neither = judged("CX805", asked(dict.fromkeys(REFUSES, UNKNOWN)))
    assert (neither.result, neither.message) == (Result.ERROR, "nobody asked")


def certificate(days: float) -> Certificate:
    """Return a certificate that ends so many days from now."""
    now = dt.datetime.now(dt.UTC)
    return Certificate(
        subject="mongo",
        issuer="ca",
        names=("mongo",),
        not_before=now - dt.timedelta(days=900),
        not_after=now + dt.timedelta(days=days),
        fingerprint="0" * 64,
    )


@pytest.mark.parametrize(
    ("days", "notes"),
    [(900, []), (30.5, []), (29.9, ["the certificate ends in 30 days"]), (0.2, ["the certificate ends in 0 days"])],
)
def test_a_certificate_that_ends_within_thirty_days_is_noted(days: float, notes: list[str]) -> None:
    """Until when it is valid is told in any case."""
    made = certificate(days)
    ended = judged("CX806", asked(seen={"certificate": made}))
    assert (ended.result, ended.evidence.get("notes", [])) == (Result.PASS, notes)
    assert ended.evidence["until"] == made.not_after.isoformat()


def test_a_certificate_that_ended_is_found_and_told_once() -> None:
    """Where the client refused it for that, the client's words are told."""
    made = certificate(-0.5)
    ended = judged("CX806", asked(seen={"certificate": made}))
    assert (ended.result, ended.message) == (Result.FAIL, f"the certificate ended on {made.not_after:%Y-%m-%d}")
    refused = judged("CX806", asked({Level.TLS: BAD}, {"certificate": made}))
    assert (refused.result, refused.message) == (Result.FAIL, "it is not")


def test_what_is_to_be_known_of_a_good_certificate_is_noted() -> None:
    """Where it comes from, and that the store answers without TLS as well."""
    ended = judged("CX806", asked({Level.REFUSES_PLAINTEXT: BAD}, certificate_note="by the site's own CA"))
    assert (ended.result, ended.evidence["notes"]) == (Result.PASS, ["by the site's own CA", "it is not"])
    unknown = judged("CX806", asked({Level.REFUSES_PLAINTEXT: UNKNOWN}))
    assert "notes" not in unknown.evidence


@pytest.mark.parametrize("kind", [Kind.TIMED_OUT, Kind.CLOSED, Kind.WRONG_PROTOCOL])
def test_a_store_that_does_not_begin_tls_is_no_matter_of_its_certificate(kind: Kind) -> None:
    """To renew a certificate would help nobody: it hangs, or something else listens there."""
    silent = asked({Level.TLS: Finding(ok=False, words="it gave no answer", kind=kind), Level.SPEAKS: UNKNOWN})
    ended = judged("CX802", silent)
    assert (ended.result, ended.message) == (Result.FAIL, "asked over TLS: it gave no answer")
    assert judged("CX806", silent).result is Result.NOT_APPLICABLE
    untrusted = asked({Level.TLS: Finding(ok=False, words="it is for another", kind=Kind.TLS), Level.SPEAKS: UNKNOWN})
    assert judged("CX806", untrusted).result is Result.FAIL
    assert judged("CX802", untrusted).result is Result.BLOCKED


def test_tls_that_was_not_used_or_not_seen_is_no_finding() -> None:
    """The first is not applicable, the second an error, whether or not there is an account."""
    assert judged("CX806", asked(secure=False)).message == "n/a: the store was asked without TLS"
    ended = judged("CX806", asked({Level.TLS: UNKNOWN}, without_login="no account is promised"))
    assert (ended.result, ended.message) == (Result.ERROR, "nobody asked")


def compared(**places: list[str]) -> Outcome:
    """Judge copies of Mongo's password that compare so with its own."""
    installation = Installation()
    told = Compared(own="Secret ef-external/mongo", **places)
    installation.probes["store_copies"] = SimpleNamespace(passwords=lambda _: told)
    return installation.outcome("CX811", "mongo")


def test_copies_of_a_password_that_agree_pass() -> None:
    """Each place is told, and one in clear is noted."""
    ended = compared(equal=["ConfigMap a"], of_others=["Secret b"], in_clear=["ConfigMap a"])
    assert ended.result is Result.PASS
    assert ended.evidence == {
        "promised": "equal to Secret ef-external/mongo",
        "found": {"ConfigMap a": "equal", "Secret b": "another account's"},
        "notes": ["minor: ConfigMap a holds a password in clear, as the vendor ships it"],
    }


def test_a_copy_of_a_password_that_differs_is_found() -> None:
    """All of them are named."""
    ended = compared(equal=["ConfigMap a"], different=["Secret c differs", "Secret d differs"])
    assert (ended.result, ended.message) == (Result.FAIL, "Secret c differs; Secret d differs")


def test_where_every_place_is_another_accounts_nothing_is_compared() -> None:
    """They are named."""
    ended = compared(of_others=["Secret b"])
    assert ended.message == "n/a: components log in as another account, or are told later: Secret b"


def settings(flags: dict[str, str], answered: StoreAsked) -> Outcome:
    """Judge Mongo's TLS setting, with these in what the components are told."""
    installation = Installation()
    told = installation.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"]
    told.update(flags)
    installation.probes["store_probes"] = SimpleNamespace(of=lambda _: answered)
    return installation.outcome("CX812", "mongo")


def test_a_tls_setting_is_told_beside_what_the_store_speaks() -> None:
    """The port with it, and where it was asked from."""
    place = "MONGODB_ENABLE_SSL in ConfigMap expertflow/ef-connection-env-cm"
    for secure, flag, words in ((True, "true", "speaks TLS"), (False, "false", "speaks without TLS")):
        ended = settings({"MONGODB_ENABLE_SSL": flag}, asked(secure=secure))
        assert (ended.result, ended.vantage) == (Result.PASS, "port-forward")
        assert ended.evidence == {"promised": f"port 27017 {words}", "found": {place: flag}}


def test_a_tls_setting_beside_a_store_that_was_not_heard_is_an_error() -> None:
    """What it speaks is not known."""
    for finding in (UNKNOWN, BAD):
        answered = asked({Level.SPEAKS: finding})
        ended = settings({"MONGODB_ENABLE_SSL": "true"}, answered)
        said = ended.evidence.get("seen", ended.message)
        assert ended.result in (Result.ERROR, Result.BLOCKED)
        assert said == f"what it speaks was not seen: {finding.words}"


def test_a_tls_setting_that_is_put_in_later_is_noted_and_not_compared() -> None:
    """A template is neither true nor false, whatever its text says."""
    ended = settings({"MONGODB_ENABLE_SSL": "${MONGO_TLS}"}, asked(secure=False))
    assert (ended.result, len(ended.evidence["notes"])) == (Result.PASS, 1)


def test_a_store_of_which_no_setting_is_read_is_not_applicable() -> None:
    """And one whose components use another port."""
    installation = Installation()
    installation.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"].pop("MONGODB_ENABLE_SSL")
    installation.probes["store_probes"] = SimpleNamespace(of=lambda _: asked())
    ended = installation.outcome("CX812", "mongo")
    assert ended.message == "n/a: no component reads a documented TLS setting of this store"
    other = settings({"MONGODB_PORT": "27018"}, asked())
    assert other.message == "n/a: components use port 27018, asked was 27017"


def holds(where: str, own: HeldCertificate | None, *authorities: str) -> HeldCertificates:
    """Return what a Secret holds."""
    return HeldCertificates(where=where, authorities=frozenset(authorities), own=own)


def held(days: float, fingerprint: str = "0" * 64, *names: str) -> HeldCertificate:
    """Return a certificate of the store's that ends so many days from now."""
    now = dt.datetime.now(dt.UTC)
    return HeldCertificate(
        names=names or ("mongo",),
        subject="mongo",
        issuer="ca",
        not_before=now - dt.timedelta(days=900),
        not_after=now + dt.timedelta(days=days),
        fingerprint=fingerprint,
    )


def copies(own: HeldCertificates, *others: HeldCertificates, answered: StoreAsked | None = None) -> Outcome:
    """Judge Mongo's own Secret and the copies of it; Mongo presents the certificate with zeroes."""
    installation = Installation()
    told = answered or asked(seen={"certificate": certificate(200)})
    installation.probes |= {
        "store_probes": SimpleNamespace(of=lambda _: told),
        "store_copies": SimpleNamespace(certificates=lambda _: (own, others)),
    }
    return installation.outcome("CX813", "mongo")


def test_copies_that_hold_what_the_server_presents_pass() -> None:
    """Each of them is told, and where it was asked from."""
    ended = copies(holds("a", held(200), "ca"), holds("b", held(200), "ca"))
    assert (ended.result, ended.vantage) == (Result.PASS, "port-forward")
    assert ended.evidence == {"promised": "what the server presents, and its CA", "found": ["a", "b"]}


@pytest.mark.parametrize(
    ("days", "result", "words"),
    [
        (30.5, Result.PASS, None),
        (29.4, Result.PASS, "the certificate in b ends in 29 days"),
        (0.4, Result.PASS, "the certificate in b ends in 0 days"),
        (-0.4, Result.FAIL, "the certificate in b ended on "),
    ],
)
def test_a_copy_that_ends_within_thirty_days_is_noted_and_one_that_ended_is_found(
    days: float, result: Result, words: str | None
) -> None:
    """Nothing else is said of it."""
    ended = copies(holds("a", held(200), "ca"), holds("b", held(days), "ca"))
    told = [ended.message] if result is Result.FAIL else list(ended.evidence.get("notes", []))
    assert ended.result is result
    assert [one.startswith(words) for one in told if words] == ([True] if words else [])


def test_a_secret_that_holds_a_ca_only_does_not_hide_the_next() -> None:
    """It has no certificate to compare; what follows has."""
    ended = copies(holds("a", None, "ca"), holds("b", held(200, "1" * 64), "ca"))
    assert ended.message == "mongo presents another certificate than b holds"
    assert copies(holds("a", None, "ca"), holds("b", None, "ca")).result is Result.PASS


def test_a_copy_is_compared_only_with_what_was_presented_and_under_the_stores_name() -> None:
    """A client's own certificate is another one; without one presented nothing is known."""
    stale = holds("b", held(200, "1" * 64), "ca")
    client = holds("b", held(200, "1" * 64, "client"), "ca")
    own = holds("a", held(200), "ca")
    assert copies(own, client).result is Result.PASS
    assert copies(own, stale, answered=asked()).result is Result.PASS
    assert copies(own, stale).result is Result.FAIL


def test_authorities_of_a_copy_are_compared_with_the_stores_own() -> None:
    """None in common is found, another one beside them is noted."""
    own = holds("a", held(200), "ca")
    assert copies(own, holds("b", held(200), "other")).message == "b does not hold the CA of a"
    both = copies(own, *(holds(where, held(200), "other") for where in "bc"))
    assert both.message == "b does not hold the CA of a; c does not hold the CA of a"
    beside = copies(own, holds("b", held(200), "ca", "next"))
    assert (beside.result, beside.evidence["notes"]) == (Result.PASS, ["b holds other CAs too, or fewer, than a"])


def test_copies_of_a_store_without_tls_are_not_compared() -> None:
    """There is nothing that it presents."""
    ended = copies(holds("a", None), answered=asked(secure=False))
    assert ended.message == "n/a: the store was asked without TLS"


def test_what_an_optional_question_could_not_tell_is_a_note() -> None:
    """Of a store that is usable as far as it tells; what the account may not know at all is not judged."""
    ended = judged("CX804", asked(seen={"untold": ("its version could not be told: it says so",)}))
    assert (ended.result, ended.evidence["notes"]) == (Result.PASS, ["its version could not be told: it says so"])
    closed = Finding(ok=None, words="could not be told: Redis says: NOPERM", kind=Kind.UNAUTHORIZED)
    ended = judged("CX804", asked({Level.USABLE: closed}))
    assert (ended.result, ended.message) == (Result.NOT_APPLICABLE, "n/a: could not be told: Redis says: NOPERM")
    assert judged("CX803", asked({Level.USABLE: closed})).result is Result.PASS

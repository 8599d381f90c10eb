"""What is broken is told once, with exactly what waits for it."""

from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import causes_of, root_causes, shared_causes
from tests.reports.made_up import outcome


def blocked(entry: str, root: str = "CX203 ccm", root_entry: str | None = None) -> Outcome:
    """Return an outcome that waits for another."""
    return outcome(Result.BLOCKED, check="CX206", entry=entry, root=root, root_entry=root_entry)


def test_each_entry_has_what_it_blocks_itself() -> None:
    """A component has several ports: what waits for one of them is not counted with another."""
    first, second = outcome(Result.FAIL, entry="ef-ccm:80"), outcome(Result.FAIL, entry="ef-ccm:443")
    waiting = [blocked("a", root_entry="ef-ccm:443"), blocked("b", root_entry="ef-ccm:80")]
    waiting += [blocked("c", root_entry="ef-ccm:443")]
    found = {one.outcome.entry: [each.entry for each in one.blocked] for one in root_causes([first, second, *waiting])}
    assert found == {"ef-ccm:80": ["b"], "ef-ccm:443": ["a", "c"]}


def test_a_report_that_names_no_entry_gives_all_to_the_first() -> None:
    """Earlier versions wrote check and component alone."""
    first, second = outcome(Result.FAIL, entry="ef-ccm:80"), outcome(Result.FAIL, entry="ef-ccm:443")
    found = root_causes([first, second, blocked("a"), blocked("b")])
    assert sorted(len(one.blocked) for one in found) == [0, 2]


def test_what_says_the_same_of_one_check_is_one_cause() -> None:
    """An expired certificate of all Ingresses is one thing to do."""
    said = "the certificate in Secret expertflow/tls expired on 2026-11-16"
    many = [outcome(Result.FAIL, component=name, message=said) for name in ("ccm", "grafana", "keycloak")]
    waiting = [outcome(Result.BLOCKED, component=name, root=f"CX203 {name}", root_entry="ef-ccm-svc") for name in "ab"]
    waiting += [outcome(Result.BLOCKED, check="CX511", root="CX203 grafana", root_entry="ef-ccm-svc")]
    [cause] = shared_causes(root_causes([*many, *waiting]))
    assert cause.components == ("grafana", "ccm", "keycloak")
    assert (cause.words, len(cause.blocked)) == (said, 1)


def test_what_names_the_same_cause_is_one_although_its_words_differ() -> None:
    """Each message names its own Ingress; the missing Secret is one."""
    cause = {"cause": "TLS Secret tls does not exist in expertflow"}
    many = [
        outcome(Result.FAIL, component=name, message=f"Ingress {name} names TLS Secret tls", evidence=cause)
        for name in ("ccm", "grafana")
    ]
    [found] = shared_causes(root_causes(many))
    assert found.words == "TLS Secret tls does not exist in expertflow"
    [alone] = shared_causes(root_causes(many[:1]))
    assert alone.words == "Ingress ccm names TLS Secret tls"


def test_another_check_another_severity_or_no_words_are_causes_of_their_own() -> None:
    """Only what is the same for an engineer is told as one."""
    several = [
        outcome(Result.FAIL, message="it is so"),
        outcome(Result.FAIL, message="it is so", check="CX204"),
        outcome(Result.FAIL, message="it is so", component="redis", severity=Severity.MINOR),
        outcome(Result.FAIL, message="", component="mongo"),
        outcome(Result.FAIL, message="", component="minio"),
    ]
    assert len(shared_causes(root_causes(several))) == 5


def test_the_cause_that_blocks_most_leads_then_the_one_that_breaks_most() -> None:
    """What is mended first helps most."""
    lone = outcome(Result.FAIL, component="aaa", message="alone")
    shared = [outcome(Result.FAIL, component=name, message="together") for name in ("mmm", "nnn")]
    blocks = outcome(Result.FAIL, component="zzz", message="in the way")
    waiting = outcome(Result.BLOCKED, root="CX203 zzz", root_entry="ef-ccm-svc")
    found = shared_causes(root_causes([lone, *shared, blocks, waiting]))
    assert [one.words for one in found] == ["in the way", "together", "alone"]


def test_one_thing_at_fault_is_one_cause_whatever_checks_it_breaks() -> None:
    """A ConfigMap that is not there breaks its own promise and that of whoever refers to it; the worst leads."""
    cause = {"cause": "ConfigMap expertflow/shared does not exist"}
    own = outcome(Result.FAIL, check="CX301", message="ConfigMap shared does not exist", evidence=cause)
    users = [
        outcome(Result.FAIL, check="CX305", component=name, severity=Severity.CRITICAL, message=name, evidence=cause)
        for name in ("ccm", "grafana")
    ]
    [found] = causes_of([own, *users])
    assert (found.words, found.outcome.check, len(found.outcomes)) == (cause["cause"], "CX305", 3)


def test_what_has_several_causes_is_told_with_each() -> None:
    """Mending one of them mends it not; what waits for it is counted once."""
    both = outcome(Result.FAIL, message="two are wrong", evidence={"causes": ["a is gone", "b is gone"]})
    other = outcome(Result.FAIL, component="grafana", message="b is", evidence={"cause": "b is gone"})
    waiting = outcome(Result.BLOCKED, root="CX203 ccm", root_entry="ef-ccm-svc")
    found = {one.words: (len(one.outcomes), len(one.blocked)) for one in causes_of([both, other, waiting])}
    assert found == {"two are wrong": (1, 1), "b is gone": (2, 0)}


def test_what_follows_from_a_failure_is_told_behind_it() -> None:
    """Nobody listens on a port: its health, its callers and its path fail of that, which leads, as bad as the worst."""
    listens = outcome(Result.FAIL, check="CX603", entry="8081", severity=Severity.MAJOR, message="nothing listens")
    health = outcome(
        Result.FAIL, check="CX601", entry="/health", message="no answer", evidence={"follows": "CX603 ccm [8081]"}
    )
    path = outcome(Result.FAIL, check="CX511", entry="/ccm", evidence={"follows": "CX601 ccm [/health]"})
    refused = {"cause": "ef-ccm-svc refuses connections", "follows": "CX603 ccm [8081]"}
    callers = [
        outcome(Result.FAIL, check="CX702", component=name, severity=Severity.CRITICAL, evidence=refused)
        for name in ("cim", "grafana")
    ]
    [found] = causes_of([*callers, path, health, listens])
    assert (found.words, found.outcome.check, len(found.outcomes)) == ("nothing listens", "CX603", 5)
    assert (found.outcome.severity, found.severity) == (Severity.MAJOR, Severity.CRITICAL)


def test_what_follows_from_something_that_is_not_among_the_failures_stands_for_itself() -> None:
    """It may be waived, or of an area that was not selected; nor do two that name each other get lost."""
    alone = outcome(Result.FAIL, check="CX601", evidence={"follows": "CX603 ccm [8081]"})
    each = [
        outcome(Result.FAIL, check=check, entry="a", evidence={"follows": f"{other} ccm [a]"})
        for check, other in (("CX701", "CX702"), ("CX702", "CX701"))
    ]
    assert sorted(len(one.outcomes) for one in causes_of([alone, *each])) == [1, 1, 1]


def test_what_could_not_be_looked_at_is_one_cause_a_reason() -> None:
    """Of whatever checks; what is broken is no part of it."""
    several = [outcome(Result.ERROR, check=check, message="the account may not") for check in ("CX203", "CX204")]
    assert [len(one.outcomes) for one in causes_of([*several, outcome(Result.FAIL)], Result.ERROR)] == [2]

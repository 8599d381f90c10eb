"""What a check does becomes one of six outcomes, and one root cause is told once."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.plan import Entry, Plan
from cx_conformance.blueprint.promise import Severity, Source
from cx_conformance.blueprint.site import Site, Waiver
from cx_conformance.outcome.check import LIVE, Check, NotApplicable, SwitchedOff
from cx_conformance.outcome.judge import Judge
from cx_conformance.outcome.looking import Forbidden
from cx_conformance.outcome.outcome import Evidence, Outcome, Result
from cx_conformance.outcome.waivers import State, Waivers

TODAY = dt.date(2026, 11, 23)


def plan(ports: tuple[int, ...] = (5432,)) -> Plan:
    """Make a platform of two components, of which ``web`` calls the ports of ``db``."""
    document = {
        "blueprint": {"name": "shop", "version": "1"},
        "components": {
            "web": {
                "row": "1",
                "group": "internal",
                "namespace": {"name": "shop"},
                "workload": {"kind": "Deployment", "name": "web"},
                "calls": [{"to": "db"}],
            },
            "db": {
                "row": "2",
                "group": "internal",
                "namespace": {"name": "shop"},
                "workload": {"kind": "StatefulSet", "name": "db"},
                "containerPorts": [{"port": port} for port in ports],
                "service": {"name": "db", "ports": [{"port": port} for port in ports]},
            },
        },
    }
    return Plan(Blueprint.model_validate(document), Site())


def check(identity: str, per: str, function: Callable[..., None], **more: Any) -> Check:
    """Make a check of a function that takes the entry alone."""
    fields: dict[str, Any] = {
        "title": identity,
        "area": "workloads",
        "severity": Severity.CRITICAL,
        "remedy": "mend it",
        "why": "because",
        "looks": (),
        "live": not LIVE.isdisjoint(more.get("looks", ())),
        "takes_evidence": False,
        "rests_on": (),
    }
    return Check(id=identity, per=per, function=function, **(fields | more))


def judge(
    *checks: Check, waivers: tuple[Waiver, ...] = (), static: bool = False, ports: tuple[int, ...] = (5432,)
) -> Judge:
    """Make a judge that knows these checks."""
    made = Judge(plan(ports), Waivers(waivers, TODAY), static=static)
    made.register(checks)
    return made


def no_fixture(name: str) -> Any:
    """Refuse to look."""
    raise AssertionError(f"no fixture is asked for, {name} was")


def outcome(court: Judge, one: Check, component: str = "web") -> Outcome:
    """Judge the entry of one component; no fixture is asked for."""
    entry = next(entry for entry in court.plan.entries(one.per) if entry.component == component)
    return court.outcome(one, entry, no_fixture)


def keeps(entry: Entry[Any]) -> None:
    """Find the promise kept."""


def breaks(entry: Entry[Any]) -> None:
    """Find it broken."""
    raise AssertionError("web has 0 replicas of promised 1")


def cannot_look(entry: Entry[Any]) -> None:
    """Be refused."""
    raise Forbidden("list", "pods", "shop")


def has_nothing_to_look_at(entry: Entry[Any]) -> None:
    """Find that it does not apply."""
    raise NotApplicable("the page names none")


def has_a_bug(entry: Entry[Any]) -> None:
    """Break."""
    raise KeyError("spec")


@pytest.mark.parametrize(
    ("function", "result", "words"),
    [
        (keeps, Result.PASS, ""),
        (breaks, Result.FAIL, "web has 0 replicas of promised 1"),
        (cannot_look, Result.ERROR, "forbidden: the account may not list pods in namespace shop"),
        (has_nothing_to_look_at, Result.NOT_APPLICABLE, "n/a: the page names none"),
        (has_a_bug, Result.ERROR, "the check itself broke: KeyError: 'spec'; please report it"),
    ],
)
def test_each_way_to_end_is_told_apart(function: Callable[..., None], result: Result, words: str) -> None:
    """A broken promise, a refused look, nothing to look at and a bug of the suite are four different things."""
    one = check("CX101", "component", function)
    ended = outcome(judge(one), one)
    assert ended.result is result
    assert ended.message.startswith(words)


def test_an_outcome_is_decided_once() -> None:
    """A check runs once for an entry, however often it is asked for."""
    runs = []
    one = check("CX101", "component", lambda entry: runs.append(entry.id))
    court = judge(one)
    outcome(court, one)
    outcome(court, one)
    assert runs == ["web"]


def test_a_failure_that_rests_on_another_is_blocked_by_the_first_cause() -> None:
    """What fails because something below it is broken names the lowest broken thing."""
    lowest = check("CX101", "component", breaks)
    middle = check("CX104", "component", breaks, rests_on=("CX101",))
    top = check("CX206", "component", breaks, rests_on=("CX104",))
    ended = outcome(judge(lowest, middle, top), top)
    assert (ended.result, ended.message) == (Result.BLOCKED, "blocked: CX101 web")


def test_a_failure_that_was_seen_is_not_hidden_by_what_could_not_be_looked_at() -> None:
    """A refused connection is a failure, also where the account may not see the policies that may explain it."""
    below = check("CX703", "component", cannot_look)
    above = check("CX702", "component", breaks, rests_on=("CX703",))
    also_blind = check("CX704", "component", cannot_look, rests_on=("CX703",))
    court = judge(below, above, also_blind)
    assert outcome(court, above).result is Result.FAIL
    assert outcome(court, also_blind).message == "blocked: CX703 web"


def test_what_passes_stays_a_pass_although_something_below_it_is_broken() -> None:
    """A promise seen kept is reported so: a stuck rollout does not hide the endpoint that still answers."""
    below = check("CX104", "component", breaks)
    above = check("CX206", "component", keeps, rests_on=("CX104",))
    assert outcome(judge(below, above), above).result is Result.PASS


def is_off(entry: Entry[Any]) -> None:
    """Find nothing that runs, as the site has it."""
    raise SwitchedOff(f"{entry.id} is off")


@pytest.mark.parametrize("ends", [breaks, cannot_look])
def test_what_rests_on_something_that_need_not_run_is_not_applicable(ends: Callable[..., None]) -> None:
    """Nor is what rests on that; what is kept all the same stays kept."""
    first = check("CX901", "component", is_off)
    second = check("CX902", "component", ends, rests_on=("CX901",))
    third = check("CX903", "component", ends, rests_on=("CX902",))
    kept = check("CX904", "component", keeps, rests_on=("CX901",))
    court = judge(first, second, third, kept)
    told = outcome(court, third)
    assert (told.result, told.message) == (Result.NOT_APPLICABLE, "n/a: web is off")
    assert told.evidence["seen"]
    assert outcome(court, kept).result is Result.PASS


def test_what_is_broken_below_comes_before_what_need_not_run() -> None:
    """A namespace that is gone is told, whatever the site allows."""
    off, broken = check("CX901", "component", is_off), check("CX902", "component", breaks)
    both = check("CX903", "component", breaks, rests_on=("CX901", "CX902"))
    assert outcome(judge(off, broken, both), both).result is Result.BLOCKED


def test_a_failure_names_the_one_that_it_is_the_consequence_of() -> None:
    """It stays broken; a callee's port that is closed, of several, is that of its own callers alone."""
    listens = check("CX603", "container_port", breaks)
    connects = check("CX702", "edge", breaks, follows=("callee:CX603",))
    court = judge(listens, connects, ports=(5432, 5433))
    edges = [entry for entry in court.plan.entries("edge") if entry.component == "web"]
    told = [court.outcome(connects, entry, no_fixture) for entry in edges]
    assert [(one.result, one.evidence["follows"]) for one in told] == [
        (Result.FAIL, "CX603 db [5432]"),
        (Result.FAIL, "CX603 db [5433]"),
    ]
    court = judge(check("CX603", "container_port", keeps), connects)
    assert "follows" not in outcome(court, connects).evidence


def test_an_edge_is_blocked_by_its_callee() -> None:
    """An edge that fails because its callee is missing is not a second failure."""
    exists = check("CX201", "service", breaks)
    connects = check("CX702", "edge", breaks, rests_on=("callee:CX201",))
    assert outcome(judge(exists, connects), connects).root == "CX201 db"


def test_a_blocked_outcome_names_the_entry_that_blocks_it() -> None:
    """Also through others: what is told is the lowest broken thing, port and all."""
    port = check("CX203", "service_port", breaks)
    ready = check("CX206", "service_port", breaks, rests_on=("CX203",))
    connects = check("CX702", "edge", breaks, rests_on=("callee:CX206",))
    ended = outcome(judge(port, ready, connects), connects)
    assert (ended.root, ended.root_entry) == ("CX203 db", "db:5432")


def test_everything_rests_on_an_api_server_that_answers() -> None:
    """With the API server unreachable there is one error, and the rest is blocked by it."""
    answers = check("CX000", "platform", cannot_look)
    one = check("CX101", "component", cannot_look)
    assert outcome(judge(answers, one), one).root == "CX000 cluster"


def test_a_static_run_leaves_live_checks_out() -> None:
    """Without exec, tunnel and login the live checks are not applicable, and say why."""
    one = check("CX702", "edge", breaks, looks=("edge_probes",))
    assert outcome(judge(one, static=True), one).message == "n/a: static run: no exec, no tunnel, no login"


def test_what_a_bug_prints_of_compared_values_is_cut() -> None:
    """The operands that pytest's rewriting adds to an assertion never reach a report."""

    def compares(entry: Entry[Any]) -> None:
        raise AssertionError("passwords differ\nassert 'hunter2' == 'hunter3'")

    one = check("CX101", "component", compares)
    assert outcome(judge(one), one).message == "passwords differ"


def test_evidence_is_kept_when_the_promise_is_broken() -> None:
    """What was found and promised is in the outcome, whatever came of it."""

    def looks(entry: Entry[Any], evidence: Evidence) -> None:
        evidence.found, evidence.promised, evidence.seen_at = 0, 1, "Deployment shop/web"
        raise AssertionError("0 of promised 1")

    one = check("CX103", "component", looks, takes_evidence=True)
    assert outcome(judge(one), one).evidence == {"found": 0, "promised": 1, "object": "Deployment shop/web"}


def waiver(**fields: Any) -> Waiver:
    """Make a waiver of CX101 for web that holds until the end of the year."""
    made = {"check": "CX101", "component": "web", "reason": "known", "owner": "ops", "expires": dt.date(2026, 12, 31)}
    return Waiver.model_validate(made | fields)


def test_a_waived_failure_is_waived() -> None:
    """A failure that the site accepts until a day is no failure until then."""
    one = check("CX101", "component", breaks)
    ended = outcome(judge(one, waivers=(waiver(),)), one)
    assert ended.result is Result.WAIVED
    assert ended.message == "waived: known (ops, until 2026-12-31): web has 0 replicas of promised 1"


def test_an_expired_waiver_fails_again_and_says_since_when() -> None:
    """A waiver ends on its last day."""
    one = check("CX101", "component", breaks)
    ended = outcome(judge(one, waivers=(waiver(expires=TODAY - dt.timedelta(days=1)),)), one)
    assert ended.result is Result.FAIL
    assert ended.message.endswith("(the waiver of ops expired on 2026-11-22)")


def test_a_waiver_holds_on_its_last_day() -> None:
    """The day of expiry is the last on which it holds."""
    one = check("CX101", "component", breaks)
    assert outcome(judge(one, waivers=(waiver(expires=TODAY),)), one).result is Result.WAIVED


@pytest.mark.parametrize(("too", "result"), [(False, Result.ERROR), (True, Result.WAIVED)])
def test_a_waiver_hides_an_error_only_if_it_says_so(too: bool, result: Result) -> None:
    """What could not be looked at is not accepted by accepting a failure."""
    one = check("CX101", "component", cannot_look)
    assert outcome(judge(one, waivers=(waiver(errorsToo=too),)), one).result is result


@pytest.mark.parametrize(
    ("function", "fields", "state"),
    [
        (breaks, {}, "in use"),
        (keeps, {}, "no longer needed"),
        (breaks, {"component": "db"}, "matches nothing"),
        (breaks, {"expires": dt.date(2026, 1, 1)}, "expired"),
    ],
)
def test_each_waiver_says_whether_it_is_needed(
    function: Callable[..., None], fields: dict[str, Any], state: str
) -> None:
    """A waiver that nothing needs any more, or that matches nothing, is told."""
    one = check("CX101", "component", function)
    court = judge(one, waivers=(waiver(**fields),))
    ended = [outcome(court, one)]
    assert [told for _, told in court.waivers.states(ended, lambda _waiver: False)] == [state]


@pytest.mark.parametrize("function", [keeps, cannot_look])
def test_a_waiver_of_what_was_not_looked_at_is_not_called_unneeded(function: Callable[..., None]) -> None:
    """Neither where it could not be looked at, nor in a static run, nor where it was left out."""
    one = check("CX101", "component", function, looks=("edge_probes",))
    court = judge(one, waivers=(waiver(),), static=True)
    static = [outcome(court, one)]
    blind = check("CX101", "component", cannot_look)
    error = [outcome(judge(blind, waivers=(waiver(),)), blind)]
    for ended in (static, error, []):
        assert [told for _, told in court.waivers.states(ended, lambda _waiver: True)] == [State.NOT_LOOKED_AT]


def test_of_two_waivers_that_match_the_first_is_in_use() -> None:
    """The other one is not needed for what the first covers."""
    one = check("CX101", "component", breaks)
    court = judge(one, waivers=(waiver(), waiver(owner="another")))
    states = court.waivers.states([outcome(court, one)], lambda _waiver: False)
    assert [told for _, told in states] == [State.IN_USE, State.UNNEEDED]


def test_a_waived_cause_still_blocks_what_rests_on_it() -> None:
    """Accepting that a component is missing accepts that it cannot be reached."""
    below = check("CX101", "component", breaks)
    above = check("CX206", "component", breaks, rests_on=("CX101",))
    assert outcome(judge(below, above, waivers=(waiver(),)), above).root == "CX101 web"


@pytest.mark.parametrize(
    ("source", "severity", "expected"),
    [
        (Source.PAGE, None, Severity.CRITICAL),
        (Source.SITE, None, Severity.CRITICAL),
        (Source.CHARTS, None, Severity.MAJOR),
        (Source.VENDOR_DOCS, None, Severity.MAJOR),
        (Source.PAGE, Severity.MINOR, Severity.MINOR),
    ],
)
def test_severity_follows_the_source_of_the_promise(
    source: Source, severity: Severity | None, expected: Severity
) -> None:
    """What the page promises is as bad as the check says; what only charts say is at most major."""
    one = check("CX101", "component", breaks)
    entry = Entry("web", "web", None, source=source, severity=severity)
    assert judge(one).outcome(one, entry, no_fixture).severity is expected


def test_two_checks_cannot_share_an_id() -> None:
    """A reused ID would make two outcomes one; both functions are named."""
    with pytest.raises(ValueError, match=r"CX101 is used twice: by .*keeps and .*breaks; give one of them a free ID"):
        judge(check("CX101", "component", keeps), check("CX101", "component", breaks))


def test_what_a_check_rests_on_counts_among_what_must_have_looked() -> None:
    """It is judged when the check fails: too late to ask a fixture that nobody has asked."""
    workload = check("CX101", "workload", keeps, looks=("snapshot",))
    service = check("CX201", "service", keeps, rests_on=("CX101",), looks=("seen",))
    court = judge(workload, service)
    court.look_ahead(check("CX301", "service", keeps, looks=("seen",)), {"seen": object()}.__getitem__)
    assert not court.needs_no_look(service)
    court.look_ahead(service, {"snapshot": object()}.__getitem__)
    assert court.needs_no_look(service)

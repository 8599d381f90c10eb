import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import SecretStr
from rich.cells import cell_len
from rich.console import Console

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.terminal.summary import console_for, header, render
from tests.reports import made_up

ALL = [
    *(made_up.conformant, made_up.three_failures, made_up.everything_missing),
    *(made_up.unreachable, made_up.record, made_up.large),
]
RUNS = {made.__name__: made() for made in ALL}


def shown(record: RunRecord, width: int = 80, scrubber: Scrubber | None = None, *, details: bool = False) -> str:
    """Return header and report as they go into a pipe."""
    stream = io.StringIO()
    console = console_for(stream, width)
    header(record, console, scrubber)
    render(record, console, scrubber, details=details)
    return stream.getvalue()


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one."""
    lines = text.splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith(heading))
    ends = (place for place, line in enumerate(lines) if place > begin and line.isupper() and line[0].isalpha())
    return "\n".join(lines[begin : next(ends, len(lines))])


@pytest.mark.parametrize("record", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("details", [False, True])
def test_no_line_is_wider_than_the_terminal(record: RunRecord, width: int, details: bool) -> None:
    """Neither wraps, nor ends in spaces."""
    for line in shown(record, width, details=details).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


@pytest.mark.parametrize("record", RUNS.values(), ids=RUNS)
def test_a_pipe_gets_no_control_codes(record: RunRecord) -> None:
    """A log file is read as it is."""
    assert shown(record).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("conformant", "Verdict: conformant"),
        ("three_failures", "Verdict: non-conformant (partial): 3 causes, 3 promises (2 critical, 1 major)"),
        ("everything_missing", "Verdict: non-conformant: 2 causes, 2 promises (2 critical)"),
        ("unreachable", "Verdict: inconclusive: could not look at 245"),
        ("record", "Verdict: inconclusive: nothing was looked at"),
        ("large", "Verdict: non-conformant: 1 cause, 29 promises (29 critical)"),
    ],
)
def test_the_verdict_is_the_last_line(name: str, verdict: str) -> None:
    """One line, whatever came before it."""
    assert shown(RUNS[name]).splitlines()[-1] == verdict


def test_the_header_says_what_was_compared_with_what() -> None:
    """Blueprint, site, cluster, vantage."""
    text = shown(made_up.conformant())
    for said in (
        "cx-conformance 0.1.0",
        "blueprint  expertflow-cx 4.5.3 (sha256 b1b1b1b1b1b1)",
        "site       acme-production, cx.acme.example",
        "cluster    https://10.20.0.11:6443, context acme-production",
        "Kubernetes v1.36.2 rke2, 3 nodes",
        "uid 3f0d0a52-5a6e-4b5e-9b1c-7a2c3f6f8a10",
        "vantage    outside: 22 API requests, 1 of them again, in 1.2 s",
    ):
        assert said in text


def test_causes_stand_above_the_verdict_and_what_blocks_most_leads() -> None:
    """They are what remains on the screen; the one that is only major comes last."""
    lines = shown(made_up.three_failures()).splitlines()
    begin = lines.index("3 causes break 3 promises of 3 components")
    told = [line for line in lines[begin:] if line.startswith("✗ ")]
    assert [line.split()[1] for line in told] == ["Deployment", "PersistentVolumeClaim", "Service"]
    assert lines[-1].startswith("Verdict: ")
    assert not [line for line in lines[begin + 1 : -3] if line and line.upper() == line], "another heading follows"


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_cause_has_four_lines_at_most(width: int) -> None:
    """What, where, what to do and what it blocks, however long the words are."""
    long = made_up.outcome(
        Result.FAIL, message="so it is " * 80, remedy="do this " * 80, component="ccm", check="CX101"
    )
    waiting = [made_up.outcome(Result.BLOCKED, component=f"c{n}", root="CX101 ccm") for n in range(40)]
    lines = shown(made_up.record(long, *waiting), width).splitlines()
    begin = lines.index("1 cause breaks 1 promise of 1 component")
    told = lines[begin + 1 : lines.index("", begin)]
    assert len(told) == 4
    assert all(len(line) <= width for line in told)
    assert "blocks 40 promises" in " ".join(" ".join(told).split())
    assert sum("..." in line for line in told) == 2


def test_what_is_wrong_has_two_lines_wherever_what_it_blocks_fits_behind_where_it_is() -> None:
    """At 80 columns one line ended before it said which image cannot be pulled."""
    wrong = (
        "container ccm of pod ef-cx-ccm-ndp4smcmnd-qn68m cannot pull image ccm:5.1 (ImagePullBackOff): it is not found"
    )
    failed = made_up.outcome(Result.FAIL, message=wrong, check="CX105", title="Containers start", entry="ef-cx-ccm")
    waiting = [made_up.outcome(Result.BLOCKED, component=f"c{n}", root="CX105 ccm") for n in range(20)]
    text = shown(made_up.record(failed, *waiting))
    assert "cannot pull image ccm:5.1 (ImagePullBackOff): it is not found" in " ".join(
        text.replace("major", "").split()
    )
    assert "  where   CX105 Containers start: ccm [ef-cx-ccm]; blocks 20 promises\n" in text
    long = replace(failed, entry="cx-agent-desk-unified-agent-deployment")
    text = shown(made_up.record(long, *(replace(one, root_entry=long.entry) for one in waiting)))
    assert "  where   CX105 Containers start: ccm; blocks 20 promises of 20 components\n" in text
    lacks = "forbidden: the account may not get pods/portforward in namespace ef-external; grant it to look"
    many = [replace(failed, result=Result.ERROR, component=f"c{n}", message=lacks) for n in range(40)]
    many[0] = replace(many[0], component="ccm", title="Store accepts the login")
    text = shown(made_up.record(*many, *(replace(one, root_entry=failed.entry) for one in waiting)))
    assert "ef-external; grant it to look" in text
    assert "; blocks 20 promises\n" in text


def test_with_details_a_failure_says_found_promised_and_remedy() -> None:
    """What the sentence does not say yet stands below it; without details it is left to the page."""
    one = made_up.record(made_up.outcome(Result.FAIL, message="the Service is open to everybody"))
    text = shown(one, details=True)
    assert "where     CX203 Service type: ccm [ef-ccm-svc]" in text
    assert "found     NodePort" in text
    assert "promised  ClusterIP" in text
    assert "object    Service expertflow/ef-ccm-svc" in text
    assert "do        Set spec.type of the Service to ClusterIP." in text
    assert "NodePort" not in shown(one)


def test_a_root_cause_says_how_much_it_blocks_and_the_blocked_are_not_listed() -> None:
    """Forty lines for one missing Deployment help nobody."""
    text = shown(made_up.three_failures())
    assert "blocks 4 promises" in text
    assert "CX701" not in text


def test_with_everything_missing_the_report_is_one_screen() -> None:
    """One root cause for each namespace; components of which nothing was looked at share a row."""
    text = shown(made_up.everything_missing())
    assert len(text.splitlines()) <= 40
    assert text.count("CX001") == 2
    assert "blocks 168 promises" in text
    assert "29 all blocked" in text


def test_a_conformant_run_shows_no_table_but_with_details() -> None:
    """A wall of the healthy hides the notes above it; where something is broken only that has rows of its own."""
    assert "COMPONENT" not in shown(made_up.conformant())
    assert "25 all kept" in shown(made_up.three_failures())
    assert "all kept" not in shown(made_up.three_failures(), details=True)


def test_the_table_of_the_whole_platform_is_one_screen() -> None:
    """29 components and the platform, a head and a legend."""
    lines = shown(made_up.conformant(), details=True).splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith("COMPONENT"))
    rows = lines[begin + 1 : begin + 31]
    assert [row.split()[0] for row in rows] == ["platform", *made_up.COMPONENTS]
    assert lines[begin + 31].startswith("✓ kept  ✗ broken")


def test_a_cell_shows_the_worst_of_its_outcomes() -> None:
    """A failure is not hidden by a hundred passes, and several are counted."""
    outcomes = [made_up.outcome(entry=f"e{n}") for n in range(100)]
    outcomes += [made_up.outcome(Result.FAIL, entry="f1"), made_up.outcome(Result.ERROR, entry="f2")]
    outcomes += [made_up.outcome(Result.FAIL, entry="f3"), made_up.outcome(Result.WAIVED, entry="f4")]
    (row,) = [line for line in shown(made_up.record(*outcomes)).splitlines() if line.startswith("ccm ")]
    assert row.split() == ["ccm", "✗2"]


def test_many_components_that_keep_everything_share_a_row() -> None:
    """Of 200 components, those with a failure have rows of their own; in brief those that broke alike share one too."""
    text = shown(RUNS["large"], details=True)
    assert "171 all kept" in text
    assert text.count("\ncomponent-007 ") == 1
    brief = shown(RUNS["large"])
    assert "29 alike, see -v" in brief
    assert "\ncomponent-007 " not in brief


def test_hundreds_of_causes_do_not_flood_the_terminal() -> None:
    """The first are shown, the others counted; all are in report.json."""
    every = [
        made_up.outcome(Result.FAIL, component=component, entry=f"e{n}", message=f"{component} e{n} is broken")
        for component in made_up.COMPONENTS
        for n in range(50)
    ]
    text = shown(made_up.record(*every))
    assert "1,450 causes break 1,450 promises of 29 components" in text
    assert text.count("  do ") == 10
    assert "1,440 more, with -v, or in report.json: CX203" in text
    assert shown(made_up.record(*every), details=True).count("  do ") == 60


def test_what_many_components_have_in_common_is_told_once() -> None:
    """A certificate that all Ingresses serve expires once; what differs from one to the other is left to the report."""
    message = "the certificate in Secret expertflow/tls expired on 2026-11-16"
    many = [
        made_up.outcome(
            Result.FAIL,
            component=one,
            message=message,
            evidence={"promised": "valid today", "object": f"Ingress {one}"},
        )
        for one in made_up.COMPONENTS
    ]
    text = section(shown(made_up.record(*many), details=True), "1 cause breaks 29 promises of 29 components")
    assert "CX203 Service type: 360-connector [ef-ccm-svc], activemq" in " ".join(text.split())
    assert "and 19 more" in text
    told = ("the certificate in", "promised  valid today", "  do ", "object")
    assert [text.count(one) for one in told] == [1, 1, 1, 0]
    brief = shown(made_up.record(*many))
    assert "where   CX203 Service type: 29 promises of 29 components" in brief
    assert "Verdict: non-conformant: 1 cause, 29 promises (29 major)" in brief


def test_what_could_not_be_looked_at_is_told_once_for_each_reason() -> None:
    """A missing permission that 29 checks need is one thing to do."""
    reason = "forbidden: the account may not list pods in namespace expertflow; grant it to look"
    outcomes = [made_up.outcome(Result.ERROR, component=one, message=reason) for one in made_up.COMPONENTS]
    text = section(shown(made_up.record(*outcomes)), "COULD NOT LOOK: 29 promises, for 1 reason")
    assert text.count("forbidden:") == 1
    assert "CX203 Service type: 29 promises of 29 components" in text


def test_waivers_that_somebody_should_look_at_are_named() -> None:
    """Expired and unneeded ones, with their owner; one in use is told by what it waives."""
    text = shown(made_up.three_failures())
    stale = section(text, "WAIVERS TO LOOK AT: 2")
    assert "CX203 unified-agent: expired; until 2026-11-01, J. Smith: load balancer" in stale
    assert "CX402 mongo: no longer needed" in stale
    assert "CX601 grafana [ef-grafana]: moves to its own cluster (J. Smith, until" in section(text, "WAIVED: 1 promise")


def test_what_was_not_checked_is_stated() -> None:
    """Blocked, left out, interrupted: each with its share of all that is promised, and what would show most more."""
    outcomes = [
        made_up.outcome(Result.NOT_APPLICABLE, entry=f"e{n}", message="n/a: static run: no exec, no tunnel, no login")
        for n in range(7)
    ]
    outcomes.append(made_up.outcome(Result.BLOCKED, message="blocked: CX101 ccm", root="CX101 ccm"))
    outcomes += [made_up.outcome(Result.NOT_APPLICABLE, message="n/a: it claims no volume")] * 50
    run = made_up.record(*outcomes, deselected=42, selection="--skip CX9*", interrupted=True)
    text = section(shown(run), "NOT CHECKED: 50 % of 100 promises not seen")
    assert " 7  7.0 %  n/a: static run: no exec, no tunnel, no login" in text
    assert " 1  1.0 %  blocked by what is waived, or was not part of this run" in text
    assert "42   42 %  left out by --skip CX9*" in text
    assert "50         n/a: nothing is there to look at (-v says why)" in text
    assert "To see more, leave out --skip CX9*: 42 promises." in text
    assert "The run was interrupted" in text
    assert "50         n/a: it claims no volume" in shown(run, details=True)


def test_the_one_option_that_shows_most_more_is_offered() -> None:
    """A host name here; where no option helps, none is offered."""
    message = "n/a: no host name is known; give --fqdn or `fqdn` in the site file"
    entrance = [made_up.outcome(Result.NOT_APPLICABLE, entry=f"e{n}", message=message) for n in range(65)]
    text = shown(made_up.record(*entrance, made_up.outcome()))
    assert "NOT CHECKED: 98 % of 66 promises not seen" in text
    assert "To see more, give --fqdn: 65 promises." in text
    assert "To see more" not in shown(made_up.everything_missing())


def test_of_a_snapshot_more_is_seen_by_looking_at_the_cluster() -> None:
    """Nobody said ``--static``, and nobody can leave it out there."""
    static = [
        made_up.outcome(Result.NOT_APPLICABLE, entry=f"e{n}", message="n/a: static run: no exec, no tunnel, no login")
        for n in range(7)
    ]
    run = made_up.record(*static)
    assert run.cluster is not None
    assert "To see more, leave out --static: 7 promises." in shown(run)
    saved = shown(replace(run, cluster=replace(run.cluster, vantage="snapshot")))
    assert "To see more, look at the cluster itself: 7 promises." in saved


def test_notes_on_kept_promises_are_grouped_by_check() -> None:
    """One of a kind is told whole, of several the first; with details each is told."""
    text = section(shown(made_up.conformant()), "KEPT, WITH A NOTE: 1")
    assert "CX501 ccm [/ccm]: the alias /ccm-old matched, not the documented /ccm" in text
    noted = [
        made_up.outcome(component=one, evidence={"notes": [f"found as ef-{one}"]}) for one in made_up.COMPONENTS[:3]
    ]
    run = made_up.record(*noted)
    brief = " ".join(section(shown(run), "KEPT, WITH A NOTE: 3").split())
    names = ", ".join(made_up.COMPONENTS[:3])
    assert f"CX203 Service type, 3 times ({names}), the first: found as ef-360-connector" in brief
    assert shown(run, details=True).count("found as") == 3


def test_a_terminal_without_unicode_gets_ascii() -> None:
    """Signs become letters, other characters escapes; nothing is lost and nothing raises."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = console_for(stream, 80)
    run = replace(made_up.three_failures(), fqdn="übersee.example")
    header(run, console)
    render(run, console)
    stream.flush()
    text = stream.buffer.getvalue().decode("ascii")
    assert "+ kept  x broken" in text
    assert "\\xfcbersee.example" in text


def test_colour_adds_nothing_that_words_do_not_say() -> None:
    """With the codes taken away, the coloured report is the plain one."""
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True, color_system="standard", record=True, highlight=False)
    header(made_up.three_failures(), console)
    render(made_up.three_failures(), console)
    assert "\x1b[" in stream.getvalue()
    assert console.export_text() == shown(made_up.three_failures())


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_no_text_of_a_cluster_acts_on_the_terminal(text: str) -> None:
    """Whatever an object is called and a pod prints: it prints, fits, and the verdict stays last."""
    outcomes = [
        made_up.outcome(result, message=text, entry=text, component=text, evidence={"found": text, "notes": [text]})
        for result in Result
    ]
    lines = shown(made_up.record(*outcomes, fqdn=text, selection=text, deselected=1)).split("\n")
    assert all(line.isprintable() for line in lines)
    assert lines[-2] == "Verdict: non-conformant (partial): 1 cause, 1 promise (1 major)"


def test_a_text_cannot_forge_a_line_of_the_report() -> None:
    """Line feeds in names and messages begin no line at the margin."""
    forged = "x\nVerdict: conformant\nCOMPONENT"
    outcomes = [
        made_up.outcome(result, message=forged, entry=forged, component=forged, evidence={"notes": [forged]})
        for result in Result
    ]
    lines = shown(made_up.record(*outcomes, fqdn=forged, selection=forged, deselected=1)).splitlines()
    assert [line for line in lines if line.startswith(("Verdict", "COMPONENT"))] == [
        "COMPONENT                        services",
        "Verdict: non-conformant (partial): 1 cause, 1 promise (1 major)",
    ]


def test_a_name_that_is_too_long_for_its_line_is_wrapped() -> None:
    """The severity is not lost."""
    one = made_up.outcome(Result.FAIL, message="a-name-of-sixty-characters-" + "x" * 133)
    lines = shown(made_up.record(one)).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert any(line.startswith("✗ a-name") and line.endswith(" major") for line in lines)


def test_a_console_takes_texts_as_they_are() -> None:
    """Also what others print on it: no markup, no emoji names."""
    stream = io.StringIO()
    console_for(stream).print("[bold]x[/bold] :smile:")
    assert stream.getvalue() == "[bold]x[/bold] :smile:\n"


def test_markup_in_a_text_is_text() -> None:
    """Square brackets are entries here, not styles; colons are not emoji."""
    one = made_up.outcome(Result.FAIL, message="[bold red]x[/] :smile: [link=file:///etc/passwd]y[/link]")
    assert "[bold red]x[/] :smile: [link=file:///etc/passwd]y[/link]" in shown(made_up.record(one))


def test_no_secret_is_shown() -> None:
    """The terminal goes into logs as well."""
    secret = "correct-horse-battery"
    one = made_up.outcome(Result.FAIL, message=f"login with {secret} refused", evidence={"found": secret})
    text = shown(made_up.record(one, fqdn=secret), scrubber=Scrubber([SecretStr(secret)]), details=True)
    assert text.count("***") == 2
    assert not text.count(secret)

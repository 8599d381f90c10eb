import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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


def shown(record: RunRecord, width: int = 80, scrubber: Scrubber | None = None) -> str:
    """Return header and report as they go into a pipe."""
    stream = io.StringIO()
    console = console_for(stream, width)
    header(record, console, scrubber)
    render(record, console, scrubber)
    return stream.getvalue()


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one."""
    lines = text.splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith(heading))
    ends = (place for place, line in enumerate(lines) if place > begin and line.isupper() and line[0].isalpha())
    return "\n".join(lines[begin : next(ends, len(lines))])


@pytest.mark.parametrize("record", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(record: RunRecord, width: int) -> None:
    """Neither wraps, nor ends in spaces."""
    for line in shown(record, width).splitlines():
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
        ("three_failures", "Verdict: non-conformant (partial): 2 critical, 1 major"),
        ("everything_missing", "Verdict: non-conformant: 2 critical"),
        ("unreachable", "Verdict: inconclusive: could not look at 245"),
        ("record", "Verdict: inconclusive: nothing was looked at"),
        ("large", "Verdict: non-conformant: 29 critical"),
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


def test_failures_are_grouped_by_component_the_worst_first() -> None:
    """The one that is critical and blocks most leads; the one that is only major comes last."""
    text = section(shown(made_up.three_failures()), "BROKEN: 3 promises of 3 components")
    places = [text.index(f"\n{component}\n") for component in ("ccm", "minio", "unified-agent")]
    assert places == sorted(places)


def test_a_failure_says_found_promised_and_remedy() -> None:
    """What the sentence does not say yet stands below it."""
    one = made_up.outcome(Result.FAIL, message="the Service is open to everybody")
    text = shown(made_up.record(one))
    assert "CX203 Service type [ef-ccm-svc]" in text
    assert "found     NodePort" in text
    assert "promised  ClusterIP" in text
    assert "object    Service expertflow/ef-ccm-svc" in text
    assert "remedy    Set spec.type of the Service to ClusterIP." in text


def test_a_root_cause_says_how_much_it_blocks_and_the_blocked_are_not_listed() -> None:
    """Forty lines for one missing Deployment help nobody."""
    text = shown(made_up.three_failures())
    assert "blocks    4 outcomes" in text
    assert "CX701" not in text


def test_with_everything_missing_the_report_is_one_screen() -> None:
    """One root cause for each namespace; components of which nothing was looked at share a row."""
    text = shown(made_up.everything_missing())
    assert len(text.splitlines()) <= 40
    assert text.count("CX001") == 2
    assert "blocks    168 outcomes of 21 components" in text
    assert "29 all blocked" in text


def test_the_table_of_the_whole_platform_is_one_screen() -> None:
    """29 components and the platform, a head and a legend."""
    lines = shown(made_up.conformant()).splitlines()
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
    """Of 200 components, those with a failure have rows of their own."""
    text = shown(RUNS["large"])
    assert "171 all kept" in text
    assert text.count("\ncomponent-007 ") == 1


def test_hundreds_of_failures_do_not_flood_the_terminal() -> None:
    """The first are shown in full, the rest by component; all are in report.json."""
    every = [
        made_up.outcome(Result.FAIL, component=component, entry=f"e{n}", message=f"{component} e{n} is broken")
        for component in made_up.COMPONENTS
        for n in range(50)
    ]
    text = shown(made_up.record(*every))
    assert text.count("remedy ") == 60
    assert "50 more, in report.json: CX203" in text
    assert "BROKEN: 1,450 promises of 29 components" in text


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
    text = section(shown(made_up.record(*many)), "BROKEN: 29 promises of 29 components")
    assert "360-connector, activemq, agent-manager" in text
    assert "and 19 more" in text
    assert "✗ CX203 Service type (29 times)" in text
    assert [text.count(one) for one in ("the certificate in", "promised  valid today", "remedy  ", "object")] == [
        1,
        1,
        1,
        0,
    ]


def test_what_could_not_be_looked_at_is_told_once_for_each_reason() -> None:
    """A missing permission that 29 checks need is one thing to do."""
    reason = "forbidden: the account may not list pods in namespace expertflow; grant it to look"
    outcomes = [made_up.outcome(Result.ERROR, component=one, message=reason) for one in made_up.COMPONENTS]
    text = section(shown(made_up.record(*outcomes)), "COULD NOT LOOK: 29 outcomes")
    assert text.count("forbidden:") == 1
    assert "CX203 Service type: 360-connector, activemq, agent-manager, " in text
    assert "and 19 more" in text


def test_waivers_that_somebody_should_look_at_are_named() -> None:
    """Expired and unneeded ones, with their owner; one in use is told by what it waives."""
    text = shown(made_up.three_failures())
    stale = section(text, "WAIVERS TO LOOK AT: 2")
    assert "CX203 unified-agent: expired; until 2026-11-01, J. Smith: load balancer" in stale
    assert "CX402 mongo: no longer needed" in stale
    assert "CX601 grafana [ef-grafana]: moves to its own cluster (J. Smith, until" in section(text, "WAIVED: 1 promise")


def test_what_was_not_checked_is_stated() -> None:
    """Not applicable by reason, blocked, left out, interrupted."""
    outcomes = [
        made_up.outcome(Result.NOT_APPLICABLE, entry=f"e{n}", message="n/a: static run: no exec, no tunnel, no login")
        for n in range(7)
    ]
    outcomes.append(made_up.outcome(Result.BLOCKED, message="blocked: CX101 ccm", root="CX101 ccm"))
    run = made_up.record(*outcomes, deselected=42, selection="--skip CX9*", interrupted=True)
    text = section(shown(run), "NOT CHECKED")
    assert " 7  n/a: static run: no exec, no tunnel, no login" in text
    assert " 1  blocked by what is waived, or was not part of this run" in text
    assert "42  left out by --skip CX9*" in text
    assert "The run was interrupted" in text


def test_notes_on_kept_promises_are_shown() -> None:
    """A certificate that ends soon is kept today, and worth a line."""
    text = section(shown(made_up.conformant()), "KEPT, WITH A NOTE: 1")
    assert "CX501 ccm [/ccm]: the alias /ccm-old matched, not the documented /ccm" in text


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
    assert lines[-2] == "Verdict: non-conformant (partial): 1 major"


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
        "Verdict: non-conformant (partial): 1 major",
    ]


def test_a_name_that_is_too_long_for_its_line_is_wrapped() -> None:
    """The severity is not lost."""
    one = made_up.outcome(Result.FAIL, entry="a-name-of-sixty-characters-" + "x" * 33)
    lines = shown(made_up.record(one)).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "major" in " ".join(lines[lines.index("ccm") + 1 : lines.index("ccm") + 4])


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
    text = shown(made_up.record(one, fqdn=secret), scrubber=Scrubber([SecretStr(secret)]))
    assert text.count("***") == 2
    assert not text.count(secret)

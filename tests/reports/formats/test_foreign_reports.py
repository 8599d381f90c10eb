"""A report may come from anybody: whatever is in it, every reader refuses it in words, or shows it as harmless text."""

import copy
import datetime as dt
import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cx_conformance.__main__ import main
from cx_conformance.outcome.comparison import compare
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import EdgeRecord, ReleaseRecord, RunRecord, WaiverState
from cx_conformance.outcome.upgrade import upgrade
from cx_conformance.reports.fleet.page import write_fleet
from cx_conformance.reports.fleet.source import Folder
from cx_conformance.reports.fleet.standing import standings
from cx_conformance.reports.formats.json_report import UnreadableReport, read_json, write_json
from cx_conformance.reports.page.html import page
from cx_conformance.reports.page.upgrade import write_upgrade
from cx_conformance.reports.terminal.summary import render
from tests.reports import made_up

COMMANDS = [
    ["render", "{folder}"],
    ["compare", "{folder}", "{folder}"],
    ["compare", "{folder}/report.json", "{folder}", "--upgrade"],
    ["verify", "{folder}"],
    ["fleet", "report", "{folder}/inventory.yaml", "--reports", "{above}"],
]
MARK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
DEEP: Any = "bottom"
for _ in range(400):
    DEEP = [DEEP]
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**18,
    1e308,
    "",
    MARK,
    "\x1b[2J\nforged",
    "9999-12-31T23:59:59-23:00",
    "2026-11-22T02:00:00",
    [],
    [MARK],
    [[1]],
    {},
)
VALUES += ({MARK: MARK}, DEEP)


def whole() -> RunRecord:
    """Return a run in which everything is told that a report can tell."""
    broken = made_up.outcome(
        Result.FAIL,
        evidence={"found": "x", "promised": "y", "object": "Service a/b", "notes": ["n"], "cause": "disk", "ms": 12},
    )
    nights = [{"started": "2026-11-21T02:00:00+00:00"}, {"started": "2026-11-22T02:00:00+00:00"}]
    history = {
        "nights": nights,
        "strips": {"ccm": ["pass", "fail"]},
        "failing_since": [{"component": "ccm", "since": f"2026-11-2{day}T02:00:00+00:00"} for day in (1, 2)],
        "flapping": [{"component": "ccm"}],
    }
    installed = {"images": {"ccm": ["a"]}, "claims": {"a/b": {"volume": "v", "size": "1Gi"}}}
    return made_up.record(
        broken,
        made_up.outcome(Result.WAIVED, entry="w", evidence={"waived_result": "fail", "causes": ["a", "b"]}),
        made_up.outcome(Result.ERROR, entry="e", component="redis", area="edges", evidence={"led by": "ccm"}),
        made_up.outcome(Result.BLOCKED, check="CX204", root="CX203 ccm", root_entry="ef-ccm-svc"),
        made_up.outcome(entry="kept", evidence={"until": "2027-01-01T00:00:00+00:00", "notes": ["soon"]}),
        release=ReleaseRecord(promised="5.1", chosen="option", told=("one",), not_covered=("Deployment a/b",)),
        local_time="2026-11-23T03:00:05+01:00",
        components=("ccm", "redis"),
        groups={"ccm": "internal", "redis": "external", "bank": "party"},
        edges=(EdgeRecord(caller="ccm", callee="redis", port=6379), EdgeRecord(caller="ccm", callee="bank")),
        waivers=(
            WaiverState(
                check="CX203",
                component="ccm",
                entry="w",
                reason="r",
                owner="o",
                expires=dt.date(2027, 1, 1),
                state="in use",
            ),
        ),
        extra={
            "writes": ["w"],
            "cluster_writes": ["c"],
            "calls_leading_nowhere": ["ccm -> x"],
            "history": history,
            "installed": installed,
            "crash": {"words": "boom"},
        },
    )


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return that run as its report."""
    path = tmp_path_factory.mktemp("whole") / "report.json"
    write_json(whole(), path)
    held: dict[str, Any] = json.loads(path.read_bytes())
    return held


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to everything in a document."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> str:
    """Return the document as text, with ``value`` in one place."""
    made = copy.deepcopy(document)
    holder: Any = made
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return json.dumps(made)


@dataclass(frozen=True)
class Readers:
    """Everything that is made of a report that was read."""

    folder: Path
    before: RunRecord

    def read(self, record: RunRecord) -> str:
        """Have it read by all of them; return what they make as HTML."""
        made = [page(record)]
        compare(self.before, record, 2.0)
        compare(record, self.before, 2.0)
        for old, new in ((self.before, record), (record, self.before)):
            write_upgrade(upgrade(old, new), old, new, self.folder / "upgrade.html")
            made.append((self.folder / "upgrade.html").read_text())
        render(record, Console(file=io.StringIO(), width=80))
        found = standings(["acme"], Folder(self.folder), dt.datetime(2026, 11, 24, tzinfo=dt.UTC))
        made.append(write_fleet("fleet", found, self.folder / "fleet", dt.datetime.now(dt.UTC)).read_text())
        return "\n".join(made)


@pytest.mark.parametrize("part", ["run", "outcomes"])
def test_whatever_stands_in_one_place_is_refused_in_words_or_shown(
    part: str, document: dict[str, Any], tmp_path: Path
) -> None:
    """Page, paper's page, comparison, upgrade, fleet and terminal: none breaks, none lets markup through."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "fleet").mkdir()
    path = tmp_path / "acme" / "report.json"
    readers = Readers(tmp_path, whole())
    refused = shown = 0
    for where in places(document[part], (part,)):
        for value in VALUES:
            path.write_text(changed(document, where, value))
            try:
                record = read_json(path)
            except UnreadableReport:
                refused += 1
                continue
            shown += 1
            assert "<img" not in readers.read(record), (where, value)
    assert refused > 100
    assert shown > 100


def marked(value: Any) -> Any:
    """Return the same with what would be markup beside each name that somebody else may choose."""
    if isinstance(value, dict):
        return {
            name: inner for key, one in value.items() for name, inner in ((key, marked(one)), (f"{key}{MARK}", one))
        }
    if isinstance(value, list):
        return [marked(one) for one in value]
    return f"{value}{MARK}" if isinstance(value, str) else value


def test_no_name_in_a_foreign_report_is_markup(document: dict[str, Any], tmp_path: Path) -> None:
    """All of them at once: components, groups, calls, images, evidence, nights, waivers, whoever ran it."""
    made = copy.deepcopy(document)
    run = made["run"]
    for name in ("local_time", "who", "command", "fqdn", "components", "selection"):
        run[name] = marked(run[name])
    for name in ("blueprint", "site", "cluster"):
        run[name] = {key: marked(one) for key, one in run[name].items()}
    run["groups"] |= {f"{name}{MARK}": one for name, one in run["groups"].items()}
    run["edges"] += [one | {"caller": f"ccm{MARK}", "callee": f"redis{MARK}"} for one in run["edges"]]
    run["waivers"] = [one | {"reason": MARK, "owner": MARK, "state": MARK, "entry": MARK} for one in run["waivers"]]
    for name in ("writes", "cluster_writes", "calls_leading_nowhere", "crash"):
        run["extra"][name] = marked(run["extra"][name])
    history, installed = run["extra"]["history"], run["extra"]["installed"]
    history["strips"] |= {f"{name}{MARK}": one for name, one in history["strips"].items()}
    run["extra"]["installed"] = {name: marked(one) for name, one in installed.items()}
    for one in made["outcomes"]:
        again = {"component", "entry", "title", "message", "vantage", "remedy", "root"} & one.keys()
        one |= {name: marked(one[name]) for name in again}
        one["evidence"] |= {MARK: marked(one["evidence"])}
    (tmp_path / "acme").mkdir()
    (tmp_path / "fleet").mkdir()
    path = tmp_path / "acme" / "report.json"
    path.write_text(json.dumps(made))
    html = Readers(tmp_path, whole()).read(read_json(path))
    assert html.count("&lt;img") > 50
    assert "<img" not in html
    assert "alert(1)</script>" not in html


@pytest.mark.parametrize(
    "content",
    [b"[]", b"[" * 100_000, b'{"started": 1}', b'{"started": "2026-11-24T00:00:00", "words": []}', b'{"words": "x"}'],
)
def test_what_a_visit_is_said_to_have_left_is_left_out_where_it_is_nothing(
    content: bytes, document: dict[str, Any], tmp_path: Path
) -> None:
    """The report beside it counts."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "report.json").write_text(json.dumps(document))
    (tmp_path / "acme" / "unreported.json").write_bytes(content)
    (found,) = standings(["acme"], Folder(tmp_path), dt.datetime(2026, 11, 24, tzinfo=dt.UTC))
    assert found.verdict == "non-conformant"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("outcomes", 0, "evidence"), [], "does not fit: outcomes[0].evidence: "),
        (("outcomes", 0, "evidence", "found"), DEEP, "lists and mappings are nested more than 32 deep"),
        (("outcomes", 1, "tries"), "3", "does not fit: outcomes[1].tries: "),
        (("outcomes", 1, "tries"), 10**400, "is not JSON: "),
        (("outcomes", 1, "duration_ms"), -1, "does not fit: outcomes[1].duration_ms: "),
        (("outcomes", 1, "area"), "elsewhere", "outcomes[1].area: "),
        (("outcomes", 1, "severity"), "fine", "outcomes[1].severity: "),
        (("run", "started"), "2026-11-23T02:00:05", "run.started: "),
        (("run", "started"), 1, "run.started: "),
        (("run", "groups", "ccm"), MARK, "run.groups.ccm: "),
        (("run", "nodes"), 3, "run.nodes: "),
        (("run", "cluster"), [], "run.cluster: "),
        (("run", "extra", "writes"), {"a": 1}, "run.extra.writes: "),
        (("verdict",), "fine", "does not fit: verdict: "),
    ],
)
def test_what_does_not_fit_is_told_by_file_and_field(
    path: tuple[str | int, ...], value: Any, told: str, document: dict[str, Any], tmp_path: Path
) -> None:
    """So that whoever made it can mend it."""
    file = tmp_path / "report.json"
    file.write_text(changed(document, path, value).replace(str(10**400), "1" + "0" * 400))
    with pytest.raises(UnreadableReport, match=re.escape(told)) as refused:
        read_json(file)
    assert str(refused.value).startswith(f"{file} ")
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b'{"schema": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"schema": ' + b"9" * 5000 + b"}",
        b'{"schema": {"' + b"x" * 10**6 + b'": 1}}',
        b'{"schema": NaN}',
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_of_what_is_no_report_that_it_is_none(
    content: bytes, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a few words, with the file; never a traceback."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "report.json").write_bytes(content)
    (folder / "SHA256SUMS").write_text(f"{'a' * 64}  report.json\n{'b' * 64}  attestation.json\n")
    (folder / "inventory.yaml").write_text("fleet: all\nclusters:\n  - {name: acme, site: site.yaml}\n")
    status = main([one.format(folder=folder, above=tmp_path) for one in command])
    assert status == {"verify": 1, "fleet": 3}.get(command[0], 2)
    told = capsys.readouterr()
    if command[0] == "fleet":
        assert "acme/report.json" in (tmp_path / "fleet.html").read_text()
    else:
        assert "report.json" in told.out + told.err
    assert len(told.out + told.err) < 2000


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[1], *COMMANDS[3:]])
def test_a_pipe_in_the_place_of_a_report_is_not_waited_for(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would never end; beside it, one in the place of what a visit left."""
    folder = tmp_path / "acme"
    folder.mkdir()
    os.mkfifo(folder / "report.json")
    os.mkfifo(folder / "unreported.json")
    (folder / "inventory.yaml").write_text("fleet: all\nclusters:\n  - {name: acme, site: site.yaml}\n")
    (folder / "SHA256SUMS").write_text(f"{'a' * 64}  report.json\n")
    assert main([one.format(folder=folder, above=tmp_path) for one in command]) > 0
    told = capsys.readouterr()
    if command[0] != "fleet":
        assert "report.json" in told.out + told.err


def test_a_file_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is read of it than a report can have."""
    monkeypatch.setattr("cx_conformance.reports.formats.json_report.MOST", 1000)
    (tmp_path / "report.json").write_bytes(b" " * 2000)
    with pytest.raises(UnreadableReport, match="larger than"):
        read_json(tmp_path / "report.json")


def test_a_pipe_that_nobody_writes_to_is_no_report(tmp_path: Path) -> None:
    """``compare`` waited for it without end."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableReport, match="pipe is not JSON"):
        read_json(tmp_path / "pipe")

"""The run as a whole: exit statuses, reports, selection, the same outcomes by every way in."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.snapshot import save
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import Installation, blueprint


@pytest.fixture(scope="session")
def snapshot_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Installation], Path]:
    """Save what a look at an installation shows, and return the file."""

    def saved(installation: Installation) -> Path:
        path = tmp_path_factory.mktemp("snapshot") / "snapshot.json"
        save(installation.snapshot(Plan(blueprint(), installation.site)), path)
        return path

    return saved


@pytest.fixture(scope="session")
def conformant(snapshot_of: Callable[[Installation], Path]) -> Path:
    """Save the reference installation."""
    return snapshot_of(Installation())


@pytest.fixture(scope="session")
def without_ccm(snapshot_of: Callable[[Installation], Path]) -> Path:
    """Save one whose ccm is missing."""
    installation = Installation()
    installation.remove("Deployment", "ef-ccm")
    return snapshot_of(installation)


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: one
contexts: [{{name: one, context: {{cluster: one, user: nobody}}}}]
clusters: [{{name: one, cluster: {{server: "{server}"}}}}]
users: [{{name: nobody, user: {{token: x}}}}]
"""

Done = subprocess.CompletedProcess[str]


def command(*arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, seconds: float = 120.0) -> Done:
    """Run the command as a user would, in a process of its own; it hangs when it takes longer than ``seconds``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CX_CONFORMANCE_")}
    environment |= {"PYTHONPATH": str(suite_root() / "src"), "COLUMNS": "80"} | dict(env or {})
    return subprocess.run(
        [sys.executable, "-m", "cx_conformance", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


def outcomes(report: Path) -> list[dict[str, Any]]:
    """Read the outcomes of a report."""
    found: list[dict[str, Any]] = json.loads((report / "report.json").read_bytes())["outcomes"]
    return found


def test_a_conformant_platform_is_called_so_and_exits_0(conformant: Path, tmp_path: Path) -> None:
    """The verdict is the last line."""
    done = command("run", "--snapshot", conformant, "--report", "report", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().splitlines()[-1] == "Verdict: conformant"


def test_a_broken_platform_exits_1_and_names_one_cause(without_ccm: Path, tmp_path: Path) -> None:
    """A missing Deployment is one failure; what rests on it is blocked by it."""
    done = command("run", "--snapshot", without_ccm, "--report", "report", cwd=tmp_path)
    assert done.returncode == 1
    told = outcomes(tmp_path / "report")
    assert [(one["check"], one["component"]) for one in told if one["outcome"] == "fail"] == [("CX101", "ccm")]
    blocked = [one for one in told if one["outcome"] == "blocked"]
    assert {one["message"] for one in blocked} == {"blocked: CX101 ccm"}
    assert len(blocked) > 10
    assert done.stdout.rstrip().splitlines()[-1] == "Verdict: non-conformant: 1 cause, 1 promise (1 critical)"


def test_an_unreachable_cluster_exits_3_with_one_error_and_both_reports(tmp_path: Path) -> None:
    """Nothing is known to be broken, and the report is there all the same."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.format(server="https://127.0.0.1:9"))
    done = command("run", "--kubeconfig", kubeconfig, "--report", "report", cwd=tmp_path)
    assert done.returncode == 3
    told = outcomes(tmp_path / "report")
    assert [one["check"] for one in told if one["outcome"] == "error"] == ["CX000"]
    assert {one["outcome"] for one in told} == {"error", "blocked"}
    suites = JUnitXml.fromfile(str(tmp_path / "report" / "junit.xml"))
    assert (suites.tests, suites.errors, suites.failures) == (len(told), 1, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--blueprint", "missing.yaml"], "missing.yaml"),
        (["--site", "missing.yaml"], "missing.yaml"),
        (["--only", "CX101,CX999"], "there is no check CX999; `cx-conformance list` shows"),
        (["--only", "everything"], "'everything' is neither a check ID (CX201), nor an area"),
        (["--only", "workload"], "superset); did you mean workloads?"),
        (["--kubeconfig", "missing"], "kubeconfig missing: there is no such file"),
        (["--snapshot", "missing.json"], "missing.json"),
        (["--sandbox=no-such-fault"], "no-such-fault"),
        (["--settle", "soon"], "soon"),
        (["--time-limit", "nan"], "invalid number of seconds value: 'nan'"),
        (
            ["--sandbox", "--kubeconfig", "mine"],
            "--sandbox looks at an embedded cluster; leave out --sandbox or --kube",
        ),
        (["--sandbox", "--snapshot", "mine"], "--sandbox looks at an embedded cluster; leave out --sandbox or --snap"),
        (["--consecutive", "0"], "invalid number of times value: '0'"),
        (["--resolve", "cx.example.com"], "it is not HOST:PORT:ADDRESS; write it as curl does"),
        (["--ca", "missing.pem"], "--ca missing.pem: No such file or directory"),
        (["--ca", __file__], f"--ca {__file__}: no certificate of an authority, in PEM, is in it"),
        (["--ca", "."], "--ca .: this is no file, and a run reads it several times; give a PEM file"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_is_wrong(arguments: list[str], words: str, tmp_path: Path) -> None:
    """No report is written, and no traceback shown."""
    done = command("run", *arguments, "--report", "report", cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_cost_neither_the_report_nor_the_status(closed: str, conformant: Path, tmp_path: Path) -> None:
    """As where a supervisor starts it without: what would be printed goes nowhere, and into no file."""
    given = ("run", "--snapshot", conformant, "--only", "CX101", "--junitxml", tmp_path / "junit.xml")
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-m", "cx_conformance", *map(str, given)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(suite_root() / "src")},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert JUnitXml.fromfile(str(tmp_path / "junit.xml")).tests > 20


@pytest.mark.parametrize("columns", ["0", "1"])
def test_a_terminal_without_a_width_gets_all_that_is_said(columns: str, conformant: Path, tmp_path: Path) -> None:
    """Some pseudo-terminals say that they have no columns at all."""
    done = command("run", "--snapshot", conformant, "--only", "CX101", cwd=tmp_path, env={"COLUMNS": columns})
    assert "Verdict: conformant (partial)" in done.stdout


def test_plain_pytest_gives_the_same_outcomes_and_status(without_ccm: Path, tmp_path: Path) -> None:
    """``pytest checks`` in a checkout is the same run."""
    first = command("run", "--snapshot", without_ccm, "--report", tmp_path / "a", cwd=tmp_path)
    second = subprocess.run(
        [sys.executable, "-m", "pytest", "checks", "--snapshot", without_ccm, "--report", tmp_path / "b"],
        cwd=suite_root(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert second.returncode == first.returncode == 1
    assert told(tmp_path / "a") == told(tmp_path / "b")


def told(report: Path) -> list[dict[str, Any]]:
    """Return the outcomes without what differs between two runs."""
    return [{key: value for key, value in one.items() if key != "duration_ms"} for one in outcomes(report)]


def test_a_bare_sandbox_option_does_not_swallow_the_path(tmp_path: Path) -> None:
    """``pytest --sandbox checks`` means the sandbox and the folder."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--static", "--only", "CX001", "--sandbox", "checks"],
        cwd=suite_root(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_many_faults_at_once_are_no_path(tmp_path: Path) -> None:
    """Their list may be longer than a file's name."""
    broken = ["ccm", "bot-framework", "routing-engine", "cim-customer", "agent-manager", "unified-admin", "file-engine"]
    faults = ",".join(f"{fault}:{one}" for fault in ("unready", "absent-service", "image-pull") for one in broken)
    assert len(faults) > 255
    done = command("run", f"--sandbox={faults}", "--static", "--only", "CX001", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_left_out_is_said(conformant: Path, tmp_path: Path) -> None:
    """A run of one area is partial, and says so."""
    done = command("run", "--snapshot", conformant, "--only", "services", "--report", "report", cwd=tmp_path)
    assert done.returncode == 0
    document = json.loads((tmp_path / "report" / "report.json").read_bytes())
    assert document["partial"] is True
    assert {one["area"] for one in document["outcomes"]} == {"services"}
    assert "--only services" in done.stdout


def test_the_id_of_a_check_may_be_written_in_small_letters(conformant: Path, tmp_path: Path) -> None:
    """``--only cx101``, as ``explain cx101``."""
    done = command("run", "--snapshot", conformant, "--only", "cx101", "--report", "report", "--no-pdf", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {one["check"] for one in outcomes(tmp_path / "report")} == {"CX101"}


def test_a_blocked_outcome_names_its_cause_although_that_was_not_selected(without_ccm: Path, tmp_path: Path) -> None:
    """Root causes do not depend on what else is run."""
    command("run", "--snapshot", without_ccm, "--only", "CX206", "--report", "report", cwd=tmp_path)
    blocked = [one for one in outcomes(tmp_path / "report") if one["outcome"] == "blocked"]
    assert [(one["component"], one["root"]) for one in blocked] == [("ccm", "CX101 ccm")]


def test_options_come_before_the_environment(conformant: Path, without_ccm: Path, tmp_path: Path) -> None:
    """``CX_CONFORMANCE_SNAPSHOT`` sets ``--snapshot``, which itself comes first."""
    environment = {"CX_CONFORMANCE_SNAPSHOT": str(without_ccm)}
    assert command("run", "--only", "CX101", cwd=tmp_path, env=environment).returncode == 1
    assert command("run", "--only", "CX101", "--snapshot", conformant, cwd=tmp_path, env=environment).returncode == 0


def test_an_audit_says_which_snapshot_it_is_of_and_which_calls_it_could_not_look_at(
    conformant: Path, tmp_path: Path
) -> None:
    """A verdict is of one moment; and a call that leads nowhere stands among what was not checked."""
    text = (suite_root() / "blueprint.yaml").read_text("utf-8")
    name = tmp_path / "blueprint.yaml"
    name.write_text(text.replace("{to: cim-customer}", "{to: cim-custmer}", 1), "utf-8")
    done = command("run", "--snapshot", conformant, "--blueprint", name, "--junitxml", "junit.xml", cwd=tmp_path)
    said = " ".join(done.stdout.split())
    assert f"cluster {conformant}, taken 20" in said
    assert "which is neither a component nor a party" in said
    assert "which is neither a component nor a party" in (tmp_path / "junit.xml").read_text()


def test_v_shows_all_details_and_the_verdict_is_the_last_word(without_ccm: Path, tmp_path: Path) -> None:
    """The whole table of components and what was found and promised; pytest's own words come with -vv."""
    brief, whole = (command("run", "--snapshot", without_ccm, *more, cwd=tmp_path).stdout for more in ((), ("-v",)))
    assert "\n  do        apply its manifest, or helm upgrade its chart" in whole
    assert "\nkeycloak " in whole
    assert "\nkeycloak " not in brief
    for said in (brief, whole):
        assert said.rstrip().splitlines()[-1].startswith("Verdict: non-conformant: 1 cause")


def test_junit_holds_a_testcase_for_each_outcome_by_the_contract(without_ccm: Path, tmp_path: Path) -> None:
    """``classname`` is area and component, ``name`` is ID, title and entry, unique."""
    command("run", "--snapshot", without_ccm, "--junitxml", "junit.xml", cwd=tmp_path)
    suite = next(iter(JUnitXml.fromfile(str(tmp_path / "junit.xml"))))
    names = [(case.classname, case.name) for case in suite]
    assert ("workloads.ccm", "CX101 Workload exists [ef-ccm]") in names
    assert len(names) == len(set(names))


def test_jenkins_xunit_plug_in_gets_files_without_properties_of_testcases(without_ccm: Path, tmp_path: Path) -> None:
    """``--junit-strict``: in the pack and where ``--junitxml`` says; what they tell stands in the output."""
    options = ("--junit-strict", "--junitxml", "junit.xml", "--report", "report", "--only", "ccm")
    command("run", "--snapshot", without_ccm, *options, cwd=tmp_path)
    for path in (tmp_path / "junit.xml", tmp_path / "report" / "junit.xml"):
        suite = next(iter(JUnitXml.fromfile(str(path))))
        cases = list(suite)
        assert cases
        assert b"<property" not in path.read_bytes().partition(b"<testcase")[2]
        assert all("component: ccm" in str(case.system_out) for case in cases)


@pytest.mark.long
def test_a_run_with_several_processes_gives_the_same_report(without_ccm: Path, tmp_path: Path) -> None:
    """``-n 2`` of pytest-xdist changes nothing but the time: outcomes, waivers, what was looked at."""
    waiver = "reason: r, owner: o, expires: 2099-01-01"
    site = tmp_path / "site.yaml"
    site.write_text(
        f"waivers: [{{check: CX201, component: ccm, {waiver}}}, {{check: CX101, component: redis, {waiver}}}]"
    )
    given = ("run", "--snapshot", without_ccm, "--site", site, "--report")
    one = command(*given, tmp_path / "a", cwd=tmp_path)
    two = command(*given, tmp_path / "b", "-n", "2", cwd=tmp_path)
    assert (one.returncode, two.returncode) == (1, 1)
    assert told(tmp_path / "a") == told(tmp_path / "b")
    first, second = (json.loads((tmp_path / name / "report.json").read_bytes())["run"] for name in "ab")
    assert first["cluster"] == second["cluster"]
    assert first["waivers"] == second["waivers"]
    assert {one["state"] for one in first["waivers"]} == {"no longer needed"}
    assert "blueprint  Expertflow CX" in two.stdout


@pytest.mark.long
def test_several_processes_find_the_same_by_live_probes(tmp_path: Path) -> None:
    """All of them run in one process, whatever number there is; only times differ."""
    faults = ["health-503:ccm", "store-refuses:redis"]
    with EmbeddedCluster(reference_installation(blueprint()), faults) as cluster:
        cluster.settle()
        # CX603 sees the sockets of the whole machine in the embedded cluster, so those of other tests too.
        chosen = ("--only", "ccm,redis", "--skip", "CX603")
        given = ("run", "--kubeconfig", cluster.kubeconfig, *chosen, "--report")
        command(*given, tmp_path / "a", cwd=tmp_path)
        command(*given, tmp_path / "b", "-n", "4", cwd=tmp_path)

    def steady(report: Path) -> list[str]:
        found = [json.dumps(one, sort_keys=True) for one in told(report)]
        return [re.sub(r"\b\d+(\.\d+)? ms|\"(connect_)?ms\": ({[^}]*}|[^,}]*)", "TIME", one) for one in found]

    assert steady(tmp_path / "a") == steady(tmp_path / "b")
    assert {"fail", "pass"} <= {one["outcome"] for one in outcomes(tmp_path / "a")}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_reports_what_it_saw_and_exits_130(number: signal.Signals, tmp_path: Path) -> None:
    """What was not looked at is an error that says so, and the verdict is not conformant."""
    cluster = silent_cluster()
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.format(server=f"http://127.0.0.1:{cluster.getsockname()[1]}"))
    with cluster:
        running = subprocess.Popen(
            [sys.executable, "-m", "cx_conformance", "run", "--kubeconfig", kubeconfig, "--report", "report"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(suite_root() / "src")},
            stdout=subprocess.PIPE,
            text=True,
        )
        asking, _ = cluster.accept()  # it looks, and waits for an answer
        with asking:
            running.send_signal(number)
            shown, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    document = json.loads((tmp_path / "report" / "report.json").read_bytes())
    assert document["verdict"] == "inconclusive"
    assert {one["message"] for one in document["outcomes"]} == {"not looked at: the run was interrupted"}
    assert "Verdict: inconclusive" in shown


def silent_cluster() -> socket.socket:
    """Listen as an API server that accepts connections and never answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(30)
    return listener


def test_a_fault_that_is_aimed_at_nothing_is_wrong_usage(tmp_path: Path) -> None:
    """In a sentence that says what there is to aim at."""
    done = command("run", "--static", "--sandbox=absent-configmap:nobody", cwd=tmp_path)
    assert done.returncode == 2
    assert "--sandbox: no workload belongs to a component 'nobody'" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout

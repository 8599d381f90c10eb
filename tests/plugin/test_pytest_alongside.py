"""A run beside what pytest and its plug-ins do: nothing is lost, and nothing that was cut off looks conformant."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cx_conformance.run.suite_files import suite_root
from tests.plugin.runs import python, report, results


def _without_edges(root: Path) -> None:
    (root / "checks" / "edges.py").unlink()


def _edges_do_not_parse(root: Path) -> None:
    with (root / "checks" / "edges.py").open("a") as file:
        file.write("def check_more(:\n")


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (_without_edges, "checks/edges.py is missing"),
        (_edges_do_not_parse, "checks/edges.py cannot be read: SyntaxError"),
    ],
)
@pytest.mark.parametrize("only", [(), ("--only", "services"), ("--only", "edges"), ("--only", "CX701")])
def test_a_suite_that_lacks_a_file_of_checks_calls_nothing_conformant(
    bend: Callable[[Path], None], words: str, only: tuple[str, ...], checkout: Path, conformant: Path
) -> None:
    """Fewer checks than the suite has are no proof; the report is written and says which file it is."""
    bend(checkout)
    folder = checkout.parent / "report"
    given = ("--snapshot", conformant, "--report", folder, "--no-pdf", *only)
    done = python("-m", "cx_conformance", "run", *given, root=checkout)
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"The suite itself broke: {words}" in " ".join(done.stdout.split())
    told = report(folder)
    assert (told["verdict"], told["partial"]) == ("inconclusive", True)
    for name in ("report.html", "junit.xml"):
        assert words in (folder / name).read_text()


def test_collection_errors_that_are_passed_over_leave_the_verdict_open(
    checkout: Path, conformant: Path, tmp_path: Path
) -> None:
    """Although every check that could be read passed."""
    _edges_do_not_parse(checkout)
    given = ("--snapshot", conformant, "--report", tmp_path / "report", "--continue-on-collection-errors")
    done = python("-m", "pytest", "checks", *given, root=checkout)
    assert done.returncode == 3
    assert set(results(tmp_path / "report")) == {"pass", "n/a"}
    assert "Verdict: inconclusive (partial): the suite itself broke" in done.stdout


@pytest.mark.parametrize("named", ["list", "explain"])
def test_commands_about_checks_say_which_file_of_the_suite_lacks(named: str, checkout: Path) -> None:
    """A shorter catalogue would be taken for the whole one."""
    _without_edges(checkout)
    done = python("-m", "cx_conformance", named, *(["CX101"] if named == "explain" else []), root=checkout)
    assert (done.returncode, done.stdout) == (3, "")
    assert "the suite is incomplete: checks/edges.py is missing; install it again" in done.stderr


@pytest.mark.parametrize("more", [("-x",), ("-x", "-n", "2"), ("--stepwise",)])
def test_a_stop_at_the_first_failure_is_no_interrupt(more: tuple[str, ...], without_ccm: Path, tmp_path: Path) -> None:
    """The platform is known to be broken (1, not 130), and what comes after is left out, not in error."""
    given = ("--snapshot", without_ccm, "--report", tmp_path / "report", "-p", "no:cacheprovider")
    if "--stepwise" in more:
        given = (*given[:-2], "-o", f"cache_dir={tmp_path / 'cache'}")
    done = python("-m", "pytest", "checks", *given, *more, root=suite_root())
    assert done.returncode == 1, done.stdout + done.stderr
    told = report(tmp_path / "report")
    assert (told["verdict"], told["partial"], told["run"]["interrupted"]) == ("non-conformant", True, False)
    assert "error" not in results(tmp_path / "report")


def test_a_session_that_a_plug_in_cuts_off_is_not_conformant(conformant: Path, tmp_path: Path) -> None:
    """pytest-timeout ends the session although nothing failed: what is left is not known to be kept."""
    given = ("--snapshot", conformant, "--report", tmp_path / "report", "--session-timeout", "0.001")
    done = python("-m", "pytest", "checks", *given, root=suite_root())
    assert done.returncode == 3, done.stdout + done.stderr
    errors = [one for one in report(tmp_path / "report")["outcomes"] if one["outcome"] == "error"]
    assert {one["message"] for one in errors} == {"not looked at: session-timeout: 0.001 sec exceeded"}


def test_the_last_failed_run_again_alone(without_ccm: Path, tmp_path: Path) -> None:
    """``--lf`` finds in pytest's cache what an earlier run put there."""
    given = ("--snapshot", without_ccm, "--report", tmp_path / "report", "-o", f"cache_dir={tmp_path / 'cache'}")
    python("-m", "pytest", "checks", *given, root=suite_root())
    assert len(report(tmp_path / "report")["outcomes"]) > 1000
    done = python("-m", "pytest", "checks", *given, "--lf", root=suite_root())
    assert done.returncode == 1
    assert results(tmp_path / "report") == {"fail": 1}


def test_the_command_takes_what_pytest_takes(without_ccm: Path, tmp_path: Path) -> None:
    """``cx-conformance run --lf`` as ``pytest checks --lf``; its cache is kept in the current folder."""
    given = ("-m", "cx_conformance", "run", "--snapshot", without_ccm, "--report", "report", "--no-pdf")
    assert python(*given, "--lf", root=suite_root(), cwd=tmp_path).returncode == 1
    assert len(report(tmp_path / "report")["outcomes"]) > 1000
    done = python(*given, "--lf", root=suite_root(), cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert results(tmp_path / "report") == {"fail": 1}
    assert (tmp_path / ".pytest_cache").is_dir()
    for more in ("--stepwise", "--setup-show", "--log-level=INFO", "--doctest-modules"):
        assert python(*given, more, root=suite_root(), cwd=tmp_path).returncode == 1


ASKING = """
def pytest_configure(config):
    assert config.option.usepdb is False
"""
"""What pytest-rerunfailures asks first, https://github.com/pytest-dev/pytest-rerunfailures, and others ask later."""


def test_a_plug_in_is_answered_that_no_debugger_is_wanted(without_ccm: Path, tmp_path: Path) -> None:
    """Although the command leaves out pytest's own plug-in for it: no report was written with ``--reruns 1``."""
    (tmp_path / "asking.py").write_text(ASKING)
    given = ("--snapshot", without_ccm, "-p", "asking", "-o", f"pythonpath=src {tmp_path}")
    done = python("-m", "cx_conformance", "run", *given, root=suite_root())
    assert done.returncode == 1, done.stdout + done.stderr


OWN = """
import pytest

@pytest.fixture
def broken():
    raise OSError("no such table")

def test_kept(snapshot):
    assert snapshot.namespaces

def test_failing(snapshot):
    assert "customer" in snapshot.namespaces, "the customer's namespace lacks"

def test_in_error(broken):
    pass
"""
"""Tests of a customer."""

FAILED = (
    "own.py::test_failing, a test beside the suite's checks, failed: AssertionError: the customer's namespace lacks"
)
BROKE = "own.py::test_in_error, a test beside the suite's checks, could not be run: OSError: no such table"


@pytest.mark.parametrize(
    ("chosen", "status", "told"),
    [
        ((), 1, [FAILED, BROKE]),
        (("-n", "2", "-k", "ccm or test_"), 1, [FAILED, BROKE]),
        (("-k", "ccm or test_kept"), 0, []),
        (("-k", "ccm or test_in_error"), 3, [BROKE]),
    ],
)
def test_what_becomes_of_other_tests_is_told_beside_the_verdict(
    chosen: tuple[str, ...], status: int, told: list[str], conformant: Path, tmp_path: Path
) -> None:
    """They see what the run saw; one that is not well is not passed over, and costs the checks nothing."""
    (tmp_path / "own.py").write_text(OWN)
    given = ("--snapshot", conformant, "--report", tmp_path / "report", "--no-pdf", tmp_path / "own.py")
    done = python("-m", "cx_conformance", "run", *given, *chosen, root=suite_root())
    assert done.returncode == status, done.stdout + done.stderr
    said = [line.partition(": ")[2] for line in done.stderr.splitlines() if line.startswith("cx-conformance: ")]
    assert sorted(said) == told
    assert report(tmp_path / "report")["verdict"] == "conformant"
    assert set(results(tmp_path / "report")) == {"pass", "n/a"}


@pytest.mark.parametrize("way", [("cx_conformance", "run"), ("pytest", "checks")])
@pytest.mark.parametrize("how", ["-O", "-OO"])
def test_without_assertions_nothing_is_judged(
    how: str, way: tuple[str, ...], without_ccm: Path, tmp_path: Path
) -> None:
    """Every promise would be kept; an image that sets PYTHONOPTIMIZE does the same."""
    done = python(how, "-m", *way, "--snapshot", without_ccm, "--report", tmp_path / "report", root=suite_root())
    assert (done.returncode in (2, 4), done.stdout.count("Verdict")) == (True, 0), done.stdout + done.stderr
    assert "Python runs without assertions (-O or PYTHONOPTIMIZE), so that no check could fail" in done.stderr
    assert not (tmp_path / "report").exists()


DYING = """
import os

def pytest_configure(config):
    if hasattr(config, "workerinput"):
        os._exit(9)
"""
"""What becomes of a worker process for which there is no memory."""


def test_worker_processes_that_end_at_once_are_no_wrong_usage(conformant: Path, tmp_path: Path) -> None:
    """Nothing was looked at, which a report says; it was told as a selection that leaves nothing."""
    (tmp_path / "dying.py").write_text(DYING)
    given = ("--snapshot", conformant, "--only", "CX201", "--report", tmp_path / "report", "-n", "1", "-p", "dying")
    done = python("-m", "cx_conformance", "run", *given, "-o", f"pythonpath=src {tmp_path}", root=suite_root())
    assert done.returncode == 3, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "The suite itself broke: the worker processes ended before one had collected anything" in said
    assert report(tmp_path / "report")["verdict"] == "inconclusive"


def test_as_many_are_said_to_be_collected_as_are_shown(conformant: Path) -> None:
    """A check of many entries is not one."""
    given = ("--snapshot", conformant, "--collect-only", "--only", "CX201")
    done = python("-m", "cx_conformance", "run", *given, root=suite_root())
    shown = [line for line in done.stdout.splitlines() if ": CX201" in line]
    assert f"{len(shown)} tests collected" in done.stdout


@pytest.mark.parametrize("more", [("-p", "no:terminal"), ("-p", "no:capture"), ("-p", "no:xdist")])
def test_what_is_said_does_not_depend_on_how_pytest_is_set(
    more: tuple[str, ...], without_ccm: Path, tmp_path: Path
) -> None:
    """The same outcomes, and no warning of pytest's own about the suite."""
    given = ("--snapshot", without_ccm, "--report", tmp_path / "report")
    done = python("-m", "pytest", "checks", *given, *more, root=suite_root())
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Warning" not in done.stdout + done.stderr
    found = results(tmp_path / "report")
    assert found["fail"] == 1
    assert "error" not in found


def test_several_processes_tell_failures_once(without_ccm: Path, tmp_path: Path) -> None:
    """In the report's words; pytest's own list of them is not printed as well."""
    given = ("--snapshot", without_ccm, "--only", "CX101", "-n", "2")
    done = python("-m", "pytest", "checks", *given, root=suite_root())
    assert done.returncode == 1
    assert "= FAILURES =" not in done.stdout


@pytest.mark.parametrize("way", [("-m", "cx_conformance", "run"), ("-m", "pytest", "checks")])
def test_faults_may_stand_behind_the_sandbox_option(way: tuple[str, ...]) -> None:
    """``--sandbox FAULT`` is ``--sandbox=FAULT``, by the command as by pytest."""
    given = ("--static", "--only", "CX101", "--sandbox", "absent-workload:ccm")
    done = python(*way, *given, root=suite_root())
    assert done.returncode == 1, done.stdout + done.stderr


def collected(conformant: Path, *options: str) -> list[str]:
    """Return what is collected, by the names that pytest shows."""
    done = python(*("-m", "pytest", "checks", "--snapshot", conformant, "--collect-only", *options), root=suite_root())
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.strip() for line in done.stdout.splitlines() if ": CX" in line]


@pytest.mark.parametrize(
    ("options", "first", "others"),
    [
        (("-k", "CX201"), "services.360-connector: CX201 Service exists [ef-360-connector-svc]", 27),
        (("-k", "CX201 and ccm"), "services.ccm: CX201 Service exists [ef-ccm-svc]", 1),
        (("-m", "critical and services", "-k", "ccm and CX206"), "services.ccm: CX206 Ready endpoint", 1),
        (("-m", "ready"), "", 0),
    ],
    ids=["id", "id-and-component", "markers", "nothing"],
)
def test_what_reports_name_an_outcome_by_selects_it(
    options: tuple[str, ...], first: str, others: int, conformant: Path
) -> None:
    """IDs and components by -k, areas and severities by -m; and it is shown under the names of the JUnit file."""
    if not others:
        done = python(
            *("-m", "pytest", "checks", "--snapshot", conformant, "--collect-only", *options), root=suite_root()
        )
        assert "no tests collected" in done.stdout
        return
    found = collected(conformant, *options)
    assert found[0].startswith(first)
    assert len(found) == others


COUNTING = """
def pytest_sessionfinish(session):
    kept = session.config.pluginmanager.get_plugin("terminalreporter").stats
    print("KEPT", {name: len(kept[name]) for name in kept if name in ("passed", "failed", "skipped")})
    print("HELD", sum(bool(item._request) for item in session.items), "of", len(session.items))
"""
"""A plug-in that counts what pytest holds when a session has ended."""


def test_of_what_is_well_pytest_holds_no_report(without_ccm: Path, tmp_path: Path) -> None:
    """Of thousands of promises nearly all are kept: their reports would be a fifth of the memory of a large run."""
    (tmp_path / "counting.py").write_text(COUNTING)
    given = ("--snapshot", without_ccm, "-p", "counting", "-o", f"pythonpath=src {tmp_path}", "-s")
    done = python("-m", "cx_conformance", "run", *given, root=suite_root())
    assert done.returncode == 1, done.stdout + done.stderr
    kept = re.search(r"^KEPT (.*)$", done.stdout, re.MULTILINE)
    held = re.search(r"^HELD (\d+) of (\d+)$", done.stdout, re.MULTILINE)
    assert kept
    assert held
    found = ast.literal_eval(kept[1])
    assert found["failed"] == 1
    assert found.get("passed", 0) + found.get("skipped", 0) < 20  # those that pytest ran phase by phase
    assert (int(held[1]), int(held[2]) > 1000) == (0, True)

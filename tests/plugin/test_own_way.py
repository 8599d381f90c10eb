"""A run without other plug-ins, which goes over its items by itself, ends as one that leaves them to pytest."""

import json
from pathlib import Path

import pytest

from cx_conformance.run.suite_files import suite_root
from tests.api.api_server import write_kubeconfig
from tests.plugin.runs import Done, python, report, results

LISTENING = """
collected, ended = [], []

def pytest_itemcollected(item):
    collected.append(item.nodeid)

def pytest_runtest_logreport(report):
    if report.when == "call" or not report.passed:
        ended.append(report.nodeid)

def pytest_sessionfinish(session):
    print("LISTENED", len(collected), len(ended), len(session.items))
"""
"""A plug-in that wants to hear of every item, so that none is kept from pytest."""


def run(snapshot: Path, folder: Path, *options: str, listened: bool = False) -> Done:
    """Run the suite on ``snapshot``, the report in ``folder``; ``listened`` to, so that pytest goes over the items."""
    folder.mkdir(exist_ok=True)
    (folder / "listening.py").write_text(LISTENING)
    heard = ("-p", "listening", "-o", f"pythonpath=src {folder}") if listened else ()
    given = ("--snapshot", snapshot, "--report", folder / "report", "--no-pdf", *heard, *options)
    return python("-m", "cx_conformance", "run", *given, root=suite_root())


def told(folder: Path) -> list[str]:
    """Return what the report in ``folder`` holds of each outcome, but how long it took."""
    kept = [{**one, "duration_ms": 0} for one in report(folder / "report")["outcomes"]]
    return sorted(json.dumps(one, sort_keys=True) for one in kept)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-k", "CX201 or ccm"),
        ("-m", "critical and not services"),
        ("--deselect", "checks/services.py::check_exists[ccm|ef-ccm-svc]"),
        ("--only", "services,CX101", "--skip", "CX203"),
        ("--maxfail=1", "--only", "workloads"),
    ],
    ids=["everything", "k", "m", "deselect", "only", "maxfail"],
)
def test_outcomes_status_and_words_are_those_of_pytests_way(
    options: tuple[str, ...], without_ccm: Path, tmp_path: Path
) -> None:
    """Whatever is selected, and wherever the run stops."""
    own = run(without_ccm, tmp_path / "own", *options)
    pytests = run(without_ccm, tmp_path / "pytests", *options, listened=True)
    assert "LISTENED" not in own.stdout
    assert "LISTENED" in pytests.stdout
    assert own.returncode == pytests.returncode
    assert told(tmp_path / "own") == told(tmp_path / "pytests")
    assert own.stdout.splitlines()[-1] == pytests.stdout.splitlines()[-1]


def test_a_plug_in_that_listens_hears_of_every_item(without_ccm: Path, tmp_path: Path) -> None:
    """Each is collected, and reported, by itself."""
    done = run(without_ccm, tmp_path, listened=True)
    heard = next(line.split()[1:] for line in done.stdout.splitlines() if line.startswith("LISTENED"))
    assert set(heard) == {f"{len(report(tmp_path / 'report')['outcomes'])}"}


def test_a_promise_can_be_named_by_its_id_in_pytest(conformant: Path, tmp_path: Path) -> None:
    """Where one entry of a check is named, no other is judged."""
    given = ("--snapshot", conformant, "--report", tmp_path, "--no-pdf")
    named = "checks/services.py::check_exists[ccm|ef-ccm-svc]"
    done = python("-m", "pytest", named, *given, root=suite_root())
    assert done.returncode == 0, done.stdout + done.stderr
    assert results(tmp_path) == {"pass": 1}


def test_nothing_is_asked_of_the_cluster_where_nothing_is_left_to_check(tmp_path: Path) -> None:
    """That a selection is empty is said first, though no cluster could be asked."""
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:9")
    given = ("--kubeconfig", kubeconfig, "--release", "5.1", "--only", "CX201", "--skip", "services")
    done = python("-m", "cx_conformance", "run", *given, root=suite_root())
    assert done.returncode == 2
    assert "nothing is left to check" in done.stderr
    assert not done.stdout.strip()


def test_an_id_that_two_checks_have_is_told_of_the_second(checkout: Path, conformant: Path, tmp_path: Path) -> None:
    """As something that could not be collected, and nothing is called conformant."""
    services = checkout / "checks" / "services.py"
    services.write_text(services.read_text().replace('"CX202"', '"CX201"'))
    given = ("--snapshot", conformant, "--report", tmp_path / "report", "--no-pdf")
    done = python("-m", "cx_conformance", "run", *given, root=checkout)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "CX201 is used twice" in done.stdout
    assert "INTERNALERROR" not in done.stdout + done.stderr


LOOKING_AT_TWO = """
import pytest

def pytest_sessionfinish(session):
    one, other = session.items[:2]
    one.user_properties.append(("only", "one"))
    one.stash[KEY] = one._store
    print("TWO", one.keywords["services"].name, one.name in one.keywords, other.name in one.keywords,
          other.user_properties, KEY in other.stash, one.stash[KEY] is one.stash, hasattr(one, "callspec"))

KEY = pytest.StashKey()
"""
"""A plug-in that asks two items of one check for what pytest keeps of each of them by itself."""


def test_what_plug_ins_keep_with_an_item_is_its_own(conformant: Path, tmp_path: Path) -> None:
    """Made when somebody asks for it; what no check's item has is not there."""
    (tmp_path / "looking.py").write_text(LOOKING_AT_TWO)
    heard = ("-p", "looking", "-o", f"pythonpath=src {tmp_path}", "--only", "CX201")
    done = python("-m", "cx_conformance", "run", "--snapshot", conformant, *heard, root=suite_root())
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("TWO")]
    assert line == "TWO services True False [] False True False"


@pytest.mark.parametrize("asked", [("--pdb",), ("--trace", "--pdbcls", "bdb:Bdb"), ("--timeout", "60"), ("-n", "2")])
def test_what_is_left_out_of_pytest_is_there_when_it_is_asked_for(
    asked: tuple[str, ...], conformant: Path, tmp_path: Path
) -> None:
    """Plug-ins that a run does not load have options all the same."""
    done = run(conformant, tmp_path, "--only", "CX201", *asked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(results(tmp_path / "report")) == {"pass"}

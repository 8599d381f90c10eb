"""What Helm left half done is found by the command, by its own check and no other, and explained."""

from pathlib import Path

import pytest

from tests.run.test_run import command, outcomes


@pytest.mark.parametrize(
    ("fault", "check", "words", "about"),
    [
        (
            "release-pending-upgrade",
            "CX010",
            "release ef-cx in expertflow: revision 2 is still being upgraded, or broke off there",
            "release ef-cx",
        ),
        (
            "schema-job-failed",
            "CX115",
            "Job ef-external/superset-init-db: failed (BackoffLimitExceeded)",
            "Job ef-external/superset-init-db",
        ),
    ],
)
def test_it_is_found_and_explained(tmp_path: Path, fault: str, check: str, words: str, about: str) -> None:
    """The outcome says what it is about, which is what a run that settles and a watch name."""
    arguments = (f"--sandbox={fault}", "--static", "--report", "r", "--no-pdf")
    done = command("run", *arguments, cwd=tmp_path)
    (ended,) = (one for one in outcomes(tmp_path / "r") if one["outcome"] in ("fail", "error"))
    assert (done.returncode, ended["check"]) == (1, check), done.stdout
    assert words in ended["message"]
    assert ended["evidence"]["about"] == [about]


def test_a_failed_job_is_not_waited_for(tmp_path: Path) -> None:
    """Settling ends at once: nothing but an engineer mends it."""
    arguments = ("--sandbox=schema-job-failed", "--static", "--only", "CX115", "--settle", "60", "--report", "r")
    command("run", *arguments, "--no-pdf", cwd=tmp_path)
    (ended,) = (one for one in outcomes(tmp_path / "r") if one["outcome"] == "fail")
    assert ended["evidence"]["settle"]["not waited for"] == "Job ef-external/superset-init-db has failed"
    assert ended["evidence"]["settle"]["looks"] == 1

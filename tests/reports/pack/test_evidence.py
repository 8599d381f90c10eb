from pathlib import Path

from pydantic import SecretStr

from cx_conformance.cluster.dossier import Dossier
from cx_conformance.reports.pack.directory import write_report
from cx_conformance.reports.pack.evidence import MOST
from cx_conformance.reports.pack.verifying import verify
from cx_conformance.reports.scrubber import Scrubber
from tests.reports import made_up


def dossier(log: str = "it broke\n", component: str = "ccm") -> Dossier:
    """Make a dossier with one log."""
    return Dossier(component, logs={"pod.ccm": log}, missing=["log other: forbidden"])


def test_evidence_is_part_of_the_pack(tmp_path: Path) -> None:
    """Its sums are listed, and a changed byte is named."""
    write_report(made_up.three_failures(), tmp_path, paper=False, dossiers=[dossier()])
    log = tmp_path / "evidence" / "ccm" / "logs" / "pod.ccm.log"
    assert log.read_text() == "it broke\n"
    assert (tmp_path / "evidence" / "ccm" / "not-read.txt").read_text() == "log other: forbidden\n"
    assert verify(tmp_path).problems == []
    log.write_text("it did not break\n")
    assert [one.partition(" was")[0] for one in verify(tmp_path).problems] == ["evidence/ccm/logs/pod.ccm.log"]


def test_a_known_secret_and_control_characters_do_not_get_in(tmp_path: Path) -> None:
    """A log prints what it likes."""
    written = dossier("\x1b[31mlogin root/hunter22\x1b[0m\n")
    write_report(made_up.three_failures(), tmp_path, Scrubber([SecretStr("hunter22")]), paper=False, dossiers=[written])
    text = (tmp_path / "evidence" / "ccm" / "logs" / "pod.ccm.log").read_text()
    assert "hunter22" not in text
    assert "\x1b" not in text


def test_a_long_log_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    """The middle is left out, and how much of it is said."""
    write_report(made_up.three_failures(), tmp_path, paper=False, dossiers=[dossier("a" + "x" * MOST * 2 + "z")])
    text = (tmp_path / "evidence" / "ccm" / "logs" / "pod.ccm.log").read_text()
    assert (text[0], text[-1]) == ("a", "z")
    assert "characters are left out here" in text
    assert len(text) < MOST + 100


def test_the_evidence_of_an_earlier_run_goes_and_what_others_put_there_stays(tmp_path: Path) -> None:
    """A healed component leaves nothing behind."""
    write_report(made_up.three_failures(), tmp_path, paper=False, dossiers=[dossier(), dossier(component="cim")])
    note = tmp_path / "evidence" / "cim" / "note.txt"
    note.write_text("mine")
    write_report(made_up.three_failures(), tmp_path, paper=False)
    assert [path.name for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == ["note.txt"]
    assert not (tmp_path / "evidence" / "ccm").exists()


def test_a_name_that_equals_a_secret_stays_a_name(tmp_path: Path) -> None:
    """A store's password may be the component's name; the report must still say of which component it speaks."""
    record = made_up.three_failures()
    component = record.outcomes[0].component
    write_report(record, tmp_path, Scrubber([SecretStr(component)]), paper=False)
    assert f'"component":"{component}"' in (tmp_path / "report.json").read_text().replace(": ", ":")

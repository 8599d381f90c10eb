import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cx_conformance.__main__ import main
from cx_conformance.blueprint.known import KNOWN, release_file
from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.outcome.record import Input, RunRecord
from cx_conformance.reports.pack.attestation import statement
from cx_conformance.reports.pack.directory import prepare_directory, write_report
from cx_conformance.reports.pack.envelope import Envelope
from cx_conformance.reports.pack.rendering import PackWasChanged, render
from cx_conformance.reports.pack.verifying import verify
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.sums import write_sums
from cx_conformance.reports.writing import ReportNotWritten
from tests.reports import made_up

FILES = (
    *("README.txt", "SHA256SUMS", "attestation.json", "blueprint.yaml", "junit.xml", "metrics.prom"),
    *("report.html", "report.json", "site.yaml"),
)


def used(path: Path, text: str) -> Input:
    """Write an input and say that it was used."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return Input(name=path.stem, path=str(path), sha256=hashlib.sha256(text.encode()).hexdigest())


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    """Return a run whose inputs are there."""
    blueprint = used(tmp_path / "in" / "cx.yaml", "blueprint: {}\n")
    return made_up.record(
        *made_up.three_failures().outcomes, blueprint=blueprint, site=used(tmp_path / "in" / "acme.yaml", "site: {}\n")
    )


@pytest.fixture
def pack(record: RunRecord, tmp_path: Path) -> Path:
    """Write a pack without paper."""
    write_report(record, tmp_path / "pack", paper=False)
    return tmp_path / "pack"


def test_a_pack_holds_what_a_sign_off_needs(pack: Path) -> None:
    """Page, data, inputs, sums and what is what; the inputs byte for byte."""
    assert sorted(path.name for path in pack.iterdir()) == sorted(FILES)
    assert (pack / "blueprint.yaml").read_text() == "blueprint: {}\n"
    assert (pack / "site.yaml").read_text() == "site: {}\n"


@pytest.mark.parametrize("release", KNOWN)
def test_a_pack_holds_the_release_that_was_used_as_one_file(release: str, tmp_path: Path) -> None:
    """Those of the charts are differences from one another; whoever signs wants to read all that was promised."""
    loaded = load_blueprint(release_file(release))
    blueprint = Input(name="Expertflow CX", version=release, path=str(loaded.path), sha256=loaded.sha256)
    write_report(made_up.record(blueprint=blueprint), tmp_path / "pack", paper=False)
    kept = tmp_path / "pack" / "blueprint.yaml"
    assert load_blueprint(kept).document == loaded.document.model_copy(update={"extends": None})
    assert loaded.sha256 in kept.read_text() or hashlib.sha256(kept.read_bytes()).hexdigest() == loaded.sha256
    attested = json.loads(Envelope.read((tmp_path / "pack" / "attestation.json").read_bytes()).payload)
    digests = {one["name"]: one["digest"]["sha256"] for one in attested["predicate"]["configuration"]}
    assert digests["blueprint.yaml"] == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert verify(tmp_path / "pack").problems == []


def test_the_sums_are_those_that_sha256sum_reads(pack: Path) -> None:
    """So that a customer needs nothing of ours."""
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=pack, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.count(b": OK") == len(FILES) - 1


def test_an_untouched_pack_agrees_with_its_sums(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the command says so, and that nobody has signed it."""
    assert verify(pack).problems == []
    assert main(["verify", str(pack)]) == 0
    said = capsys.readouterr().out
    assert "the pack is not signed" in said
    assert said.endswith("the sums agree; who made it is not known\n")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0, 0.5, -1])
def test_a_changed_byte_of_any_file_is_named(name: str, place: float, pack: Path) -> None:
    """The first, one in the middle, the last."""
    content = bytearray((pack / name).read_bytes())
    index = int(place * len(content)) if place >= 0 else len(content) - 1
    content[index] ^= 1
    (pack / name).write_bytes(content)
    problems = verify(pack).problems
    assert problems
    assert name == "SHA256SUMS" or any(problem.startswith(f"{name} was changed") for problem in problems)


def test_every_changed_byte_of_the_sums_is_noticed(pack: Path) -> None:
    """Even where the line still reads as one."""
    original = (pack / "SHA256SUMS").read_bytes()
    for index in range(len(original)):
        content = bytearray(original)
        content[index] ^= 0x20
        (pack / "SHA256SUMS").write_bytes(content)
        assert verify(pack).problems, f"byte {index}"


@pytest.mark.parametrize("name", [name for name in FILES if name != "SHA256SUMS"])
def test_a_file_that_was_removed_is_named(name: str, pack: Path) -> None:
    """It was listed."""
    (pack / name).unlink()
    assert f"{name} was removed: SHA256SUMS lists it" in verify(pack).problems


def test_a_report_that_somebody_made_up_is_found_out_by_what_it_says_of_itself(pack: Path) -> None:
    """Verdict, attestation and shape hang together, even when the sums were made again."""
    document = json.loads((pack / "report.json").read_bytes())
    document["verdict"] = "conformant"
    document["run"]["nodes"] = 3
    (pack / "report.json").write_text(json.dumps(document))
    problems = " ".join(verify(pack).problems)
    assert "report.json was changed: its sha256 is" in problems
    assert "does not fit" in problems
    del document["run"]["nodes"]
    (pack / "report.json").write_text(json.dumps(document))
    problems = " ".join(verify(pack).problems)
    assert "report.json says 'conformant', its outcomes say 'non-conformant'" in problems
    assert "attestation.json is about another report.json" in problems


def _add_file(pack: Path) -> None:
    (pack / "Report.html").write_text("<p>conformant")


def _add_link(pack: Path) -> None:
    (pack / "more").symlink_to("/etc")


def _add_pipe(pack: Path) -> None:
    os.mkfifo(pack / "nights.xml")


def _add_folder(pack: Path) -> None:
    (pack / "empty").mkdir()


def _add_night(pack: Path) -> None:
    (pack / "nights").mkdir()
    (pack / "nights" / "report.html").write_text("")


def _add_evidence(pack: Path) -> None:
    (pack / "evidence" / "ccm").mkdir(parents=True)
    (pack / "evidence" / "ccm" / "events.txt").write_text("")


def _link_page(pack: Path) -> None:
    (pack / "report.html").rename(pack.parent / "elsewhere.html")
    (pack / "report.html").symlink_to(pack.parent / "elsewhere.html")


@pytest.mark.parametrize(
    ("add", "told"),
    [
        (_add_file, "Report.html was added"),
        (_add_link, "more was added: it is a link"),
        (_add_pipe, "nights.xml was added"),
        (_add_folder, "empty was added: it is a folder"),
        (_add_night, "nights/report.html was added"),
        (_add_evidence, "evidence was added: it is a folder"),
        (_link_page, "report.html is a link"),
    ],
)
def test_what_is_not_listed_is_told(add: Callable[[Path], None], told: str, pack: Path) -> None:
    """Whatever lies beside the files is not what was handed over; it is neither followed nor opened."""
    add(pack)
    assert any(one.startswith(told) for one in verify(pack).problems)
    assert main(["verify", str(pack)]) == 1


def test_a_page_that_was_changed_with_its_sum_is_found_out(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made again from the report, and compared, by the version that made it."""
    version = json.loads((pack / "report.json").read_bytes())["run"]["suite_version"]
    module = "cx_conformance.reports.pack.verifying.__version__"
    monkeypatch.setattr(module, "another")
    assert any("was not made again" in one for one in verify(pack).remarks)
    monkeypatch.setattr(module, version)
    assert verify(pack).problems == []
    held = (pack / "report.html").read_bytes()
    (pack / "report.html").write_bytes(held.replace(b"non-conformant", b"conformant"))
    assert write_sums(pack)
    assert verify(pack).problems == ["report.html does not say what report.json says: made again it is another"]


def test_a_name_cannot_forge_what_verify_says(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file's name may hold escape sequences and line feeds."""
    (pack / "x\x1b[2J\x1b[Has it was written\u202e").write_text("")
    assert main(["verify", str(pack)]) == 1
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "\\x1b[2J" in said


def test_a_folder_without_sums_is_no_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is not there cannot be read, as a mistyped name."""
    assert main(["verify", str(tmp_path)]) == 1
    assert "SHA256SUMS is not there" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "nothing")]) == 2
    assert capsys.readouterr() == ("", f"cx-conformance verify: {tmp_path}/nothing: No such file or directory\n")
    (tmp_path / "SHA256SUMS").write_text(f"{'a' * 64}  ../secret\n")
    assert "lies outside the pack" in verify(tmp_path).problems[0]


def test_the_next_run_replaces_the_pack_whole(record: RunRecord, pack: Path, tmp_path: Path) -> None:
    """No input of the last run is taken for one of this; its signature and its paper go."""
    (pack / "SHA256SUMS.sig").write_text("old")
    changed = made_up.record(
        blueprint=used(tmp_path / "in" / "cx.yaml", "blueprint: {v: 2}\n"), site=Input(name="unnamed")
    )
    write_report(changed, pack, paper=False)
    assert (pack / "blueprint.yaml").read_text() == "blueprint: {v: 2}\n"
    assert not (pack / "site.yaml").exists()
    assert not (pack / "SHA256SUMS.sig").exists()
    assert verify(pack).problems == []


def test_inputs_that_lie_in_the_folder_already_are_left_alone(tmp_path: Path) -> None:
    """``--report .`` beside the own site file; and a file of that name that was not used is nobody's to replace."""
    site = used(tmp_path / "site.yaml", "site: {}\n")
    (tmp_path / "blueprint.yaml").write_text("somebody's own")
    write_report(made_up.record(site=site, blueprint=used(tmp_path / "in" / "b.yaml", "b: 1\n")), tmp_path, paper=False)
    assert (tmp_path / "site.yaml").read_text() == "site: {}\n"
    assert (tmp_path / "blueprint.yaml").read_text() == "somebody's own"


def test_an_input_that_was_changed_during_the_run_or_holds_a_secret_is_not_kept(
    record: RunRecord, tmp_path: Path
) -> None:
    """What stands in the pack was used, and can be handed on."""
    Path(record.blueprint.path).write_text("blueprint: {other: 1}\n")
    write_report(record, tmp_path / "pack", Scrubber([SecretStr("site: {}")]), paper=False)
    assert not (tmp_path / "pack" / "blueprint.yaml").exists()
    assert not (tmp_path / "pack" / "site.yaml").exists()
    assert verify(tmp_path / "pack").problems == []


@pytest.mark.parametrize("name", ["report.pdf", "SHA256SUMS", "README.txt", "attestation.json", "metrics.prom"])
def test_a_file_of_the_same_name_that_is_not_ours_stops_the_writing(name: str, tmp_path: Path) -> None:
    """Before the run."""
    (tmp_path / name).write_text("somebody's own")
    with pytest.raises(ReportNotWritten, match=f"{name}: it is not a report of this suite; move it away"):
        prepare_directory(tmp_path)


def test_the_attestation_holds_the_result_to_the_images(record: RunRecord) -> None:
    """As the in-toto test-result predicate has it; what is waived warns, what could not be looked at has not passed."""
    made = statement(record, {"report.json": "d" * 64})
    assert made["_type"] == "https://in-toto.io/Statement/v1"
    assert made["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert made["subject"] == [
        {"name": "ccm", "digest": {"sha256": "a1" * 32}},
        {"name": "report.json", "digest": {"sha256": "d" * 64}},
    ]
    predicate = made["predicate"]
    assert predicate["result"] == "FAILED"
    assert [one["name"] for one in predicate["configuration"]] == ["blueprint.yaml", "site.yaml"]
    assert "CX402 minio [ef-minio]" in predicate["failedTests"]
    assert "CX802 redis [ef-redis]" in predicate["failedTests"]
    assert predicate["warnedTests"] == ["CX601 grafana [ef-grafana]"]
    assert statement(made_up.conformant(), {})["predicate"]["result"] == "PASSED"


def test_the_page_is_made_again_from_the_report_alone(pack: Path, tmp_path: Path) -> None:
    """To the byte, so that the sums and a signature still hold."""
    before = (pack / "report.html").read_bytes()
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(pack / "report.json", alone)
    said = render(alone, alone)
    assert (alone / "report.html").read_bytes() == before
    assert f"{alone / 'report.html'} is written" in said


def test_a_page_made_again_in_its_pack_keeps_the_pack_whole(
    pack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sums follow; a signature of the old ones goes, and that is said."""
    monkeypatch.setattr("cx_conformance.reports.pack.rendering.printer_lacks", lambda: "no printer")
    (pack / "SHA256SUMS.sig").write_text("of the old ones")
    (pack / "report.html").write_text("lost")
    assert main(["render", str(pack)]) == 0
    assert "no printer" in capsys.readouterr().out
    assert (pack / "SHA256SUMS.sig").exists(), "the page is the same again, and so is its sum"
    assert verify(pack).problems[0].startswith("SHA256SUMS.sig is no signature")


def test_making_the_page_again_hides_no_change(pack: Path) -> None:
    """A report that was changed does not get new sums."""
    text = (pack / "report.json").read_text()
    (pack / "report.json").write_text(text.replace("cx.acme.example", "cx.fake.example"))
    with pytest.raises(PackWasChanged, match=r"report\.json is not what SHA256SUMS says"):
        render(pack, pack)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["render", "{nothing}"], "nothing is no folder; give the one that holds report.json"),
        (["render", "{pack}/report.json"], "report.json is no folder; give the one that holds report.json"),
        (["render", "{pack}", "--language", "xx"], "there are: en"),
        (["sign", "{nothing}", "--key", "k"], "SHA256SUMS is not there"),
    ],
)
def test_wrong_use_is_said_in_a_sentence(
    arguments: list[str], told: str, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And ends with a status of its own."""
    nothing = tmp_path / "nothing"
    given = [one.format(pack=pack, nothing=nothing) for one in arguments]
    assert main(given) in {1, 2}
    assert told in capsys.readouterr().err
    assert not nothing.exists()


def test_without_weasyprint_the_pack_says_how_to_print(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is whole all the same."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    write_report(record, tmp_path / "pack")
    assert not (tmp_path / "pack" / "report.pdf").exists()
    assert "print report.html from a browser" in (tmp_path / "pack" / "README.txt").read_text()
    assert any("pip install 'cx-conformance[pdf]'" in line for line in render(tmp_path / "pack", tmp_path / "pack"))
    assert verify(tmp_path / "pack").problems == []


def test_weasyprint_without_its_library_says_which_package_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The import ends in an OSError then, not in an ImportError."""
    from cx_conformance.reports.page.pdf import printer_lacks

    class NoPango:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    assert "on Debian install libpango-1.0-0" in str(printer_lacks())

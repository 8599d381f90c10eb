import socket
from pathlib import Path

import pytest
from msgspec.structs import replace

from cx_conformance.outcome.record import EdgeRecord, ReleaseRecord, RunRecord
from cx_conformance.reports.pack.directory import write_report
from cx_conformance.reports.pack.verifying import verify
from cx_conformance.reports.page import html
from cx_conformance.reports.page.pdf import printed, printer_lacks, write_pdf
from tests.hostile import servers
from tests.reports import made_up
from tests.reports.page.browser import wanted


@pytest.fixture(scope="module")
def record() -> RunRecord:
    """Return a failing run, where there is something that prints."""
    lacks = printer_lacks()
    if lacks:
        wanted(lacks)
    ones = made_up.three_failures().outcomes[:60]
    edges = (EdgeRecord(caller="agent-manager", callee="ccm", port=8081),)
    return made_up.record(*ones, edges=edges, who="jsmith@jump")


@pytest.fixture(scope="module")
def pack(record: RunRecord, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a pack with paper."""
    folder = tmp_path_factory.mktemp("pack")
    write_report(record, folder)
    return folder


def test_the_pack_has_its_paper_and_the_sums_know_it(pack: Path) -> None:
    """It comes last, and is summed all the same."""
    assert (pack / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert verify(pack).problems == []
    assert "report.pdf" in (pack / "SHA256SUMS").read_text()


def test_the_paper_has_bookmarks_title_and_author(pack: Path, tmp_path: Path) -> None:
    """A reader finds the signatures without turning pages."""
    pypdf = pytest.importorskip("pypdf")
    reader = pypdf.PdfReader(pack / "report.pdf")
    assert reader.metadata.title == "acme-production: non-conformant"
    assert reader.metadata.author == "jsmith@jump"

    def titles(outline: list[object]) -> list[str]:
        return [
            t for one in outline for t in (titles(one) if isinstance(one, list) else [str(getattr(one, "title", ""))])
        ]

    bookmarks = titles(reader.outline)
    for name in ("Scope", "Root causes", "Components by areas", "Picture of the platform", "Signatures"):
        assert name in bookmarks
    text = "".join(page.extract_text() for page in reader.pages)
    assert f"1 / {len(reader.pages)}" in text
    assert "Deployment expertflow/ef-ccm does not exist" in text


@pytest.mark.usefixtures("record")
def test_printing_asks_nobody() -> None:
    """Whatever the page names, of this machine too; it is printed without."""
    asked: list[bytes] = []

    def note(connection: socket.socket) -> None:
        asked.append(connection.recv(1))

    with servers.server(note) as (host, port):
        where = f"http://{host}:{port}/x"
        page = f'<link rel=stylesheet href="{where}"><img src="{where}"><img src="file:///etc/hostname"><p>printed'
        assert printed(page).startswith(b"%PDF-")
    assert asked == []


def test_the_paper_is_a4_or_letter(record: RunRecord, tmp_path: Path) -> None:
    """As the customer's printer has it; the picture lies across."""
    pypdf = pytest.importorskip("pypdf")
    write_pdf(record, tmp_path / "letter.pdf", paper="letter")
    sizes = {
        tuple(round(float(side)) for side in page.mediabox[2:])
        for page in pypdf.PdfReader(tmp_path / "letter.pdf").pages
    }
    assert sizes == {(612, 792), (792, 612)}


def test_the_cover_is_what_is_signed_and_the_causes_come_next(pack: Path) -> None:
    """Verdict, scope and signatures on page one, causes on page two, the picture alone, the whole list last."""
    pypdf = pytest.importorskip("pypdf")
    pages = [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(pack / "report.pdf").pages]
    for words in ("non-conformant", "Cluster UID", "Command to reproduce", "For the supplier", "Remarks"):
        assert words in pages[0]
    assert pages[1].startswith("Root causes")
    [picture] = [place for place, text in enumerate(pages) if text.startswith("Picture of the platform")]
    assert "Deviations" not in pages[picture]
    assert pages[picture + 1].startswith("Deviations")
    [annex] = [place for place, text in enumerate(pages) if "Annex: every outcome" in text]
    assert pages[annex].startswith("Annex: every outcome")
    assert annex > picture


def test_the_cover_of_a_release_by_charts_is_one_page_too(record: RunRecord, tmp_path: Path) -> None:
    """How it was recognised takes eight lines; the signatures stood on a sheet of their own."""
    pypdf = pytest.importorskip("pypdf")
    known = ReleaseRecord(
        promised="5.1",
        chosen="option",
        version="5.1",
        model="charts",
        by="image tags of 35 of 35 components, the chart of ActiveMQ, the routes of APISIX in a ConfigMap, StatefulSet "
        "conversation-studio, business-calendar by a chart, Deployment cx-tenant",
        sure="certain",
        covered="53 of 53 workloads",
    )
    command = (
        "cx-conformance run --release 5.1 --every-replica --settle 600 --time-limit 900 --site /etc/cx/acme-prod.yaml "
        "--resolve cx.acme.example:443:10.20.0.5 --ca /etc/cx/ca.pem --history /srv/cx/nights.db --report /srv/cx/last"
    )
    whole = replace(record, outcomes=made_up.three_failures().outcomes, release=known, command=command)
    write_pdf(whole, tmp_path / "report.pdf")
    cover, causes, *_ = (page.extract_text() for page in pypdf.PdfReader(tmp_path / "report.pdf").pages)
    assert "Remarks" in cover
    assert causes.startswith("Root causes")


@pytest.mark.parametrize(("paper", "sheet"), [("A4", (1191, 842)), ("letter", (1224, 792))])
def test_a_wide_picture_takes_a_sheet_twice_as_large(
    record: RunRecord, tmp_path: Path, paper: str, sheet: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that its names can be read; it is still one page."""
    pypdf = pytest.importorskip("pypdf")
    monkeypatch.setattr(html, "WIDE", 0)
    write_pdf(record, tmp_path / "report.pdf", paper=paper)
    boxes = [page.mediabox for page in pypdf.PdfReader(tmp_path / "report.pdf").pages]
    assert [tuple(round(float(side)) for side in box[2:]) for box in boxes].count(sheet) == 1

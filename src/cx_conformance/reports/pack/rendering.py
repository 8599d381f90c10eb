"""Makes the page and the paper of a pack again, from ``report.json`` alone."""

from pathlib import Path

from cx_conformance.reports.file_names import PAGE, PAPER, SIGNATURE, SUMS
from cx_conformance.reports.formats.json_report import read_pack
from cx_conformance.reports.language import DEFAULT
from cx_conformance.reports.page.html import write_html
from cx_conformance.reports.page.pdf import A4, printer_lacks, write_pdf
from cx_conformance.reports.sums import read_sums, sha256, write_sums


class PackWasChanged(Exception):  # noqa: N818 - what was found
    """The pack's files are not what its sums say; making its page again would hide that."""


def render(source: Path, target: Path, *, language: str = DEFAULT, paper: str = A4, whole: bool = False) -> list[str]:
    """Make ``report.html`` and ``report.pdf`` in ``target`` from ``source``'s ``report.json``.

    Return what there is to say of it: what was written, what lacks for the PDF, that the sums have changed. Where
    ``target`` is a pack, its sums follow, and a signature that no longer holds goes. Raises PackWasChanged,
    UnreadableReport, UnreadableSums, ReportNotWritten, OSError, and ValueError for a language that there is not.
    """
    record = read_pack(source)
    of_pack = (target / SUMS).exists()
    if of_pack:
        _unchanged(target)
    write_html(record, target / PAGE, language=language)
    said = [f"{target / PAGE} is written"]
    lacks = printer_lacks()
    if lacks is None:
        write_pdf(record, target / PAPER, language=language, paper=paper, whole=whole)
        said.append(f"{target / PAPER} is written")
    else:
        said.append(lacks)
    if of_pack and write_sums(target):
        said.append(f"{target / SUMS} has the new sums")
        if (target / SIGNATURE).exists():
            (target / SIGNATURE).unlink()
            said.append(f"{target / SIGNATURE} held for the old ones and is removed; sign the pack again")
    return said


def _unchanged(directory: Path) -> None:
    """Raise PackWasChanged for what is not going to be made again, and is not as it was written."""
    for name, promised in read_sums(directory).items():
        path = directory / name
        if name in {PAGE, PAPER}:
            continue
        if not path.is_file() or sha256(path) != promised:
            raise PackWasChanged(
                f"{name} is not what {SUMS} says; `cx-conformance verify {directory}` tells more. "
                "Give --output to make page and paper elsewhere"
            )

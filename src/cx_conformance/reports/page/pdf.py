"""Writes ``report.pdf`` by WeasyPrint (extra ``pdf``), from the page's own template."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.language import DEFAULT
from cx_conformance.reports.page.html import Edition, page
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence

A4: Final = "A4"
PAPERS: Final = {"A4": "A3", "letter": "ledger"}
"""Each with the sheet twice as large, for a picture whose names would be too small to read."""
_NOT_INSTALLED: Final = "WeasyPrint is not installed, or older than 70 (pip install 'cx-conformance[pdf]')"


class NoPrinter(Exception):  # noqa: N818 - what lacks
    """There is nothing that makes a PDF; the text says what to install, or how to print."""


def printer_lacks() -> str | None:
    """Return what lacks for a PDF, in a sentence; None: nothing."""
    try:
        import weasyprint  # noqa: F401 - the import is the question
        from weasyprint.urls import URLFetcher  # noqa: F401 - older ones have none
    except ImportError:
        lacks = _NOT_INSTALLED
    except OSError as reason:  # WeasyPrint is there, Pango is not
        lacks = f"WeasyPrint cannot load a library ({reason}); on Debian install libpango-1.0-0 and libpangoft2-1.0-0"
    else:
        return None
    return f"report.pdf is not written: {lacks}. Print report.html from a browser instead: its Print, or Save as PDF."


def write_pdf(  # noqa: PLR0913 - how a paper is made, by name
    record: RunRecord,
    path: Path,
    scrubber: Scrubber | None = None,
    language: str = DEFAULT,
    *,
    paper: str = A4,
    whole: bool = False,
) -> None:
    """Write the run as a PDF with bookmarks; ``whole``: with the evidence of what is kept too.

    NoPrinter says what lacks, ReportNotWritten why it could not be written.
    """
    lacks = printer_lacks()
    if lacks:
        raise NoPrinter(lacks)
    import weasyprint

    text = page(record, scrubber, language, edition=Edition.WHOLE if whole else Edition.PAPER)
    sheets = f"@page {{ size: {paper} }}" + "".join(
        f" @page {name} {{ size: {sheet} landscape !important }}"
        for name, sheet in (("wide", paper), ("large", PAPERS[paper]))
    )
    size = weasyprint.CSS(string=sheets)
    # It would tell of each property that only browsers know.
    log = logging.getLogger("weasyprint")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        document = printed(text, [size])
    finally:
        log.setLevel(level)
    with replacing(path) as file:
        file.write(document)


def printed(page: str, styles: "Sequence[Any]" = ()) -> bytes:
    """Return a page as PDF; nothing is fetched: it has all it needs, and a text on it is no reason to ask anybody."""
    import weasyprint
    from weasyprint.urls import URLFetcher

    document: bytes = weasyprint.HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf(
        stylesheets=styles
    )
    return document

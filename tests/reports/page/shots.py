"""Takes the pictures of page and paper in ``docs/report`` anew, and notes beside them what they show.

python -m tests.reports.page.shots        # needs Debian's chromium, chromium-driver and poppler-utils
"""

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image

from cx_conformance.reports.page.html import Edition, page
from cx_conformance.reports.page.pdf import write_pdf
from cx_conformance.run.suite_files import suite_root
from tests.reports.page.browser import Browser, chromium
from tests.reports.page.shown import shown

FOLDER: Final = suite_root() / "docs" / "report"
NOTE: Final = FOLDER / "shots.json"
"""For each picture the SHA-256 of what it shows, and of itself."""
PAPER: Final = "paper.png"
_SIZES: Final = {"first-screen.png": (1440, 900), "tablet.png": (820, 1180), "telephone.png": (390, 844)}
_SECTIONS: Final = {"matrix-dark.png": ("#matrix", "dark"), "picture.png": (".drawing svg", "light")}
_PAGES: Final = 6
_DPI: Final = 60
_GAP: Final = 8


def sources() -> dict[str, str]:
    """Return for each picture the text of what it shows."""
    record = shown()
    screen, paper = page(record), page(record, edition=Edition.PAPER)
    return {name: paper if name == PAPER else screen for name in (*_SIZES, *_SECTIONS, PAPER)}


def digest(content: bytes) -> str:
    """Return the SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def _on_screen(folder: Path) -> Iterator[tuple[str, bytes]]:
    path = folder / "report.html"
    path.write_text(page(shown()), encoding="utf-8")
    driver = chromium(folder / "profile")
    try:
        browser = Browser(driver)
        for name, (width, height) in _SIZES.items():
            browser.open(path, width=width, height=height, prefers_color_scheme="light")
            yield name, driver.get_screenshot_as_png()
        for name, (css, scheme) in _SECTIONS.items():
            browser.open(path, width=1440, height=1400, prefers_color_scheme=scheme)
            browser.run("document.querySelector('nav').hidden = true")
            yield name, browser.one(css).screenshot_as_png
    finally:
        driver.quit()


def _on_paper(folder: Path) -> None:
    """Write the first pages side by side."""
    write_pdf(shown(), folder / "report.pdf")
    words = ["pdftoppm", "-r", str(_DPI), "-l", str(_PAGES), "-png", str(folder / "report.pdf"), str(folder / "page")]
    subprocess.run(words, check=True)
    pages = [Image.open(path) for path in sorted(folder.glob("page-*.png"))]
    width, height = max(one.width for one in pages) + _GAP, max(one.height for one in pages) + _GAP
    columns = _PAGES // 2
    sheet = Image.new("RGB", (columns * width, -(-len(pages) // columns) * height), "#888888")
    for number, one in enumerate(pages):
        sheet.paste(one, (number % columns * width, number // columns * height))
    sheet.save(FOLDER / PAPER, optimize=True)


def main() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as folder:
        for name, picture in _on_screen(Path(folder)):
            (FOLDER / name).write_bytes(picture)
        _on_paper(Path(folder))
    taken = {
        name: {"shows": digest(text.encode()), "picture": digest((FOLDER / name).read_bytes())}
        for name, text in sources().items()
    }
    NOTE.write_text(json.dumps(taken, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

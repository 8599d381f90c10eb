"""Every benchmark of a run, one after the other: budgets, the comparison, growth, and where the time goes.

    PYTHONPATH=src python bench/performance.py [--write] [--quick]

``--write`` writes what was measured between the marks in ``docs/performance.md``, and the plot beside it; ``--quick``
leaves the large sizes out.
"""  # noqa: INP001 - a script, no package

import argparse
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from measuring import say

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "performance.md"
SCRIPTS: Final = {
    "budgets": ["budgets.py", "--runs", "5"],
    "comparison": ["compare.py", "--runs", "2"],
    "api": ["api.py"],
    "fleet": ["fleet.py"],
    "growth": ["scale.py", "--runs", "1"],
    "profile": ["profile.py", "--runs", "3"],
}
TABLES: Final = ("api", "growth", "profile")
QUICK: Final = {
    "api": ["--sizes", "29,100"],
    "fleet": ["--clusters", "12"],
    "budgets": ["--quick"],
    "growth": ["--sizes", "29,100,300"],
}


def main() -> int:
    """Run them; return 1 when one of them missed what it aims at."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--write", action="store_true")
    options.add_argument("--quick", action="store_true")
    chosen = options.parse_args()
    page = PAGE.read_text(encoding="utf-8") if chosen.write else ""
    kept = True
    for name, (script, *arguments) in SCRIPTS.items():
        say(f"# {name}")
        command = [
            sys.executable,
            str(ROOT / "bench" / script),
            *arguments,
            *(QUICK.get(name, []) if chosen.quick else []),
        ]
        if chosen.write and name == "growth":
            command += ["--plot", str(PAGE.with_name("performance-growth.svg"))]
        done = subprocess.run(  # noqa: S603 - a script of this folder
            command,
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        )
        say(done.stdout.rstrip())
        if done.returncode not in (0, 1):
            say(done.stderr)
        kept = kept and done.returncode == 0
        page = _filled(page, name, done.stdout if name in TABLES else f"```text\n{done.stdout}```\n")
    if chosen.write:
        page = _filled(page, "machine", f"{os.cpu_count()} cores, Python {platform.python_version()}\n")
        PAGE.write_text(page, encoding="utf-8")
    return 0 if kept else 1


def _filled(page: str, name: str, text: str) -> str:
    """Return the page with ``text`` between the marks of ``name``."""
    marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    return re.sub(marks, lambda found: f"{found[1]}\n{text.strip()}\n\n{found[2]}", page, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main())

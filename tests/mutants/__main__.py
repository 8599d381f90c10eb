"""Runs cosmic-ray on a copy of the checkout, one file after the other, and writes what it found.

``tox -e mutation -- checks/services.py src/cx_conformance/cluster/ports.py``; without arguments every file of FILES.
A mutant is killed when its test command fails, or takes too long.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PYTEST: Final = "python -m pytest -q -x -p no:cacheprovider "
ORACLE: Final = "python -m tests.mutants.oracle "
FILES: Final[Mapping[str, str]] = {
    "src/cx_conformance/blueprint/quantity.py": PYTEST + "tests/blueprint/test_quantity.py",
    "src/cx_conformance/cluster/ports.py": PYTEST + "tests/cluster/test_ports.py",
    "src/cx_conformance/cluster/readiness.py": PYTEST + "tests/cluster/test_readiness.py",
    "src/cx_conformance/cluster/path_reach.py": PYTEST + "tests/cluster/test_path_reach.py",
    "checks/services.py": ORACLE + "checks/services.py",
    "checks/platform.py": ORACLE + "checks/platform.py",
    "checks/config.py": ORACLE + "checks/config.py",
    "checks/storage.py": ORACLE + "checks/storage.py",
    "checks/workloads.py": ORACLE + "checks/workloads.py",
    "checks/ingress.py": ORACLE + "checks/ingress.py",
}
"""Each file that is mutated, and what kills its mutants."""

LEFT_OUT: Final = (
    "core/RemoveDecorator",  # without @check there is no check, which the catalogue's test tells
    "core/ReplaceBinaryOperator_BitOr_.*",  # in annotations
    "core/ReplaceComparisonOperator_Is.*_(Eq|NotEq|Lt|LtE|Gt|GtE)",  # the same for None and for members of an enum
    "core/ReplaceComparisonOperator_(Eq|NotEq)_(Is|IsNot|Lt|LtE|Gt|GtE)",  # the negation stands for them
)
COPIED: Final = ("src", "checks", "tests", "docs", "blueprint.yaml", "conftest.py", "tox.ini", "pyproject.toml")


def mutants(folder: Path, file: str) -> Iterator[dict[str, Any]]:
    """Yield every mutant of a file with how it ended: ``killed`` or ``survived``, and its difference."""
    config, session = folder / "cosmic-ray.toml", folder / f"{Path(file).stem}.sqlite"
    left_out = ", ".join(json.dumps(one) for one in LEFT_OUT)
    config.write_text(
        f'[cosmic-ray]\nmodule-path = "{file}"\ntimeout = 120.0\nexcluded-modules = []\n'
        f'test-command = "{FILES[file]}"\n[cosmic-ray.distributor]\nname = "local"\n'
        f"[cosmic-ray.filters.operators-filter]\nexclude-operators = [{left_out}]\n"
    )
    for command in (
        ("cosmic-ray", "init", config.name, session.name),
        ("cr-filter-operators", session.name, config.name),
        ("cosmic-ray", "exec", config.name, session.name),
    ):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    dumped = subprocess.run(
        ("cosmic-ray", "dump", session.name), cwd=folder, check=True, capture_output=True, text=True
    )
    for item, result in map(parsed, dumped.stdout.splitlines()):
        if result and result.get("worker_outcome") != "skipped":
            yield {
                "operator": item["mutations"][0]["operator_name"],
                "line": item["mutations"][0]["start_pos"][0],
                "outcome": result["test_outcome"],
                "diff": result.get("diff") or "",
            }


def parsed(line: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a line of the dump: what was to be done, and what came of it."""
    item, result = json.loads(line)
    return item, result or {}


def main() -> int:
    """Mutate the files that were named, or all; returns 1 where fewer than nine in ten mutants of a file are killed."""
    parser = argparse.ArgumentParser(prog="tox -e mutation --", description=__doc__)
    parser.add_argument("files", nargs="*", help=f"of {', '.join(FILES)}")
    files = parser.parse_args().files or list(FILES)
    low = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one in COPIED:
            source = ROOT / one
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, folder / one)
        for file in files:
            found = list(mutants(folder, file))
            left = [one for one in found if one["outcome"] == "survived"]
            low += len(left) * 10 > len(found)
            print(f"{file}: {len(found)} mutants, {len(found) - len(left)} killed", flush=True)
            for mutant in left:
                lines = [text for text in mutant["diff"].splitlines() if text[:1] in "+-" and text[:3] not in "+++---"]
                print(f"  {mutant['operator']} line {mutant['line']}: {' '.join(lines)}", flush=True)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())

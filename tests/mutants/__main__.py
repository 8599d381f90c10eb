"""Mutates one file after the other by cosmic-ray's operators, and says which mutants nothing kills.

``tox -e mutation -- checks/services.py src/cx_conformance/cluster/ports.py``; without arguments every file of FILES.
No file is written: each mutant is a text, run in a process of its own. With ``--write`` it keeps what it found for
``docs/coverage.md``.
"""

import argparse
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.mutants.figures import Figures, keep
from tests.mutants.forked import survives
from tests.mutants.justified import Reason, reasons
from tests.mutants.mutating import Mutant, concerned, mutants, touched

ROOT: Final = Path(__file__).parents[2]
FILES: Final[Mapping[str, str]] = {
    "src/cx_conformance/blueprint/quantity.py": "tests/blueprint/test_quantity.py",
    "src/cx_conformance/cluster/ports.py": "tests/cluster/test_ports.py",
    "src/cx_conformance/cluster/readiness.py": "tests/cluster/test_readiness.py",
    "src/cx_conformance/cluster/path_reach.py": "tests/cluster/test_path_reach.py",
    **dict.fromkeys((str(path.relative_to(ROOT)) for path in sorted((ROOT / "checks").glob("[a-z]*.py"))), ""),
}
"""Each file that is mutated, with the tests that kill its mutants; those of checks are asked by the oracle."""

Passes = Callable[[Mutant | None], Callable[[], bool]]
"""Returns what is to hold of a mutant, or of the file as it is, to be asked in the mutant's own process."""


def run(file: str) -> Figures:
    """Try every mutant of one file, and tell those that survive without a reason."""
    if not file.startswith("checks/"):
        passes = _tested_by(FILES[file])
        return _tried(file, lambda _: passes)

    from cx_conformance.run.catalogue import all_checks
    from tests.mutants.oracle import hold, questions
    from tests.mutants.suite import Tests, with_tests

    source = (ROOT / file).read_text(encoding="utf-8")
    by_function = {one.function.__name__: one for one in all_checks() if one.area == Path(file).stem}
    asked = questions([one.id for one in by_function.values() if not one.live])
    told: list[Figures] = []

    def ask(tests: Tests) -> None:
        def passes(mutant: Mutant | None) -> Callable[[], bool]:
            names = concerned(source, touched(source, mutant.source)) if mutant else by_function.keys()
            found = [one for name, one in by_function.items() if name in names]
            static = [one.id for one in found if not one.live]
            return lambda: hold(asked, static) and tests.pass_for([one.id for one in found])

        told.append(_tried(file, passes))

    with_tests([one.id for one in by_function.values()], ask)
    return told[0]


def _tested_by(tests: str) -> Callable[[], bool]:
    import hypothesis
    import pydantic
    import pytest

    # Imported here for all mutants; the package itself is imported by each, with the one module changed.
    assert hypothesis.__version__
    assert pydantic.VERSION
    options = ["-q", "-x", "--noconftest", "-o", "addopts=", "-p", "no:cacheprovider", tests]
    return lambda: pytest.main(options) == 0


def _tried(file: str, passes: Passes) -> Figures:
    source = (ROOT / file).read_text(encoding="utf-8")
    name = ".".join(Path(file).with_suffix("").parts).removeprefix("src.")
    found = list(mutants(source))
    known = reasons(file)
    used: set[Reason] = set()
    gc.collect()
    gc.freeze()  # what is there now is shared by all mutants
    begun, left, justified = time.monotonic(), 0, 0
    if not survives(name, ROOT / file, source, passes(None)):
        raise SystemExit(f"{file}: its tests fail without any mutation")
    for number, one in enumerate(found, 1):
        if survives(name, ROOT / file, one.source, passes(one)):
            why = {reason for reason in known if reason.is_of(one)}
            if why:
                justified += 1
                used |= why
            else:
                left += 1
                print(f"  survives: {one.operator}: {one.words}", flush=True)
        print(f"{file}: {number} of {len(found)}", file=sys.stderr, end="\r", flush=True)
    unused = [one for one in known if one not in used]
    for reason in unused:
        print(f"  nothing survives by this reason: {reason.where}: {reason.before}", flush=True)
    seconds = time.monotonic() - begun
    figures = Figures(
        module=file, mutants=len(found), killed=len(found) - left - justified, justified=justified, stale=len(unused)
    )
    print(f"{file}: {len(found)} mutants, {figures.killed} killed, {justified} justified, {seconds:.0f} s", flush=True)
    return figures


def main() -> int:
    """Mutate the files that were named, or all; returns 1 where something survives without a reason."""
    parser = argparse.ArgumentParser(prog="tox -e mutation --", description=__doc__)
    parser.add_argument("files", nargs="*", help=f"of {', '.join(FILES)}")
    parser.add_argument("--write", action="store_true", help="keep what was found for docs/coverage.md")
    options = parser.parse_args()
    files = options.files or list(FILES)
    os.chdir(ROOT)
    if len(files) == 1:
        found = run(files[0])
        if options.write:
            keep(found)
        return 0 if found.is_clean else 1
    # Each in a process of its own: what one file needs imported, another must not have.
    command = (sys.executable, "-m", "tests.mutants", *(["--write"] if options.write else []))
    return max(subprocess.run((*command, file), check=False).returncode for file in files)


if __name__ == "__main__":
    sys.exit(main())

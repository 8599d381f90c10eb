"""Mutates one file after the other by cosmic-ray's operators, and says which mutants nothing kills.

``tox -e mutation -- checks/services.py src/cx_conformance/cluster/ports.py``; without arguments every file of FILES.
No file is written: each mutant is a text, run in a process of its own.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Final

from tests.mutants.forked import survives

ROOT: Final = Path(__file__).parents[2]
FILES: Final[Mapping[str, str]] = {
    "src/cx_conformance/blueprint/quantity.py": "tests/blueprint/test_quantity.py",
    "src/cx_conformance/cluster/ports.py": "tests/cluster/test_ports.py",
    "src/cx_conformance/cluster/readiness.py": "tests/cluster/test_readiness.py",
    "src/cx_conformance/cluster/path_reach.py": "tests/cluster/test_path_reach.py",
    "checks/services.py": "",
    "checks/platform.py": "",
    "checks/config.py": "",
    "checks/storage.py": "",
    "checks/workloads.py": "",
    "checks/ingress.py": "",
}
"""Each file that is mutated, with the tests that kill its mutants; those of checks are asked by the oracle."""

LEFT_OUT: Final = (
    "core/RemoveDecorator",  # without @check there is no check, which the catalogue's test tells
    "core/Variable.*",  # they need names to be chosen
    "core/ReplaceBinaryOperator_BitOr_.*",  # in annotations
    "core/ReplaceBinaryOperator_.*_(Pow|FloorDiv|RShift|LShift|BitOr|BitAnd|BitXor|Mod)",  # Add, Sub, Mul, Div do
    "core/ReplaceComparisonOperator_Is.*_(Eq|NotEq|Lt|LtE|Gt|GtE)",  # the same for None
    "core/ReplaceComparisonOperator_(Eq|NotEq)_(Is|IsNot|Lt|LtE|Gt|GtE)",  # the negation stands for them
    "core/ReplaceComparisonOperator_(Lt|LtE|Gt|GtE)_(Is|IsNot|Eq|NotEq)",  # the neighbours stand for them
)
"""Operators of cosmic-ray that are not used, each with the reason."""
NO_BEHAVIOUR: Final = re.compile(r"-\s*@(dataclass|lru_cache)\b")
"""Changed lines that say how a record is stored or how much is remembered: nothing that anybody sees."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a file."""

    operator: str
    source: str
    words: str
    """The lines that differ."""


def mutants(file: str) -> Iterator[Mutant]:
    """Yield every mutant of a file."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    source = (ROOT / file).read_text(encoding="utf-8")
    for name in sorted(operator_names()):
        if any(re.fullmatch(pattern, name) for pattern in LEFT_OUT):
            continue
        number = 0
        while (changed := mutate_code(source, get_operator(name)(), number)) is not None:
            number += 1
            lines = list(unified_diff(source.splitlines(), changed.splitlines(), lineterm="", n=0))
            words = " ".join(line for line in lines[3:] if not line.startswith("@@"))
            if not NO_BEHAVIOUR.match(words):
                yield Mutant(name, changed, words)


def tested_by(file: str) -> Callable[[], bool]:
    """Return what holds of the file as it is; run it in the mutant's own process."""
    if file.startswith("checks/"):
        from tests.mutants.oracle import wrong

        area = Path(file).stem
        return lambda: next(wrong(area), None) is None

    import hypothesis
    import pydantic
    import pytest

    # Imported here for all mutants; the package itself is imported by each, with the one module changed.
    assert hypothesis.__version__
    assert pydantic.VERSION
    options = ["-q", "-x", "--noconftest", "-o", "addopts=", "-p", "no:cacheprovider", FILES[file]]
    return lambda: pytest.main(options) == 0


def run(file: str) -> int:
    """Try every mutant of one file; return the number of those that survive."""
    passes = tested_by(file)
    source = (ROOT / file).read_text(encoding="utf-8")
    name = ".".join(Path(file).with_suffix("").parts).removeprefix("src.")
    if not survives(name, ROOT / file, source, passes):
        raise SystemExit(f"{file}: its tests fail without any mutation")
    found = list(mutants(file))
    left = []
    for number, one in enumerate(found, 1):
        if survives(name, ROOT / file, one.source, passes):
            left.append(one)
            print(f"  survives: {one.operator}: {one.words}", flush=True)
        print(f"{file}: {number} of {len(found)}", file=sys.stderr, end="\r", flush=True)
    print(f"{file}: {len(found)} mutants, {len(found) - len(left)} killed", flush=True)
    return len(left)


def main() -> int:
    """Mutate the files that were named, or all; returns 1 where something survives."""
    parser = argparse.ArgumentParser(prog="tox -e mutation --", description=__doc__)
    parser.add_argument("files", nargs="*", help=f"of {', '.join(FILES)}")
    files = parser.parse_args().files or list(FILES)
    os.chdir(ROOT)
    if len(files) == 1:
        return 1 if run(files[0]) else 0
    # Each in a process of its own: what one file needs imported, another must not have.
    command = (sys.executable, "-m", "tests.mutants")
    return max(subprocess.run((*command, file), check=False).returncode for file in files)


if __name__ == "__main__":
    sys.exit(main())

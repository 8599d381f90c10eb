"""What mutation testing found, as it is kept for ``docs/coverage.md``."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

FILE: Final = Path(__file__).parents[1] / "campaign" / "code_mutants.yaml"
_HEAD: Final = (
    "# What `tox -e mutation -- --write` found; `justified` are survivors that change nothing that anybody sees.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the mutants of one file fared."""

    module: str
    mutants: int
    killed: int
    justified: int
    stale: int
    """Reasons by which nothing survives any more."""

    @property
    def is_clean(self) -> bool:
        """Whether each mutant is killed or justified, and every reason is used."""
        return self.mutants == self.killed + self.justified and not self.stale


def keep(found: Figures) -> None:
    """Write a file's figures in place of those of before."""
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    row = {"module": found.module, "mutants": found.mutants, "killed": found.killed, "justified": found.justified}
    told["measured"] = str(dt.datetime.now(dt.UTC).date())
    modules = [one for one in told["modules"] if one["module"] != found.module]
    told["modules"] = sorted([*modules, row], key=lambda one: (one["module"].startswith("checks/"), one["module"]))
    lines = "".join(
        f"  - {{{', '.join(f'{name}: {value}' for name, value in one.items())}}}\n" for one in told["modules"]
    )
    remarks = yaml.safe_dump({"remarks": told["remarks"]}, sort_keys=False, width=120, allow_unicode=True)
    FILE.write_text(f'{_HEAD}measured: "{told["measured"]}"\nmodules:\n{lines}{remarks}', encoding="utf-8")

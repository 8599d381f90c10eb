"""Writes ``docs/report/terminal``: what runs of each kind look like, on narrow, usual and wide terminals."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.terminal.summary import console_for, header, render
from cx_conformance.run.suite_files import suite_root
from tests.reports import made_up

FOLDER: Final = suite_root() / "docs" / "report" / "terminal"
WIDTHS: Final = (40, 80, 200)


def one_cause() -> RunRecord:
    """Return a run in which one value of the shared ConfigMap is wrong: a promise of each component."""
    cause = "ConfigMap expertflow/ef-connection-env-cm key PUBLIC_URL holds devops.ef.com"
    outcomes = [*made_up.conformant().outcomes]
    outcomes += [
        made_up.outcome(
            Result.FAIL,
            check="CX306",
            title="No sample host left",
            area="config",
            component=name,
            entry=f"ef-{name}",
            message="devops.ef.com is left in ConfigMap ef-connection-env-cm key PUBLIC_URL",
            remedy="replace the vendor's sample host by this site's FQDN, in the charts' values too; "
            "then restart its pods",
            evidence={"cause": cause, "found": ["ConfigMap ef-connection-env-cm key PUBLIC_URL"], "promised": "none"},
        )
        for name in made_up.COMPONENTS[:21]
    ]
    return made_up.record(*outcomes)


def missing_namespace() -> RunRecord:
    """Return a run in which the namespace of the stores is missing."""
    missing = {(one.component, one.check, one.entry): one for one in made_up.everything_missing().outcomes}
    outcomes = []
    for one in made_up.conformant().outcomes:
        other = missing.get((one.component, one.check, one.entry), one)
        gone = (other.root or "").endswith("ef-external") or one.entry == "ef-external"
        outcomes.append(other if gone else one)
    return made_up.record(*outcomes)


def forbidden() -> RunRecord:
    """Return a run whose account may not list pods, and that was told no host name."""
    reason = "forbidden: the account may not list pods in namespace expertflow; grant it to look"
    no_host = "n/a: no host name is known; give --fqdn or `fqdn` in the site file"
    outcomes = []
    for one in made_up.conformant().outcomes:
        if one.check == "CX103":
            outcomes.append(
                replace(one, result=Result.ERROR, message=reason, remedy="grant what is named: `cx-conformance rbac`")
            )
        elif one.check == "CX601":
            outcomes.append(replace(one, result=Result.NOT_APPLICABLE, message=no_host))
        else:
            outcomes.append(one)
    return made_up.record(*outcomes, fqdn="")


RUNS: Final = {
    "conformant": made_up.conformant,
    "one-cause": one_cause,
    "three-causes": made_up.three_failures,
    "missing-namespace": missing_namespace,
    "forbidden": forbidden,
    "unreachable": made_up.unreachable,
}


def screens() -> Iterator[tuple[Path, str]]:
    """Yield each file with what is to be in it."""
    for name, made in RUNS.items():
        record = made()
        for width in WIDTHS:
            stream = io.StringIO()
            console = console_for(stream, width)
            header(record, console)
            render(record, console)
            yield FOLDER / f"{name}-{width}.txt", stream.getvalue()


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in screens():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

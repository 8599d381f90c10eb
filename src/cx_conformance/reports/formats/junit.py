"""Writes JUnit XML: one ``testcase`` for each outcome.

What consumers make of the file, and what follows for it:

- Jenkins' ``junit`` step merges error and failure, but shows their text; it reads properties of testcases. Jenkins'
  xUnit plug-in validates by a schema that has no properties in a testcase, and drops a file that has them: for it,
  ``case_properties=False`` (``--junit-strict``) writes the same facts as lines of ``system-out``. By default they are
  properties, which most readers know, pytest's own files have, and whoever reads a file by program wants.
- GitLab keeps the first of testcases with the same ``classname`` and ``name``, names suites by ``classname`` and
  refuses files over 30 MB: names are made unique, and the longest texts are cut until the file fits.
- Azure DevOps shows ``message`` and text; times are seconds.
- Testkube looks for ``<testsuite`` in the first 8 KB.
- Sonobuoy ignores properties and nested suites: one suite, with counts that add up.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.roots import causes_of
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.counting import counted
from cx_conformance.reports.legible import cut, one_line
from cx_conformance.reports.particulars import notes, particulars
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import replacing

SUITE: Final = "cx-conformance"
BUDGET: Final = 28_000_000
"""Bytes of the file; GitLab takes 30 MB."""
_FRAME: Final = 700
"""Bytes of a testcase beside what is said of it: names and properties."""
_CAUSE: Final = 300
"""Characters of a cause in the list of all; its failure tells it whole."""
_ELEMENT: Final = {
    Result.FAIL: "failure",
    Result.ERROR: "error",
    Result.WAIVED: "skipped",
    Result.BLOCKED: "skipped",
    Result.NOT_APPLICABLE: "skipped",
}


def write_junit(
    record: RunRecord, path: Path, scrubber: Scrubber | None = None, *, case_properties: bool = True
) -> None:
    """Write the run to ``path``, whole or not at all; ReportNotWritten says why it could not.

    Without ``case_properties`` the file is valid by the schema of Jenkins' xUnit plug-in to the letter.
    """
    cleaner = Cleaner(scrubber or Scrubber())
    with replacing(path) as file:
        for chunk in _document(record, cleaner, case_properties=case_properties):
            file.write(chunk.encode())


def suite_properties(record: RunRecord) -> dict[str, str]:
    """Return what the suite element says of the run; ``record`` is a clean one, its verdict that of the run."""
    cluster = record.cluster
    return {
        "cluster.uid": cluster.uid if cluster else "",
        "cluster.version": cluster.version if cluster else "",
        "cluster.server": cluster.server if cluster else "",
        "cluster.context": cluster.context if cluster else "",
        "vantage": cluster.vantage if cluster else "",
        "suite.version": record.suite_version,
        "blueprint.name": record.blueprint.name,
        "blueprint.version": record.blueprint.version,
        "blueprint.sha256": record.blueprint.sha256,
        **_of_the_release(record),
        "site": record.site.name,
        "site.sha256": record.site.sha256,
        "fqdn": record.fqdn,
        "started": record.started.isoformat(),
        "static": _truth(said=record.static),
        "deselected": str(record.deselected),
        "selection": record.selection,
        "interrupted": _truth(said=record.interrupted),
    }


def _of_the_release(record: RunRecord) -> dict[str, str]:
    known = record.release
    return {
        "release": known.promised if known else "",
        "release.chosen": known.chosen if known else "",
        "release.installed": known.version if known else "",
        "release.model": known.model if known else "",
        "release.by": known.by if known else "",
        "release.sure": known.sure if known else "",
        "release.told": "; ".join(known.told) if known else "",
        "covered": known.covered if known else "",
    }


def _document(record: RunRecord, cleaner: Cleaner, *, case_properties: bool) -> Iterator[str]:
    counts = Counter(_ELEMENT.get(one.result, "") for one in record.outcomes)
    run = cleaner.run(record)
    counted = f'tests="{len(record.outcomes)}" failures="{counts["failure"]}" errors="{counts["error"]}"'
    seconds = f'time="{max(0.0, record.seconds):.3f}"'
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<testsuites name="{SUITE}" {counted} {seconds}>\n'
    yield f'<testsuite name="{SUITE}" {counted} skipped="{counts["skipped"]}" {seconds}'
    yield f' timestamp="{record.started.isoformat(timespec="seconds")}">\n'
    said = suite_properties(run) | {"verdict": str(record.verdict), "partial": _truth(said=record.partial)}
    yield _properties(said)
    room = BUDGET - _FRAME * len(record.outcomes)
    limit = max(200, min(8_000, room // (2 * (len(record.outcomes) - counts[""]) or 1)))
    names: Counter[tuple[str, str]] = Counter()
    told_at = _told_elsewhere(record)
    for outcome in cleaner.outcomes(record):
        yield _case(outcome, names, limit, told_at.get(outcome.key, ""), case_properties=case_properties)
    yield _text_element("system-out", "\n".join(_of_the_run(run, record, cleaner)), limit=200_000)
    yield "</testsuite>\n</testsuites>\n"


def _told_elsewhere(record: RunRecord) -> dict[tuple[str, str, str], str]:
    """Return where the cause of a failure is told whole, for each that shares it with another and is not the first."""
    found: dict[tuple[str, str, str], str] = {}
    for cause in causes_of(record.outcomes):
        first, *others = cause.outcomes
        for one in others:
            found.setdefault(one.key, first.where)
    return found


def _case(outcome: Outcome, names: Counter[tuple[str, str]], limit: int, told_at: str, *, case_properties: bool) -> str:
    classname = one_line(f"{outcome.area}.{outcome.component}")
    name = one_line(f"{outcome.check} {outcome.title} [{outcome.entry}]")
    names[classname, name] += 1
    if names[classname, name] > 1:
        name += f" ({names[classname, name]})"
    facts = {
        "check": outcome.check,
        "severity": str(outcome.severity),
        "component": outcome.component,
        "vantage": outcome.vantage,
    }
    parts = [
        f'<testcase classname={quoteattr(classname)} name={quoteattr(name)} time="{outcome.duration_ms / 1000:.3f}">\n',
        _properties(facts) if case_properties else "",
        _result(outcome, limit, told_at),
    ]
    lines = [] if case_properties else [f"{fact}: {said}" for fact, said in facts.items()]
    if outcome.result is Result.PASS:
        lines += [f"note: {note}" for note in notes(outcome)]
    if lines:
        parts.append(_text_element("system-out", "\n".join(lines), limit))
    return "".join([*parts, "</testcase>\n"])


def _result(outcome: Outcome, limit: int, told_at: str) -> str:
    """Return the element of the result; with ``told_at`` it says what is at fault, and where that is told whole."""
    element = _ELEMENT.get(outcome.result)
    if element is None:
        return ""
    kind = str(outcome.severity) if outcome.result is Result.FAIL else str(outcome.result)
    said = outcome.message
    if element == "skipped" and not said.startswith(f"{outcome.result}:"):
        said = f"{outcome.result}: {said}"
    told = particulars(outcome)
    if told_at:
        at_fault = ", ".join(one for one in outcome.causes if one != outcome.message)
        told = [("cause", f"{at_fault}; told whole with {told_at}" if at_fault else f"told whole with {told_at}")]
    short = one_line(" | ".join([said, *(f"{label}: {text}" for label, text in told if label in _IN_SHORT)]))
    whole = "\n".join([said, *(f"{label}: {text}" for label, text in told)])
    message, text = _fitted(quoteattr, short, limit), _fitted(escape, whole, limit)
    return f'<{element} message={message} type="{kind}">{text}</{element}>\n'


_IN_SHORT: Final = frozenset({"found", "promised", "remedy", "cause"})


def _of_the_run(run: RunRecord, record: RunRecord, cleaner: Cleaner) -> Iterator[str]:
    """Yield what is true of the run as a whole: verdict, root causes, waivers, what was left out."""
    yield f"verdict: {record.verdict}{' (partial)' if record.partial else ''}"
    for cause in causes_of(record.outcomes):
        one = cleaner.outcome(cause.outcome)
        waits = f", blocks {counted(len(cause.blocked), 'outcome')}" if cause.blocked else ""
        what = one_line(cleaner.text(cause.words), _CAUSE)
        yield f"cause: {one.where} breaks {counted(len(cause.causes), 'promise')}{waits}: {what}"
    for waiver in run.waivers:
        where = f"{waiver.check} {waiver.component} [{waiver.entry}]"
        yield f"waiver: {where}: {waiver.state}; {waiver.reason} ({waiver.owner}, until {waiver.expires})"
    if record.deselected:
        yield f"left out: {record.deselected} outcomes, by {run.selection}"
    if record.interrupted:
        yield "interrupted: what is not listed here was not looked at"
    for one in run.extra.get("calls_leading_nowhere", ()):
        yield f"not checked: {one}"
    if run.crash:
        yield f"the suite itself broke: {run.crash}"


def _properties(said: dict[str, str]) -> str:
    lines = "".join(f'<property name="{name}" value={quoteattr(value)}/>\n' for name, value in said.items())
    return f"<properties>\n{lines}</properties>\n"


def _text_element(name: str, text: str, limit: int) -> str:
    return f"<{name}>{_fitted(escape, text, limit)}</{name}>\n"


def _fitted(markup: Callable[[str], str], text: str, limit: int) -> str:
    """Return ``text`` as XML of at most ``limit`` bytes, cut where it is longer."""
    if len(text) * 6 <= limit:  # &quot; is the longest that a character becomes
        return markup(text)
    kept = text
    while len(marked := markup(kept).encode()) > limit and kept:
        kept = cut(text, max(0, min(len(kept) - 1, len(kept) * limit // len(marked))), was=len(text))
    return marked.decode()


def _truth(*, said: bool) -> str:
    return "true" if said else "false"

"""Shows a run on a terminal, or in a pipe: what is wrong first, the verdict last."""

from collections import Counter
from typing import IO, Final

from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import ClusterFacts, ReleaseRecord, RunRecord
from cx_conformance.outcome.roots import causes_of
from cx_conformance.outcome.verdict import Verdict
from cx_conformance.reports.cleaning import Cleaner, ordered
from cx_conformance.reports.counting import counted
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.signs import WORDS
from cx_conformance.reports.terminal import causes, findings
from cx_conformance.reports.terminal.component_table import component_table
from cx_conformance.reports.terminal.layout import Page

_COLUMN: Final = 11
_NARROWEST: Final = 40
_USUAL: Final = 80
_FEW: Final = 6
"""So many things that are not covered are named here; the others stand in the reports."""
_STYLE: Final = {
    Verdict.CONFORMANT: "bold green",
    Verdict.DEVIATIONS: "bold yellow",
    Verdict.NON_CONFORMANT: "bold red",
    Verdict.INCONCLUSIVE: "bold magenta",
}


def console_for(stream: IO[str], width: int | None = None) -> Console:
    """Return a console that takes texts as they are: no markup, no emoji names, no guesses at what to colour.

    Colours and control codes only where ``stream`` is a terminal and NO_COLOR is not set. A terminal that does not know
    its width says 0, which would leave room for nothing.
    """
    drawn: IO[str] = getattr(stream, "unfiltered", stream)
    console = Console(file=drawn, width=width, markup=False, emoji=False, highlight=False)
    if width is None:
        console.width = max(_NARROWEST, console.width or _USUAL)
    return console


def header(record: RunRecord, console: Console, scrubber: Scrubber | None = None) -> None:
    """Write what is compared with what, and from where it was looked; outcomes need not be there yet."""
    page = Page(console)
    run = Cleaner(scrubber or Scrubber()).run(record)
    page.line((f"cx-conformance {run.suite_version}", "bold"))
    blueprint = f"{run.blueprint.name} {run.blueprint.version} (sha256 {run.blueprint.sha256[:12]})"
    lines = [("blueprint", blueprint)]
    if run.release:
        lines += [("release", run.release.words), *(("", one) for one in run.release.told)]
    site = ", ".join(part for part in (run.site.name, run.fqdn) if part)
    lines += [("site", site)] if site else []
    if cluster := run.cluster:
        context = f", context {cluster.context}" if cluster.context else ""
        lines.append(("cluster", f"{cluster.server}{context}"))
        version = " ".join(
            part for part in ("Kubernetes", cluster.version, cluster.distribution) if part not in ("", "unknown")
        )
        lines.append(("", f"{version}, {counted(cluster.nodes, 'node')}"))
        lines += [("", f"uid {cluster.uid}")] if cluster.uid else []
        again = f", {cluster.retries} of them again" if cluster.retries else ""
        looked = f"{asked_of(cluster)}{again}, in {cluster.seconds:.1f} s"
        static = "; static: the API only" if run.static else ""
        lines.append(("vantage", f"{cluster.vantage or 'unknown'}: {looked}{static}"))
        lines += [("caution", one) for one in cluster.cautions]
    for label, text in lines:
        page.paragraph(text, indent=2, label=label, column=_COLUMN)


def render(record: RunRecord, console: Console, scrubber: Scrubber | None = None, *, details: bool = False) -> None:
    """Write the run so that what matters most remains on the screen: causes directly above the verdict, which is last.

    ``details`` adds all that is known of each cause, every note and reason, and the whole table of components.
    """
    cleaner = Cleaner(scrubber or Scrubber())
    clean = replace(cleaner.run(record), outcomes=tuple(_shown(cleaner, one) for one in ordered(record)))
    page = Page(console)
    if details or not _is_well(clean):
        component_table(page, clean, whole=details)
    findings.let_pass(page, clean, details=details)
    findings.not_checked(page, clean, details=details)
    causes.not_looked_at(page, clean, details=details)
    causes.broken(page, clean, details=details)
    page.blank()
    if "writes" in clean.extra:
        page.paragraph(f"Written to stores: {'; '.join(clean.extra['writes']) or 'nothing'}")
    if "cluster_writes" in clean.extra:
        page.paragraph(f"Written to the cluster: {'; '.join(clean.extra['cluster_writes']) or 'nothing'}")
    if clean.cluster and (clean.cluster.execs or clean.cluster.port_forwards):
        page.paragraph(f"Asked of the cluster: {asked_of(clean.cluster)}")
    _verdict(page, clean)


def asked_of(cluster: ClusterFacts) -> str:
    """Return how the cluster was touched, in numbers: ``35 API requests, 29 execs, 31 port-forwards``."""
    asked = [counted(cluster.requests, "API request")]
    asked += [counted(cluster.execs, "exec")] if cluster.execs else []
    asked += [counted(cluster.port_forwards, "port-forward")] if cluster.port_forwards else []
    return ", ".join(asked)


def _is_well(record: RunRecord) -> bool:
    return {one.result for one in record.outcomes} <= {Result.PASS, Result.NOT_APPLICABLE}


def _shown(cleaner: Cleaner, outcome: Outcome) -> Outcome:
    """Return the outcome clean as far as it is shown: of what is kept, or not applicable, that is not the evidence."""
    if outcome.result not in (Result.PASS, Result.NOT_APPLICABLE):
        return cleaner.outcome(outcome)
    component, message = cleaner.name(outcome.component, 200), cleaner.text(outcome.message)
    if (component, message) == (outcome.component, outcome.message):
        return outcome
    return replace(outcome, component=component, message=message)


def _verdict(page: Page, record: RunRecord) -> None:
    counts = Counter(one.result for one in record.outcomes)
    said = ", ".join(f"{word} {counts[result]:,}" for result, word in WORDS.items() if counts[result])
    page.paragraph(f"{counted(len(record.outcomes), 'outcome')} in {record.seconds:.1f} s{': ' if said else ''}{said}")
    if record.release and record.release.covered:
        page.paragraph(_covered(record.release))
    page.line((f"Verdict: {_said(record, counts)}", _STYLE[record.verdict]))


def _covered(release: ReleaseRecord) -> str:
    """Return how much of what is installed the verdict is about, and what it is not about."""
    covered = f"Promised are {release.covered} in the platform's namespaces"
    if not release.not_covered:
        return f"{covered}."
    some = ", ".join(release.not_covered[:_FEW])
    more = len(release.not_covered) - _FEW
    others = f" and {more} more" if more > 0 else ""
    return f"{covered}; not covered: {some}{others}. `cx-conformance capture` describes what nobody has."


def verdict_line(record: RunRecord) -> Text:
    """Return the verdict with its reason, in one line."""
    counts = Counter(one.result for one in record.outcomes)
    return Text(_said(record, counts), style=_STYLE[record.verdict])


def _said(record: RunRecord, counts: Counter[Result]) -> str:
    partial = " (partial)" if record.partial else ""
    return f"{record.verdict}{partial}{_because(record, counts)}"


def _because(record: RunRecord, counts: Counter[Result]) -> str:
    """Return the verdict's reason in a few words."""
    match record.verdict:
        case Verdict.NON_CONFORMANT:
            severities = Counter(one.severity for one in record.outcomes if one.result is Result.FAIL)
            found = counted(len(causes_of(record.outcomes)), "cause")
            told = ", ".join(f"{severities[one]:,} {one}" for one in Severity if severities[one])
            return f": {found}, {counted(counts[Result.FAIL], 'promise')} ({told})"
        case Verdict.DEVIATIONS:
            return f": {counts[Result.WAIVED]:,} waived"
        case Verdict.INCONCLUSIVE if counts[Result.ERROR]:
            return f": could not look at {counts[Result.ERROR] + counts[Result.BLOCKED]:,}"
        case Verdict.INCONCLUSIVE if record.interrupted or record.crash:
            return ": interrupted" if record.interrupted else ": the suite itself broke"
        case Verdict.INCONCLUSIVE:
            blocked = counts[Result.BLOCKED]
            return f": {blocked:,} blocked by what was left out" if blocked else ": nothing was looked at"
    return ""

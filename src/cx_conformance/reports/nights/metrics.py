"""Writes a run as metrics: for the node exporter's textfile collector, a Pushgateway, or any OpenMetrics reader.

Only gauges and histograms, without timestamps: what both the older Prometheus text format and OpenMetrics 1.0 take, so
that one file serves all readers. Every label value comes from the blueprint, the site or a fixed list, so the number
of series does not grow with what is found. https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

import datetime as dt
import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from cx_conformance.outcome.comparison import latencies
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.verdict import Verdict
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import replacing
from cx_conformance.wire.bounds import SMALL

PREFIX: Final = "cx_conformance_"
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the buckets of probes' durations."""
LONGEST_LABEL: Final = 120
MOST_CERTIFICATES: Final = 200
"""Certificates beyond are left out; a site has a dozen."""
_ALWAYS: Final = (Result.FAIL, Result.ERROR)
"""Counted also where there are none, so that a series ends at 0 rather than vanish."""

FIRST_LINE: Final = f"# HELP {PREFIX}verdict "
_LAST_CONFORMANT: Final = f"{PREFIX}last_conformant_timestamp_seconds"

Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]
"""What follows the family's name, labels, value."""


def write_metrics(
    record: RunRecord,
    path: Path,
    scrubber: Scrubber | None = None,
    earlier: Path | None = None,
    last_conformant: float | None = None,
) -> None:
    """Write the run's metrics to ``path``, whole or not at all; ReportNotWritten says why it could not.

    When the platform was last conformant is carried over from the ``earlier`` file (None: the one that is replaced), or
    is ``last_conformant``.
    """
    carried = _carried_over(earlier or path, record)
    text = metrics_text(record, scrubber, last_conformant=last_conformant if carried is None else carried)
    with replacing(path) as file:
        file.write(text.encode())


def metrics_text(record: RunRecord, scrubber: Scrubber | None = None, *, last_conformant: float | None = None) -> str:
    """Return the run's metrics; ``last_conformant`` (Unix seconds) is told where this run is not conformant itself."""
    cleaner = Cleaner(scrubber or Scrubber())
    run = cleaner.run(record)
    outcomes = [cleaner.outcome(one) for one in record.outcomes]
    site = {"site": run.site.name}
    lines: list[str] = []
    for name, kind, help_text, samples in _families(record, run, outcomes, last_conformant):
        rows = list(samples)
        if rows:
            lines += [f"# HELP {PREFIX}{name} {help_text}", f"# TYPE {PREFIX}{name} {kind}"]
            lines += [_line(f"{PREFIX}{name}{suffix}", {**site, **labels}, value) for suffix, labels, value in rows]
    return "\n".join([*lines, "# EOF", ""])


def _families(
    record: RunRecord, run: RunRecord, outcomes: list[Outcome], last_conformant: float | None
) -> Iterator[tuple[str, str, str, Iterable[Sample]]]:
    ended = record.started.timestamp() + record.seconds
    kept = record.verdict in (Verdict.CONFORMANT, Verdict.DEVIATIONS)
    since = ended if kept else last_conformant
    verdicts = [("", {"verdict": str(one)}, float(one is record.verdict)) for one in Verdict]
    yield "verdict", "gauge", "What the last run says of the platform: 1 for its verdict, 0 for the others.", verdicts
    facts = {
        "blueprint": run.blueprint.name,
        "blueprint_version": run.blueprint.version,
        "suite_version": run.suite_version,
        "cluster_uid": run.cluster.uid if run.cluster else "",
        "cluster_version": run.cluster.version if run.cluster else "",
    }
    yield "run", "gauge", "Which blueprint and which cluster the last run compared; always 1.", [("", facts, 1.0)]
    yield "partial", "gauge", "Whether something was left out or cut off.", [("", {}, float(record.partial))]
    yield "last_run_timestamp_seconds", "gauge", "When the last run ended, Unix time.", [("", {}, ended)]
    yield (
        "last_conformant_timestamp_seconds",
        "gauge",
        "When the last run ended that found the platform conformant, Unix time.",
        [] if since is None else [("", {}, since)],
    )
    yield "run_duration_seconds", "gauge", "How long the last run took.", [("", {}, record.seconds)]
    if record.cluster:
        look: Sample = ("", {}, record.cluster.seconds)
        asked = {
            "request": record.cluster.requests,
            "exec": record.cluster.execs,
            "port-forward": record.cluster.port_forwards,
        }
        calls: list[Sample] = [("", {"kind": kind}, number) for kind, number in asked.items()]
        yield "api_calls", "gauge", "What the last run asked of the API server, by kind.", calls
        yield "look_duration_seconds", "gauge", "How long the look at the API took.", [look]
    yield "outcomes", "gauge", "Outcomes of the last run.", _outcomes(outcomes)
    yield "broken", "gauge", "Entries of a check that are broken; a single 0 where nothing is.", _broken(outcomes)
    yield "checks_duration_seconds", "gauge", "How long the checks of an area took together.", _durations(outcomes)
    yield "probe_duration_seconds", "histogram", "How long the probes of an area took.", _histograms(outcomes)
    certificates = _certificates(outcomes)
    yield "certificate_expiry_timestamp_seconds", "gauge", "When a certificate ends, Unix time.", certificates


def _outcomes(outcomes: Iterable[Outcome]) -> Iterator[Sample]:
    counts: dict[tuple[str, str, str], Counter[Result]] = defaultdict(Counter)
    for one in outcomes:
        counts[one.area, one.component, str(one.severity)][one.result] += 1
    for (area, component, severity), results in sorted(counts.items()):
        for result in Result:
            if results[result] or result in _ALWAYS:
                labels = {"area": area, "component": component, "severity": severity, "outcome": str(result)}
                yield "", labels, results[result]


def _broken(outcomes: Iterable[Outcome]) -> Iterator[Sample]:
    counts = Counter((one.check, one.component, str(one.severity)) for one in outcomes if one.result is Result.FAIL)
    # Nothing at all would leave what was pushed to a gateway while something was broken, and its alerts, for ever.
    for (check, component, severity), number in sorted(counts.items()) or ((("", "", ""), 0),):
        yield "", {"check": check, "component": component, "severity": severity}, number


def _durations(outcomes: Iterable[Outcome]) -> Iterator[Sample]:
    seconds: Counter[str] = Counter()
    for one in outcomes:
        seconds[one.area] += one.duration_ms / 1000  # type: ignore[assignment] # a Counter counts seconds as well
    for area, total in sorted(seconds.items()):
        yield "", {"area": area}, total


def _histograms(outcomes: Iterable[Outcome]) -> Iterator[Sample]:
    seen: dict[str, list[float]] = defaultdict(list)
    for one in outcomes:
        seen[one.area] += [milliseconds / 1000 for milliseconds in latencies(one)]
    for area, seconds in sorted(seen.items()):
        if not seconds:
            continue
        places = Counter(bisect_left(BUCKETS_S, one) for one in seconds)
        total = 0
        for place, bound in enumerate((*BUCKETS_S, math.inf)):
            total += places[place]
            yield "_bucket", {"area": area, "le": _number(bound)}, total
        yield "_sum", {"area": area}, math.fsum(seconds)
        yield "_count", {"area": area}, total


def _certificates(outcomes: Iterable[Outcome]) -> Iterator[Sample]:
    ends: dict[tuple[str, str], float] = {}
    for one in outcomes:
        found = one.evidence.get("found")
        until = one.evidence.get("until") or (found.get("until") if isinstance(found, Mapping) else None)
        try:
            moment = dt.datetime.fromisoformat(str(until))
        except ValueError:
            continue
        ends[one.component, one.entry] = moment.replace(tzinfo=moment.tzinfo or dt.UTC).timestamp()
    for (component, entry), end in sorted(ends.items())[:MOST_CERTIFICATES]:
        yield "", {"component": component, "entry": entry}, end


def _line(name: str, labels: Labels, value: float) -> str:
    shown = ",".join(f'{label}="{_escaped(said)}"' for label, said in labels.items())
    return f"{name}{{{shown}}} {_number(value)}"


def _escaped(text: str) -> str:
    return text[:LONGEST_LABEL].replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    return "+Inf" if value == math.inf else repr(round(float(value), 6))


def _carried_over(path: Path, record: RunRecord) -> float | None:
    """Return what the file that is replaced says of the same site; None where there is no such word."""
    try:
        with path.open("rb") as file:
            return told_before(file.read(SMALL), record)
    except OSError:
        return None


def told_before(metrics: bytes, record: RunRecord) -> float | None:
    """Return when metrics of an earlier run say that the same site was last conformant; None where they do not."""
    text = metrics.decode("utf-8", "replace")
    found = re.search(rf"^{_LAST_CONFORMANT}{{(.*)}} (\S+)$", text, re.MULTILINE)
    if found is None or found[1] != f'site="{_escaped(record.site.name)}"':
        return None
    try:
        when = float(found[2])
    except ValueError:
        return None
    return when if 0 <= when <= record.started.timestamp() + record.seconds else None

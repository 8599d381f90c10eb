"""A run as metrics."""

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import Input
from cx_conformance.reports.nights.metrics import metrics_text, write_metrics
from cx_conformance.reports.nights.pushing import NotPushed, push
from tests.reports import made_up
from tests.reports.made_up import STARTED, outcome, record
from tests.reports.nights.gateway import keeping

FAIL, ERROR = Result.FAIL, Result.ERROR


def values(text: str, name: str) -> list[str]:
    """Return the lines of a metric."""
    return [line for line in text.splitlines() if line.startswith(f"cx_conformance_{name}{{")]


def test_the_verdict_is_one_of_four() -> None:
    """1 for the run's own."""
    assert values(metrics_text(made_up.three_failures()), "verdict") == [
        'cx_conformance_verdict{site="acme-production",verdict="conformant"} 0.0',
        'cx_conformance_verdict{site="acme-production",verdict="conformant with deviations"} 0.0',
        'cx_conformance_verdict{site="acme-production",verdict="non-conformant"} 1.0',
        'cx_conformance_verdict{site="acme-production",verdict="inconclusive"} 0.0',
    ]


def test_outcomes_are_counted_by_area_component_and_severity() -> None:
    """Failures and errors also where there are none: an alert must see a series end at 0."""
    text = metrics_text(record(outcome(), outcome(entry="other"), outcome(FAIL, component="redis")))
    labels = 'site="acme-production",area="services",component="{}",severity="major",outcome="{}"'
    assert values(text, "outcomes") == [
        f"cx_conformance_outcomes{{{labels.format('ccm', 'pass')}}} 2.0",
        f"cx_conformance_outcomes{{{labels.format('ccm', 'fail')}}} 0.0",
        f"cx_conformance_outcomes{{{labels.format('ccm', 'error')}}} 0.0",
        f"cx_conformance_outcomes{{{labels.format('redis', 'fail')}}} 1.0",
        f"cx_conformance_outcomes{{{labels.format('redis', 'error')}}} 0.0",
    ]
    assert values(text, "broken") == [
        'cx_conformance_broken{site="acme-production",check="CX203",component="redis",severity="major"} 1.0'
    ]


def test_that_nothing_is_broken_is_told_too() -> None:
    """A Pushgateway keeps what is not pushed anew: what was broken once would be for ever, and its alert go on.

    https://github.com/prometheus/pushgateway#post-method
    """
    text = metrics_text(record(outcome(), outcome(ERROR, component="redis")))
    assert values(text, "broken") == [
        'cx_conformance_broken{site="acme-production",check="",component="",severity=""} 0.0'
    ]


def test_latencies_are_a_histogram() -> None:
    """Buckets add up, in seconds; a value on a bound is within it."""
    text = metrics_text(record(outcome(area="health", evidence={"ms": {"a": 5.0, "b": 40, "c": 99_000}})))
    buckets = {
        line.split('le="')[1].split('"')[0]: line.split()[-1] for line in values(text, "probe_duration_seconds_bucket")
    }
    assert buckets["0.005"] == "1.0"
    assert buckets["0.05"] == "2.0"
    assert buckets["30.0"] == "2.0"
    assert buckets["+Inf"] == "3.0"
    assert values(text, "probe_duration_seconds_sum")[0].endswith(" 99.045")


def test_certificates_tell_when_they_end() -> None:
    """Those of ingresses and those of stores keep it in two places."""
    text = metrics_text(
        record(
            outcome(entry="cx.acme.example", evidence={"found": {"until": "2027-01-01T00:00:00+00:00"}}),
            outcome(entry="redis", evidence={"until": "2027-01-02T00:00:00+00:00"}),
            outcome(entry="text", evidence={"until": "soon"}),
        )
    )
    ends = [line.split()[-1] for line in values(text, "certificate_expiry_timestamp_seconds")]
    assert ends == [str(dt.datetime(2027, 1, day, tzinfo=dt.UTC).timestamp()) for day in (1, 2)]


def test_the_last_good_night_is_carried_over(tmp_path: Path) -> None:
    """From the file that is replaced, for the same site only."""
    path = tmp_path / "metrics.prom"
    name = "last_conformant_timestamp_seconds"
    write_metrics(record(outcome(FAIL)), path)
    assert values(path.read_text(), name) == []
    write_metrics(record(outcome()), path)
    good = values(path.read_text(), name)
    assert good[0].endswith(str(round(STARTED.timestamp() + 4.2, 6)))
    write_metrics(record(outcome(FAIL), started=STARTED + dt.timedelta(days=1)), path)
    assert values(path.read_text(), name) == good
    write_metrics(record(outcome(FAIL), site=Input(name="another")), path)
    assert values(path.read_text(), name) == []


def test_the_number_of_series_does_not_grow_with_what_is_found() -> None:
    """Neither with messages nor with pods, entries or failures of one check."""
    few = record(*(outcome(FAIL, entry=f"e{n}", message=f"m{n}") for n in range(2)))
    many = record(
        *(outcome(FAIL, entry=f"e{n}", message=f"m{n}", evidence={"ms": {f"pod-{n}": n}}) for n in range(900))
    )
    histogram = 12 + 1 + 2
    assert len(values(metrics_text(many), "broken")) == len(values(metrics_text(few), "broken")) == 1
    series = [len([line for line in metrics_text(one).splitlines() if line[0] != "#"]) for one in (few, many)]
    assert series[1] - series[0] == histogram


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize("made", [made_up.conformant, made_up.three_failures, made_up.unreachable])
def test_prometheus_own_tool_takes_the_metrics(made: object) -> None:
    """With names of sites that need escaping too; it also lints names and help."""
    run = made()  # type: ignore[operator] # one of the three above
    hostile = replace(run, site=Input(name='a "quoted" \\ site\n'))
    for one in (run, hostile):
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=metrics_text(one), text=True, capture_output=True, check=False
        )
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_openmetrics_readers_take_the_same_text() -> None:
    """By the strict parser of Prometheus' own client library, histograms and the end included."""
    run = record(outcome(evidence={"ms": 5.0, "until": "2027-01-01T00:00:00+00:00"}))
    families = {one.name: one.type for one in text_string_to_metric_families(metrics_text(run))}  # type: ignore[no-untyped-call] # it publishes no types for this
    assert families["cx_conformance_probe_duration_seconds"] == "histogram"
    assert set(families.values()) == {"gauge", "histogram"}


def test_metrics_are_pushed_in_a_group_of_their_site() -> None:
    """The name of the site may hold a slash."""
    run = record(outcome(), site=Input(name="acme/prod"))
    with keeping() as gateway:
        push(run, f"http://127.0.0.1:{gateway.port}/")

    ((path, body),) = gateway.posts
    assert path == "/metrics/job/cx-conformance/site@base64/YWNtZS9wcm9k"
    assert body.decode() == metrics_text(run)


def test_a_gateway_that_refuses_is_named() -> None:
    """With what it answered; and one that is not there."""
    with keeping(400) as gateway:
        address = f"http://127.0.0.1:{gateway.port}"
        with pytest.raises(NotPushed, match=f"could not push the metrics to {address}: it answered 400 thank"):
            push(record(), address)
    with pytest.raises(NotPushed, match="see that the address is right"):
        push(record(), address)

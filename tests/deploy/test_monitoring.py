"""The alert rules and the dashboard in ``deploy/monitoring`` rest on the metrics that a run writes."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.nights.metrics import metrics_text
from tests.reports.made_up import STARTED, outcome, record

MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
ALERTS = MONITORING / "alerts.yaml"
DAY = 86_400

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"
)


def expressions(node: Any) -> Iterator[str]:
    """Yield every ``expr`` of a document, at any depth."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "expr")
    for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from expressions(one)


@pytest.mark.parametrize("name", ["alerts.yaml", "dashboard.json"])
def test_only_metrics_that_are_written_are_asked_for(name: str) -> None:
    """A metric that was renamed leaves no dead panel and no silent alert."""
    evidence = {"ms": 5.0, "until": "2027-01-01T00:00:00+00:00"}
    text = metrics_text(record(outcome(), outcome(Result.FAIL, entry="other", evidence=evidence)), last_conformant=1.0)
    written = set(re.findall(r"^(cx_conformance_\w+)", text, re.MULTILINE))
    path = MONITORING / name
    document = json.loads(path.read_bytes()) if path.suffix == ".json" else yaml.safe_load(path.read_bytes())
    asked = {metric for expr in expressions(document) for metric in re.findall(r"cx_conformance_\w+", expr)}

    assert len(asked) >= 5
    assert asked <= written


def test_panels_do_not_overlap() -> None:
    """Each has an id and a place of its own on the grid of 24 columns."""
    panels = json.loads((MONITORING / "dashboard.json").read_bytes())["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


def firing(tmp_path: Path, text: str, now: float, alert: str, expected: list[dict[str, Any]]) -> str:
    """Let Prometheus evaluate the rules over a run's metrics at Unix time ``now``; return what differs."""
    # promtool's clock starts at 0: moments are moved by as much, what is left of the file is taken as it is.
    series = []
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            moved = float(value) - now + 60 if "_timestamp_seconds" in name else float(value)
            series.append({"series": name, "values": f"{moved!r}x2"})
    cases = [{"eval_time": "1m", "alertname": alert, "exp_alerts": expected}]
    test = {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": cases}],
    }
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump(test))
    ended = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


@needs_promtool
def test_prometheus_takes_the_rules() -> None:
    """Its own tool finds nothing to say."""
    checked = subprocess.run(["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


GOOD = outcome(evidence={"until": "2027-06-01T00:00:00+00:00"})
ENDING = outcome(evidence={"until": "2026-12-01T00:00:00+00:00"})


@needs_promtool
@pytest.mark.parametrize(
    ("alert", "made", "days", "labels"),
    [
        ("CxNotConformant", outcome(Result.FAIL), 0, {"verdict": "non-conformant"}),
        ("CxPromiseBroken", outcome(Result.FAIL), 0, {"component": "ccm", "severity": "warning"}),
        ("CxInconclusive", outcome(Result.ERROR), 0, {"verdict": "inconclusive"}),
        ("CxRunMissing", GOOD, 2, {}),
        ("CxNotConformantForAWeek", GOOD, 8, {"severity": "critical"}),
        ("CxCertificateEnds", ENDING, 0, {"component": "ccm", "entry": "ef-ccm-svc"}),
    ],
)
def test_an_alert_fires_over_a_real_run_and_not_over_a_good_one(
    alert: str, made: Any, days: int, labels: dict[str, str], tmp_path: Path
) -> None:
    """Prometheus' own engine evaluates it over what a run writes."""
    now = STARTED.timestamp() + days * DAY
    told = firing(tmp_path, metrics_text(record(made)), now, alert, [])
    assert re.search(rf"got:\[.*alertname=\"{alert}\"", told, re.DOTALL), told
    for label, value in ({"site": "acme-production"} | labels).items():
        assert f'{label}="{value}"' in told

    assert firing(tmp_path, metrics_text(record(GOOD)), STARTED.timestamp(), alert, []) == ""

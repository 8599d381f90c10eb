"""``--extends``: what an installation is beside a known release, and no more."""

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from cx_conformance.__main__ import main
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.lint import Level, lint
from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.capture.capture import capture
from cx_conformance.capture.difference import difference, known_places
from cx_conformance.capture.gathered import Gathered
from cx_conformance.capture.writing import difference_of
from tests.capture.stage import Object, judged, seen, unkept
from tests.checks.installation import Installation, blueprint


def differing(manifests: list[Object], release: Blueprint) -> dict[str, Any]:
    """Return what is said of an installation beside a release."""
    return difference(release, _captured(manifests, release).blueprint)


def _captured(manifests: list[Object], release: Blueprint) -> Any:
    look = seen(Installation(manifests=orjson.dumps(manifests)).objects(), "expertflow", "ef-external")
    return capture(Gathered(look, look.namespaces, whole=True), known=known_places(release))


def simulated(changes: dict[str, Any]) -> dict[str, Any]:
    """Return differences without what the embedded cluster's simulator adds to every pod."""
    left = {}
    for name, change in changes.items():
        kept = {
            field: some
            for field, value in (change or {}).items()
            if (some := [one for one in value if "simulator" not in str(one)] if isinstance(value, list) else value)
        }
        if change is None or kept:
            left[name] = change if change is None else kept
    return left


@pytest.fixture(scope="module")
def pristine() -> dict[str, Any]:
    """Return what the reference installation is beside the page that it was made from."""
    return simulated(differing(Installation().manifests, blueprint()))


def changed(manifests: list[Object], pristine: dict[str, Any]) -> dict[str, Any]:
    """Return what an installation is beside the page, and the reference installation is not."""
    found = simulated(differing(manifests, blueprint()))
    return {name: change for name, change in found.items() if change != pristine.get(name)}


def test_an_installation_as_documented_differs_in_little(pristine: dict[str, Any]) -> None:
    """What the page knows from elsewhere is not taken away: health, stores, parties, columns of callers."""
    assert all(change is not None for change in pristine.values())
    assert {field for change in pristine.values() for field in change} <= {"calls", "configMaps", "secrets", "volumes"}


def test_only_what_was_changed_is_said(pristine: dict[str, Any]) -> None:
    """Replicas, an amount and a port's name; everything else is the release's."""
    installed = Installation()
    ccm = installed.find("Deployment", "ef-ccm")["spec"]
    ccm["replicas"] = 3
    container = ccm["template"]["spec"]["containers"][0]
    container["resources"]["limits"]["memory"] = "3Gi"
    service = installed.find("Service", "ef-ccm-svc")["spec"]["ports"][0]
    service["name"] = "http-renamed"
    found = changed(installed.manifests, pristine)["ccm"]
    assert found["workload"] == {"replicas": 3, "source": "captured"}
    assert found["resources"] == {"limits": {"memory": "3Gi"}, "source": "captured"}
    assert found["service"] == {"ports": [{"port": 8081, "name": "http-renamed", "source": "captured"}]}


def test_what_is_not_installed_is_taken_away_with_the_calls_to_it(tmp_path: Path) -> None:
    """And what is left lints without an error, and is kept."""
    installed = Installation()
    installed.manifests = [one for one in installed.manifests if "realtime-reports" not in one["metadata"]["name"]]
    installed.find("ConfigMap", "ef-routing-engine-cm")["data"].pop("REALTIME_REPORTS_URL")
    made = _captured(installed.manifests, blueprint())
    file = tmp_path / "site.yaml"
    file.write_text(difference_of(made, "4.5.3", blueprint()), encoding="utf-8")
    loaded = load_blueprint(file, Path("blueprint.yaml"))
    assert "realtime-reports" not in loaded.document.components
    assert [one.message for one in lint(loaded) if one.level is Level.ERROR and one.reason is None] == []
    told = judged(installed.manifests, loaded.document)
    assert unkept(one for one in told if one.component in loaded.document.components) == []


def test_a_component_that_no_release_knows_is_said_whole(pristine: dict[str, Any]) -> None:
    """Under the name of its workload."""
    installed = Installation()
    other = orjson.loads(orjson.dumps(installed.find("Deployment", "ef-ccm")))
    other["metadata"]["name"] = "own-thing"
    other["spec"]["selector"]["matchLabels"] = other["spec"]["template"]["metadata"]["labels"] = {"own": "thing"}
    installed.manifests.append(other)
    found = changed(installed.manifests, pristine)
    assert set(found) == {"own-thing"}
    assert found["own-thing"]["workload"] == {"name": "own-thing", "kind": "Deployment", "source": "captured"}


def test_the_command_names_the_releases_that_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    """Before it looks at anything."""
    assert main(["capture", "--extends", "3.9", "--manifests", "-"]) == 2
    assert "'3.9' is no release that is known; allowed are 4.5.3, 4.7" in capsys.readouterr().err


def test_the_command_writes_what_loads(tmp_path: Path) -> None:
    """The head says of when and what it is; the release is named in quotes."""
    manifests, output = tmp_path / "all.yaml", tmp_path / "site.yaml"
    manifests.write_text(yaml.safe_dump_all(Installation().manifests), encoding="utf-8")
    arguments = ["capture", "--manifests", str(manifests), "--extends", "4.5.3", "--name", "Mine", "-o", str(output)]
    assert main(arguments) == 0
    assert "extends: 4.5.3\n" in output.read_text(encoding="utf-8")
    loaded = load_blueprint(output, Path("blueprint.yaml")).document
    assert (loaded.blueprint.name, loaded.blueprint.version) == ("Mine", "4.5.3")
    assert loaded.components.keys() == blueprint().components.keys()

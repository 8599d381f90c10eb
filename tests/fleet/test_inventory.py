"""What an inventory may say, and what is said of one that is wrong; which clusters a share takes."""

import json
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.__main__ import main
from cx_conformance.blueprint.inventory import Inventory
from cx_conformance.blueprint.loading import load
from cx_conformance.commands.fleet import _share

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("clusters", "told"),
    [
        ([], "clusters"),
        ([{"name": "a"}], "a cluster needs a kubeconfig, or a site file that names one"),
        ([{"name": "a", "site": "a"}, {"name": "a", "site": "b"}], "listed twice: a"),
        ([{"name": "../a", "site": "a"}], "name"),
    ],
)
def test_a_wrong_inventory_is_told(
    clusters: list[dict[str, Any]], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the file's name, before anything is looked at."""
    path = tmp_path / "inventory.yaml"
    path.write_text(json.dumps({"clusters": clusters}))

    assert main(["fleet", "run", str(path), "--report", str(tmp_path / "r")]) == 2

    said = capsys.readouterr().err
    assert "inventory.yaml" in said
    assert told in said
    assert not (tmp_path / "r").exists()


def test_an_empty_inventory_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what is wanted there."""
    path = tmp_path / "inventory.yaml"
    path.touch()
    assert main(["fleet", "run", str(path), "--report", str(tmp_path / "r")]) == 2
    assert "inventory.yaml: is empty; an inventory is needed" in capsys.readouterr().err


def test_the_example_is_an_inventory() -> None:
    """As the documentation shows it."""
    assert len(load(ROOT / "docs" / "inventory.example.yaml", Inventory).document.clusters) >= 2


def test_the_shares_are_the_whole_fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cluster is in one of them."""
    fleet = Inventory.model_validate({"clusters": [{"name": f"c{n}", "site": "s"} for n in range(7)]})
    taken = []
    for index in range(3):
        monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
        taken += [one.name for one in _share(fleet, 3)]
    assert sorted(taken) == [f"c{n}" for n in range(7)]

    monkeypatch.setenv("JOB_COMPLETION_INDEX", "3")
    with pytest.raises(ValueError, match="a number below 3"):
        _share(fleet, 3)

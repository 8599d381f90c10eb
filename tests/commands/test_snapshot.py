"""The command ``snapshot``: where it may write."""

from pathlib import Path

import pytest

from cx_conformance.__main__ import main


@pytest.mark.parametrize(
    ("name", "told"),
    [("", "is a folder; name a file in it"), ("absent/s.json", "there is no folder {folder}/absent")],
)
def test_a_place_where_nothing_can_be_saved_is_told_before_a_cluster_is_looked_at(
    name: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its name; the whole cluster was listed first, and the name of a temporary file told."""
    assert main(["snapshot", "--kubeconfig", "absent.yaml", "-o", str(tmp_path / name)]) == 2
    words = told.format(folder=tmp_path)
    assert capsys.readouterr().err == f"cx-conformance snapshot: {tmp_path / name}: {words}\n"

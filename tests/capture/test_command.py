"""``cx-conformance capture``: from what it captures, where it writes, and how it ends."""

import gzip
import json
from pathlib import Path

import orjson
import pytest

from cx_conformance.__main__ import main
from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.writing import written_plain
from cx_conformance.cluster.snapshot import save
from tests.capture.stage import seen
from tests.capture.test_capture import ZOO, zoo
from tests.checks.installation import Installation


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    """Return a file with the manifests of the zoo."""
    file = tmp_path / "zoo.yaml"
    file.write_text(ZOO, encoding="utf-8")
    return file


def test_it_writes_to_the_standard_output(manifests: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The counts are said beside it, so that the output is a blueprint and nothing else."""
    assert main(["capture", "--manifests", str(manifests), "--name", "Zoo"]) == 0
    told = capsys.readouterr()
    file = tmp_path / "captured.yaml"
    file.write_text(told.out, encoding="utf-8")
    assert load_blueprint(file).document.blueprint.name == "Zoo"
    assert "5 components, 4 calls, 1 store\n" in told.err
    assert "left out: port 81 of Service zoo/gate" in told.err
    assert "--blueprint" not in told.err


def test_a_remark_that_goes_on_in_the_next_line_is_indented_there() -> None:
    """So that it does not pass for a remark of its own."""
    lines = written_plain({}, ["Seen:", "- " + "word " * 40]).splitlines()
    assert [line[:5] for line in lines[:3]] == ["# See", "# - w", "#   w"]


def test_an_existing_file_is_written_over_by_force_only(manifests: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the words say so, before anything is looked at."""
    output = manifests.with_name("captured.yaml")
    output.write_text("mine", encoding="utf-8")
    asked = ["capture", "--manifests", str(manifests), "--output", str(output)]
    assert main(asked) == 2
    assert "exists already; --force writes over it" in capsys.readouterr().err
    assert output.read_text(encoding="utf-8") == "mine"
    assert main([*asked, "--force"]) == 0
    assert f"then: cx-conformance run --blueprint {output}\n" in capsys.readouterr().err
    assert "blueprint:" in output.read_text(encoding="utf-8")


def test_a_snapshot_is_captured_too(tmp_path: Path) -> None:
    """Of the namespaces that it was taken of, or of those that are given."""
    file, output = tmp_path / "snapshot.json.gz", tmp_path / "captured.yaml"
    objects = Installation(manifests=orjson.dumps(zoo())).objects()
    save(seen(objects, "zoo"), file)
    assert main(["capture", "--snapshot", str(file), "-o", str(output)]) == 0
    assert list(load_blueprint(output).document.components) == ["cache", "cages", "feeding-nightly", "gate", "keeper"]


@pytest.mark.parametrize("release", ["4.5.3", "5.1"])
def test_a_snapshot_of_an_earlier_version_is_captured(
    release: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It holds the kinds that were promised; what was not asked for is told, at the top of the blueprint too."""
    file, output = tmp_path / "night.json.gz", tmp_path / "captured.yaml"
    assert main(["snapshot", "--sandbox", "--release", release, "-o", str(file)]) == 0
    saved = json.loads(gzip.decompress(file.read_bytes()))
    del saved["listings"]["DaemonSet"]
    file.write_bytes(gzip.compress(json.dumps(saved).encode()))
    assert main(["capture", "--snapshot", str(file), "-o", str(output)]) == 0
    words = "DaemonSets: the snapshot was taken without them; a capture of the cluster itself looks at them"
    assert f"left out: {words}" in capsys.readouterr().err
    assert words in " ".join(output.read_text(encoding="utf-8").replace("\n#", "").split())
    assert "ccm" in " ".join(load_blueprint(output).document.components)


def test_what_the_command_snapshot_saves_can_be_captured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Although a run of the release would list no kind that it does not promise, such as DaemonSets."""
    saved, output = tmp_path / "night.json.gz", tmp_path / "captured.yaml"
    assert main(["snapshot", "--sandbox", "-o", str(saved)]) == 0
    assert main(["capture", "--snapshot", str(saved), "-o", str(output)]) == 0, capsys.readouterr().err
    assert main(["run", "--snapshot", str(saved), "--blueprint", str(output), "--only", "workloads,services"]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--manifests", "no-such.yaml"], "no-such.yaml: cannot be read"),
        (["--snapshot", "no-such.json"], "cannot be read"),
        (["--namespace", "../etc"], "no name of a namespace"),
        (["--manifests", "-", "--kubeconfig", "file"], "--manifests is captured alone"),
        (["--kubeconfig", "no-such-kubeconfig"], "no-such-kubeconfig"),
    ],
)
def test_wrong_usage_ends_in_words(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With status 2, and nothing is written."""
    assert main(["capture", *arguments]) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert told.out == ""


def test_a_kind_that_may_not_be_listed_is_told_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half an installation would promise less than there is, silently: status 3."""
    output = tmp_path / "captured.yaml"
    assert main(["capture", "--sandbox=list-forbidden:configmaps", "-o", str(output)]) == 3
    told = capsys.readouterr().err
    assert "nothing is written, for this could not be looked at: " in told
    assert "configmaps" in told
    assert not output.exists()


def test_secrets_that_may_not_be_looked_at_are_promised_by_reference(tmp_path: Path) -> None:
    """Whether they are there nobody knows; that pods need them is seen."""
    output = tmp_path / "captured.yaml"
    assert main(["capture", "--sandbox=list-forbidden:secrets", "-o", str(output)]) == 0
    components = load_blueprint(output).document.components
    assert [one.name for one in components["grafana"].secrets] == ["ef-grafana-dashboard-provider-secret"]


def test_an_api_server_that_does_not_answer_ends_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With status 3, as a run."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
        "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        "users: [{name: u, user: {token: t}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n",
        encoding="utf-8",
    )
    assert main(["capture", "--kubeconfig", str(kubeconfig), "--time-limit", "5"]) == 3
    assert "connection refused" in capsys.readouterr().err


def test_a_namespace_that_is_not_there_ends_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped name is no empty application."""
    assert main(["capture", "--sandbox", "--namespace", "nowhere"]) == 2
    assert "there is no namespace nowhere" in capsys.readouterr().err


def test_a_namespace_without_workloads_ends_in_words(manifests: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to promise."""
    assert main(["capture", "--manifests", str(manifests), "--namespace", "empty"]) == 2
    assert "there is no workload in empty" in capsys.readouterr().err

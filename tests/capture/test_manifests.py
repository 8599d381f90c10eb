"""Manifests: what is read of them, and in which words a file ends that cannot be."""

import io
import tracemalloc
from pathlib import Path

import pytest

from cx_conformance.blueprint.problems import InputProblems
from cx_conformance.capture import manifests
from cx_conformance.capture.capture import capture
from cx_conformance.capture.gathered import Gathered
from tests.capture.test_capture import ZOO

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, envFrom: [{secretRef: {name: by-hand}}]}]}
"""


def components(text: str | bytes, folder: Path, *namespaces: str) -> list[str]:
    """Return the ids of the components that are captured from a file."""
    file = folder / "manifests.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    snapshot, _ = manifests.read_manifests(str(file), namespaces)
    return list(capture(Gathered(snapshot, snapshot.namespaces, whole=False)).blueprint.components)


def test_rendered_manifests_are_captured_as_the_installation_is(tmp_path: Path) -> None:
    """``helm template`` and ``kustomize build`` print just that."""
    assert components(ZOO, tmp_path) == ["cache", "cages", "feeding-nightly", "gate", "keeper"]


def test_what_has_no_namespace_belongs_to_the_first_that_is_given(tmp_path: Path) -> None:
    """As ``helm install --namespace`` would put it."""
    assert components(WEB, tmp_path, "shop", "other") == ["web"]


def test_the_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """``helm template ... | cx-conformance capture --manifests -``."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(WEB.encode())))
    snapshot, _ = manifests.read_manifests("-", ["shop"])
    assert len(snapshot.workloads("shop")) == 1


def test_a_secret_that_is_made_by_hand_is_promised_all_the_same(tmp_path: Path) -> None:
    """Beside manifests it may exist; in a cluster it would be seen."""
    file = tmp_path / "web.yaml"
    file.write_text(WEB, encoding="utf-8")
    snapshot, _ = manifests.read_manifests(str(file), ["shop"])
    made = capture(Gathered(snapshot, snapshot.namespaces, whole=False)).blueprint
    assert [one.name for one in made.components["web"].secrets] == ["by-hand"]
    assert made.blueprint.captured
    assert made.blueprint.captured.cluster is None


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: List\nitems:\n- " + WEB.replace("\n", "\n  "),
        '{"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"name": "web"}, "spec": {}}]}',
        "apiVersion: apps/v1\nkind: DeploymentList\nitems: [{metadata: {name: web}, spec: {}}]\n",
        "---\n# only a comment\n---\n" + WEB,
        f"{WEB}---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nnot: {{even, parsed\n",
        f"{WEB}---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: another-kind-of-service}}\n",
        f"{WEB}--- # a remark\napiVersion: v1\nkind: Pod\nmetadata: {{name: alone}}\n",
    ],
    ids=["List", "JSON", "DeploymentList", "comments", "definitions", "other groups", "pods"],
)
def test_lists_definitions_and_several_documents_are_taken_as_they_come(text: str, tmp_path: Path) -> None:
    """What is of no kind that is captured is passed over."""
    assert components(text, tmp_path, "shop") == ["web"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no object of Kubernetes"),
        ("# nothing\n---\n", "holds no object of Kubernetes"),
        (f"{WEB}---\nkind: Service\nmetadata: [\n", r"manifests.yaml:12:1: not YAML"),
        (f"{WEB}---\nhello\n", r"manifests.yaml:9:1: no object of Kubernetes.*it is 'hello'"),
        (f"{WEB}---\nservices: {{web: {{image: web}}}}\n", "it has the keys services"),
        ("- a\n- b\n", "no object of Kubernetes"),
        (b"\xff\xfe\x00kind: Service\n", "not YAML"),
        ("a: !!python/object:os.system {}\nkind: Service\n", "not YAML: could not determine a constructor"),
        ("kind: Service\na: " + "[" * 5000, "nested too deep|nesting"),
        ("kind: Service\napiVersion: v1\nspec: {}\n", "Service has no metadata.name"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str | bytes, words: str, tmp_path: Path) -> None:
    """No trace of Python, whatever the file is."""
    with pytest.raises(InputProblems, match=words):
        components(text, tmp_path, "shop")


def test_objects_without_a_namespace_ask_for_one(tmp_path: Path) -> None:
    """The words name the option."""
    with pytest.raises(InputProblems, match=r"Deployment web has no namespace.*--namespace NAME"):
        components(WEB, tmp_path)


def test_a_file_that_is_not_there_is_told() -> None:
    """So is a folder."""
    with pytest.raises(InputProblems, match="No such file"):
        manifests.read_manifests("/no/such/file.yaml", [])


def test_fifty_megabytes_are_read_in_bounded_memory(tmp_path: Path) -> None:
    """A document of another kind is neither parsed nor kept."""
    other = "apiVersion: example.com/v1\nkind: Dump\ndata: |\n" + f"  {'some more ' * 100}\n" * 1000 + "---\n"
    file = tmp_path / "large.yaml"
    with file.open("w", encoding="utf-8") as stream:
        for _ in range(50):
            stream.write(other)
        stream.write(WEB)
    assert file.stat().st_size > 45 * 2**20
    tracemalloc.start()
    try:
        snapshot, _ = manifests.read_manifests(str(file), ["shop"])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(snapshot.workloads("shop")) == 1
    assert peak < 20 * 2**20


def test_one_document_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's object is that large; the words say which line it begins in."""
    monkeypatch.setattr(manifests, "LARGEST_DOCUMENT", 1000)
    text = f"{WEB}---\nkind: ConfigMap\ndata: {{a: {'x' * 2000}}}\n"
    with pytest.raises(InputProblems, match=":9:1: this document is larger than"):
        components(text, tmp_path, "shop")

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.snapshot import save
from cx_conformance.objects.helm import HelmRevision
from cx_conformance.reports.formats.json_report import read_json, write_json
from cx_conformance.run.options import Options
from cx_conformance.run.recording import record_of
from cx_conformance.run.run import Run
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import Installation
from tests.releases import from_facts
from tests.releases.installed import installed, promised

needs_facts = from_facts.needed


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a snapshot of an installation of 4.10."""
    path = tmp_path_factory.mktemp("saved") / "4.10.json"
    installation = installed("4.10")
    save(installation.snapshot(Plan(promised("4.10"), Site())), path)
    return path


@pytest.fixture
def run_of() -> Iterator[list[Run]]:
    """Close what was begun."""
    begun: list[Run] = []
    yield begun
    for one in begun:
        one.close()


def begun(options: Options) -> Run:
    """Return a run that has looked and knows what is promised."""
    run = Run(options)
    run.looks.start()
    run.promise()
    _ = run.snapshot
    return run


def site(tmp_path: Path, text: str) -> Path:
    """Return a site file."""
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@needs_facts
def test_the_release_of_a_snapshot_is_recognised_and_promised(saved: Path, tmp_path: Path) -> None:
    """Nobody says anything; header, JUnit and report.json tell it, and the file reads back as it was written."""
    run = begun(Options(snapshot=saved, static=True))
    assert (run.plan.blueprint.blueprint.version, run.blueprint.path.name) == ("4.10", "4.10.yaml")
    record = record_of(run)
    assert record.release is not None
    assert (record.release.promised, record.release.chosen, record.release.sure) == ("4.10", "recognised", "certain")
    assert record.release.words.startswith("4.10 by charts, certain: image tags of 32 of 33 components, the chart of")
    assert record.release.covered == "47 of 47 workloads"
    assert (record.release.told, record.release.not_covered) == ((), ())
    write_json(record, tmp_path / "report.json")
    assert read_json(tmp_path / "report.json").release == record.release


@needs_facts
@pytest.mark.parametrize("by", ["option", "site"])
def test_what_is_said_decides_and_a_contradiction_is_told_in_one_line(by: str, saved: Path, tmp_path: Path) -> None:
    """Whoever says the release knows better; that another one stands there is told all the same."""
    options = Options(snapshot=saved, static=True, release="4.9" if by == "option" else None)
    if by == "site":
        options = Options(snapshot=saved, static=True, site=site(tmp_path, "release: '4.9'\n"))
    told = record_of(begun(options)).release
    assert told is not None
    assert (told.promised, told.chosen, told.version) == ("4.9", by, "4.10")
    who = {"option": "--release", "site": "the site file"}[by]
    assert len(told.told) == 1
    assert told.told[0].startswith(f"{who} says 4.9, but 4.10 by charts is installed: image tags of 32 of 33")


@needs_facts
def test_an_option_comes_before_the_site_file(saved: Path, tmp_path: Path) -> None:
    """As everywhere."""
    options = Options(snapshot=saved, static=True, release="4.10.6", site=site(tmp_path, "release: '4.9'\n"))
    told = record_of(begun(options)).release
    assert told is not None
    assert (told.promised, told.chosen, told.told) == ("4.10", "option", ())


@needs_facts
def test_a_release_between_two_described_ones_is_judged_by_the_one_before_and_that_is_said(saved: Path) -> None:
    """4.8 has no description of its own."""
    told = record_of(begun(Options(snapshot=saved, static=True, release="4.8"))).release
    assert told is not None
    assert told.promised == "4.7"
    assert told.told[0] == "4.8 is judged by 4.7, the nearest before it that is described"


@needs_facts
def test_a_field_of_the_site_file_that_recognition_stands_in_for_is_told(saved: Path, tmp_path: Path) -> None:
    """The deployment model is seen by now; a site file of before goes on working."""
    options = Options(snapshot=saved, static=True, site=site(tmp_path, "deployment:\n  model: helm\n"))
    told = record_of(begun(options)).release
    assert told is not None
    assert told.promised == "4.10"
    assert told.told == (
        'deployment.model: helm is no longer needed; write release: "4.10", or whichever it is, or nothing at all',
    )


@needs_facts
def test_a_blueprint_that_is_given_is_promised_whatever_stands_there(saved: Path) -> None:
    """What was recognised is only told."""
    page = Path(__file__).parents[2] / "blueprint.yaml"
    told = record_of(begun(Options(snapshot=saved, static=True, blueprint=page))).release
    assert told is not None
    assert (told.promised, told.chosen, told.version) == ("", "blueprint", "4.10")
    assert told.told[0].startswith("the blueprint says 4.5.3, but 4.10 by charts is installed: ")


@needs_facts
@pytest.mark.parametrize("by", ["option", "environment", "site file"])
def test_auto_recognises_the_release_wherever_it_is_written(by: str, saved: Path, tmp_path: Path) -> None:
    """``--release auto`` comes before the site file's release, as any option does; there the word means the same."""
    file = site(tmp_path, f"release: '{'auto' if by == 'site file' else '4.9'}'\n")
    given = Namespace(snapshot=saved, site=file, release="auto" if by == "option" else None)
    options = Options.read(given, {"CX_CONFORMANCE_RELEASE": "auto"} if by == "environment" else {})
    told = record_of(begun(options)).release
    assert told is not None
    assert (told.promised, told.chosen) == ("4.10", "recognised")


@pytest.mark.parametrize("release", ["3.9", "6.0", "newest", "4"])
def test_an_unknown_release_lists_those_that_are_known(release: str) -> None:
    """Nothing is looked at."""
    with pytest.raises(
        ValueError, match=r"--release: '.*' is not known; known are 4\.5\.3, 4\.7, 4\.9, 4\.10, 5\.0, 5\.1"
    ):
        Run(Options(release=release))


def test_a_release_and_a_blueprint_exclude_each_other() -> None:
    """Both say what is promised."""
    with pytest.raises(ValueError, match="leave out --release or --blueprint"):
        Run(Options(release="4.9", blueprint=Path("mine.yaml")))


def test_where_nothing_is_recognised_it_is_the_page_and_that_is_said(tmp_path: Path) -> None:
    """An empty cluster breaks the promises of 4.5.3."""
    empty = Installation(manifests=b"[]")
    path = tmp_path / "empty.json"
    save(empty.snapshot(Plan(empty.promised, Site())), path)
    told = record_of(begun(Options(snapshot=path, static=True))).release
    assert told is not None
    assert told.words == "4.5.3, assumed: nothing of the platform was recognised"


@needs_facts
def test_a_living_installation_is_recognised_by_one_look(run_of: list[Run]) -> None:
    """Beside the lists only the metadata of Helm's records is listed, once a namespace that it installed in."""
    with EmbeddedCluster(from_facts.manifests("5.0"), static=True) as embedded:
        run = Run(Options(kubeconfig=str(embedded.kubeconfig), static=True))
        run_of.append(run)
        assert run.plan.blueprint.blueprint.version == "5.0"
        told = record_of(run).release
        assert told is not None
        assert told.words.endswith("12 releases of Helm")
        helm = run.snapshot.listings[HelmRevision]
        assert {one.namespace for one in helm.records} == {"expertflow", "ef-external", "ef-bi"}
        asked = run.cluster.tally.requests.items()
        assert sum(times for (_, template), times in asked if template.endswith("/secrets")) == 3

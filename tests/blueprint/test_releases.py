from pathlib import Path

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.lint import lint
from cx_conformance.blueprint.loading import Loaded, load_blueprint
from cx_conformance.blueprint.problems import InputProblems
from cx_conformance.blueprint.releases import KNOWN, load_release, nearest
from tests.blueprint.conftest import SHIPPED

BASE = """\
blueprint: {name: shop, version: "1"}
components:
  till:
    group: internal
    namespace: {name: shop}
    workload: {kind: Deployment, name: till}
    configMaps:
      - {name: prices}
      - {name: taxes}
    resources:
      requests: {cpu: 50m, memory: 64Mi}
      limits: {cpu: 50m, memory: 64Mi}
"""


@pytest.mark.parametrize(
    ("version", "judged_by"),
    [("4.5.3", "4.5.3"), ("4.6", "4.5.3"), ("4.8.0", "4.7"), ("v4.10.6", "4.10"), ("5.2", "5.1"), ("3.0", "4.5.3")],
)
def test_what_lies_between_releases_is_judged_by_the_last_one_that_is_not_newer(version: str, judged_by: str) -> None:
    """A site runs 4.8 or 5.2: the promises of the nearest release before it hold."""
    assert nearest(version) == judged_by


def test_a_word_that_is_no_version_is_answered_with_the_known_ones() -> None:
    """The message is the help."""
    with pytest.raises(ValueError, match=r"'latest' is not a release; known are 4\.5\.3, 4\.7, 4\.9"):
        nearest("latest")


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_release_can_be_read(name: str) -> None:
    """The shipped files are well formed."""
    assert load_release(name, SHIPPED).document.blueprint.version == name


def extended(folder: Path, difference: str) -> Loaded[Blueprint]:
    """Return a blueprint that extends ``BASE`` by ``difference``."""
    (folder / "base.yaml").write_text(BASE)
    file = folder / "own.yaml"
    file.write_text(f'extends: base.yaml\nblueprint: {{version: "2"}}\n{difference}')
    return load_blueprint(file)


def test_a_difference_adds_takes_away_and_takes_out(tmp_path: Path) -> None:
    """Mappings and lists of named things are put together, the rest replaced."""
    difference = """\
components:
  till:
    resources: null
    configMaps:
      - {name: taxes, absent: true}
      - {name: prices, optional: true, why: cheap}
      - {name: coupons}
"""
    till = extended(tmp_path, difference).document.components["till"]
    assert till.resources is None
    assert [(one.name, one.optional) for one in till.config_maps] == [("prices", True), ("coupons", False)]


def test_plain_numbers_of_a_list_are_replaced_not_added_to(tmp_path: Path) -> None:
    """A call that moves to another port does not use both."""
    called = BASE + "    calls: [{to: till, ports: [80]}]\n"
    (tmp_path / "called.yaml").write_text(called)
    file = tmp_path / "moved.yaml"
    file.write_text("extends: called.yaml\ncomponents: {till: {calls: [{to: till, ports: [81]}]}}\n")
    assert load_blueprint(file).document.components["till"].calls[0].ports == (81,)


@pytest.mark.parametrize("name", KNOWN)
def test_a_release_is_consistent_in_itself(name: str) -> None:
    """Nothing that lint finds is left without a reason."""
    assert [one.message for one in lint(load_release(name, SHIPPED)) if one.reason is None] == []


def test_every_fact_knows_the_file_that_it_stands_in(tmp_path: Path) -> None:
    """`show` and messages name the file that says it."""
    loaded = extended(tmp_path, "components: {till: {workload: {replicas: 2}}}\n")
    assert loaded.place_of("components", "till", "workload", "name") == "base.yaml:6"
    assert loaded.place_of("components", "till", "workload", "replicas") == "own.yaml:3"


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ("components: {till: {service: null}}\n", "service: is taken away here, but what is extended has none"),
        (
            "components: {till: {configMaps: [{name: x, absent: true}]}}\n",
            "configMaps[0]: is taken out here, but what is extended has none such",
        ),
    ],
)
def test_a_difference_from_what_is_not_there_is_refused(tmp_path: Path, difference: str, said: str) -> None:
    """A release that takes away what its base no longer has is out of date."""
    with pytest.raises(InputProblems) as refused:
        extended(tmp_path, difference)
    assert said in str(refused.value)
    assert "own.yaml:3:" in str(refused.value)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ('"4.11"', "own.yaml:1:10: extends: '4.11' is not a release that is known; allowed is one of 4.5.3, 4.7"),
        ("4.10", "a release is written in quotes"),
        ("no.yaml", "there is no file no.yaml"),
        ("own.yaml", "a circle: own.yaml extends own.yaml"),
    ],
)
def test_what_cannot_be_extended_is_told_with_file_line_and_what_is_allowed(
    tmp_path: Path, wanted: str, said: str
) -> None:
    """File, line and the names that are known."""
    file = tmp_path / "own.yaml"
    file.write_text(f"extends: {wanted}\n{BASE}")
    with pytest.raises(InputProblems) as refused:
        load_blueprint(file)
    assert said in str(refused.value)


def test_a_circle_of_two_files_is_told(tmp_path: Path) -> None:
    """Nothing is read for ever."""
    (tmp_path / "a.yaml").write_text(f"extends: b.yaml\n{BASE}")
    (tmp_path / "b.yaml").write_text(f"extends: a.yaml\n{BASE}")
    with pytest.raises(
        InputProblems, match=r"b\.yaml:1:10: extends: a circle: a\.yaml extends b\.yaml extends a\.yaml"
    ):
        load_blueprint(tmp_path / "a.yaml")


def test_what_is_wrong_in_the_file_that_is_extended_is_told_with_that_file(tmp_path: Path) -> None:
    """The place is where the mistake stands."""
    (tmp_path / "base.yaml").write_text(BASE.replace("kind: Deployment", "kind: Deploymint"))
    file = tmp_path / "own.yaml"
    file.write_text('extends: base.yaml\nblueprint: {version: "2"}\n')
    with pytest.raises(InputProblems, match=r"base\.yaml:6:.*Deploymint"):
        load_blueprint(file)

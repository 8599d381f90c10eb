from pathlib import Path

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.listing import Origins, promises
from cx_conformance.blueprint.loading import Loaded, load_blueprint, load_site
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.releases import load_release
from cx_conformance.blueprint.site import Site
from tests.blueprint.conftest import SHIPPED

SITE = """\
namespaces: {expertflow: cx}
overrides:
  ccm:
    replicas: 3
    servicePorts: {8081: 9090}
"""


def test_every_line_of_a_component_says_where_it_is_written(loaded: Loaded[Blueprint]) -> None:
    """The line of the blueprint holds the value that is shown."""
    origins = Origins(loaded, None)
    plan = Plan(loaded.document, Site())
    text = loaded.path.read_text().splitlines()
    for name, planned in plan.components.items():
        for line in promises(planned, Site()):
            origin = origins.of(name, line)
            if origin == "default":
                continue
            written = text[int(origin.split(":")[1]) - 1]
            first = line.value.split(" ")[0]
            assert first in written or line.field in {"login", "store", "volume", "requests"}, (name, line, written)


def test_what_a_site_file_changes_is_written_there(loaded: Loaded[Blueprint], tmp_path: Path) -> None:
    """And everything else is still the blueprint's."""
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    site = load_site(file, loaded.document)
    plan, origins = Plan(loaded.document, site.document), Origins(loaded, site)
    lines = {line.field: line for line in promises(plan.components["ccm"], site.document)}
    written = {field: origins.of("ccm", line) for field, line in lines.items()}
    assert (lines["namespace"].value, written["namespace"]) == ("cx", "site.yaml:1")
    assert (lines["replicas"].value, written["replicas"]) == ("3", "site.yaml:4")
    assert (lines["Service port"].value, written["Service port"]) == ("9090 to 8081", "site.yaml:5")
    assert (lines["replicas"].source, lines["limits"].source) == (Source.SITE, Source.PAGE)
    assert written["limits"].startswith("blueprint.yaml:")


def test_what_a_release_inherits_is_written_where_it_was_said_first() -> None:
    """And what it changes, in its own file."""
    loaded = load_release("4.10", SHIPPED)
    plan, origins = Plan(loaded.document, Site()), Origins(loaded, None)
    lines = {line.field: line for line in promises(plan.components["activemq"], Site())}
    assert origins.of("activemq", lines["name"]).startswith("4.7.yaml:")
    assert origins.of("activemq", lines["store"]).startswith("4.10.yaml:")


def test_a_value_that_nobody_wrote_is_a_default(loaded: Loaded[Blueprint], tmp_path: Path) -> None:
    """Such as the type of a Service."""
    minimal = loaded.path.read_text().replace("      type: ClusterIP\n", "", 1)
    file = tmp_path / "blueprint.yaml"
    file.write_text(minimal)
    again = load_blueprint(file)
    (line,) = [
        line
        for line in promises(Plan(again.document, Site()).components["360-connector"], Site())
        if line.field == "Service type"
    ]
    assert Origins(again, None).of("360-connector", line) == "default"

"""What the command is given: options, blueprint, site, snapshot."""

import gzip
import json

from cx_conformance.run.suite_files import suite_root
from tests.situations.command import Done
from tests.situations.situation import situation
from tests.situations.stage import Act

GROUP = "Input"


@situation(GROUP, status=2)
def unknown_option(act: Act) -> Done:
    """An option that does not exist."""
    return act.run("--no-such-option")


@situation(GROUP, status=2)
def no_number(act: Act) -> Done:
    """An option's value is no number."""
    return act.run("--settle", "soon")


@situation(GROUP, status=2)
def no_number_in_the_environment(act: Act) -> Done:
    """A variable of the environment sets an option to what is no number."""
    return act.run("--snapshot", act.snapshot(), env={"CX_CONFORMANCE_TIME_LIMIT": "soon"})


@situation(GROUP, status=2)
def unknown_command(act: Act) -> Done:
    """A subcommand that does not exist."""
    return act.command("rnu")


@situation(GROUP, status=2)
def unknown_selection(act: Act) -> Done:
    """A selection that names nothing."""
    return act.run("--only", "everything")


@situation(GROUP, status=2)
def empty_selection(act: Act) -> Done:
    """A selection that leaves nothing."""
    return act.run("--snapshot", act.snapshot(), "--only", "CX101", "--skip", "CX101")


@situation(GROUP, status=2)
def unknown_fault(act: Act) -> Done:
    """A fault of the embedded cluster that does not exist."""
    return act.run("--sandbox=no-such-fault")


@situation(GROUP, status=2)
def missing_blueprint(act: Act) -> Done:
    """The blueprint does not exist."""
    return act.run("--blueprint", "missing.yaml")


@situation(GROUP, status=2)
def malformed_blueprint(act: Act) -> Done:
    """The blueprint is not YAML."""
    return act.run("--blueprint", act.write("blueprint.yaml", "blueprint: {name: x\ncomponents: ["))


@situation(GROUP, status=2)
def wrong_blueprint(act: Act) -> Done:
    """The blueprint has a port that is none."""
    text = (suite_root() / "blueprint.yaml").read_text().replace("port: 8081", "port: 80810", 1)
    return act.run("--blueprint", act.write("blueprint.yaml", text))


@situation(GROUP, status=2)
def wrong_site(act: Act) -> Done:
    """The site file has a field that does not exist."""
    return act.run("--site", act.write("site.yaml", "waiver: []\n"))


@situation(GROUP, status=2)
def unknown_component(act: Act) -> Done:
    """The site file names a component that the blueprint does not have."""
    return act.run("--site", act.write("site.yaml", "components: {without: [telepathy]}\n"))


@situation(GROUP, status=2)
def binary_site(act: Act) -> Done:
    """The site file is binary."""
    return act.run("--site", act.write("site.yaml", b"PK\x03\x04\x00\xff\xfe"))


@situation(GROUP, status=2)
def missing_snapshot(act: Act) -> Done:
    """The snapshot does not exist."""
    return act.run("--snapshot", "missing.json")


@situation(GROUP, status=2)
def truncated_snapshot(act: Act) -> Done:
    """The snapshot was cut off while it was copied."""
    whole = act.snapshot().read_bytes()
    return act.run("--snapshot", act.write("half.json", whole[: len(whole) // 2]))


@situation(GROUP, status=2)
def truncated_archive(act: Act) -> Done:
    """The compressed snapshot was cut off."""
    whole = gzip.compress(act.snapshot().read_bytes())
    return act.run("--snapshot", act.write("half.json.gz", whole[: len(whole) // 2]))


@situation(GROUP, status=2)
def old_snapshot(act: Act) -> Done:
    """The snapshot is of another version of the suite."""
    document = json.loads(act.snapshot().read_bytes()) | {"schema": "cx-conformance/snapshot/0"}
    return act.run("--snapshot", act.write("old.json", document))


@situation(GROUP, status=2)
def edited_snapshot(act: Act) -> Done:
    """The snapshot was edited and a number is now a word."""
    document = json.loads(act.snapshot().read_bytes())
    document["listings"]["Service"]["records"][0]["ports"] = "80"
    return act.run("--snapshot", act.write("edited.json", document))


@situation(GROUP, status=2)
def settling_snapshot(act: Act) -> Done:
    """`--settle` with a snapshot, which does not change."""
    return act.run("--snapshot", act.snapshot(), "--settle", "10")

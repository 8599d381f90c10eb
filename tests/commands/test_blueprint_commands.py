"""The commands around the blueprint, as their parsers give them their arguments."""

import argparse
import json
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml

COMMANDS = ("lint", "show", "graph", "manifests", "schema")


def run(*arguments: str) -> int:
    """Run one command as the command line would."""
    parser = argparse.ArgumentParser()
    import_module(f"cx_conformance.commands.{arguments[0]}").add_parser(parser.add_subparsers())
    args = parser.parse_args(arguments)
    return int(args.run(args))


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "schema"])
def test_a_blueprint_that_cannot_be_read_ends_with_2(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And one line that names the file."""
    assert run(command, "--blueprint", f"{tmp_path}/none.yaml") == 2
    assert capsys.readouterr().err == f"{tmp_path}/none.yaml: there is no such file\n"


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "schema"])
def test_a_variable_that_cannot_be_read_ends_with_2(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one line that names it, as for a run."""
    monkeypatch.setenv("CX_CONFORMANCE_SETTLE", "soon")
    with pytest.raises(SystemExit, match="2"):
        run(command)
    assert capsys.readouterr().err == "CX_CONFORMANCE_SETTLE: 'soon' is no number of seconds\n"


def test_lint_of_the_shipped_blueprint_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    """Its warnings are known and explained."""
    assert run("lint") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "0 errors, 0 warnings, 17 warnings that are known and explained"
    assert all("(known: " in line for line in lines[:-1])


def test_lint_of_an_inconsistent_blueprint_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the rule's ID and the line."""
    file = tmp_path / "blueprint.yaml"
    shipped = Path(__file__).parents[2] / "blueprint.yaml"
    file.write_text(shipped.read_text().replace("- {to: 360-server}", "- {to: nobody}"))
    assert run("lint", "--blueprint", f"{file}") == 1
    assert ": error BL101: 360-connector calls nobody" in capsys.readouterr().out


def test_lint_lists_its_rules(capsys: pytest.CaptureFixture[str]) -> None:
    """By ID and in one sentence."""
    assert run("lint", "--rules") == 0
    assert "BL101  error    Every callee is a component or an external party." in capsys.readouterr().out


def test_show_has_a_line_for_each_component(capsys: pytest.CaptureFixture[str]) -> None:
    """And says which files it read."""
    assert run("show", "--origin") == 0
    out = capsys.readouterr().out
    assert "blueprint.yaml  (the shipped one)" in out
    assert "ef-web-widget-svc 8080" in out


def test_show_of_a_component_has_its_promises_with_source_and_origin(capsys: pytest.CaptureFixture[str]) -> None:
    """Letter case does not matter."""
    assert run("show", "CCM", "--origin") == 0
    (health,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("health")]
    assert health[1:6] == ["http", "8081", "/actuator/health", "answers", "200"]
    assert health[6] == "vendor-docs"
    assert health[7].startswith("blueprint.yaml:")


def test_show_of_the_platform_has_the_sections_below_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """Storage with its level of support, ingress controllers, load balancers, limits."""
    assert run("show", "platform", "--origin") == 0
    out = capsys.readouterr().out
    assert "Longhorn, multi-node, tested" in out
    assert "5000 nodes, 150000 pods" in out
    assert "needs no load balancer" in out


def test_show_of_an_unknown_component_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """And names those that there are."""
    assert run("show", "cmm") == 2
    assert "there are 360-connector, file-engine" in capsys.readouterr().err


def test_show_tells_an_option_from_the_environment_from_the_site_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option comes first, then the environment, then the file."""
    site = tmp_path / "site.yaml"
    site.write_text("site: {name: t}\nfqdn: file.example.com\n")
    monkeypatch.setenv("CX_CONFORMANCE_SITE", f"{site}")
    run("show", "--origin")
    assert "fqdn: file.example.com  (site.yaml:2)" in capsys.readouterr().out
    monkeypatch.setenv("CX_CONFORMANCE_FQDN", "env.example.com")
    run("show", "--origin")
    assert "fqdn: env.example.com  (environment CX_CONFORMANCE_FQDN)" in capsys.readouterr().out
    run("show", "--origin", "--fqdn", "option.example.com")
    assert "fqdn: option.example.com  (option --fqdn)" in capsys.readouterr().out


@pytest.mark.parametrize(("form", "first"), [("dot", "digraph"), ("mermaid", "flowchart"), ("svg", "<svg")])
def test_graph_prints_each_format(form: str, first: str, capsys: pytest.CaptureFixture[str]) -> None:
    """To standard output."""
    assert run("graph", "--format", form) == 0
    assert capsys.readouterr().out.startswith(first)


def test_manifests_are_yaml_without_anchors_in_the_namespaces_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A prefix for all, another name for one."""
    status = run("manifests", "--namespace-prefix", "t1-", "--namespace", "ef-external=stores", "--image", "sim:1")
    out = capsys.readouterr().out
    objects = list(yaml.safe_load_all(out))
    assert status == 0
    assert {each["metadata"].get("namespace") for each in objects} == {None, "t1-expertflow", "stores"}
    assert "&id" not in out
    assert "image: sim:1" in out


def test_a_namespace_that_is_no_pair_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """The message shows one that is."""
    with pytest.raises(SystemExit) as ended:
        run("manifests", "--namespace", "expertflow")
    assert ended.value.code == 2
    assert "such as expertflow=t1-expertflow" in capsys.readouterr().err


def test_schema_prints_or_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document, or all into a folder."""
    assert run("schema", "site") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Site"
    assert run("schema", "--write", f"{tmp_path}/schema") == 0
    written = sorted(file.name for file in (tmp_path / "schema").iterdir())
    assert written == ["blueprint.schema.json", "inventory.schema.json", "site.schema.json"]


def test_schema_into_a_file_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason."""
    (tmp_path / "taken").write_text("")
    assert run("schema", "--write", f"{tmp_path}/taken") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_show_tells_what_a_release_promises_otherwise_than_another(capsys: pytest.CaptureFixture[str]) -> None:
    """A component that is gone, and a Secret that is new, each in a line."""
    assert run("show", "--release", "5.1", "--since", "5.0") == 0
    said = capsys.readouterr().out
    assert re.search(r"otp-manager +component +promised +-", said)
    assert re.search(r"ccm +Secret +- +ccm-approle-secret", said)


def test_show_of_a_release_that_nobody_knows_lists_those_that_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    """And ends with wrong usage."""
    with pytest.raises(SystemExit) as ended:
        run("show", "--release", "9.9")
    assert ended.value.code == 2
    assert "known are 4.5.3, 4.7, 4.9, 4.10, 5.0, 5.1, and what lies between\n" in capsys.readouterr().err

"""Options as they are read from the command line and from the environment."""

import re
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from cx_conformance.run.declared import DECLARED
from cx_conformance.run.options import Options


def given(*arguments: str) -> Namespace:
    """Parse a command line."""
    parser = ArgumentParser()
    for flag, keywords in DECLARED:
        parser.add_argument(flag, **keywords)
    return parser.parse_args(arguments)


def test_an_address_may_be_given_several_times() -> None:
    """One host name has several ports, and several hosts their own."""
    read = Options.read(given("--resolve", "a:443:192.0.2.1", "--resolve", "b:443:192.0.2.2"), {})
    assert read.resolve == ("a:443:192.0.2.1", "b:443:192.0.2.2")


def test_the_environment_sets_what_is_not_given() -> None:
    """Addresses are separated by commas there."""
    environment = {
        "CX_CONFORMANCE_RESOLVE": "a:443:192.0.2.1,b:443:2001:db8::1",
        "CX_CONFORMANCE_CA": "ca.pem",
        "CX_CONFORMANCE_CONSECUTIVE": "3",
    }
    read = Options.read(given(), environment)
    assert (read.resolve, read.ca, read.consecutive) == (("a:443:192.0.2.1", "b:443:2001:db8::1"), Path("ca.pem"), 3)
    assert Options.read(given("--consecutive", "2"), environment).consecutive == 2


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CONSECUTIVE", "0", "CX_CONFORMANCE_CONSECUTIVE: '0' is no number of times"),
        ("SETTLE", "soon", "CX_CONFORMANCE_SETTLE: 'soon' is no number of seconds"),
    ],
)
def test_a_variable_that_cannot_be_read_is_named(name: str, value: str, words: str) -> None:
    """The engineer does not guess which one."""
    with pytest.raises(ValueError, match=words):
        Options.read(given(), {f"CX_CONFORMANCE_{name}": value})


@pytest.mark.parametrize("text", ["https://cx.example.com", "cx.example.com:8443", "cx.example.com/", "c x", "a" * 254])
def test_what_is_no_host_name_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As in the site file: every path of the platform would be told as not served under that name."""
    with pytest.raises(SystemExit):
        given("--fqdn", text)
    told = "host name (such as cx.example.com, without scheme, port or path)"
    assert f"invalid {told} value" in capsys.readouterr().err
    with pytest.raises(ValueError, match=re.escape(f"--fqdn: not a valid {told}")):
        Options.read(given(), {"CX_CONFORMANCE_FQDN": text})
    assert Options.read(given("--fqdn", "CX.example.com"), {}).fqdn == "CX.example.com"


@pytest.mark.parametrize("name", ["blueprint", "site", "snapshot", "report", "history", "ca", "xmlpath"])
def test_a_file_without_a_name_is_refused(name: str) -> None:
    """``--report "$DIR"`` of a script in which nothing sets DIR wrote no report; of the environment it is as unset."""
    with pytest.raises(ValueError, match=r"--[a-z]+: its value is empty; name a file or a folder, or leave --"):
        Options.read(Namespace(**{name: ""}), {})
    assert Options.read(given(), {f"CX_CONFORMANCE_{name.upper()}": ""}) == Options()


@pytest.mark.parametrize("name", ["kubeconfig", "context"])
def test_a_cluster_without_a_name_is_refused(name: str) -> None:
    """``--kubeconfig "$FILE"`` of a script in which nothing sets FILE looked at whatever cluster is the current one."""
    with pytest.raises(ValueError, match=f"--{name}: its value is empty; name a [a-z]+, or leave --{name} out"):
        Options.read(given(f"--{name}", ""), {})
    assert Options.read(given(), {f"CX_CONFORMANCE_{name.upper()}": ""}) == Options()


def test_nothing_given_is_one_good_answer_by_the_systems_authorities() -> None:
    """The defaults."""
    read = Options.read(given(), {})
    assert (read.resolve, read.ca, read.consecutive) == ((), None, 1)


def test_nothing_may_be_written_unless_it_is_said() -> None:
    """By the option, or by its environment variable."""
    assert not Options.read(given(), {}).allow_writes
    assert Options.read(given("--allow-writes"), {}).allow_writes
    assert Options.read(given(), {"CX_CONFORMANCE_ALLOW_WRITES": "1"}).allow_writes


@pytest.mark.parametrize("name", [flag[2:] for flag, keywords in DECLARED if keywords.get("action") == "store_true"])
def test_a_variable_switches_an_option_on_or_leaves_it_off(name: str) -> None:
    """``CX_CONFORMANCE_ALLOW_WRITES=false`` allows nothing, and ``STATIC=0`` looks at everything."""
    field, variable = name.replace("-", "_"), f"CX_CONFORMANCE_{name.upper().replace('-', '_')}"
    for text in ("0", "false", "No", "OFF", ""):
        assert not getattr(Options.read(given(), {variable: text}), field)
        assert getattr(Options.read(given(f"--{name}"), {variable: text}), field)
    for text in ("1", "true", "YES", " on"):
        assert getattr(Options.read(given(), {variable: text}), field)
    with pytest.raises(ValueError, match=f"{variable}: 'maybe' is neither yes nor no; allowed are 1, true, yes, on"):
        Options.read(given(), {variable: "maybe"})


ANOTHER = {
    "CX_CONFORMANCE_SANDBOX": "absent-service:ccm",
    "CX_CONFORMANCE_SNAPSHOT": "saved.json",
    "CX_CONFORMANCE_KUBECONFIG": "other.yaml",
    "CX_CONFORMANCE_CONTEXT": "other",
}


@pytest.mark.parametrize(
    ("arguments", "variables", "looked_at"),
    [
        (("--kubeconfig", "prod.yaml"), ("SANDBOX",), (None, None, "prod.yaml", None)),
        (("--kubeconfig", "prod.yaml"), ("SNAPSHOT",), (None, None, "prod.yaml", None)),
        (("--context", "prod"), ("SNAPSHOT", "KUBECONFIG"), (None, None, "other.yaml", "prod")),
        (("--snapshot", "now.json"), ("SANDBOX", "KUBECONFIG", "CONTEXT"), (None, Path("now.json"), None, None)),
        (("--sandbox",), ("SNAPSHOT", "KUBECONFIG", "CONTEXT"), ((), None, None, None)),
    ],
)
def test_a_cluster_that_an_option_names_comes_before_any_that_the_environment_names(
    arguments: tuple[str, ...], variables: tuple[str, ...], looked_at: tuple[object, ...]
) -> None:
    """Another cluster that is well is no proof of the one that was asked about."""
    environment = {name: text for name, text in ANOTHER.items() if name.endswith(variables)}
    read = Options.read(given(*arguments), environment)
    assert (read.sandbox, read.snapshot, read.kubeconfig, read.context) == looked_at
    assert read.static == (read.snapshot is not None)


def test_two_clusters_of_the_environment_are_refused_as_two_of_the_command_line_are() -> None:
    """Neither comes before the other."""
    both = {name: ANOTHER[name] for name in ("CX_CONFORMANCE_SANDBOX", "CX_CONFORMANCE_KUBECONFIG")}
    with pytest.raises(ValueError, match="leave out CX_CONFORMANCE_SANDBOX or CX_CONFORMANCE_KUBECONFIG"):
        Options.read(given(), both)
    with pytest.raises(ValueError, match="leave out --sandbox or --context"):
        Options.read(given("--sandbox", "--context", "prod"), {})


@pytest.mark.parametrize("other", ["kubeconfig", "context"])
def test_a_snapshot_and_a_cluster_are_two(other: str) -> None:
    """The snapshot was judged, and nothing said that the cluster was not."""
    words = f"--snapshot looks at a saved snapshot; leave out --snapshot or --{other}"
    with pytest.raises(ValueError, match=words):
        Options.read(given("--snapshot", "now.json", f"--{other}", "prod"), {})
    both = {name: ANOTHER[name] for name in ("CX_CONFORMANCE_SNAPSHOT", f"CX_CONFORMANCE_{other.upper()}")}
    with pytest.raises(ValueError, match=f"leave out CX_CONFORMANCE_SNAPSHOT or CX_CONFORMANCE_{other.upper()}"):
        Options.read(given(), both)


@pytest.mark.parametrize("text", ["", ",", " , "])
def test_a_selection_of_nothing_is_refused(text: str) -> None:
    """``--only "$COMPONENT"`` of a script in which nothing sets COMPONENT looked at everything, and so on."""
    with pytest.raises(ValueError, match="--only: names nothing; give check IDs, areas or components, or leave --only"):
        Options.read(given("--only", text), {})
    with pytest.raises(ValueError, match="--resolve: names nothing; give HOST:PORT:ADDRESS, or leave --resolve out"):
        Options.read(given("--resolve", text), {})
    assert Options.read(given("--skip", text), {}) == Options()
    assert Options.read(given(), {"CX_CONFORMANCE_ONLY": ""}) == Options()


def test_images_are_taken_and_what_is_none_is_refused() -> None:
    """From the command line, and from the environment."""
    image = "registry.example.com:5000/tools/busybox:1.36@sha256:0f"
    read = Options.read(given("--allow-probe-pods", image), {"CX_CONFORMANCE_ALLOW_DEBUG_CONTAINERS": "busybox"})
    assert (read.allow_probe_pods, read.allow_debug_containers) == (image, "busybox")
    with pytest.raises(ValueError, match="--allow-probe-pods: not a valid image"):
        Options.read(given(), {"CX_CONFORMANCE_ALLOW_PROBE_PODS": "two words"})

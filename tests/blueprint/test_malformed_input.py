"""What a person can get wrong in a blueprint or a site file, and what the message says: place, found, allowed."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.loading import Loaded
from cx_conformance.blueprint.problems import SHOWN
from cx_conformance.commands import lint

MINIMAL = """\
blueprint: {name: Shop, version: "1"}
components:
  web:
    row: "1"
    group: internal
    namespace: {name: shop}
    workload: {kind: Deployment, name: web}
    containerPorts: [{port: 80, name: http-web-80}]
    service: {name: web-svc, ports: [{port: 80}]}
    resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {cpu: 1, memory: 1Gi}}
    health: [{port: 80, path: /health}]
    volumes: [{name: data, mountPath: /data, size: 1Gi}]
    ingress: {url: "https://${FQDN}/web"}
    calls: [{to: web}]
"""
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@dataclass(frozen=True)
class Wrong:
    """A change of the minimal blueprint (or a whole text), and what the message must hold."""

    says: str
    old: str = ""
    new: str = ""
    text: str | bytes | None = None

    def content(self) -> bytes:
        """Return the bytes of the file."""
        if self.text is not None:
            return self.text if isinstance(self.text, bytes) else self.text.encode()
        assert self.old in MINIMAL
        return MINIMAL.replace(self.old, self.new, 1).encode()


BLUEPRINTS = {
    "empty": Wrong("is empty; a blueprint is needed", text=""),
    "comment only": Wrong("is empty", text="# nothing\n"),
    "a list": Wrong(":1:1: found a list of 1; allowed is a mapping", text="- blueprint\n"),
    "a text": Wrong(":1:1: found the text 'hello'; allowed is a mapping", text="hello\n"),
    "unclosed bracket": Wrong(":2:1: not YAML: did not find expected ',' or ']'", text="components: [a, b\n"),
    "unclosed quote": Wrong("while scanning a quoted scalar that begins in line 1", text="a: 'b\n"),
    "two colons": Wrong(":1:5: not YAML: mapping values are not allowed", text="a: b: c\n"),
    "tab": Wrong(":2:1: a tab; YAML is indented with blanks", text="a:\n\tb: c\n"),
    "two documents": Wrong(":2:1: a second document begins", text="a: b\n---\nc: d\n"),
    "alias": Wrong("anchor &here; write the value out", old="{name: shop}", new="&here {name: shop}"),
    "billion laughs": Wrong("b: anchor &b", text=LAUGHS * 3),
    "tag": Wrong("tag !!python/object:os.system", text="a: !!python/object:os.system {}\n"),
    "duplicate key": Wrong(
        ":5:5: components.web.row: duplicate key", old='    row: "1"\n', new='    row: "1"\n    row: "2"\n'
    ),
    "list as key": Wrong("a key is a text", text="[a]: b\n"),
    "not UTF-8": Wrong(":2:4: byte 0xe9 is not UTF-8", text=b"a: b\nc: \xe9\n"),
    "UTF-16": Wrong("byte 0xff is not UTF-8", text="a: b".encode("utf-16")),
    "control character": Wrong(":1:4: character 1 is not allowed", text="a: \x01\n"),
    "nested too deep": Wrong("nested more than 32 deep", text="[" * 2_000_000),
    "10 MB of nesting": Wrong("is larger than 4 MiB", text="[" * 10_000_000),
    "too many values": Wrong("more than 400,000 values", text="- 1\n" * 400_001),
    "missing section": Wrong(
        ":1:1: components: is missing; it says: Each component by its id", text="blueprint: {name: x}"
    ),
    "missing field": Wrong(":4:5: components.web.group: is missing", old="    group: internal\n"),
    "no components": Wrong(
        "found a mapping; allowed is at least 1 of them", text="blueprint: {name: a, version: b}\ncomponents: {}"
    ),
    "unknown key": Wrong("unknown key 'rows'; did you mean row?", old="row:", new="rows:"),
    "unknown section": Wrong(
        "unknown key 'extras'; did you mean extends?; allowed are accepted, blueprint", text=MINIMAL + "extras: {}\n"
    ),
    "number for text": Wrong("found the number 1; allowed is a text", old='"1"', new="1", text=None),
    "text for number": Wrong(
        "found the text 'eighty'; allowed is a whole number", old="port: 80,", new="port: eighty,"
    ),
    "quoted number": Wrong("found the text '80'; allowed is a whole number", old="port: 80,", new='port: "80",'),
    "port too large": Wrong(
        "ports[0].port: found the number 65536; allowed is at most 65535", old="[{port: 80}]", new="[{port: 65536}]"
    ),
    "port zero": Wrong("found the number 0; allowed is at least 1", old="[{port: 80}]", new="[{port: 0}]"),
    "reversed range": Wrong(
        "found the text '61617-61613'; allowed is a whole number", old="[{port: 80}]", new="[{port: 61617-61613}]"
    ),
    "huge number": Wrong("allowed is at most 65535", old="[{port: 80}]", new="[{port: 999999999999999999999999}]"),
    "long port name": Wrong("at most 15 lower-case letters", old="http-web-80", new="http-web-channel-80"),
    "upper-case name": Wrong("found the text 'Web-svc'; allowed is lower-case letters", old="web-svc", new="Web-svc"),
    "name too long": Wrong("allowed is a text of at most 63 characters", old="name: web-svc", new=f"name: {'a' * 64}"),
    "wrong kind": Wrong(
        "found the text 'deployment'; allowed is 'Deployment', 'StatefulSet'",
        old="kind: Deployment",
        new="kind: deployment",
    ),
    "wrong quantity": Wrong("'64 MB' is not a quantity; allowed is a number", old="64Mi", new="64 MB"),
    "quantity of letters": Wrong("cpu: 'lots' is not a quantity", old="50m", new="lots"),
    "relative path": Wrong("allowed is an absolute HTTP path", old="path: /health", new="path: health"),
    "mount path with colon": Wrong(
        "allowed is an absolute path without ':'", old="mountPath: /data", new='mountPath: "/da:ta"'
    ),
    "wrong URL": Wrong(
        "is not an ingress URL; allowed is https://${FQDN}/path",
        old="https://${FQDN}/web",
        new="https://cx.example.com:8443/web",
    ),
    "a mapping for a list": Wrong("calls: found a mapping; allowed is a list", old="[{to: web}]", new="{to: web}"),
    "a text for a list": Wrong("calls: found the text 'web'; allowed is a list", old="[{to: web}]", new="web"),
    "nothing for a mapping": Wrong(
        "workload: found nothing; allowed is a mapping", old="workload: {kind: Deployment, name: web}", new="workload:"
    ),
    "component with a blank": Wrong("key 'the web'; allowed is lower-case letters", old="  web:", new="  the web:"),
    "party and component": Wrong(
        "web: a component and an external party cannot share an id", text=MINIMAL + "parties: {web: {name: Web}}\n"
    ),
    "clear-text password": Wrong(
        "login.password: found a text of 7 characters; a credential is never written into this file",
        text=MINIMAL + "    store: {protocol: redis, port: 80, login: {password: hunter2}}\n",
    ),
    "reference to nothing": Wrong(
        "a reference names exactly one of secret, configMap, env, file",
        text=MINIMAL + "    store: {protocol: redis, port: 80, login: {password: {key: a}}}\n",
    ),
    "reference without key": Wrong(
        "needs its key", text=MINIMAL + "    store: {protocol: redis, port: 80, login: {password: {secret: a}}}\n"
    ),
}
SITES = {
    "site unknown key": Wrong("unknown key 'fqnd'; did you mean fqdn?", text="fqnd: cx.example.com\n"),
    "site URL for a host": Wrong(
        "fqdn: found the text 'https://cx.example.com'; allowed is a host name", text="fqdn: https://cx.example.com\n"
    ),
    "site unknown component": Wrong(
        ":2:18: components.without[1]: the blueprint has no component web; it has 360-connector",
        text="components:\n  without: [ccm, web]\n",
    ),
    "site only and without": Wrong(
        "by `only` or by `without`, not by both", text="components: {only: [ccm], without: [ccm]}\n"
    ),
    "site reversed replicas": Wrong(
        "least 3 is more than most 2", text="overrides: {ccm: {replicas: {least: 3, most: 2}}}\n"
    ),
    "site replicas of letters": Wrong(
        "allowed is a whole number, or a mapping", text="overrides: {ccm: {replicas: many}}\n"
    ),
    "site half a range": Wrong(
        "overrides.ccm.replicas.most: is missing", text="overrides: {ccm: {replicas: {least: 3}}}\n"
    ),
    "site unknown volume": Wrong(
        "minio has no volume /dat; by name, mount path, or size where it has neither: /data",
        text="overrides: {minio: {volumeSizes: {/dat: 9Gi}}}\n",
    ),
    "site unknown port": Wrong(
        "the Service of ccm has no port 8080; it has 8081", text="overrides: {ccm: {servicePorts: {8080: 9090}}}\n"
    ),
    "site unknown namespace": Wrong("the blueprint has no namespace default", text="namespaces: {default: other}\n"),
    "site password": Wrong(
        "found a text of 7 characters; a credential is never written",
        text="credentials: {redis: {login: {password: hunter2}}}\n",
    ),
    "site password in a mapping": Wrong(
        "unknown key 'value'", text="credentials: {redis: {login: {password: {value: hunter2}}}}\n"
    ),
    "site credentials of no store": Wrong(
        ":1:15: credentials.ccm: ccm is no store, and nobody logs in to it; the blueprint's stores are minio, mongo",
        text="credentials: {ccm: {login: {password: {env: CCM}}}}\n",
    ),
    "site waiver without owner": Wrong(
        ":2:5: waivers[0].owner: is missing; it says: Who accepted it",
        text="waivers:\n  - {check: CX201, reason: r, expires: 2026-12-31}\n",
    ),
    "site waiver without end": Wrong(
        "allowed is a date such as 2026-12-31", text="waivers: [{check: CX201, reason: r, owner: o, expires: never}]\n"
    ),
    "site waiver until a moment": Wrong(
        "expires: found the text '2027-01-01T10:00:00Z'; allowed is a date such as 2026-12-31",
        text="waivers: [{check: CX201, reason: r, owner: o, expires: 2027-01-01T10:00:00Z}]\n",
    ),
    "site waiver until a number": Wrong(
        "expires: found the number 1798761600; allowed is a date such as 2026-12-31",
        text="waivers: [{check: CX201, reason: r, owner: o, expires: 1798761600}]\n",
    ),
    "site release without quotes": Wrong(
        ":1:10: release: found the number 4.1; allowed is a text, in quotes", text="release: 4.10\n"
    ),
    "site misspelt component": Wrong(
        "no component web-chanel-manager; did you mean web-channel-manager?; it has 360-connector",
        text="components: {without: [web-chanel-manager]}\n",
    ),
    "site misspelt namespace": Wrong(
        "no namespace ef-externel; did you mean ef-external?; it has ef-bi", text="namespaces: {ef-externel: other}\n"
    ),
    "site wrong check": Wrong(
        "found the text 'CX1'; allowed is the ID of a check",
        text="waivers: [{check: CX1, reason: r, owner: o, expires: 2026-12-31}]\n",
    ),
    "site wrong template": Wrong(
        "allowed is a template such as {release}-{component}", text='deployment: {template: "x-{comp}"}\n'
    ),
}


def told(file: Path, capsys: pytest.CaptureFixture[str], *, site: bool = False) -> str:
    """Lint ``file`` and return what is said about it; the status must be 2."""
    args = argparse.Namespace(blueprint=None if site else file, site=file if site else None, rules=False)
    assert lint.run(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_a_malformed_blueprint_is_told_with_place_and_remedy(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2; each line begins with the file; no traceback, and no secret."""
    file = tmp_path / "blueprint.yaml"
    file.write_bytes(BLUEPRINTS[name].content())
    said = told(file, capsys)
    assert BLUEPRINTS[name].says in said
    assert all(line.startswith(f"{file}:") for line in said.splitlines())
    assert "Traceback" not in said
    leaked = "hunter2" in said
    assert not leaked


@pytest.mark.parametrize("name", SITES)
def test_a_malformed_site_file_is_told_with_place_and_remedy(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the shipped blueprint does not have is malformed too."""
    file = tmp_path / "site.yaml"
    file.write_bytes(SITES[name].content())
    said = told(file, capsys, site=True)
    assert SITES[name].says in said
    assert all(line.startswith(f"{file}:") for line in said.splitlines())
    leaked = "hunter2" in said
    assert not leaked


def test_a_list_is_not_called_empty_for_what_is_wrong_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One mistake, one line."""
    file = tmp_path / "blueprint.yaml"
    file.write_text(
        "blueprint: {name: a, version: b}\n"
        "components: {web: {row: '1', group: internal, namespace: {name: a}, workload: {kind: Deployment, name: web},"
        " service: {name: web, ports: [{port: '80'}]}}}\n"
    )
    assert [line.partition(": ")[2] for line in told(file, capsys).splitlines()] == [
        "components.web.service.ports[0].port: found the text '80'; allowed is a whole number"
    ]


def test_a_missing_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name."""
    assert told(tmp_path / "none.yaml", capsys) == f"{tmp_path}/none.yaml: there is no such file\n"


def test_a_directory_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name."""
    assert "is a directory; a YAML file is needed" in told(tmp_path, capsys)


def test_all_problems_are_told_at_once_sorted_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An engineer mends a file in one go."""
    file = tmp_path / "blueprint.yaml"
    file.write_text(MINIMAL.replace("64Mi", "lots").replace('"1"', '"x"', 1).replace('row: "1"', "row: 7"))
    lines = [int(line.split(":")[1]) for line in told(file, capsys).splitlines()]
    assert lines == sorted(lines)
    assert len(lines) == 2


def test_many_problems_stay_on_one_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rest is counted."""
    file = tmp_path / "site.yaml"
    file.write_text("".join(f"wrong{number}: 1\n" for number in range(100)))
    said = told(file, capsys, site=True).splitlines()
    assert len(said) == SHOWN + 1
    assert said[-1] == f"{file}: and {100 - SHOWN} more problems"


def test_the_minimal_blueprint_of_these_tests_is_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], loaded: Loaded[Blueprint]
) -> None:
    """Otherwise a case above could fail for another reason than its own."""
    file = tmp_path / "blueprint.yaml"
    file.write_text(MINIMAL)
    assert lint.run(argparse.Namespace(blueprint=file, site=None, rules=False)) == 0
    assert "0 errors" in capsys.readouterr().out
    assert lint.run(argparse.Namespace(blueprint=loaded.path, site=None, rules=False)) == 0

"""Each lint rule on the shipped blueprint, broken in the one way that the rule is about."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.lint import RULES, Finding, Level, lint
from cx_conformance.blueprint.lint.finding import rule
from cx_conformance.blueprint.loading import Loaded, load_blueprint

Broken = Callable[[str, str], tuple[Finding, ...]]


@pytest.fixture
def broken(loaded: Loaded[Blueprint], tmp_path: Path) -> Broken:
    """Lint the shipped blueprint with a text replaced, and give what is found beyond the known."""

    def lint_broken(old: str, new: str) -> tuple[Finding, ...]:
        text = loaded.path.read_text()
        assert old in text
        file = tmp_path / "blueprint.yaml"
        file.write_text(text.replace(old, new, 1))
        return tuple(each for each in lint(load_blueprint(file)) if each.reason is None)

    return lint_broken


def test_the_shipped_blueprint_has_only_known_inconsistencies_of_the_page(loaded: Loaded[Blueprint]) -> None:
    """Each is a warning with a recorded reason, and each recorded reason is needed."""
    findings = lint(loaded)
    assert [each for each in findings if each.level is Level.ERROR or each.reason is None] == []
    assert len(findings) == len(loaded.document.accepted) == 17


CASES = {
    "BL101": ("- {to: 360-server}", "- {to: 361-server}"),
    "BL102": ("calledBy: [agent-manager]", "calledBy: [agent-manager, agent-smith]"),
    "BL103": ("calledBy: [agent-manager]", "calledBy: [unified-agent]"),
    "BL104": ("calledBy: [agent-manager]", "calledBy: [agent-manager, ccm]"),
    "BL105": ("- {to: 360-server}", "- {to: reporting-connector}"),
    "BL106": ("- {to: activemq, ports: [61613]}", "- {to: activemq, ports: [61618]}"),
    "BL107": ("- {to: 360-server}", "- {to: ccm}"),
    "BL201": ('row: "2"', 'row: "1"'),
    "BL202": ("name: ef-file-engine, replicas", "name: ef-ccm, replicas"),
    "BL203": ("name: ef-file-engine-svc", "name: ef-ccm-svc"),
    "BL204": ("      - {port: 61614}\n", "      - {port: 61613}\n"),
    "BL205": ("{port: 8080, targetPort: 80,", "{port: 8080, targetPort: 81,"),
    "BL206": ("- {port: 8888, name: http-li-ma-8888}", "- {port: 8888, name: http-li-ma-888}"),
    "BL207": ("- {port: 8443, name: https-fi-m-8443}", "- {port: 8443, name: http-fi-m-8443}"),
    "BL208": ("{port: 8080, targetPort: 80,", "{port: 8081, targetPort: 80,"),
    "BL209": ("name: ef-file-engine-svc", "name: ef-file-engin-svc"),
    "BL210": ("name: ef-state-events-logger, replicas: 1, restartPolicy: Always}", None),
    "BL211": ("https://${FQDN}/file-engine", "https://${FQDN}/ccm"),
    "BL212": ("scheme: https, port: 8443, path: /api/SystemInfo,", "scheme: https, port: 8444, path: /api/SystemInfo,"),
    "BL213": ("protocol: s3\n      port: 9000", "protocol: s3\n      port: 9001"),
    "BL214": ("requests: {cpu: 250m, memory: 128Mi}", "requests: {cpu: 250m, memory: 1Gi}"),
    "BL215": ("- {name: ef-ccm-cm}", "- {name: ef-connection-env-cm}"),
    "BL301": (
        "  - component: 360-connector\n    field: Port-name",
        "  - component: 360-connector\n    field: Portname",
    ),
    "BL302": ("used: http-360c-8080", "used: http-360c-8081"),
    "BL303": ("also: [/assets]", "also: [/asset]"),
    "BL304": ("  - component: file-engine\n    field: Port-name", "  - component: 360-connector\n    field: Port-name"),
    "BL401": ("accepted:\n", "accepted:\n  - {finding: BL103, component: ccm, why: no reason}\n"),
}


@pytest.mark.parametrize("identifier", CASES)
def test_each_rule_finds_its_inconsistency(identifier: str, broken: Broken) -> None:
    """The finding has the rule's ID and level, and the place of what was broken."""
    old, new = CASES[identifier]
    if new is None:
        new = f'{old}\n    ingress: {{url: "https://${{FQDN}}/state"}}'
    found = [each for each in broken(old, new) if each.id == identifier]
    assert found, RULES[identifier].title
    assert found[0].level is RULES[identifier].level
    assert found[0].position.line > 1


def test_every_rule_has_a_broken_blueprint_of_its_own() -> None:
    """A rule without one could be dead."""
    assert set(CASES) == set(RULES)


def test_two_rules_cannot_share_an_id() -> None:
    """IDs are what reasons refer to."""
    with pytest.raises(ValueError, match="BL101"):
        rule("BL101", Level.ERROR)(RULES["BL102"].look)

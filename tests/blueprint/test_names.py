from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from cx_conformance.blueprint.component import Component, Volume
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.names import (
    PATTERNS,
    DnsLabel,
    DnsSubdomain,
    HttpPath,
    IngressUrl,
    MountPath,
    PortName,
    PortNumber,
    url_path,
)
from cx_conformance.blueprint.promise import Severity
from cx_conformance.blueprint.schema import json_schema

GOOD: list[tuple[Any, tuple[Any, ...]]] = [
    (DnsLabel, ("a", "ef-ccm-svc", "0a", "a" * 63)),
    (DnsSubdomain, ("ef-ccm", "a.b-c.d", "a" * 253)),
    (PortName, ("http", "https-fi-m-8443", "h", "8080a")),
    (PortNumber, (1, 65535)),
    (HttpPath, ("/", "/actuator/health", "/auth/realms/a?x=1&y=%20")),
    (MountPath, ("/data", "/app/actions/__pycache__", "/with blank")),
    (
        IngressUrl,
        (
            "https://${FQDN}/ccm",
            "http://${FQDN}/",
            "https://${FQDN_2}/a/b",
            "https://cx.example.com/ccm",
            "http://*.example.com/",
        ),
    ),
]
BAD: list[tuple[Any, tuple[Any, ...]]] = [
    (DnsLabel, ("", "-a", "a-", "A", "a.b", "a_b", "a" * 64, "a\n", "ä")),
    (DnsSubdomain, ("", ".a", "a..b", "a.-b", "A", "a/b", "a" * 254)),
    (PortName, ("", "8080", "http--8080", "-http", "http-", "HTTP", "a" * 16, "a_b")),
    (PortNumber, (0, 65536, -1, "80", True, 80.0)),
    (HttpPath, ("", "health", "/a b", "/a\n", "/a#b")),
    (MountPath, ("data", "", "/a:b", "/a\x00")),
    (
        IngressUrl,
        (
            "https://cx.example.com:8443/ccm",
            "https://CX/ccm",
            "${FQDN}/ccm",
            "https://${fqdn}/a",
            "https://${FQDN}",
            "ftp://${A}/",
        ),
    ),
]


@pytest.mark.parametrize(("kind", "values"), GOOD)
def test_what_kubernetes_accepts_is_accepted(kind: Any, values: tuple[Any, ...]) -> None:
    """Every one of these."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    assert [adapter.validate_python(value) for value in values] == list(values)


@pytest.mark.parametrize(("kind", "values"), BAD)
def test_what_kubernetes_refuses_is_refused(kind: Any, values: tuple[Any, ...]) -> None:
    """Every one of these."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    accepted = []
    for value in values:
        try:
            adapter.validate_python(value)
        except ValidationError:
            continue
        accepted.append(value)
    assert accepted == []


def test_the_path_of_an_ingress_url() -> None:
    """Without scheme and placeholder."""
    assert url_path("https://${FQDN}/360connector") == "/360connector"


def test_every_pattern_of_the_models_is_explained_in_words() -> None:
    """A message says what is allowed, not a regular expression."""
    found: set[str] = set()

    def collect(part: object) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("pattern"), str):
                found.add(part["pattern"])
            for value in part.values():
                collect(value)
        elif isinstance(part, list):
            for value in part:
                collect(value)

    for name in ("blueprint", "site"):
        collect(json_schema(name))
    assert found - set(PATTERNS) == set()


def test_a_promise_of_a_name_has_the_documented_one_first(blueprint: Blueprint) -> None:
    """Then the aliases, in their order."""
    component: Component = blueprint.components["twillio-connector"]
    assert component.workload.candidates == ("ef-twillio-connecctor", "ef-twilio-connector")


@pytest.mark.parametrize(
    ("volume", "label"),
    [
        ({"name": "data", "mountPath": "/data", "size": "1Gi"}, "data"),
        ({"mountPath": "/data", "size": "1Gi"}, "/data"),
        ({"size": "1Gi"}, "1Gi"),
    ],
)
def test_a_volume_is_labelled_by_what_the_page_says_of_it(volume: dict[str, str], label: str) -> None:
    """Its name, else where it is mounted, else its size."""
    assert Volume.model_validate(volume).label == label


def test_severities_are_ordered_worst_first() -> None:
    """Reports sort by them."""
    assert sorted(Severity, key=lambda each: each.rank) == [Severity.CRITICAL, Severity.MAJOR, Severity.MINOR]

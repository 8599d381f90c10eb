"""Whom rules of Traefik take."""

import pytest

from cx_conformance.cluster.traefik_rules import takes


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ("PathPrefix(`/ccm`)", True),
        ('PathPrefix("/ccm")', True),
        ("pathprefix(`/ccm`)", True),
        ("Host(`cx.example.com`)", True),
        ("Host(`CX.Example.com`) && PathPrefix(`/`)", True),
        ("Host(`*.example.com`)", True),
        ("Host(`example.com`)", False),
        ("Host(`a.example.com`, `cx.example.com`)", True),
        ("HostRegexp(`^.+\\.example\\.com$`)", True),
        ("HostRegexp(`{any:.+}`)", None),
        ("Path(`/ccm`)", False),
        ("Path(`/ccm/api`)", True),
        ("Path(`/x`, `/ccm/api`)", True),
        ("PathPrefix(`/{name:c.m}`)", None),
        ("PathRegexp(`^/c.m/`)", True),
        ("PathRegexp(`(a*)*b`)", None),
        ("!PathPrefix(`/ccm`)", False),
        ("!(Path(`/a`) || Path(`/b`))", True),
        ("Host(`cx.example.com`) && !PathPrefix(`/auth`)", True),
        ("Path(`/a`) || Host(`cx.example.com`) && PathPrefix(`/ccm`)", True),
        ("(Path(`/a`) || Host(`cx.example.com`)) && PathPrefix(`/b`)", False),
        ("Headers(`x`, `y`)", None),
        ("Headers(`x`, `y`) && Path(`/b`)", False),
        ("Headers(`x`, `y`) || PathPrefix(`/ccm`)", True),
        ("!Headers(`x`, `y`)", None),
        ("Method(`GET`) && PathPrefix(`/ccm`)", None),
        ("", None),
        ("PathPrefix('/ccm')", None),
        ("PathPrefix(`/ccm`) PathPrefix(`/b`)", None),
        ("PathPrefix(`/ccm`) &&", None),
        ("(PathPrefix(`/ccm`)", None),
        ("PathPrefix(`/ccm`))", None),
        ("PathPrefix()", None),
        ("(" * 3000, None),
    ],
)
def test_a_rule_takes_a_call_by_its_host_and_path(rule: str, taken: bool | None) -> None:
    """What else it asks for, or only Traefik can read, is not known."""
    assert takes(rule, "cx.example.com", "/ccm/api") is taken


def test_any_host_is_taken_where_none_is_known() -> None:
    """The path alone decides."""
    assert takes("Host(`x`) && PathPrefix(`/ccm`)", "", "/ccm")
    assert takes("HostRegexp(`x`) && PathPrefix(`/ccm`)", "", "/ccm")

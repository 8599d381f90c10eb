"""Expressions that objects of the cluster bring end, or are left to the engine that they are for."""

import re

import pytest

from cx_conformance.cluster.foreign_expression import match, search


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "/ccm(/|$)(.*)",
            "/ccm/?(.*)",
            "/(ccm|file-engine)/.*",
            r"^/v[0-9]+/ccm\(\)*",
            "/ccm[+*]{1}",
            "(?i)/CCM(.*)$",
        ),
        *("/[^/]+/ccm", "/ccm(?:/(.*))?"),
    ],
)
def test_what_gateways_are_told_is_matched(expression: str) -> None:
    """Groups, alternatives, classes and what is escaped take no time."""
    assert (match(expression, "/ccm/below") is None) is (re.match(expression, "/ccm/below") is None)
    assert (search(expression, "/x/ccm/below") is None) is (re.search(expression, "/x/ccm/below") is None)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "expression",
    ["(a+)+$", "(a|a)*$", "((a|ab))*x", "(a*)*b", "(?:a|aa){1,99}b", "a*a*a*a*a*a*a*a*b", "[a]*[a]*[a]*[a]*[a]*[a]*b"],
)
def test_what_may_take_for_ever_is_not_tried(expression: str) -> None:
    """It is for another engine to tell."""
    with pytest.raises(re.error):
        match(expression, "a" * 400)
    with pytest.raises(re.error):
        search(expression, "a" * 400)


@pytest.mark.timeout(10)
def test_what_is_tried_ends() -> None:
    """Four repetitions beside each other, on the longest text."""
    assert match("/.*/.*/.*/.*/x", "/" * 100) is None
    with pytest.raises(re.error, match="too long"):
        match("/.*", "/" * 501)

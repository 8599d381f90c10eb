"""Under which path a component is asked, as proxy-rewrite has it."""

import pytest

from cx_conformance.cluster.apisix_rewrite import arriving
from cx_conformance.objects.gateway_route import GatewayRoute, Rewrite


def pairs(*texts: str) -> Rewrite:
    """Return a rewriting by expressions."""
    return Rewrite(pairs=tuple(zip(texts[::2], texts[1::2], strict=True)))


@pytest.mark.parametrize(
    ("rewrite", "arrives"),
    [
        (None, "/ccm/below"),
        (pairs("^/ccm/?(.*)", "/$1"), "/below"),
        (pairs("^/ccm(/|$)(.*)", "/red/$2"), "/red/below"),
        (pairs("^/ccm(/.*)$", "$1"), "/below"),
        (pairs("^/ccm/(.*)", "/api/${1}s"), "/api/belows"),
        (pairs("^/other/(.*)", "/$1"), "/ccm/below"),
        (pairs("^/other/(.*)", "/$1", "^/ccm/(.*)", "/two/$1"), "/two/below"),
        (pairs("^/ccm/.*", "/$1"), "/"),
        (pairs("/ccm", ""), "/below"),
        (Rewrite(uri="/"), "/"),
        (Rewrite(uri="/api$uri"), "/api/ccm/below"),
        (Rewrite(uri="/fixed", pairs=(("^/ccm", ""),)), "/fixed"),
        (pairs("^/ccm(", "/$1"), None),
        (pairs("^/(c+)+m$", "/$1"), None),
    ],
)
def test_a_path_arrives_as_the_rewriting_makes_it(rewrite: Rewrite | None, arrives: str | None) -> None:
    """None is what only APISIX can tell."""
    assert arriving(GatewayRoute(where="route ccm", rewrite=rewrite), "/ccm/below") == arrives

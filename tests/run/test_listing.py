"""What a run looks at beyond the API's own kinds, and when."""

from collections.abc import Callable
from typing import Any

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.extensions import CERTIFICATES, OTHER_POLICIES, OTHER_ROUTES
from cx_conformance.cluster.seen import Seen
from cx_conformance.run.listing import extensions_for
from tests.checks.installation import Installation, blueprint
from tests.checks.variations.vary import of_kind, served_by_traefik


def without_tls(installation: Installation) -> None:
    """Let no Ingress have a TLS section."""
    for one in of_kind(installation, "Ingress"):
        one["spec"].pop("tls", None)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ((), ()),
        ((lambda i: i.remove("Ingress", "ef-ccm"),), OTHER_ROUTES),
        ((lambda i: i.inject("policy-forbids-call"),), OTHER_POLICIES),
        ((served_by_traefik,), ()),
        ((without_tls,), ()),
        ((served_by_traefik, without_tls), CERTIFICATES),
    ],
)
def test_extensions_are_looked_at_where_something_is_open(
    changes: tuple[Callable[[Installation], Any], ...], kinds: tuple[Any, ...]
) -> None:
    """No request more where Ingresses lead every path, nobody is restricted and certificates are named."""
    installation = Installation()
    for change in changes:
        change(installation)
    plan = Plan(blueprint(), installation.site)
    assert extensions_for(Seen(installation.snapshot(plan), plan)) == kinds

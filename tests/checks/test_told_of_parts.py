"""Rules of other Ingresses for a part of a promised path."""

from typing import Any

import orjson
import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import FQDN, Installation, notes, released
from tests.checks.variations.vary import served_by_traefik


def part(path: str, service: str, host: str = FQDN, **fields: Any) -> dict[str, Any]:
    """Make an Ingress of somebody's, for one path."""
    backend = {"service": {"name": service, "port": {"number": 80}}}
    rules = [{"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}]
    spec = {"ingressClassName": "nginx", "rules": rules} | fields
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "part", "namespace": "expertflow"},
        "spec": spec,
    }


def claimed(*added: dict[str, Any], installation: Installation | None = None) -> Outcome:
    """Judge ccm's path beside other Ingresses."""
    installation = installation or Installation(site={"fqdn": FQDN})
    installation.manifests += added
    return installation.outcome("CX506", "ccm")


def test_a_part_that_is_led_to_nobody_is_found() -> None:
    """The longer path comes first, and ingress-nginx answers 503 there (kubernetes/ingress-nginx#8882)."""
    ended = claimed(part("/ccm/message", "gone"))
    assert (ended.result, ended.message) == (
        Result.FAIL,
        (
            f"{FQDN}/ccm/message, a part of /ccm, is led by Ingress expertflow/part to Service gone, which does not "
            "exist"
        ),
    )


def test_a_part_that_is_led_to_another_component_is_noted() -> None:
    """It may be meant so."""
    ended = claimed(part("/ccm/message", "ef-bot-framework-svc"))
    assert ended.result is Result.PASS
    assert notes(ended) == [
        f"{FQDN}/ccm/message, a part of /ccm, is led by Ingress expertflow/part to Service ef-bot-framework-svc"
    ]


@pytest.mark.parametrize(
    "other",
    [
        part("/ccm/message", "ef-ccm-svc"),
        part("/ccm2", "gone"),
        part("/ccm/message", "gone", host="other.example.com"),
        part("/ccm/message", "gone", ingressClassName="internal"),
    ],
)
def test_what_leads_no_part_elsewhere_is_quiet(other: dict[str, Any]) -> None:
    """To the same Service, for another path, another host, another class."""
    ended = claimed(other)
    assert (ended.result, notes(ended)) == (Result.PASS, [])


def test_traefik_passes_over_a_rule_to_nobody() -> None:
    """So that the shorter path takes the call, as was promised."""
    installation = Installation(site={"fqdn": FQDN})
    installation.manifests.append(part("/ccm/message", "gone"))
    served_by_traefik(installation)
    ended = claimed(installation=installation)
    assert (ended.result, len(notes(ended))) == (Result.PASS, 1)


def test_before_apisix_a_part_is_taken_from_what_its_routes_lead() -> None:
    """As by an Ingress that an earlier release has left behind."""
    installation = Installation(site={"fqdn": FQDN}, promised=released("5.1"), manifests=reference("5.1"))
    assert claimed(part("/ccm/message", "ef-ccm-svc"), installation=installation).message == (
        f"{FQDN}/ccm/message, a part of /ccm, is led by Ingress expertflow/part to Service ef-ccm-svc, which does not "
        "exist"
    )


def reference(release: str) -> bytes:
    """Return the reference installation of a release."""
    return orjson.dumps(reference_installation(released(release), fqdn=FQDN, seed=1))

"""The routes of APISIX as the charts of each release have them, from the facts alone."""

import functools
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import yaml

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, Object, notes, released
from tests.releases import from_facts

pytestmark = from_facts.needed

RELEASES = ("4.9", "4.10", "5.0", "5.1")
CHECKS = ("CX521", "CX522", "CX523", "CX524")


@functools.cache
def _manifests(release: str) -> bytes:
    return orjson.dumps(from_facts.manifests(release))


def judged(release: str, change: Callable[[Installation], Any] = lambda _: None) -> list[Outcome]:
    """Judge what the facts describe, with a change; what is not installed, and need not be, is left out."""
    installation = Installation(
        site={"fqdn": from_facts.FQDN}, manifests=_manifests(release), promised=released(release)
    )
    change(installation)
    ended = installation.all_outcomes(("CX201", *CHECKS))
    optional = {name for name, one in released(release).components.items() if one.optional}
    absent = {one.component for one in ended if one.check == "CX201" and one.result is Result.FAIL} & optional
    return [one for one in ended if one.check != "CX201" and one.component not in absent]


def broken(ended: list[Outcome]) -> dict[tuple[str, str], str]:
    """Return what fails, by check and component."""
    return {(one.check, one.component): one.message for one in ended if one.result is Result.FAIL}


@pytest.mark.parametrize("release", RELEASES)
def test_every_promised_path_is_led_to_its_component(release: str) -> None:
    """Each by a route of its own; what the vendor's charts get wrong is noted."""
    ended = judged(release)
    assert [one for one in ended if one.result not in (Result.PASS, Result.NOT_APPLICABLE)] == []
    assert len([one for one in ended if (one.check, one.result) == ("CX522", Result.PASS)]) > 20


def test_routes_that_the_vendors_charts_get_wrong_are_passed_over() -> None:
    """Routes to Services of charts that few install, of which one comes before the promised one; CX013 tells them."""
    ended = {(one.check, one.component): one for one in judged("5.1")}
    passed = ended["CX522", "conversation-studio"].evidence["passed over"]
    assert passed == "route route-1 (line 11) to expertflow/tenant-router-svc:http"
    assert not [one for one in notes(ended["CX524", "platform"]) if "eleveo" in one or "tenant-router" in one]


@pytest.mark.parametrize("release", ["4.10", "5.1"])
def test_a_renamed_port_is_a_dead_path(release: str) -> None:
    """The gateway finds endpoints by the port's name; where routes name the number it does not matter."""

    def renamed(installation: Installation) -> None:
        installation.find("Service", "ef-cx-ccm-svc")["spec"]["ports"][0]["name"] = "http"

    assert set(broken(judged(release, renamed))) == {("CX522", "ccm")}
    assert broken(judged("4.9", renamed)) == {}


def test_a_path_that_only_components_call_is_promised_by_the_gateways_own_name() -> None:
    """The web channel manager calls the ccm through it."""

    def edited(installation: Installation) -> None:
        route = installation.find("ApisixRoute", "ef-cx-ccm-route-internal-wcm-access")
        route["spec"]["http"][0]["match"]["hosts"] = ["apisix-data-plane.elsewhere.svc.cluster.local"]

    assert set(broken(judged("4.9", edited))) == {("CX522", "ccm")}


def _rewrite(installation: Installation, change: Callable[[list[Object]], list[Object]]) -> None:
    """Change the routes of the file; the facts name its ConfigMap twice, of which the last one counts."""
    (*_, data) = (one["data"] for one in installation.manifests if one["metadata"]["name"] == "apisix.yaml")
    routes = change(yaml.safe_load(data["apisix.yaml"])["routes"])
    data["apisix.yaml"] = yaml.safe_dump({"routes": routes}) + "#END\n"


def _with_login(installation: Installation) -> None:
    login = {"plugins": {"openid-connect": {"client_id": "cim"}}}
    _rewrite(installation, lambda routes: [one | (login if one["uris"] == ["/ccm/*"] else {}) for one in routes])


def test_a_path_that_is_open_asks_for_no_login() -> None:
    """Where its own route is gone, that of the component takes it, which may ask for one."""

    def closed(installation: Installation) -> None:
        _with_login(installation)
        _rewrite(installation, lambda routes: [one for one in routes if one["uris"] != ["/ccm/widget-configs/*"]])

    assert broken(judged("4.10", _with_login)) == {}
    (told,) = broken(judged("4.10", closed)).values()
    assert "takes /ccm/widget-configs/below, and asks for a login (plug-in openid-connect)" in told

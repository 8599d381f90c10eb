"""By which path ingress-nginx asks a component, and whether that knows it."""

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, Object, notes

REWRITE = "nginx.ingress.kubernetes.io/rewrite-target"
SNIPPET = "nginx.ingress.kubernetes.io/configuration-snippet"


def led(installation: Installation, component: str) -> Outcome:
    """Judge how a component's path is led."""
    return installation.outcome("CX501", component)


def kept_by(component: str, name: str, **annotations: str) -> Outcome:
    """Judge a component whose Ingress has lost its rewrite-target."""
    installation = Installation()
    own = installation.find("Ingress", name)["metadata"]["annotations"]
    del own[REWRITE]
    own |= annotations
    return led(installation, component)


def test_a_component_that_serves_from_the_root_is_not_to_be_asked_by_its_path() -> None:
    """It answers each call by 404, which is an answer of its own, so that no look from outside finds it."""
    ended = kept_by("agent-manager", "ef-agent-manager")
    assert (ended.result, ended.message) == (
        Result.FAIL,
        (
            "Ingress expertflow/ef-agent-manager: ingress-nginx asks the component for /agent-manager/below, which "
            "serves from / by its health endpoints: no rewrite-target takes /agent-manager away"
        ),
    )


def test_a_path_that_is_written_for_a_rewriting_wants_one_as_most_others_have() -> None:
    """Also where no health endpoint says from where the component serves."""
    assert kept_by("360-connector", "ef-360-connector").message == (
        "Ingress expertflow/ef-360-connector: ingress-nginx asks the component for /360connector/below: no "
        "rewrite-target takes /360connector away, though /360connector(/|$)(.*) is written for one, and most others "
        "have one"
    )


def test_what_others_make_may_be_set_to_know_its_path() -> None:
    """Grafana by serve_from_sub_path."""
    ended = kept_by("grafana", "grafana")
    assert (ended.result, len(notes(ended))) == (Result.PASS, 1)
    assert notes(ended)[0].startswith("ingress-nginx asks the component for /grafana/below: no rewrite-target")


def test_a_snippet_may_rewrite_too() -> None:
    """What it does is not read."""
    assert kept_by("ccm", "ef-ccm", **{SNIPPET: "rewrite ^/ccm/(.*)$ /$1 break;"}).result is Result.PASS


def test_a_component_that_serves_below_its_path_is_to_be_asked_by_it() -> None:
    """Keycloak does, by its health endpoint."""
    installation = Installation()
    keycloak = installation.find("Ingress", "keycloak")
    keycloak["metadata"]["annotations"] = {REWRITE: "/$2"}
    path = {"path": "/auth(/|$)(.*)", "pathType": "ImplementationSpecific"}
    keycloak["spec"]["rules"][0]["http"]["paths"][0].update(path)
    assert led(installation, "keycloak").message == (
        "Ingress ef-external/keycloak: ingress-nginx asks the component for /below, which serves below /auth by its "
        "health endpoints: the rewrite-target takes that away"
    )


def ingresses(installation: Installation) -> list[Object]:
    """Return every Ingress."""
    return [one for one in installation.manifests if one["kind"] == "Ingress"]


@pytest.mark.parametrize("path", ["(/|$)(.*)", ""])
def test_where_nobody_takes_paths_away_the_components_know_theirs(path: str) -> None:
    """Or nobody says so."""
    installation = Installation()
    for one in ingresses(installation):
        one["metadata"].get("annotations", {}).pop(REWRITE, None)
        rule = one["spec"]["rules"][0]["http"]["paths"][0]
        rule["path"] = rule["path"].replace("(/|$)(.*)", path)
    ended = installation.outcomes("CX501")
    assert {one.result for one in ended if one.component != "platform"} <= {Result.PASS, Result.NOT_APPLICABLE}

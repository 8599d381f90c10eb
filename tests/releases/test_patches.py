"""The patches of a release differ from the one whose charts it was learnt from; none of them is held against another.

What differs stands in the tables of the facts: 4.10.0 has fewer dashboards of Grafana than 4.10.4, and in 4.10.6 the
conversation-manager logs in to Vault by a role of its own.
"""

import copy

import pytest

from cx_conformance.outcome.outcome import Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = from_facts.needed

STATIC = [one.id for one in all_checks() if not one.live]
LATER = (
    "ef-grafana-agent-teams-dashboard",
    "ef-grafana-agent-performance-dashboard",
    "ef-grafana-social-media-performance-trend-dashboard",
    "ef-grafana-team-statistics-dashboard",
)
"""Dashboards that 4.10.0 does not have."""
UNTOLD = (("ef-cx-web-channel-manager", "CM_URL"), ("ef-cx-cx-load-hub", "FILE_ENGINE_URL"))
"""Variables that it does not have, by Deployment."""
OWN_ROLE, SHARED_ROLE = "conversation-manager-approle-secret", "vault-approle-secret"


def unmount(installation: Installation) -> None:
    """Let Grafana mount none of the later dashboards."""
    spec = installation.find("Deployment", "cx-agent-desk-grafana")["spec"]["template"]["spec"]
    spec["volumes"] = [one for one in spec["volumes"] if one["name"] not in LATER]
    own = spec["containers"][0]
    own["volumeMounts"] = [one for one in own["volumeMounts"] if one["name"] not in LATER]


def untell(installation: Installation, name: str, variable: str) -> None:
    """Tell a Deployment's container one variable less."""
    own = installation.find("Deployment", name)["spec"]["template"]["spec"]["containers"][0]
    own["env"] = [one for one in own["env"] if one["name"] != variable]


def of_4_10_0() -> Installation:
    """Return an installation without the later dashboards and variables."""
    installation = installed("4.10")
    unmount(installation)
    for name, variable in UNTOLD:
        untell(installation, name, variable)
    for name in LATER:
        installation.remove("ConfigMap", name)
    return installation


def of_4_10_6(*, shared_role_is_left: bool) -> Installation:
    """Return an installation whose conversation-manager has a role of its own."""
    installation = installed("4.10")
    shared = installation.find("Secret", SHARED_ROLE, "expertflow")
    own = copy.deepcopy(shared)
    own["metadata"]["name"] = OWN_ROLE
    installation.manifests.append(own)
    if not shared_role_is_left:
        installation.manifests.remove(shared)
    template = installation.find("Deployment", "ef-cx-conversation-manager")["spec"]["template"]
    container = template["spec"]["containers"][0]
    container["env"] = [one for one in container["env"] if SHARED_ROLE not in str(one)]
    container["envFrom"].insert(0, {"secretRef": {"name": OWN_ROLE}})
    return installation


def alarms(installation: Installation) -> list[str]:
    """Judge all that the API shows, and return what is said against it."""
    return [
        f"{one.check} {one.component} [{one.entry}]: {one.message}"
        for one in installation.all_outcomes(STATIC)
        if one.result not in (Result.PASS, Result.NOT_APPLICABLE)
    ]


def test_what_a_later_patch_brings_is_not_asked_of_an_earlier_one() -> None:
    """Neither the ConfigMaps of dashboards and their mounts, nor the variables of two components."""
    assert alarms(of_4_10_0()) == []


def test_a_later_dashboard_that_is_there_and_is_not_mounted_is_told() -> None:
    """Whoever made its ConfigMap has the later patch."""
    installation = installed("4.10")
    unmount(installation)
    assert {one.partition(":")[0] for one in alarms(installation)} == {f"CX401 grafana [{one}]" for one in LATER}


@pytest.mark.parametrize("release", ["5.0", "5.1"])
def test_from_5_0_on_every_variable_is_promised(release: str) -> None:
    """Their charts write all of them in every patch."""
    installation = installed(release)
    for name, variable in UNTOLD:
        untell(installation, name, variable)
    assert len(alarms(installation)) == len(UNTOLD)


@pytest.mark.parametrize("release", ["5.0", "5.1"])
def test_from_5_0_on_every_dashboard_is_promised(release: str) -> None:
    """Their charts have all of them in every patch."""
    installation = installed(release)
    unmount(installation)
    for name in LATER:
        installation.remove("ConfigMap", name)
    assert {one.partition(":")[0] for one in alarms(installation)} >= {f"CX301 grafana [{one}]" for one in LATER}


@pytest.mark.parametrize("shared_role_is_left", [True, False], ids=["beside the shared one", "alone"])
def test_a_role_of_its_own_stands_for_the_shared_one(*, shared_role_is_left: bool) -> None:
    """The conversation-manager of 4.10.6 has one, as all of 5.1 have."""
    assert alarms(of_4_10_6(shared_role_is_left=shared_role_is_left)) == []


def test_neither_role_is_told() -> None:
    """Without any it cannot decrypt a conversation."""
    installation = of_4_10_6(shared_role_is_left=False)
    container = installation.find("Deployment", "ef-cx-conversation-manager")["spec"]["template"]["spec"]["containers"][
        0
    ]
    del container["envFrom"][0]
    installation.remove("Secret", OWN_ROLE)
    (only,) = [one for one in alarms(installation) if one.startswith("CX303")]
    assert only.endswith(f"Secret expertflow/{SHARED_ROLE} or {OWN_ROLE} does not exist")

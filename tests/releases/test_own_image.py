"""A component runs its own image, whatever registry it is pulled from."""

import orjson
import pytest

from cx_conformance.blueprint.manifests import embedded_installation
from cx_conformance.outcome.outcome import Result
from tests.checks.installation import Installation, Object, released


def installed(release: str) -> Installation:
    """Return the installation of a release with the vendor's images."""
    made = orjson.dumps(embedded_installation(released(release)))
    return Installation(manifests=made, promised=released(release))


def containers(installation: Installation, name: str) -> list[Object]:
    """Return the containers of a Deployment."""
    found: list[Object] = installation.find("Deployment", name)["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize("release", ["4.7", "4.9", "4.10", "5.0", "5.1"])
def test_each_component_of_a_release_runs_its_own(release: str) -> None:
    """Those of other makers promise none."""
    ended = installed(release).outcomes("CX116")
    assert {one.result for one in ended} == {Result.PASS, Result.NOT_APPLICABLE}
    assert sum(one.result is Result.PASS for one in ended) > 25


@pytest.mark.parametrize(("number", "container"), [(0, "conversation-manager"), (1, "ef-cx-conversation-controller")])
def test_another_components_image_is_found_in_any_of_its_containers(number: int, container: str) -> None:
    """The second one serves too."""
    installation = installed("4.9")
    containers(installation, "ef-cx-conversation-manager")[number]["image"] = "harbor.example.com/cim/agent-manager:4.9"
    (failed,) = (one for one in installation.outcomes("CX116") if one.result is Result.FAIL)
    assert failed.component == "conversation-manager"
    assert failed.message.endswith(
        f": container {container} runs agent-manager, another component's image; promised is conversation-manager"
    )


@pytest.mark.parametrize(
    "image",
    [
        "harbor.example.com:5000/mirror/agent-manager:5.1-site@sha256:" + "0" * 64,
        "agent-manager",
        "registry.example.com/built-by-the-site:7",
    ],
)
def test_a_mirror_a_tag_and_an_image_of_the_sites_own_are_no_fault(image: str) -> None:
    """Nobody but the site knows what is in the last of them."""
    installation = installed("5.1")
    containers(installation, "ef-cx-agent-manager")[0]["image"] = image
    assert installation.outcome("CX116", "agent-manager").result is Result.PASS


def test_a_sidecar_may_run_what_another_component_runs() -> None:
    """It is not the component's own."""
    installation = installed("5.1")
    containers(installation, "ef-cx-agent-manager").append({"name": "ask", "image": "docker.io/cim/curl:8"})
    assert installation.outcome("CX116", "agent-manager").result is Result.PASS

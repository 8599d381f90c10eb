from collections.abc import Callable
from typing import Any

import orjson
import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.recognition import Recognition, recognise
from tests.checks.installation import Installation, blueprint, snapshot_of
from tests.releases import from_facts

Object = dict[str, Any]

needs_facts = from_facts.needed


def recognised(manifests: list[Object] | None = None) -> Recognition:
    """Return what is recognised of these manifests, of the reference installation without any."""
    installation = Installation(manifests=orjson.dumps(manifests) if manifests is not None else None)
    return recognise(snapshot_of(installation.objects(), Plan(blueprint(), Site())))


def workloads(manifests: list[Object]) -> list[Object]:
    """Return the workloads among them."""
    return [one for one in manifests if one["kind"] in {"Deployment", "StatefulSet", "CronJob"}]


def retag(manifests: list[Object], change: Callable[[str], str], *names: str) -> None:
    """Change the image tags of the workloads of these names, of all without any."""
    for one in workloads(manifests):
        template = one["spec"].get("template") or one["spec"]["jobTemplate"]["spec"]["template"]
        if not names or one["metadata"]["name"] in names:
            for container in template["spec"]["containers"]:
                image, _, tag = container["image"].partition(":")
                container["image"] = f"{image}:{change(tag)}"


def test_the_reference_installation_is_recognised_by_the_names_of_its_manifests() -> None:
    """No tag of the vendor is there, and none is needed."""
    found = recognised()
    assert (found.release, found.model, found.sure) == ("4.5.3", "manifests", "certain")
    assert found.words == "names by the manifests' pattern of 17 of 17 components"
    assert (found.doubts, found.mixed) == ((), ())


def test_nothing_is_recognised_where_nothing_of_the_vendor_stands() -> None:
    """An empty cluster is held against the page, and that is no recognition."""
    found = recognised([])
    assert (found.release, found.model, found.sure) == ("4.5.3", None, "assumed")
    assert found.words == "nothing of the platform was recognised"


@needs_facts
@pytest.mark.parametrize("as_guided", [True, False], ids=["as guided", "as rendered"])
@pytest.mark.parametrize("release", from_facts.FILES)
def test_each_release_is_recognised_for_certain(release: str, *, as_guided: bool) -> None:
    """The charts as they come leave no doubt, whatever their application version says."""
    found = recognised(from_facts.manifests(release, as_guided=as_guided))
    assert (found.release, found.model, found.sure) == (release, "charts", "certain")
    assert (found.doubts, found.mixed) == ((), ())
    assert found.by[0].startswith("image tags of ")
    assert "releases of Helm" in found.by[-1]


@needs_facts
@pytest.mark.parametrize("release", from_facts.FILES)
def test_structure_alone_tells_the_releases_apart(release: str) -> None:
    """A registry of the customer's own may have tags of its own, and labels may have been left out."""
    manifests = from_facts.manifests(release)
    retag(manifests, lambda _tag: "prod-42")
    for one in manifests:
        for name in ("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"):
            one["metadata"].get("labels", {}).pop(name, None)
    found = recognised(manifests)
    assert (found.release, found.model, found.sure) == (release, "charts", "likely")
    assert found.doubts == ()


@needs_facts
def test_the_chart_of_the_broker_tells_where_tags_do_not() -> None:
    """Its version follows the release."""
    manifests = from_facts.manifests("4.10")
    retag(manifests, lambda _tag: "latest")
    found = recognised(manifests)
    assert (found.release, found.sure, found.by[0]) == ("4.10", "likely", "the chart of ActiveMQ")


@needs_facts
def test_a_release_between_is_told_by_its_own_number() -> None:
    """What is promised then is the business of the run."""
    manifests = from_facts.manifests("4.7")
    retag(manifests, lambda tag: tag.replace("4.7.3", "4.8.1"))
    found = recognised(manifests)
    assert (found.release, found.sure, found.mixed) == ("4.8", "certain", ())


@needs_facts
def test_a_few_components_of_another_release_are_mixed_and_change_nothing() -> None:
    """A half-done upgrade is told by component and tag."""
    manifests = from_facts.manifests("4.10")
    retag(manifests, lambda _tag: "4.9.5", "ef-cx-ccm", "ef-cx-routing-engine")
    retag(manifests, lambda _tag: "5.0", "cx-channels-viber-connector")
    found = recognised(manifests)
    assert (found.release, found.sure) == ("4.10", "certain")
    assert sorted(found.mixed) == ["ccm (4.9.5)", "routing-engine (4.9.5)", "viber-connector (5.0)"]


@needs_facts
def test_what_the_charts_themselves_leave_at_an_earlier_release_is_not_mixed() -> None:
    """The vendor's 5.1 brings file-engine 5.0; an older one is."""
    manifests = from_facts.manifests("5.1")
    assert recognised(manifests).mixed == ()
    retag(manifests, lambda _tag: "4.10", "ef-cx-file-engine")
    assert recognised(manifests).mixed == ("file-engine (4.10)",)


@needs_facts
@pytest.mark.parametrize("lost", ["ef-cx-conversation-studio", "apisix", "ef-cx-cx-tenant", "activemq"])
def test_one_lost_workload_does_not_make_another_release(lost: str) -> None:
    """What is missing is a finding, no other release."""
    manifests = [
        one
        for one in from_facts.manifests("5.0")
        if one["kind"] not in {"Deployment", "StatefulSet"} or one["metadata"]["name"] != lost
    ]
    found = recognised(manifests)
    assert (found.release, found.model) == ("5.0", "charts")


@needs_facts
def test_tags_that_structure_speaks_against_are_told_as_a_doubt() -> None:
    """Images were pulled up, the charts were not."""
    manifests = from_facts.manifests("4.7")
    retag(manifests, lambda tag: tag.replace("4.7", "5.0"))
    found = recognised(manifests)
    assert (found.release, found.sure) == ("5.0", "likely")
    assert found.doubts == (
        "conversation-controller as second container: as 4.7 has it",
        "the chart of ActiveMQ is of 4.7",
    )


@needs_facts
def test_images_by_digest_and_registries_with_a_port_are_read() -> None:
    """What follows the last slash holds the tag."""
    manifests = from_facts.manifests("4.9")
    retag(manifests, lambda tag: f"{tag}@sha256:{'0' * 64}")
    for one in workloads(manifests):
        template = one["spec"].get("template") or one["spec"]["jobTemplate"]["spec"]["template"]
        for container in template["spec"]["containers"]:
            container["image"] = container["image"].replace("gitimages.expertflow.com", "registry.local:5000")
    assert recognised(manifests).release == "4.9"

import orjson
import pytest

from cx_conformance.objects.pod import pod
from tests.checks.installation import Installation
from tests.releases import from_facts

pytestmark = from_facts.needed


@pytest.mark.parametrize("as_guided", [True, False], ids=["as guided", "as rendered"])
@pytest.mark.parametrize("release", from_facts.FILES)
def test_every_pod_of_what_the_facts_describe_becomes_ready(release: str, *, as_guided: bool) -> None:
    """What the facts describe is healthy: nothing that a pod needs is missing."""
    installation = Installation(manifests=orjson.dumps(from_facts.manifests(release, as_guided=as_guided)))
    pods = [pod(one) for one in installation.objects() if one["kind"] == "Pod"]
    assert [one.where for one in pods if not (one.ready or one.finished)] == []
    assert len(pods) > 35


@pytest.mark.parametrize("release", from_facts.FILES)
def test_every_chart_leaves_a_release_secret_of_helm(release: str) -> None:
    """Helm's own records are there, each beside what it installed."""
    found = {
        (one["metadata"]["labels"]["name"], one["metadata"]["namespace"])
        for one in from_facts.manifests(release)
        if one.get("type") == "helm.sh/release.v1"
    }
    assert {("ef-cx", "expertflow"), ("mongo", "ef-external"), ("superset", "ef-bi")} <= found

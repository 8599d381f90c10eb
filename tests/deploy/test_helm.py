"""The chart gives what the kustomization gives, from the same source, and what its values say beside."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from helm_python import HelmError

from cx_conformance import __version__
from cx_conformance.api.version import OLDEST
from cx_conformance.blueprint.site import Site
from cx_conformance.run.declared import DECLARED
from tests.deploy.chart import hooks, notes, render

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm" / "cx-conformance"
NAMESPACE = "cx-conformance"

EVERYTHING: dict[str, Any] = {
    "imagePullSecrets": [{"name": "registry"}],
    "timeZone": "Europe/Berlin",
    "options": ["--publish=s3://default/audits", "--notify=env:ADDRESSES"],
    "nodeSelector": {"kubernetes.io/arch": "arm64"},
    "tolerations": [{"operator": "Exists"}],
    "claim": {"storageClass": "longhorn"},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
}


def by_name(objects: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return objects by kind, namespace and name."""
    return {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in objects}


def kustomized(deploy: Path = DEPLOY) -> list[dict[str, Any]]:
    """Return what the kustomization gives; a generated name without the hash of its content, which Helm has not."""
    words = ["kubectl", "kustomize", str(deploy / "kustomize")]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(re.sub(r"(cx-conformance-site)-[a-z0-9]{10}\b", r"\1", text)))


def pod(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the CronJob's pod."""
    (cron,) = (one for one in objects if one["kind"] == "CronJob")
    found: dict[str, Any] = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


def test_what_is_generated_is_current() -> None:
    """Run `PYTHONPATH=src python deploy/generate.py` when this fails."""
    words = [sys.executable, str(DEPLOY / "generate.py"), "--check"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, cwd=DEPLOY.parent)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_both_give_the_same_objects() -> None:
    """Each of them alike, with the chart's own values; the namespace is Helm's business to make."""
    chart, kustomization = by_name(render(CHART, {}, NAMESPACE)), by_name(kustomized())
    del kustomization["Namespace", "", NAMESPACE]
    site = ("ConfigMap", NAMESPACE, "cx-conformance-site")
    texts = [each[site]["data"].pop("site.yaml") for each in (chart, kustomization)]
    assert yaml.safe_load(texts[0]) == yaml.safe_load(texts[1])
    assert chart == kustomization


@pytest.mark.parametrize("minor", ["1.28", "1.31", "1.33"])
@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_every_object_is_valid(minor: str, values: dict[str, Any]) -> None:
    """By the schemas of several Kubernetes minors, unknown fields refused; the operator's kinds are not in them."""
    for one in render(CHART, values, "audits"):
        if not one["apiVersion"].startswith("monitoring.coreos.com/"):
            kubernetes_validate.validate(one, minor, strict=True)


def test_the_values_arrive() -> None:
    """Where the pod needs them, in the namespace of the release."""
    objects = render(CHART, EVERYTHING | {"site": {"site": {"name": "acme"}}}, "audits")
    spec = pod(objects)
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
    assert spec["tolerations"] == [{"operator": "Exists"}]
    (container,) = spec["containers"]
    assert container["args"][-2:] == EVERYTHING["options"]
    assert {one.split("=")[0] for one in container["args"][1:]} <= {flag for flag, _ in DECLARED}
    found = by_name(objects)
    assert found["CronJob", "audits", NAMESPACE]["spec"]["timeZone"] == "Europe/Berlin"
    assert found["PersistentVolumeClaim", "audits", "cx-conformance-results"]["spec"]["storageClassName"] == "longhorn"
    site = yaml.safe_load(found["ConfigMap", "audits", "cx-conformance-site"]["data"]["site.yaml"])
    assert Site.model_validate(site).site.name == "acme"
    bound = [subject for one in objects for subject in one.get("subjects", [])]
    assert {subject["namespace"] for subject in bound} == {"audits"}


@pytest.mark.parametrize(
    ("given", "account"),
    [
        ({}, {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}),
        ({"runAsUser": 1000680000}, {"runAsUser": 1000680000, "runAsGroup": 1000680000, "fsGroup": 1000680000}),
        ({"runAsUser": None}, {}),
    ],
    ids=["its own", "another", "the cluster's choice"],
)
def test_the_account_of_the_pod_may_be_the_clusters_choice(given: dict[str, Any], account: dict[str, int]) -> None:
    """OpenShift gives each namespace a range, and takes no pod that asks for another (restricted-v2).

    https://github.com/goharbor/harbor-helm/issues/874 has its words.
    """
    always = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert pod(render(CHART, given, NAMESPACE))["securityContext"] == account | always
    (look,) = hooks(CHART, given, NAMESPACE)
    without_volume = {name: number for name, number in account.items() if name != "fsGroup"}
    assert look["spec"]["securityContext"] == without_volume | always


def test_the_kustomizations_pod_leaves_its_account_to_openshift_by_the_documented_patch(tmp_path: Path) -> None:
    """As docs/nightly.md has it."""
    patched = _patched_as_documented(tmp_path, "fsGroup")
    assert set(pod(patched)["securityContext"]) == {"runAsNonRoot", "seccompProfile"}


def _patched_as_documented(tmp_path: Path, word: str) -> list[dict[str, Any]]:
    """Return what the kustomization gives with the patches of docs/nightly.md in which ``word`` stands."""
    documented = (DEPLOY.parent / "docs" / "nightly.md").read_text()
    (patches,) = (block for block in re.findall(r"```yaml\n(.*?)```", documented, re.DOTALL) if word in block)
    shutil.copytree(DEPLOY / "kustomize", tmp_path / "kustomize")
    file = tmp_path / "kustomize" / "kustomization.yaml"
    file.write_text(file.read_text() + patches)
    return kustomized(tmp_path)


def test_servers_that_do_not_know_the_failure_policy_are_not_given_it(tmp_path: Path) -> None:
    """Before Kubernetes 1.25 the API server, or kubectl and Helm by its schema, refuse what it does not know."""
    assert "podFailurePolicy" not in _job(_patched_as_documented(tmp_path, "podFailurePolicy"))
    template = (CHART / "templates" / "cronjob.yaml").read_text()
    (guarded,) = re.findall(r"{{- if semverCompare \">=1.25.0-0\" [^}]*}}\n(.*?){{- end }}", template, re.DOTALL)
    assert guarded.count("podFailurePolicy") == template.count("podFailurePolicy") == 1


def test_a_night_whose_pod_is_taken_away_is_repeated_and_no_other() -> None:
    """https://kubernetes.io/docs/tasks/job/pod-failure-policy: a drained node's pods bear DisruptionTarget."""
    for objects in (kustomized(), render(CHART, {}, NAMESPACE)):
        job = _job(objects)
        (rule,) = job["podFailurePolicy"]["rules"]
        assert rule == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
        assert (job["backoffLimit"], job["template"]["spec"]["restartPolicy"]) == (0, "Never")


def _job(objects: list[dict[str, Any]]) -> dict[str, Any]:
    (cron,) = (one for one in objects if one["kind"] == "CronJob")
    found: dict[str, Any] = cron["spec"]["jobTemplate"]["spec"]
    return found


def test_the_chart_goes_on_every_cluster_that_a_run_looks_at() -> None:
    """K3s v1.24.7 is among those in the field; a server that is too old is told by CX002."""
    wanted = yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"]
    assert wanted == f">={OLDEST}.0-0"


def test_what_is_switched_off_is_not_there() -> None:
    """No claim, no rights; the pod then keeps its results as long as it lives."""
    objects = render(CHART, {"rbac": False, "claim": {"enabled": False}}, NAMESPACE)
    assert {one["kind"] for one in objects} == {"CronJob", "ConfigMap", "NetworkPolicy"}
    volumes = {one["name"]: one for one in pod(objects)["volumes"]}
    assert volumes["results"] == {"name": "results", "emptyDir": {}}


def test_prometheus_operators_objects() -> None:
    """The rules are those of deploy/monitoring; the monitor keeps the labels that the metrics bring."""
    found = by_name(render(CHART, EVERYTHING, NAMESPACE))
    rule = found["PrometheusRule", NAMESPACE, NAMESPACE]
    assert rule["spec"] == yaml.safe_load((DEPLOY / "monitoring" / "alerts.yaml").read_text())
    assert rule["metadata"]["labels"] == {"release": "prometheus"}
    monitor = found["ServiceMonitor", NAMESPACE, NAMESPACE]["spec"]
    assert monitor["endpoints"] == [{"port": "http", "honorLabels": True}]
    assert monitor["selector"] == {"matchLabels": {"app.kubernetes.io/name": "prometheus-pushgateway"}}


def test_the_values_have_a_schema() -> None:
    """Helm holds a user's values to it: all defaults fit, and a misspelt name does not."""
    schema = json.loads((CHART / "values.schema.json").read_bytes())
    jsonschema.Draft7Validator.check_schema(schema)
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    jsonschema.validate(values, schema)
    assert set(values) == set(schema["properties"]) - {"global"}
    for wrong in ({"shedule": "0 2 * * *"}, {"options": ["publish"]}, {"timeLimit": "an hour"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_the_chart_is_of_this_version() -> None:
    """Chart, application and image."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert (chart["apiVersion"], chart["version"], chart["appVersion"]) == ("v2", __version__, __version__)
    assert values["image"].endswith(f":{__version__}")


def test_superset_is_granted_where_its_namespace_is_wanted() -> None:
    """By name here; where the chart is installed, Helm finds the namespace itself. Elsewhere no Role would be taken."""
    roles = [
        {one["metadata"]["namespace"] for one in render(CHART, values, NAMESPACE) if one["kind"] == "Role"}
        for values in ({}, {"namespaces": ["expertflow", "ef-external", "ef-bi"]})
    ]
    assert roles == [{"expertflow", "ef-external"}, {"expertflow", "ef-external", "ef-bi"}]


def test_further_secrets_are_granted_by_name() -> None:
    """In the namespace that they are named for."""
    found = by_name(render(CHART, {"secrets": {"expertflow": ["our-registry"]}}, NAMESPACE))
    granted = {
        place: [
            rule for rule in found["Role", place, NAMESPACE]["rules"] if "our-registry" in rule.get("resourceNames", ())
        ]
        for place in ("expertflow", "ef-external")
    }
    only = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["our-registry"], "verbs": ["get"]}
    assert granted == {"expertflow": [only], "ef-external": []}


def test_helms_own_test_takes_a_static_look_under_the_same_rights() -> None:
    """A pod that the restricted profile takes, with the account and the site file of the nights."""
    (look,) = hooks(CHART, EVERYTHING, NAMESPACE)
    night = pod(render(CHART, EVERYTHING, NAMESPACE))
    assert look["metadata"]["annotations"]["helm.sh/hook"] == "test"
    (container,) = look["spec"]["containers"]
    assert container["args"][:3] == ["run", "--static", "--site=/etc/cx-conformance/site.yaml"]
    same = ("serviceAccountName", "restartPolicy", "imagePullSecrets", "nodeSelector", "tolerations")
    assert {key: look["spec"][key] for key in same} == {key: night[key] for key in same}
    assert container["securityContext"] == night["containers"][0]["securityContext"]


def test_the_notes_say_what_comes_next() -> None:
    """When it looks, how to look now, where the report is; and how to grant the rights where the chart does not."""
    usual = notes(CHART, {}, "audits")
    assert '"0 2 * * *"' in usual
    assert "kubectl -n audits create job first --from=cronjob/cx-conformance" in usual
    assert "rbac --in-cluster" not in usual
    assert "--service-account audits/cx-conformance" in notes(CHART, {"rbac": False}, "audits")


def test_helm_refuses_a_misspelt_value() -> None:
    """By the schema, before anything is applied."""
    with pytest.raises(HelmError, match="shedule"):
        render(CHART, {"shedule": "0 2 * * *"}, NAMESPACE)

"""What goes wrong with installations in the field, on what the facts describe; and what sites do that is no fault."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson
import pytest

from cx_conformance.outcome.outcome import Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation, Object
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = from_facts.needed

STATIC: Final = [one.id for one in all_checks() if not one.live]
Change = Callable[[Installation], Any]
SHARED: Final = "ef-cx-efconnections-cm"


def shared(**values: str) -> Change:
    """Say something else in the ConfigMap that most components read."""
    return lambda i: i.find("ConfigMap", SHARED, "expertflow")["data"].update(values)


def spec(kind: str, name: str, **changes: Any) -> Change:
    """Change the specification of an object."""
    return lambda i: i.find(kind, name)["spec"].update(changes)


def removed(kind: str, name: str, namespace: str | None = None) -> Change:
    """Take an object away."""
    return lambda i: i.remove(kind, name, namespace)


def port(service: str, **changes: Any) -> Change:
    """Change the first port of a Service."""
    return lambda i: i.find("Service", service)["spec"]["ports"][0].update(changes)


def container(installation: Installation, kind: str, name: str) -> Object:
    """Return the first container of a workload."""
    found: Object = installation.find(kind, name)["spec"]["template"]["spec"]["containers"][0]
    return found


def told(name: str, variable: str, value: str) -> Change:
    """Tell a Deployment's container something else."""

    def change(installation: Installation) -> None:
        one = container(installation, "Deployment", name)
        kept = [each for each in one.get("env", []) if each["name"] != variable]
        one["env"] = [*kept, {"name": variable, "value": value}]

    return change


def routes(before: str, after: str) -> Change:
    """Change the text of APISIX's routes; of two ConfigMaps of the name the last one counts."""

    def change(installation: Installation) -> None:
        (*_, data) = (one["data"] for one in installation.manifests if one["metadata"]["name"] == "apisix.yaml")
        assert before in data["apisix.yaml"]
        data["apisix.yaml"] = data["apisix.yaml"].replace(before, after)

    return change


def no_tls_port(installation: Installation) -> None:
    """Take a port of the broker away."""
    about = installation.find("Service", "activemq")["spec"]
    about["ports"] = [one for one in about["ports"] if one["port"] != 61617]


def no_root_password(installation: Installation) -> None:
    """Forget a key of MinIO's account."""
    del installation.find("Secret", "minio", "ef-external")["data"]["root-password"]


FAULTS: Final[dict[str, tuple[Change, str, str]]] = {
    "a Service's port is renamed": (port("ef-cx-ccm-svc", name="http"), "CX522", "ccm"),
    "a Service has another port": (port("ef-cx-ccm-svc", port=8082), "CX203", "ccm"),
    "a Service's target is in no container": (port("ef-cx-ccm-svc", targetPort="web"), "CX205", "ccm"),
    "a Service speaks UDP": (port("ef-cx-ccm-svc", protocol="UDP"), "CX203", "ccm"),
    "a Service is gone": (removed("Service", "ef-cx-agent-manager-svc"), "CX201", "agent-manager"),
    "a variable leads to another component": (
        told("ef-cx-agent-manager", "ROUTING_ENGINE_URL", "http://ef-cx-ccm-svc.expertflow.svc:8081"),
        "CX705",
        "agent-manager",
    ),
    "a variable leads to another namespace": (
        told("ef-cx-file-engine", "ENDPOINT", "https://minio.ef-extern.svc:9000"),
        "CX705",
        "file-engine",
    ),
    "a call through the gateway is misspelt": (
        told("ef-cx-web-channel-manager", "CCM_URL", "http://apisix-gatway.ef-external.svc.cluster.local:80/"),
        "CX705",
        "web-channel-manager",
    ),
    "the broker is called without TLS": (shared(ACTIVEMQ_OPEN_WIRE_PORT="61616"), "CX705", "ccm"),
    "the broker is called by its old name": (
        shared(ACTIVEMQ_PRIMARY_URL="ef-amq.ef-external.svc"),
        "CX308",
        "activemq",
    ),
    "Mongo is called by another name": (shared(MONGODB_HOST="mongo.ef-external.svc"), "CX308", "mongo"),
    "Keycloak is called at its pods' port": (
        shared(KEYCLOAK_HOST="http://keycloak.ef-external.svc:8080/auth/"),
        "CX308",
        "keycloak",
    ),
    "the broker's Service lacks TLS": (no_tls_port, "CX203", "activemq"),
    "a Secret made by hand is missing": (removed("Secret", "mongo-mongodb-ca", "expertflow"), "CX303", "ccm"),
    "a ConfigMap made by hand is missing": (removed("ConfigMap", "ef-logback-cm", "expertflow"), "CX301", "ccm"),
    "a key of a Secret is missing": (no_root_password, "CX112", "minio"),
    "the pull secret is missing": (removed("Secret", "ef-gitlab-secret", "expertflow"), "CX111", "ccm"),
    "a StatefulSet is scaled to zero": (spec("StatefulSet", "redis-master", replicas=0), "CX103", "redis"),
    "a Deployment is scaled to zero": (spec("Deployment", "ef-cx-unified-admin", replicas=0), "CX103", "unified-admin"),
    "a CronJob is suspended": (spec("CronJob", "cx-reporting-cron", suspend=True), "CX104", "reporting-connector"),
    "a claim names a class of nobody": (
        spec("PersistentVolumeClaim", "minio", storageClassName="gone"),
        "CX402",
        "minio",
    ),
    "a workload is gone": (removed("Deployment", "ef-cx-historical-reports"), "CX101", "historical-reports"),
    "a connector is there by half": (
        removed("Service", "cx-channels-telegram-connector-svc"),
        "CX201",
        "telegram-connector",
    ),
    "an upstream names another Service": (routes("/ef-cx-ccm-svc:", "/ef-ccm-svc:"), "CX522", "ccm"),
    "an upstream names another port": (routes(":http-ag-ma-3000", ":http"), "CX522", "agent-manager"),
    "the routes lack their last line": (routes("#END\n", ""), "CX521", "platform"),
    "the gateway is scaled to zero": (spec("Deployment", "apisix", replicas=0), "CX103", "apisix"),
    "a pod runs another component's image": (
        lambda i: container(i, "Deployment", "ef-cx-ccm").update(
            image=container(i, "Deployment", "ef-cx-bot-framework")["image"]
        ),
        "CX116",
        "ccm",
    ),
    "a pod mounts its data elsewhere": (
        lambda i: container(i, "StatefulSet", "activemq")["volumeMounts"][0].update(mountPath="/opt/activemq/data"),
        "CX401",
        "activemq",
    ),
    "the certificate of the entrance is missing": (
        removed("Secret", "ef-ingress-tls-secret", "ef-external"),
        "CX503",
        "ccm",
    ),
}
"""Each with the check that must find it, and the component that it must be told of."""


@pytest.mark.parametrize("release", ["4.10", "5.1"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_field_is_found_at_its_component(name: str, release: str) -> None:
    """By the check that is there for it."""
    change, check, component = FAULTS[name]
    installation = installed(release)
    change(installation)
    failed = {(one.check, one.component) for one in installation.outcomes(check) if one.result is Result.FAIL}
    assert (check, component) in failed


def templates(installation: Installation) -> Iterator[Object]:
    """Give the template of every workload's pods."""
    for one in installation.manifests:
        if one["kind"] in ("Deployment", "StatefulSet"):
            yield one["spec"]["template"]
        elif one["kind"] == "CronJob":
            yield one["spec"]["jobTemplate"]["spec"]["template"]


def everywhere(change: Callable[[Object], Any]) -> Change:
    """Change the first container of every workload."""

    def apply(installation: Installation) -> None:
        for template in templates(installation):
            change(template["spec"]["containers"][0])

    return apply


def renamed(before: str, after: str) -> Change:
    """Call an object otherwise wherever it is named."""

    def change(installation: Installation) -> None:
        text = orjson.dumps(installation.manifests).replace(before.encode(), after.encode())
        installation.manifests = orjson.loads(text)

    return change


def mirrored(one: Object) -> None:
    """Pull an image from a registry of the site's own."""
    one["image"] = "harbor.example.com:5000/mirror/" + one["image"].partition("/")[2]


def probed(one: Object) -> None:
    """Ask a container whether it is ready."""
    if one.get("ports"):
        one.setdefault("readinessProbe", {"tcpSocket": {"port": one["ports"][0]["containerPort"]}})


def with_sidecars(installation: Installation) -> None:
    """Let a mesh put its proxy beside every container."""
    proxy = {"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.20", "ports": [{"containerPort": 15090}]}
    for template in templates(installation):
        template["spec"]["containers"].append(dict(proxy))


def without_connectors(installation: Installation) -> None:
    """Leave two connectors out as a whole."""
    gone = ("telegram-connector", "viber-connector")
    installation.manifests = [
        one for one in installation.manifests if not any(name in one["metadata"]["name"] for name in gone)
    ]


def more_replicas(installation: Installation) -> None:
    """Run each of the vendor's own components three times."""
    for one in installation.manifests:
        if one["kind"] == "Deployment" and one["metadata"]["name"].startswith("ef-cx-"):
            one["spec"]["replicas"] = 3


def another_class(installation: Installation) -> None:
    """Let another class be the only one, and claims name none."""
    for one in installation.manifests:
        if one["kind"] == "StorageClass":
            one["metadata"]["name"], one["provisioner"] = "longhorn", "driver.longhorn.io"
        elif one["kind"] == "PersistentVolumeClaim":
            one["spec"].pop("storageClassName", None)


def larger_claims(installation: Installation) -> None:
    """Ask for more than is promised."""
    for one in installation.manifests:
        claims = (
            [one] if one["kind"] == "PersistentVolumeClaim" else one.get("spec", {}).get("volumeClaimTemplates", [])
        )
        for claim in claims:
            claim["spec"]["resources"]["requests"]["storage"] = "50Gi"


def long_names(installation: Installation) -> None:
    """Write every address whole."""
    data = installation.find("ConfigMap", SHARED, "expertflow")["data"]
    for key, value in data.items():
        data[key] = value if "cluster.local" in value else value.replace(".svc", ".svc.cluster.local")


VARIATIONS: Final[dict[str, Change]] = {
    "images of a mirror": everywhere(mirrored),
    "images by digest": everywhere(lambda one: one.update(image=f"{one['image']}@sha256:{'0' * 64}")),
    "probes of the site's own": everywhere(probed),
    "a mesh": with_sidecars,
    "two connectors left out": without_connectors,
    "three replicas": more_replicas,
    "another storage class": another_class,
    "larger claims": larger_claims,
    "addresses written whole": long_names,
    "a broker without TLS, said in all its variables": shared(
        ACTIVEMQ_OPEN_WIRE_PORT="61616", ACTIVEMQ_STOMP_PORT="61613", ACTIVEMQ_TRANSPORT="tcp"
    ),
    "further keys": shared(LOG_LEVEL="DEBUG", OWN="anything"),
    "another schedule": spec("CronJob", "cx-reporting-cron", schedule="*/15 * * * *"),
    "the TLS Secret's name": renamed("ef-ingress-tls-secret", "bank-tls"),
    "the pull Secret's name": renamed("ef-gitlab-secret", "harbor-pull"),
    "a gateway by NodePort": spec("Service", "apisix-gateway", type="NodePort"),
}


@pytest.mark.parametrize("release", ["4.10", "5.1"])
@pytest.mark.parametrize("name", VARIATIONS)
def test_what_a_site_may_choose_raises_no_alarm(name: str, release: str) -> None:
    """By any static check."""
    installation = installed(release)
    VARIATIONS[name](installation)
    ended = installation.all_outcomes(STATIC)
    bad = [one for one in ended if one.result not in (Result.PASS, Result.NOT_APPLICABLE)]
    assert [f"{one.check} {one.component}: {one.message}" for one in bad] == []


def test_a_sidecar_in_front_of_superset_s_worker_is_not_taken_for_it() -> None:
    """The worker has no port and its container is called superset, by which it is known beside a mesh's proxy."""
    installation = installed("5.1")
    proxy = {"name": "istio-proxy", "image": "istio/proxyv2", "resources": {"requests": {"cpu": "10m"}}}
    installation.find("Deployment", "superset-worker")["spec"]["template"]["spec"]["containers"].insert(0, proxy)
    assert installation.outcome("CX110", "superset-worker").result is Result.PASS
    assert installation.outcome("CX401", "superset-worker").result is Result.PASS

import base64
import json
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest

from cx_conformance.blueprint.component import Kind
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.manifests.simulation import ANNOTATION
from cx_conformance.blueprint.quantity import Quantity

Objects = list[dict[str, Any]]
MINORS = ("1.28.0", "1.32.0", "1.36.0")


@pytest.fixture(scope="module")
def objects(blueprint: Blueprint) -> Objects:
    """Make the reference installation of the shipped blueprint."""
    return reference_installation(blueprint, seed=1)


def one(objects: Objects, kind: str, name: str) -> dict[str, Any]:
    """Return the one object of this kind and name."""
    (found,) = [each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def pod_of(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the pod's spec of a workload."""
    spec: dict[str, Any] = workload["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("minor", MINORS)
def test_a_real_api_server_of_this_minor_accepts_every_object(objects: Objects, minor: str) -> None:
    """Each object keeps the strict schema, in which an unknown field is an error."""
    for each in objects:
        kubernetes_validate.validate(each, minor, strict=True)


def test_a_seed_gives_the_same_objects_again(blueprint: Blueprint, objects: Objects) -> None:
    """Names, order, passwords and certificates do not depend on chance."""
    assert reference_installation(blueprint, seed=1) == objects


def test_without_a_seed_no_two_installations_share_a_password(blueprint: Blueprint) -> None:
    """Passwords are made up for each."""
    first, second = reference_installation(blueprint), reference_installation(blueprint)
    assert one(first, "Secret", "redis")["data"] != one(second, "Secret", "redis")["data"]


def test_workloads_keep_what_their_row_promises(blueprint: Blueprint, objects: Objects) -> None:
    """Kind, documented name, namespace, replicas, restart policy, ports and resources."""
    for name, component in blueprint.components.items():
        workload = one(objects, component.workload.kind.value, component.workload.name)
        container = pod_of(workload)["containers"][0]
        assert workload["metadata"]["namespace"] == component.namespace.name, name
        assert workload["spec"]["replicas"] == component.workload.replicas, name
        assert pod_of(workload)["restartPolicy"] == component.workload.restart_policy, name
        ports = [(port["containerPort"], port.get("name")) for port in container.get("ports", [])]
        assert ports == [(port.port, port.name) for port in component.container_ports], name
        if component.resources:
            limits = component.resources.limits
            assert container["resources"]["limits"]["memory"] == str(limits.memory), name


def test_services_lead_to_the_pods_of_their_component(blueprint: Blueprint, objects: Objects) -> None:
    """The selector matches the pod's labels, and each targetPort is a port of its container."""
    for name, component in blueprint.components.items():
        if component.service is None:
            continue
        service = one(objects, "Service", component.service.name)["spec"]
        template = one(objects, component.workload.kind.value, component.workload.name)["spec"]["template"]
        assert service["selector"].items() <= template["metadata"]["labels"].items(), name
        ports = template["spec"]["containers"][0]["ports"]
        known = {port["containerPort"] for port in ports} | {port.get("name") for port in ports}
        assert {port["targetPort"] for port in service["ports"]} <= known, name
        assert [port["port"] for port in service["ports"]] == [port.port for port in component.service.ports], name


def test_the_web_widget_is_called_on_another_port_than_its_containers(objects: Objects) -> None:
    """The one row of the page where Service port and container port differ."""
    (port,) = one(objects, "Service", "ef-web-widget-svc")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (8080, "http-we-wi-80")


def test_volumes_have_the_promised_size_and_mount_path(blueprint: Blueprint, objects: Objects) -> None:
    """A claim, or a claim template of a StatefulSet, stands behind each volume with a size."""
    for name, component in blueprint.components.items():
        workload = one(objects, component.workload.kind.value, component.workload.name)
        mounts = {mount["mountPath"] for mount in pod_of(workload)["containers"][0].get("volumeMounts", [])}
        assert {volume.mount_path for volume in component.volumes if volume.mount_path} <= mounts, name
        sized = [volume.size for volume in component.volumes if volume.size]
        if component.workload.kind is Kind.STATEFUL_SET:
            claims = workload["spec"].get("volumeClaimTemplates", [])
        else:
            claims = [
                each
                for each in objects
                if each["kind"] == "PersistentVolumeClaim"
                and each["metadata"]["labels"].items() >= workload["spec"]["selector"]["matchLabels"].items()
            ]
        found = [Quantity.parse(claim["spec"]["resources"]["requests"]["storage"]) for claim in claims]
        assert found == sized, name


def referred(workload: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Give kind, name and key of each object that the pods of a workload need."""
    pod = pod_of(workload)
    kinds = (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"))
    for volume in pod.get("volumes", []):
        for source, kind, field in (*kinds, ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName")):
            if source in volume:
                yield kind, volume[source][field], None
    yield from (("Secret", secret["name"], None) for secret in pod.get("imagePullSecrets", []))
    container = pod["containers"][0]
    yield from (("ConfigMap", source["configMapRef"]["name"], None) for source in container.get("envFrom", []))
    for variable in container.get("env", []):
        for kind, field in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
            if reference := variable.get("valueFrom", {}).get(field):
                yield kind, reference["name"], reference["key"]


def test_everything_that_a_pod_refers_to_is_there(objects: Objects) -> None:
    """No pod waits for a ConfigMap, a Secret, a key or a claim that is not made."""
    there = {(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]): each for each in objects}
    for workload in (each for each in objects if each["kind"] in {"Deployment", "StatefulSet"}):
        for kind, name, key in referred(workload):
            found = there[kind, workload["metadata"]["namespace"], name]
            assert key is None or key in found["data"]


def test_mounted_files_are_keys_of_their_config_map(objects: Objects) -> None:
    """A mount with a subPath names a file that the ConfigMap holds; otherwise the container would not start."""
    pod = pod_of(one(objects, "Deployment", "ef-reporting-connector"))
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in pod["containers"][0]["volumeMounts"]:
        if "subPath" in mount:
            holder = volumes[mount["name"]]["configMap"]["name"]
            assert mount["subPath"] in one(objects, "ConfigMap", holder)["data"]


def test_components_are_configured_with_the_stores_own_passwords(objects: Objects) -> None:
    """A password changed in one place only is a documented failure; here both places agree."""
    configuration = one(objects, "ConfigMap", "ef-connection-env-cm")["data"]
    secret = one(objects, "Secret", "mongo-mongodb")["data"]["mongodb-root-password"]
    assert (configuration["MONGODB_HOST"], configuration["MONGODB_PORT"]) == ("mongo-mongodb.ef-external.svc", "27017")
    same = base64.b64decode(secret).decode() == configuration["MONGODB_PASSWORD"]
    assert same
    assert configuration["ACTIVEMQ_PRIMARY_URL"] == "tcp://ef-amq.ef-external.svc:61616"


def test_no_annotation_holds_a_credential(objects: Objects) -> None:
    """Simulated stores find their account by the names of environment variables."""
    values = {
        base64.b64decode(value).decode()
        for each in objects
        if each["kind"] == "Secret" and each["type"] == "Opaque"
        for value in each["data"].values()
    }
    annotations = json.dumps([each.get("spec", {}).get("template", {}).get("metadata") for each in objects])
    leaked = [len(value) for value in values if len(value) > 12 and value in annotations]
    assert not leaked


def test_the_ingress_certificate_is_the_same_in_both_namespaces_and_covers_the_fqdn(objects: Objects) -> None:
    """It also covers the in-cluster names of what is served with it."""
    from cryptography import x509

    found = [each["data"] for each in objects if each["metadata"]["name"] == "ef-ingress-tls-secret"]
    assert len(found) == 2
    same = found[0] == found[1]
    assert same
    certificate = x509.load_pem_x509_certificate(base64.b64decode(found[0]["tls.crt"]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    dns = names.get_values_for_type(x509.DNSName)
    assert {"cx.example.com", "ef-file-engine-svc", "ef-file-engine-svc.expertflow.svc.cluster.local"} <= set(dns)


def test_ingress_paths_are_rewritten_unless_the_component_knows_its_path(objects: Objects) -> None:
    """Keycloak serves below /auth itself."""
    ccm, keycloak = one(objects, "Ingress", "ef-ccm"), one(objects, "Ingress", "keycloak")
    assert ccm["spec"]["rules"][0]["http"]["paths"][0]["path"] == "/ccm(/|$)(.*)"
    assert ccm["metadata"]["annotations"]["nginx.ingress.kubernetes.io/rewrite-target"] == "/$2"
    assert keycloak["spec"]["rules"][0]["http"]["paths"][0]["path"] == "/auth"
    assert "annotations" not in keycloak["metadata"]


def test_namespaces_follow_the_mapping(blueprint: Blueprint) -> None:
    """Every object and every in-cluster address moves with them."""
    mapping = {"expertflow": "t1-expertflow", "ef-external": "t1-ef-external"}
    moved = reference_installation(blueprint, namespaces=mapping, seed=1)
    assert {each["metadata"].get("namespace") for each in moved} == {None, "t1-expertflow", "t1-ef-external"}
    assert one(moved, "ConfigMap", "ef-connection-env-cm")["data"]["REDIS_HOST"] == "redis-master.t1-ef-external.svc"


def test_simulated_ports_say_what_they_serve(objects: Objects) -> None:
    """The documented health endpoint is served over TLS where that is promised."""
    template = one(objects, "Deployment", "ef-file-engine")["spec"]["template"]
    (port,) = json.loads(template["metadata"]["annotations"][ANNOTATION])
    assert (port["port"], port["as"], port["paths"]["/api/SystemInfo"]["status"]) == (8443, "https", 200)


def test_without_simulation_the_image_runs_its_own_command(blueprint: Blueprint) -> None:
    """Nothing of the simulator is left."""
    plain = reference_installation(blueprint, simulate=False, seed=1)
    pod = pod_of(one(plain, "Deployment", "ef-ccm"))
    assert "command" not in pod["containers"][0]
    assert not [each for each in plain if each["metadata"]["name"] == "cx-conformance-simulator"]

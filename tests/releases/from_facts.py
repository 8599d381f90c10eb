"""The installation that each release of the vendor's charts makes, as objects, from the facts files beside the project.

Nothing here reads the suite's own blueprints: what the facts say is turned into the objects that an administrator's
`helm install` and the guide's commands by hand leave on a cluster. The embedded cluster's controllers then make pods,
volumes and EndpointSlices of them (`tests.checks.installation`). One subject, a row a kind: hence longer than most.
"""

import base64
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from tests.releases.gateway import GATEWAY_OF_4_9, standalone_routes

Object = dict[str, Any]

FACTS = Path(__file__).parents[3] / "shared" / "facts" / "releases"
FILES = {"4.7": "4.7.3", "4.9": "4.9.6", "4.10": "4.10.4", "5.0": "5.0.4-rc", "5.1": "5.1.0-rc"}
"""The file of each release that the charts' facts describe."""
FQDN = "cx.example.test"
"""The host name that the facts were rendered with."""

_API = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "CronJob": "batch/v1",
    "Job": "batch/v1",
    "Ingress": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "ApisixRoute": "apisix.apache.org/v2",
}
_HELM = (
    "ef-cx",
    "cx-agent-desk",
    "cx-channels",
    "cx-reporting",
    "cx-surveys",
    "cx-campaigns",
    "ef-postgresql",
    "keycloak",
    "mongo",
    "minio",
    "redis",
    "apisix",
    "activemq",
    "superset",
)
"""The names that the charts were installed under."""
_MONGO_CA = "mongo-mongodb-ca"
"""A Secret whose keys the containers know by the files that they are told: MONGODB_CLIENT_CERT, MONGODB_CA_CERT."""
_PLACED = {"superset": "ef-bi", "apisix": "ef-external"}
"""Where the vendor's guide installs two charts that the facts files were rendered elsewhere for."""


def available() -> bool:
    """Tell whether the facts files are there."""
    return FACTS.is_dir()


needed = pytest.mark.skipif(not available(), reason="the facts files are not beside the project")
"""Marks what has nothing to look at without them."""


def manifests(release: str, *, as_guided: bool = True) -> list[Object]:
    """Return the objects of ``release`` (a name of ``FILES``) as they are applied, a fresh copy each time.

    ``as_guided`` puts each chart into the namespace that the vendor's guide names for it, else the one that the facts
    file was rendered for.
    """
    found: list[Object] = orjson.loads(_made(release, as_guided))
    return found


@cache
def _made(release: str, as_guided: bool) -> bytes:
    facts = yaml.load((FACTS / f"{FILES[release]}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    if release == "4.9":
        facts |= {kind: [*facts[kind], *more] for kind, more in GATEWAY_OF_4_9.items()}
    if as_guided:
        _place(facts)
    installation = _Installation(facts)
    objects = list(installation.objects())
    text = orjson.dumps(objects)
    if as_guided:
        # Full names that were rendered along with the namespace; short ones need no change.
        for service in ("superset", "superset-postgresql", "superset-redis-headless", "superset-redis-master"):
            text = text.replace(f"{service}.ef-external".encode(), f"{service}.ef-bi".encode())
    return text


def _place(facts: dict[str, list[Object]]) -> None:
    for things in facts.values():
        for thing in things:
            name: str = thing["configMap"] if "configMap" in thing else thing["name"]
            owner = "apisix" if name == "apisix.yaml" else helm_release(name)
            if owner in _PLACED:
                thing["namespace"] = _PLACED[owner]
    made = facts["MadeByHand"]
    needed = [one for one in made if one["kind"] == "Secret" and one["namespace"] == "ef-external"]
    for one in needed:
        users = {_PLACED.get(helm_release(user) or "", "ef-external") for user in one["for"]}
        one["namespace"] = min(users)
        made += [one | {"namespace": other} for other in sorted(users)[1:]]
    if not any(one["name"] == "ef-ingress-tls-secret" and one["namespace"] == "ef-external" for one in made):
        made.append({"kind": "Secret", "use": "TLS", "name": "ef-ingress-tls-secret", "namespace": "ef-external"})


def helm_release(name: str) -> str | None:
    """Return the Helm release that an object of this name belongs to, by the charts' pattern; None: made by hand."""
    fitting = (one for one in _HELM if name == one or name.startswith(f"{one}-"))
    return max(fitting, key=len, default=None)


class _Installation:
    """What the facts of one release come to."""

    def __init__(self, facts: dict[str, list[Object]]) -> None:
        self.facts = facts
        self.keys: dict[tuple[str, str, str], set[str]] = {}
        """By kind, namespace and name: the keys that pods read or mount of a ConfigMap or Secret."""
        self.made = {
            (kind, fact["namespace"], fact["name"]) for kind in ("ConfigMap", "Secret") for fact in facts.get(kind, [])
        } | {(fact["kind"], fact["namespace"], fact["name"]) for fact in facts["MadeByHand"]}
        for kind in ("Deployment", "StatefulSet", "CronJob", "Job"):
            for workload in facts.get(kind, []):
                self._note_keys(workload)

    def objects(self) -> Iterator[Object]:
        """Give every object, those that others need first."""
        namespaces = sorted({one["namespace"] for things in self.facts.values() for one in things})
        for name in namespaces:
            yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        yield _storage_class()
        yield from self._made_by_hand()
        yield from self._secrets()
        yield from self._config_maps()
        for kind, make in (
            ("PersistentVolumeClaim", _claim),
            ("Service", _service),
            ("Deployment", _deployment),
            ("StatefulSet", _stateful_set),
            ("CronJob", self._cron_job),
            ("Job", _job),
            ("Ingress", _ingress),
            ("ApisixRoute", _apisix_route),
            ("NetworkPolicy", _plain),
            ("PodDisruptionBudget", _plain),
        ):
            for fact in self.facts.get(kind, []):
                api = _API.get(kind, "v1")
                made = {"apiVersion": api, "kind": kind, "metadata": _metadata(fact)} | make(fact)
                self._mark_optional(made)
                yield made
        yield from self._helm_releases()

    def _cron_job(self, fact: Object) -> Object:
        # Its pods bear the labels of the Deployment of the same chart, so that the Service selects them too.
        same = next((one for one in self.facts["Deployment"] if one["name"] == fact["name"]), {})
        template = _template({"selector": same.get("selector")} | fact)
        return {"spec": {"schedule": fact["schedule"], "jobTemplate": {"spec": {"template": template}}}}

    def _note_keys(self, workload: Object) -> None:
        namespace = workload["namespace"]
        volumes = {one["name"]: one for one in workload.get("volumes", [])}
        for container in workload["containers"]:
            for reference in container.get("envKeys", []):
                kind, _, rest = reference.partition(" ")
                name, _, key = rest.partition("/")
                self.keys.setdefault((kind, namespace, name), set()).add(key)
            for mount in container.get("mounts", []):
                volume = volumes.get(mount["name"], {})
                kind = {"secret": "Secret", "configMap": "ConfigMap"}.get(volume.get("kind", ""))
                if kind and mount.get("subPath"):
                    self.keys.setdefault((kind, namespace, volume["of"]), set()).add(mount["subPath"])

    def _mark_optional(self, made: Object) -> None:
        """Mark each volume whose object nobody makes: the charts call those optional."""
        template = made.get("spec", {}).get("template") or made.get("spec", {}).get("jobTemplate", {}).get("spec", {})
        pod = template.get("template", template).get("spec", {}) if isinstance(template, dict) else {}
        for volume in pod.get("volumes", []):
            for field, kind, name in (("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name")):
                of = volume.get(field)
                if of and (kind, made["metadata"]["namespace"], of[name]) not in self.made:
                    of["optional"] = True

    def _made_by_hand(self) -> Iterator[Object]:
        seen = set()
        for fact in self.facts["MadeByHand"]:
            place = fact["kind"], fact["namespace"], fact["name"]
            if place in seen:
                continue
            seen.add(place)
            keys = self.keys.get(place, set())
            about = {"name": fact["name"], "namespace": fact["namespace"]}
            made = {"apiVersion": "v1", "kind": fact["kind"], "metadata": about}
            if fact["kind"] == "ConfigMap":
                yield made | {"data": dict.fromkeys(sorted(keys or {"content"}), "as the guide says")}
            elif fact.get("use") == "TLS":
                yield made | {"type": "kubernetes.io/tls", "data": encoded(certificate())}
            elif fact.get("use") == "pull":
                yield made | _pull_secret()
            elif keys:
                yield made | {"type": "Opaque", "data": encoded(dict.fromkeys(sorted(keys), "made-up"))}
            elif fact["name"] == _MONGO_CA:
                yield made | {"type": "Opaque", "data": encoded(_mongo_files())}
            else:
                yield made | {"type": "Opaque", "data": encoded(certificate())}

    def _secrets(self) -> Iterator[Object]:
        for fact in self.facts["Secret"]:
            made = {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(fact)}
            if fact["type"] == "kubernetes.io/dockerconfigjson":
                yield made | _pull_secret()
                continue
            known = certificate() | (_mongo_files() if fact["name"] == _MONGO_CA else {})
            values = {key: known.get(key, "made-up") for key in fact["keys"]}
            yield made | {"type": fact["type"], "data": encoded(values)}

    def _config_maps(self) -> Iterator[Object]:
        newest = "ACTIVEMQ_CA_CERT" in {key for fact in self.facts["ConfigMap"] for key in fact["keys"]} or any(
            one["name"] == "activemq-tls" for one in self.facts["MadeByHand"]
        )
        values = _connections(tls=newest)
        for fact in self.facts["ConfigMap"]:
            data = {key: values.get(key, "value") for key in fact["keys"]} | fact.get("addresses", {})
            # The facts cut long values off: the nodes that are whole count.
            nodes = data.get("REDIS_SENTINEL_NODES", "").split(",")
            data |= {"REDIS_SENTINEL_NODES": ",".join(nodes[:2])} if nodes[2:] else {}
            made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(fact)}
            yield made | ({"data": data} if data else {})
        for fact in self.facts.get("ApisixStandalone", []):
            about = _metadata({"name": fact["configMap"], "namespace": fact["namespace"]})
            text = standalone_routes(fact["routes"])
            yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": {fact["key"]: text}}

    def _helm_releases(self) -> Iterator[Object]:
        places = {}
        for things in self.facts.values():
            for fact in things:
                name = helm_release(fact.get("name", "")) if fact.get("chart") else None
                if name:
                    places[name] = fact["namespace"]
        for name, namespace in sorted(places.items()):
            yield helm_secret(name, namespace)


def helm_secret(name: str, namespace: str, *, status: str = "deployed", version: int = 1) -> Object:
    """Return the Secret in which Helm keeps one revision of one of its releases."""
    labels = {"owner": "helm", "name": name, "status": status, "version": str(version), "modifiedAt": "1796000000"}
    about = {"name": f"sh.helm.release.v1.{name}.v{version}", "namespace": namespace, "labels": labels}
    content = base64.b64encode(b"SDRzSUFBQUFBQUFDLytTOWU").decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": about,
        "type": "helm.sh/release.v1",
        "data": {"release": content},
    }


def _metadata(fact: Object) -> Object:
    labels = dict(fact.get("selector") or {})
    annotations = {}
    owner = helm_release(fact["name"])
    if fact.get("chart"):
        labels |= {"helm.sh/chart": fact["chart"], "app.kubernetes.io/managed-by": "Helm"}
    if fact.get("version"):
        labels["app.kubernetes.io/version"] = fact["version"]
    if owner:
        annotations = {"meta.helm.sh/release-name": owner, "meta.helm.sh/release-namespace": fact["namespace"]}
    about = {"name": fact["name"], "namespace": fact["namespace"], "labels": labels, "annotations": annotations}
    return {key: value for key, value in about.items() if value}


def _connections(*, tls: bool) -> dict[str, str]:
    """Return the values of the shared ConfigMap that are not those of everybody."""
    return {
        "ACTIVEMQ_OPEN_WIRE_PORT": "61617" if tls else "61616",
        "ACTIVEMQ_STOMP_PORT": "61615" if tls else "61613",
        "ACTIVEMQ_TRANSPORT": "ssl" if tls else "tcp",
        "ACTIVEMQ_USERNAME": "admin",
        "KEYCLOAK_CLIENT_ID": "cim",
        "KEYCLOAK_HOST": "http://keycloak.ef-external.svc/auth/",
        "KEYCLOAK_REALM": "expertflow",
        "KEYCLOAK_RESOURCE": "cim",
        "KEYCLOAK_USERNAME_ADMIN": "admin",
        "MONGODB_AUTHENTICATION_DATABASE": "admin",
        "MONGODB_ENABLE_SSL": "true",
        "MONGODB_REPLICASET_ENABLED": "false",
        "MONGODB_USERNAME": "root",
        **dict.fromkeys(("ACTIVEMQ_PASSWORD", "MONGODB_PASSWORD", "REDIS_PASSWORD"), "made-up"),
        "REDIS_PORT": "6379",
        "REDIS_SENTINEL_ENABLE": "false",
        "REDIS_SSL_ENABLED": "true",
        "CX_TENANT_URL": "http://ef-cx-cx-tenant-svc.expertflow.svc:3000",
    }


def _plain(fact: Object) -> Object:
    return {"spec": fact["spec"]}


def _storage_class() -> Object:
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "openebs-hostpath", "annotations": default},
        "provisioner": "openebs.io/local",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _claim(fact: Object) -> Object:
    spec = {"accessModes": fact["modes"], "resources": {"requests": {"storage": fact["size"]}}}
    return {"spec": spec | ({"storageClassName": fact["storageClass"]} if fact["storageClass"] else {})}


def _claim_template(fact: Object) -> Object:
    template = _claim({"modes": ["ReadWriteOnce"]} | fact)
    return {"metadata": {"name": fact["name"]}, **template}


def _service(fact: Object) -> Object:
    ports = [{"protocol": "TCP"} | port for port in fact["ports"]]
    spec: Object = {"type": fact.get("type", "ClusterIP"), "selector": fact["selector"], "ports": ports}
    return {"spec": spec | ({"clusterIP": "None"} if fact.get("headless") else {})}


def _deployment(fact: Object) -> Object:
    spec = {"replicas": fact["replicas"], "selector": {"matchLabels": fact["selector"]}, "template": _template(fact)}
    return {"spec": spec}


def _stateful_set(fact: Object) -> Object:
    claims = [_claim_template(one) for one in fact.get("claims", [])]
    spec = _deployment(fact)["spec"] | {"serviceName": fact.get("serviceName", fact["name"])}
    return {"spec": spec | ({"volumeClaimTemplates": claims} if claims else {})}


def _job(fact: Object) -> Object:
    return {"spec": {"backoffLimit": 6, "template": _template(fact)}}


def _template(fact: Object) -> Object:
    spec: Object = {"containers": [_container(one) for one in fact["containers"]]}
    if fact.get("initContainers"):
        image = spec["containers"][0]["image"]
        # What no container mounts is there for one that ends before it.
        mounted = {one["name"] for each in fact["containers"] for one in each.get("mounts", [])}
        left = [one["name"] for one in fact.get("volumes", []) if one["name"] not in mounted]
        mounts = [{"name": name, "mountPath": f"/prepare/{name}"} for name in left]
        spec["initContainers"] = [
            {"name": name, "image": image, "volumeMounts": mounts} for name in fact["initContainers"]
        ]
    if fact.get("volumes"):
        spec["volumes"] = [_volume(one) for one in fact["volumes"]]
    if fact.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [{"name": name} for name in fact["imagePullSecrets"]]
    if fact.get("restartPolicy"):
        spec["restartPolicy"] = fact["restartPolicy"]
    labels = dict(fact.get("selector") or {"app.kubernetes.io/name": fact["name"]})
    return {"metadata": {"labels": labels}, "spec": spec}


def _volume(fact: Object) -> Object:
    name, of = fact["name"], fact.get("of")
    match fact["kind"]:
        case "secret":
            return {"name": name, "secret": {"secretName": of}}
        case "configMap":
            return {"name": name, "configMap": {"name": of}}
        case "persistentVolumeClaim":
            return {"name": name, "persistentVolumeClaim": {"claimName": of}}
        case kind:
            return {"name": name, kind: {}}


def _container(fact: Object) -> Object:
    made: Object = {"name": fact["name"], "image": f"gitimages.expertflow.com/cim/{fact['image']}"}
    if fact.get("ports"):
        made["ports"] = [{"protocol": "TCP"} | port for port in fact["ports"]]
    environment: list[Object] = [{"name": name, "value": value} for name, value in fact.get("addresses", {}).items()]
    for reference in fact.get("envKeys", []):
        kind, _, rest = reference.partition(" ")
        name, _, key = rest.partition("/")
        field = "secretKeyRef" if kind == "Secret" else "configMapKeyRef"
        variable = key.upper().replace("-", "_").replace(".", "_")
        environment.append({"name": variable, "valueFrom": {field: {"name": name, "key": key}}})
    if environment:
        made["env"] = environment
    if fact.get("envFrom"):
        made["envFrom"] = [_env_from(text) for text in fact["envFrom"]]
    if fact.get("mounts"):
        made["volumeMounts"] = [{key: value for key, value in one.items() if value} for one in fact["mounts"]]
    if fact.get("resources"):
        made["resources"] = {
            field: {name: str(amount) for name, amount in amounts.items()}
            for field, amounts in fact["resources"].items()
        }
    for probe in ("livenessProbe", "readinessProbe"):
        if fact.get(probe):
            made[probe] = _probe(fact[probe])
    return made


def _env_from(text: str) -> Object:
    kind, _, name = text.partition(" ")
    return {"secretRef" if kind == "secret" else "configMapRef": {"name": name}}


def _probe(fact: Object) -> Object:
    if "tcp" in fact:
        return {"tcpSocket": {"port": fact["tcp"]}}
    if "exec" in fact:
        return {"exec": {"command": fact["exec"].split()}}
    scheme, _, rest = fact["http"].partition(":")
    port, slash, path = rest.partition("/")
    number = int(port) if port.isdigit() else port
    return {"httpGet": {"scheme": scheme.upper(), "port": number, "path": slash + path}}


def _ingress(fact: Object) -> Object:
    hosts: dict[str, list[Object]] = {}
    for rule in fact["rules"]:
        service, _, port = rule["to"].partition(":")
        to = {"number": int(port)} if port.isdigit() else {"name": port}
        path = {
            "path": rule["path"],
            "pathType": rule["pathType"],
            "backend": {"service": {"name": service, "port": to}},
        }
        hosts.setdefault(rule["host"], []).append(path)
    about = _metadata(fact)
    short = fact.get("annotations", {})
    about["annotations"] = about.get("annotations", {}) | {
        f"nginx.ingress.kubernetes.io/{name}": value for name, value in short.items()
    }
    spec: Object = {
        "ingressClassName": fact["class"],
        "rules": [{"host": host, "http": {"paths": paths}} for host, paths in hosts.items()],
        "tls": [{"hosts": sorted(hosts), "secretName": name} for name in fact["tls"]],
    }
    return {"metadata": about, "spec": spec}


def _apisix_route(fact: Object) -> Object:
    http = []
    for number, rule in enumerate(fact["http"]):
        backends = []
        for to in rule["to"]:
            service, _, port = to.partition(":")
            backends.append({"serviceName": service, "servicePort": int(port) if port.isdigit() else port})
        match = {key: rule[key] for key in ("hosts", "paths", "methods") if rule.get(key)}
        web_socket = any("socket.io" in path for path in rule["paths"])
        one = {"name": f"rule{number + 1}", "match": match, "backends": backends}
        http.append(one | ({"websocket": True} if web_socket else {}))
    return {"spec": {"http": http}}


def _pull_secret() -> Object:
    account = {"auths": {"gitimages.expertflow.com": {"auth": base64.b64encode(b"made:up").decode()}}}
    text = json.dumps(account)
    return {"type": "kubernetes.io/dockerconfigjson", "data": encoded({".dockerconfigjson": text})}


def encoded(values: dict[str, str]) -> dict[str, str]:
    """Return what a Secret holds, as the API has it."""
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def _mongo_files() -> dict[str, str]:
    pair = certificate()
    return {"client-pem": pair["tls.crt"] + pair["tls.key"], "mongodb-ca-cert": pair["ca.crt"]}


@cache
def certificate() -> dict[str, str]:
    """Return a certificate for the host name and every store, with its key, as a TLS Secret's values."""
    from cx_conformance.blueprint.manifests.certificates import Authority

    stores = ("activemq", "mongo-mongodb", "redis-master", "minio", "ef-postgresql", "keycloak")
    names = [
        name + rest
        for name in stores
        for rest in ("", ".ef-external", ".ef-external.svc", ".ef-external.svc.cluster.local")
    ]
    pair = Authority(1).sign(FQDN, [FQDN, *names, "localhost"])
    return {"tls.crt": pair.certificate, "tls.key": pair.key.get_secret_value(), "ca.crt": pair.ca}

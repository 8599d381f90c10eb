"""Ingresses: the way in as the cluster is configured."""

import base64
import copy
import datetime as dt
from collections.abc import Mapping
from functools import cache

from cx_conformance.blueprint.component import Group
from cx_conformance.sandbox.credentials import Authority
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import FQDN, Object

URL = "ingress.url"
REWRITE = "nginx.ingress.kubernetes.io/rewrite-target"


def _path_words(fact: Fact) -> tuple[str, ...]:
    return (fact.text.partition("}")[2],)


def _host_words(fact: Fact) -> tuple[str, ...]:
    return (FQDN,)


@breaks(URL, how="absent", words=_path_words)
def ingress_absent(fact: Fact, ground: Ground) -> None:
    """It was never applied."""
    ground.manifests.remove(ground.ingress(fact))


@breaks(URL, how="renamed", words=_path_words)
def path_renamed(fact: Fact, ground: Ground) -> None:
    """Another path."""
    ground.path(fact)["path"] = "/new" + ground.path(fact)["path"]


@breaks(URL, how="renamed", words=_path_words)
def path_cut_off(fact: Fact, ground: Ground) -> None:
    """The last letter is missing."""
    path, text = ground.path(fact), _path_words(fact)[0]
    path["path"] = path["path"].replace(text, text[:-1])


@breaks(URL, how="wrong kind", words=_path_words)
def path_without_what_is_below(fact: Fact, ground: Ground) -> None:
    """The path alone, and nothing below it."""
    ground.path(fact).update(path=_path_words(fact)[0], pathType="Exact")
    _as_it_is_written(ground)


@breaks(URL, how="wrong kind", words=_path_words)
def path_with_its_end_only(fact: Fact, ground: Ground) -> None:
    """A regular expression that ends where the path ends."""
    if "(" not in ground.path(fact)["path"]:
        raise Inapplicable("it is no regular expression")
    ground.path(fact).update(path=_path_words(fact)[0] + "$")


@breaks(URL, how="wrong kind", words=_path_words)
def path_no_longer_a_regular_expression(fact: Fact, ground: Ground) -> None:
    """The annotations are gone by which the controller reads it as one."""
    if "(" not in ground.path(fact)["path"]:
        raise Inapplicable("it is no regular expression")
    _as_it_is_written(ground)


def _as_it_is_written(ground: Ground) -> None:
    """Let the controller read no path of the host as a regular expression."""
    for one in ground.manifests:
        if one["kind"] == "Ingress":
            one["metadata"].pop("annotations", None)


@breaks(URL, how="wrong reference", words=_path_words)
def backend_another_service(fact: Fact, ground: Ground) -> None:
    """The path leads to another component."""
    other = ground.base.components[ground.other(fact)].service
    ground.path(fact)["backend"]["service"]["name"] = other.name if other else ""


@breaks(URL, how="wrong reference", words=_path_words)
def backend_nobody(fact: Fact, ground: Ground) -> None:
    """The path leads to a Service that is not there."""
    ground.path(fact)["backend"]["service"]["name"] = "gone-svc"


@breaks(URL, how="wrong number", words=_path_words)
def backend_another_port(fact: Fact, ground: Ground) -> None:
    """The path leads to a port that the Service does not have."""
    ground.path(fact)["backend"]["service"]["port"] = {"number": 9}


@breaks(URL, how="wrong reference", words=_path_words)
def backend_a_port_name_of_nobody(fact: Fact, ground: Ground) -> None:
    """The path leads to a port name that the Service does not have."""
    ground.path(fact)["backend"]["service"]["port"] = {"name": "web"}


@breaks(URL, how="wrong reference", words=_path_words)
def backend_the_metrics(fact: Fact, ground: Ground) -> None:
    """The path leads to the Service's port for metrics, by name."""
    ground.service(fact)["spec"]["ports"].append({"name": "metrics", "port": 9404, "targetPort": 9404})
    ground.path(fact)["backend"]["service"]["port"] = {"name": "metrics"}


@breaks(URL, how="wrong kind", words=_path_words)
def backend_a_bucket(fact: Fact, ground: Ground) -> None:
    """The path leads to something that is no Service."""
    ground.path(fact)["backend"] = {"resource": {"apiGroup": "k8s.example.com", "kind": "Bucket", "name": "static"}}


@breaks(URL, how="wrong namespace", words=_path_words)
def ingress_in_another_namespace(fact: Fact, ground: Ground) -> None:
    """The Ingress stands where its Service is not."""
    ground.manifests.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}})
    ground.ingress(fact)["metadata"]["namespace"] = "elsewhere"


@breaks(URL, how="wrong namespace", words=_path_words)
def ingress_in_the_other_namespace_of_the_platform(fact: Fact, ground: Ground) -> None:
    """The Ingress stands in the platform's other namespace, where its Service is not."""
    made = ground.ingress(fact)["metadata"]
    made["namespace"] = {"expertflow": "ef-external"}.get(made["namespace"], "expertflow")


@breaks(URL, how="wrong reference", words="rewrite-target")
def rewrite_target_lost(fact: Fact, ground: Ground) -> None:
    """The component is asked by its path, which it does not know."""
    annotations = ground.ingress(fact)["metadata"].get("annotations", {})
    if REWRITE not in annotations or ground.component(fact).group is not Group.INTERNAL:
        raise Inapplicable("no rewrite-target takes its path away, or it may be set to know it")
    del annotations[REWRITE]


@breaks(URL, how="wrong reference", words=_host_words)
def host_of_another_site(fact: Fact, ground: Ground) -> None:
    """The rule is for another host name."""
    ground.ingress(fact)["spec"]["rules"][0]["host"] = "other.example.com"


@breaks(URL, how="wrong reference", words="devops.ef.com")
def host_of_the_vendors_sample(fact: Fact, ground: Ground) -> None:
    """The rule is for the vendor's sample host name."""
    ground.ingress(fact)["spec"]["rules"][0]["host"] = "devops.ef.com"


@breaks(URL, how="wrong reference", words="gone")
def class_that_is_not_there(fact: Fact, ground: Ground) -> None:
    """It names a class that does not exist."""
    ground.ingress(fact)["spec"]["ingressClassName"] = "gone"


@breaks(URL, how="absent", words="default")
def class_of_nobody(fact: Fact, ground: Ground) -> None:
    """It names no class, and none is the default."""
    del ground.ingress(fact)["spec"]["ingressClassName"]


@breaks(URL, how="wrong kind", words="haproxy.org/ingress")
def class_of_another_controller(fact: Fact, ground: Ground) -> None:
    """Its class is another controller's."""
    other = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "haproxy"},
        "spec": {"controller": "haproxy.org/ingress"},
    }
    ground.manifests.append(other)
    ground.add_live(
        {**other, "metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}},
    )
    ground.ingress(fact)["spec"]["ingressClassName"] = "haproxy"


@breaks(URL, how="wrong scheme", words=_host_words)
def without_tls(fact: Fact, ground: Ground) -> None:
    """Plain HTTP only."""
    del ground.ingress(fact)["spec"]["tls"]


@breaks(URL, how="wrong reference", words=_host_words)
def tls_of_another_host(fact: Fact, ground: Ground) -> None:
    """The TLS section is for another host name."""
    ground.ingress(fact)["spec"]["tls"][0]["hosts"] = ["other.example.com"]


@breaks(URL, how="wrong reference", words="gone-tls")
def tls_secret_absent(fact: Fact, ground: Ground) -> None:
    """It names a TLS Secret that is not there."""
    ground.ingress(fact)["spec"]["tls"][0]["secretName"] = "gone-tls"


@cache
def _certificate(name: str, days: int) -> Mapping[str, str]:
    pair = Authority().issue([name], valid_for=dt.timedelta(days=days))
    held = {"tls.crt": pair.certificate, "tls.key": pair.key}
    return {file: base64.b64encode(content).decode() for file, content in held.items()}


def _own_certificate(fact: Fact, ground: Ground, held: Mapping[str, str]) -> None:
    made = ground.ingress(fact)
    namespace = made["metadata"]["namespace"]
    secret: Object = copy.deepcopy(ground.find("Secret", "ef-ingress-tls-secret", namespace))
    secret["metadata"]["name"] = "own-tls"
    secret["data"] |= held
    ground.manifests.append(secret)
    made["spec"]["tls"][0]["secretName"] = "own-tls"


@breaks(URL, how="wrong certificate", words=_host_words)
def certificate_of_another_host(fact: Fact, ground: Ground) -> None:
    """Its certificate is for another host name."""
    _own_certificate(fact, ground, _certificate("other.example.com", 90))


@breaks(URL, how="wrong certificate", words=_host_words)
def certificate_of_the_domain_alone(fact: Fact, ground: Ground) -> None:
    """Its certificate is for the domain above, without a wildcard."""
    _own_certificate(fact, ground, _certificate("example.com", 90))


@breaks(URL, how="wrong certificate", words=_host_words)
def certificate_of_a_deeper_wildcard(fact: Fact, ground: Ground) -> None:
    """Its certificate is for every name one level further down."""
    _own_certificate(fact, ground, _certificate("*.cx.example.com", 90))


@breaks(URL, how="wrong certificate", words="expired")
def certificate_expired(fact: Fact, ground: Ground) -> None:
    """Its certificate ended yesterday."""
    _own_certificate(fact, ground, _certificate(FQDN, -1))


@breaks(URL, how="wrong certificate", words="own-tls")
def certificate_unreadable(fact: Fact, ground: Ground) -> None:
    """What it holds is no certificate."""
    _own_certificate(fact, ground, {"tls.crt": base64.b64encode(b"not a certificate").decode()})


@breaks(URL, how="wrong certificate", words="own-tls")
def key_of_another_certificate(fact: Fact, ground: Ground) -> None:
    """Its key is that of the certificate before."""
    _own_certificate(fact, ground, {"tls.crt": _certificate(FQDN, 90)["tls.crt"]})


@breaks(URL, how="wrong reference", words=_path_words)
def claimed_twice(fact: Fact, ground: Ground) -> None:
    """A second Ingress claims the path for another component."""
    twin = copy.deepcopy(ground.ingress(fact))
    twin["metadata"]["name"] = "rival"
    other = ground.base.components[ground.other(fact)].service
    twin["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = other.name if other else ""
    ground.manifests.append(twin)


@breaks("ingress.paths.path", how="absent")
def further_ingress_absent(fact: Fact, ground: Ground) -> None:
    """The component's own path is there, and the Ingress of its further one was left out."""
    promised = ground.component(fact)
    try:
        found = ground.find("Ingress", f"{promised.workload.name}-also", promised.namespace.name)
    except LookupError:
        raise Inapplicable("no Ingress of its own leads there") from None
    ground.manifests.remove(found)

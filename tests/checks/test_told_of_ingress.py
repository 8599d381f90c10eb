"""What is told of Ingress rules and their certificates."""

import base64
import datetime as dt
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from cx_conformance.api.refusal import kept
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.cluster.snapshot import Listing, Snapshot
from cx_conformance.objects.certificate import Certificate
from cx_conformance.objects.ingress import IngressClass
from cx_conformance.objects.other_route import HTTPRoute
from cx_conformance.outcome.looking import Forbidden
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import root_causes, shared_causes
from cx_conformance.sandbox.stores.certificates import Authority, Issued
from tests.checks.installation import FQDN, Installation, Object, notes, released
from tests.checks.test_breaking import ingress_of, path_of
from tests.checks.variations.vary import served_by_traefik

SECRET = "expertflow/ef-ingress-tls-secret"


def seen(change: Callable[[Snapshot], Snapshot]) -> Installation:
    """Return the reference installation of which a look shows something else."""
    installation = Installation(site={"fqdn": FQDN})
    installation.change_seen(change)
    return installation


def installed(*changes: Callable[[Installation], Any], fqdn: str | None = FQDN) -> Installation:
    """Return the reference installation with changes."""
    installation = Installation(site={"fqdn": fqdn} if fqdn else {})
    for change in changes:
        change(installation)
    return installation


def spec(installation: Installation) -> Object:
    """Return the specification of ccm's Ingress."""
    found: Object = ingress_of(installation, "ef-ccm")["spec"]
    return found


def ccm(check: str, installation: Installation) -> Outcome:
    """Judge ccm's Ingress."""
    return installation.outcome(check, "ccm")


def everywhere(change: Callable[[Object], Any]) -> Callable[[Installation], Any]:
    """Change the specification of every Ingress."""
    return lambda i: [change(one["spec"]) for one in i.manifests if one["kind"] == "Ingress"]


def test_a_rule_for_any_host_is_told_so() -> None:
    """It serves the site's, too."""
    installation = installed(everywhere(lambda one: one["rules"][0].pop("host")))
    path, host = ccm("CX501", installation), ccm("CX505", installation)
    assert (path.result, path.evidence["found"]) == (
        Result.PASS,
        "any host/ccm(/|$)(.*) to ef-ccm-svc:8081",
    )
    assert (host.result, host.evidence["found"]) == (Result.PASS, "any host")


def test_a_backend_that_is_no_service_is_told_so() -> None:
    """A resource of the controller's own, or a Service without a port."""
    resource = {"resource": {"apiGroup": "k8s.example.com", "kind": "StorageBucket", "name": "static"}}
    ended = ccm("CX501", installed(lambda i: path_of(i, "ef-ccm").update(backend=resource)))
    assert ended.message == (
        "Ingress expertflow/ef-ccm leads /ccm(/|$)(.*) to no Service:no port of promised Service ef-ccm-svc"
    )
    portless = {"service": {"name": "ef-ccm-svc", "port": {}}}
    ended = ccm("CX501", installed(lambda i: path_of(i, "ef-ccm").update(backend=portless)))
    assert ended.message.endswith("to ef-ccm-svc:no port of promised port 8081")


def http_route(**more: Any) -> Object:
    """Make an HTTPRoute that leads ccm's path to it, and that a gateway has taken up."""
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/ccm"}}],
        "backendRefs": [{"name": "ef-ccm-svc", "port": 8081}],
    }
    taken_up = [{"type": "Accepted", "status": "True"}, {"type": "ResolvedRefs", "status": "True"}]
    return {
        "kind": "HTTPRoute",
        "metadata": {"name": "cx", "namespace": "expertflow"},
        "spec": {"hostnames": [FQDN], "rules": [rule | more.pop("rule", {})]} | more.pop("spec", {}),
        "status": {"parents": [{"conditions": more.pop("conditions", taken_up)}]},
    }


def ingress_route(match: str, port: int | str = 8081, **more: Any) -> Object:
    """Make an IngressRoute that leads to ccm."""
    routes = [{"kind": "Rule", "match": match, "services": [{"name": "ef-ccm-svc", "port": port} | more]}]
    return {
        "kind": "IngressRoute",
        "metadata": {"name": "cx", "namespace": "expertflow"},
        "spec": {"routes": routes},
    }


@pytest.mark.parametrize(
    "route",
    [
        http_route(),
        http_route(spec={"hostnames": ["*.example.com"]}),
        http_route(spec={"hostnames": []}),
        http_route(rule={"matches": []}),
        http_route(rule={"filters": [{"type": "URLRewrite"}]}),
        http_route(rule={"matches": [{"path": {"type": "RegularExpression", "value": "/ccm(/.*)?"}}]}),
        ingress_route(f"Host(`{FQDN}`) && PathPrefix(`/ccm`)"),
        ingress_route(f"Host(`other.example.com`, `{FQDN}`) && (Path(`/x`) || PathPrefix(`/ccm`))", "http-ccm-8081"),
    ],
)
def test_a_route_of_another_kind_may_lead_a_path(route: Object) -> None:
    """Of the Gateway API, or of Traefik; what is promised of Ingresses beyond that is not judged then."""
    installation = installed(lambda i: i.remove("Ingress", "ef-ccm"))
    installation.add_live(route)
    ended = ccm("CX501", installation)
    where = f"{route['kind']} expertflow/cx"
    assert (ended.result, ended.evidence["found"].partition(":")[0]) == (Result.PASS, "expertflow/ef-ccm-svc")
    (noted,) = notes(ended)
    assert noted.startswith(f"no Ingress leads /ccm: {where} leads there to expertflow/ef-ccm-svc:")
    for check in ("CX502", "CX503", "CX504", "CX505", "CX506"):
        assert ccm(check, installation).message.startswith(f"n/a: no Ingress leads /ccm: {where} leads there")


@pytest.mark.parametrize(
    ("route", "why"),
    [
        (
            http_route(conditions=[{"type": "Accepted", "status": "False", "message": "NoMatchingParent"}]),
            "NoMatchingParent",
        ),
        (http_route(conditions=[]), "no gateway knows it"),
        (http_route(rule={"backendRefs": [{"name": "ef-ccm-svc", "port": 8080}]}), "promised is port 8081"),
        (http_route(rule={"backendRefs": [{"name": "ef-ccm-svc"}]}), "promised is port 8081"),
        (http_route(rule={"backendRefs": [{"name": "x", "port": 1}]}), "promised is Service expertflow/ef-ccm-svc"),
        (
            http_route(rule={"backendRefs": [{"name": "ef-ccm-svc", "port": 8081, "weight": 0}]}),
            "promised is Service expertflow/ef-ccm-svc",
        ),
        (http_route(rule={"filters": [{"type": "RequestRedirect"}]}), "it redirects"),
        (ingress_route("PathPrefix(`/ccm`)", 8080), "promised is port 8081"),
        (ingress_route("PathPrefix(`/ccm`)", namespace="x"), "promised is Service expertflow/ef-ccm-svc"),
    ],
)
def test_a_route_of_another_kind_that_does_not_lead_as_promised_is_told(route: Object, why: str) -> None:
    """It is what stands in the Ingress's place, and what is wrong with it."""
    installation = installed(lambda i: i.remove("Ingress", "ef-ccm"))
    installation.add_live(route)
    ended = ccm("CX501", installation)
    assert ended.result is Result.FAIL
    assert f"has a rule for /ccm; {route['kind']} expertflow/cx leads there to " in ended.message
    assert ended.message.endswith(f", but {why}")


@pytest.mark.parametrize(
    "route",
    [
        http_route(spec={"hostnames": ["other.example.com"]}),
        http_route(rule={"matches": [{"path": {"type": "Exact", "value": "/ccm"}}]}),
        http_route(rule={"matches": [{"path": {"value": "/ccm"}, "headers": [{"name": "x", "value": "y"}]}]}),
        http_route(rule={"matches": [{"path": {"value": "/ccmx"}}]}),
        ingress_route("Host(`other.example.com`) && PathPrefix(`/ccm`)"),
        ingress_route("Path(`/ccm`)"),
        ingress_route("PathPrefix(`/ccm`) && Headers(`x`, `y`)"),
        ingress_route("PathPrefix(`/ccm`) &&"),
    ],
)
def test_a_route_that_does_not_surely_take_a_path_leads_nobody(route: Object) -> None:
    """By another host, for one path alone, for some calls, or in words that Traefik would not read."""
    installation = installed(lambda i: i.remove("Ingress", "ef-ccm"))
    installation.add_live(route)
    assert ccm("CX501", installation).message == "no Ingress in expertflow or ef-external or ef-bi has a rule for /ccm"


def test_of_several_routes_the_one_that_counts_is_judged() -> None:
    """The longer path before the shorter, for the Gateway API; the longer rule, or a priority, for Traefik."""
    everything = http_route(rule={"matches": [], "backendRefs": [{"name": "x", "port": 1}]})
    for first, second in ((everything, http_route()), (http_route(), everything)):
        installation = installed(lambda i: i.remove("Ingress", "ef-ccm"))
        installation.add_live(first, second | {"metadata": {"name": "other", "namespace": "expertflow"}})
        assert ccm("CX501", installation).result is Result.PASS
    installation = installed(lambda i: i.remove("Ingress", "ef-ccm"))
    strange = ingress_route("PathPrefix(`/`)", name="x")
    installation.add_live(ingress_route("PathPrefix(`/ccm`)"), strange)
    assert ccm("CX501", installation).result is Result.PASS
    strange["spec"]["routes"][0]["priority"] = 1000
    assert (
        "IngressRoute expertflow/cx leads there to expertflow/x:8081, but promised"
        in ccm("CX501", installation).message
    )


@pytest.mark.parametrize("namespace", ["ef-external", "gateways"])
def test_another_namespaces_service_needs_a_grant(namespace: str) -> None:
    """Whether there is one the gateway says; routes may all stand beside the gateway."""
    there = [{"name": "ef-ccm-svc", "namespace": "expertflow", "port": 8081}]
    refused = {"type": "ResolvedRefs", "status": "False", "reason": "RefNotPermitted"}
    for more, result in (([], Result.PASS), ([refused], Result.FAIL)):
        route = http_route(rule={"backendRefs": there}, conditions=[{"type": "Accepted", "status": "True"}, *more])
        route["metadata"]["namespace"] = namespace
        installation = installed(lambda i: i.remove("Ingress", "ef-ccm"))
        installation.add_live(route)
        assert ccm("CX501", installation).result is result


def test_another_applications_routes_are_not_looked_at() -> None:
    """Nor are Traefik's of other namespaces, which it does not follow into this one unless it is told to."""
    theirs, traefiks = http_route(), ingress_route("PathPrefix(`/ccm`)", namespace="expertflow")
    for one in (theirs, traefiks):
        one["metadata"]["namespace"] = "shop"
    installation = installed(lambda i: i.remove("Ingress", "ef-ccm"))
    installation.add_live(theirs, traefiks)
    assert ccm("CX501", installation).message == "no Ingress in expertflow or ef-external or ef-bi has a rule for /ccm"


def test_a_route_to_apisix_is_no_ingress() -> None:
    """Its own routes are judged by themselves."""
    made = orjson.dumps(reference_installation(released("5.1"), fqdn=FQDN, seed=1))
    installation = Installation(site={"fqdn": FQDN}, manifests=made, promised=released("5.1"))
    (front,) = [one for one in installation.manifests if one["kind"] == "Ingress" and "apisix" in str(one["spec"])]
    installation.manifests.remove(front)
    (path,) = front["spec"]["rules"][0]["http"]["paths"]
    backend = path["backend"]["service"]
    to = [{"name": backend["name"], "port": backend["port"]["number"]}]
    route = http_route(rule={"matches": [], "backendRefs": to})
    route["metadata"]["namespace"] = front["metadata"]["namespace"]
    installation.add_live(route)
    ended = ccm("CX501", installation)
    assert ended.message.startswith("n/a: HTTPRoute ")
    assert ended.message.endswith("which is APISIX, without an Ingress")


def test_a_component_that_a_route_leads_to_past_apisix_needs_none_there() -> None:
    """Others may pass it all the same."""
    made = orjson.dumps(reference_installation(released("4.10"), fqdn=FQDN, seed=1))
    installation = Installation(site={"fqdn": FQDN}, manifests=made, promised=released("4.10"))
    plain = {"name": "x", "namespace": "expertflow"}
    for one in [one for one in installation.manifests if one["kind"] == "Ingress"]:
        installation.manifests.remove(one)
    live = installation.find("Service", "ef-cx-ccm-svc", "expertflow")
    to = [{"name": live["metadata"]["name"], "port": live["spec"]["ports"][0]["port"]}]
    installation.add_live(http_route(rule={"backendRefs": to}) | {"metadata": plain})
    assert ccm("CX501", installation).result is Result.PASS
    assert ccm("CX522", installation).message.startswith(
        "n/a: no Ingress leads /ccm: HTTPRoute expertflow/x leads there"
    )


def test_routes_that_may_not_be_listed_are_told() -> None:
    """Without any Ingress they may be what leads to the components; else one is missing."""
    refused = Listing(refusal=kept(Forbidden("list", "httproutes")))

    def unlisted(installation: Installation) -> None:
        installation.change_seen(lambda one: replace(one, listings={**one.listings, HTTPRoute: refused}))

    one_less = ccm("CX501", installed(lambda i: i.remove("Ingress", "ef-ccm"), unlisted))
    assert one_less.result is Result.FAIL
    assert "has a rule for /ccm; forbidden: the account may not list httproutes" in one_less.message

    def none_at_all(installation: Installation) -> None:
        installation.manifests = [one for one in installation.manifests if one["kind"] != "Ingress"]

    assert ccm("CX501", installed(none_at_all, unlisted)).result is Result.ERROR


def test_a_backend_may_name_the_services_port() -> None:
    """By number or by name."""
    by_name = {"service": {"name": "ef-ccm-svc", "port": {"name": "http-ccm-8081"}}}
    assert ccm("CX501", installed(lambda i: path_of(i, "ef-ccm").update(backend=by_name))).result is Result.PASS


def test_classes_that_may_not_be_listed_keep_no_path_from_being_judged() -> None:
    """The class has a check of its own, which could not look."""
    refused = Listing(refusal=kept(Forbidden("list", "ingressclasses.networking.k8s.io")))
    installation = seen(lambda one: replace(one, listings={**one.listings, IngressClass: refused}))
    assert ccm("CX501", installation).result is Result.PASS
    assert ccm("CX502", installation).result is Result.ERROR


def classes(*defaults: str) -> Callable[[Installation], Any]:
    """Let ccm's Ingress name no class, and these be the default; nginx and traefik exist."""

    def change(installation: Installation) -> None:
        spec(installation).pop("ingressClassName")
        for name, controller in (("traefik", "traefik.io/ingress-controller"), ("nginx", "k8s.io/ingress-nginx")):
            annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if name in defaults else {}
            metadata = {"name": name, "annotations": annotations}
            installation.manifests.append(
                {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": metadata}
                | {"spec": {"controller": controller}}
            )

    return change


def test_an_ingress_without_a_class_is_served_by_the_default() -> None:
    """Which one that is, is noted; that of ingress-nginx reads its paths as expressions."""
    installation = installed(classes("nginx"))
    ended = ccm("CX502", installation)
    assert (ended.result, notes(ended)) == (Result.PASS, ["names no class; the default is nginx"])
    assert ended.evidence["found"] == {"class": "nginx", "controller": "k8s.io/ingress-nginx"}
    assert ccm("CX501", installation).result is Result.PASS


@pytest.mark.parametrize(
    ("defaults", "listed", "count"), [((), "none", "0"), (("nginx", "traefik"), "nginx, traefik", "2")]
)
def test_an_ingress_without_a_class_needs_one_default(defaults: tuple[str, ...], listed: str, count: str) -> None:
    """None serves it otherwise, or two do."""
    ended = ccm("CX502", installed(classes(*defaults)))
    assert ended.message == (
        f"Ingress expertflow/ef-ccm names no class, and {count} classes are the default of promised one"
        f"{f': {listed}' if defaults else ''}"
    )
    assert notes(ended) == [f"names no class; the default is {listed}"]


def controller(
    *options: str,
    image: str = "registry.k8s.io/ingress-nginx/controller:v1.12.1",
    name: str = "controller-x",
    ready: bool = True,
) -> Object:
    """Return the pod of an ingress controller that is started with these options."""
    program = ["/nginx-ingress-controller"] if "ingress-nginx" in image else []
    container = {"name": "controller", "image": image, "args": [*program, *options]}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]}
    metadata = {"name": name, "namespace": "kube-system"}
    return {"kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}, "status": status}


@pytest.mark.parametrize(
    ("pod", "name"),
    [
        (controller("--watch-ingress-without-class=true"), "k8s.io/ingress-nginx"),
        (
            controller("--watch-ingress-without-class", "--controller-class=k8s.io/b-ingress-nginx"),
            "k8s.io/b-ingress-nginx",
        ),
        (
            controller("--watch-ingress-without-class", "--controller-class", "k8s.io/b-ingress-nginx"),
            "k8s.io/b-ingress-nginx",
        ),
        (
            controller(
                "--watch-ingress-without-class=true", image="rancher/nginx-ingress-controller:v1.14.5-hardened1"
            ),
            "k8s.io/ingress-nginx",
        ),
        (
            controller("-providers.kubernetesingress", image="traefik:3.6"),
            "traefik.io/ingress-controller",
        ),
        (
            controller("--providers.kubernetesingress", image="rancher/mirrored-library-traefik:3.6.7"),
            "traefik.io/ingress-controller",
        ),
        (
            controller(
                "--providers.kubernetesIngressNGINX.watchIngressWithoutClass=true",
                image="rancher/mirrored-traefik:3.6.7",
            ),
            "k8s.io/ingress-nginx",
        ),
    ],
)
def test_a_controller_may_serve_what_names_no_class(pod: Object, name: str) -> None:
    """RKE2 and kind start ingress-nginx so; no class need be the default then."""
    installation = installed(classes())
    installation.add_live(pod)
    ended = ccm("CX502", installation)
    assert (ended.result, ended.evidence["found"]) == (Result.PASS, {"class": "none", "controller": name})
    said = f"{name} serves Ingresses with no class, as the options of pod kube-system/controller-x say"
    assert notes(ended) == ["names no class; the default is none", said]


@pytest.mark.parametrize(
    "pod",
    [
        controller("--watch-ingress-without-class=false"),
        controller("--ingress-class=nginx"),
        controller("--watch-ingress-without-class=true", "--watch-namespace=elsewhere"),
        controller("--watch-ingress-without-class", "--watch-namespace", "elsewhere"),
        controller("--watch-ingress-without-class", "--watch-namespace=$(POD_NAMESPACE)"),
        controller(
            "--providers.kubernetesingress", "--providers.kubernetesIngress.ingressClass=cx", image="traefik:3.6"
        ),
        controller(
            "--providers.kubernetesingress", "--providers.kubernetesIngress.ingressClass", "cx", image="traefik:3.6"
        ),
        controller("--providers.kubernetescrd", image="traefik:3.6"),
        controller("--providers.kubernetesingress=false", image="traefik:3.6"),
        controller("--providers.kubernetesingressnginx", image="traefik:3.6"),
    ],
)
def test_another_controller_serves_nothing_without_a_class(pod: Object) -> None:
    """By its options, or for it looks elsewhere."""
    installation = installed(classes())
    installation.add_live(pod)
    assert ccm("CX502", installation).message.startswith("Ingress expertflow/ef-ccm names no class, and 0 classes are")


def test_a_controller_of_its_own_namespace_serves_what_is_in_it() -> None:
    """The chart of ingress-nginx writes that namespace as a variable of the pod."""
    installation = installed(classes())
    pod = controller("--watch-ingress-without-class", "--watch-namespace=$(POD_NAMESPACE)")
    pod["metadata"]["namespace"] = "expertflow"
    installation.add_live(pod)
    assert ccm("CX502", installation).result is Result.PASS


def test_a_default_class_that_came_later_is_not_written_into_an_ingress() -> None:
    """The API server does that when an Ingress is made; ingress-nginx serves none without, unless told to."""
    installation = installed(classes("nginx"))
    installation.add_live(controller())
    ended = ccm("CX502", installation)
    assert ended.message == (
        "Ingress expertflow/ef-ccm names no class, and is older than the default nginx, which the API server writes "
        "into new ones only; its controller, pod kube-system/controller-x, serves no Ingress without a class"
    )
    installation = installed(classes("nginx"))
    installation.add_live(controller("--watch-ingress-without-class=true"))
    assert ccm("CX502", installation).result is Result.PASS


def test_a_controller_of_which_no_pod_is_ready_serves_nobody() -> None:
    """One of several is enough; of one whose pods are not seen nothing is known."""
    installation = installed()
    backend = controller(image="rancher/nginx-ingress-controller-defaultbackend:1.5-rancher1", name="default-backend")
    installation.add_live(controller(ready=False), backend)
    ended = installation.outcomes("CX502")
    assert ccm("CX502", installation).message == (
        "Ingress expertflow/ef-ccm is served by nobody: no pod of the ingress controller k8s.io/ingress-nginx is "
        "ready: kube-system/controller-x"
    )
    (cause,) = shared_causes(root_causes(ended))
    assert cause.words == "no pod of the ingress controller k8s.io/ingress-nginx is ready: kube-system/controller-x"
    installation.add_live(controller(name="controller-y"))
    assert {one.result for one in installation.outcomes("CX502")} == {Result.PASS}


def annotated(name: str) -> Callable[[Installation], Any]:
    """Let ccm's Ingress name its class by the annotation alone."""

    def change(installation: Installation) -> None:
        spec(installation).pop("ingressClassName")
        found = installation.find("Ingress", "ef-ccm")["metadata"]
        found["annotations"] = {**found.get("annotations", {}), "kubernetes.io/ingress.class": name}

    return change


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (("--v=2",), "nginx"),
        (("--ingress-class=cx",), "cx"),
        (("--enable-metrics", "--ingress-class", "cx", "-v", "2"), "cx"),
    ],
)
def test_a_controller_compares_the_annotation_with_its_own_option(options: tuple[str, ...], name: str) -> None:
    """An IngressClass of another name, as of a chart's other values, does not keep it from that."""
    installation = installed(annotated(name))
    installation.live("IngressClass", "nginx", lambda one: one["metadata"].update(name="nginx-external"))
    installation.add_live(controller(*options))
    ended = ccm("CX502", installation)
    assert (ended.result, ended.evidence["found"]["controller"]) == (Result.PASS, "k8s.io/ingress-nginx")
    (note,) = notes(ended)
    assert note.startswith(f"k8s.io/ingress-nginx serves Ingresses with the annotation {name}, as the options of pod")
    assert ccm("CX501", installation).result is Result.PASS


def test_a_controller_of_another_annotation_does_not_serve_it() -> None:
    """Nor one of the right option, where the Ingress names the class by its field, which needs an IngressClass."""
    for change, words in ((annotated("cx"), "names class cx"), (lambda _: None, "names class nginx")):
        installation = installed(change)
        installation.live("IngressClass", "nginx", lambda one: one["metadata"].update(name="nginx-external"))
        installation.add_live(controller())
        assert words in ccm("CX502", installation).message


def test_a_class_that_does_not_exist_is_told_beside_those_that_do() -> None:
    """All of them."""

    def change(installation: Installation) -> None:
        classes()(installation)
        spec(installation)["ingressClassName"] = "haproxy"

    ended = ccm("CX502", installed(change))
    assert ended.message.endswith("names class haproxy, which does not exist; there are: traefik, nginx")


@pytest.mark.parametrize(("default", "named"), [("traefik", "nginx"), ("nginx", None)])
def test_the_controller_of_the_class_decides_how_a_path_is_read(default: str, named: str | None) -> None:
    """Or of the default one: without the annotation nginx reads letter by letter, whatever else there is."""

    def change(installation: Installation) -> None:
        classes(default)(installation)
        if named:
            spec(installation)["ingressClassName"] = named
        for one in installation.manifests:
            if one["kind"] == "Ingress":
                one["metadata"].pop("annotations", None)

    assert "ingress-nginx reads /ccm(/|$)(.*) letter by letter" in ccm("CX501", installed(change)).message


def held(certificate: str, key: str = "", namespace: str = "expertflow") -> Callable[[Installation], Any]:
    """Let the Secret of a namespace, ccm's if none is named, hold these."""
    data = {name: base64.b64encode(one.encode()).decode() for name, one in (("tls.crt", certificate), ("tls.key", key))}
    return lambda i: i.find("Secret", "ef-ingress-tls-secret", namespace)["data"].update(data)


def issued(by: Issued, namespace: str = "expertflow") -> Callable[[Installation], Any]:
    """Let it hold what was issued."""
    return held(by.certificate_pem, by.key_pem, namespace)


def test_what_a_certificate_says_is_told() -> None:
    """Its names, its end, its issuer."""
    made = Authority().issue(FQDN, "*.example.com", until=dt.datetime(2099, 1, 2, tzinfo=dt.UTC))
    ended = ccm("CX503", installed(issued(made)))
    found = ended.evidence["found"]
    assert found["issuer"].startswith("CN=")
    assert (ended.result, found["names"], found["until"]) == (
        Result.PASS,
        [FQDN, "*.example.com"],
        "2099-01-02T00:00:00+00:00",
    )
    assert ended.evidence["promised"] == f"a certificate for {FQDN}"


def test_a_certificate_that_cannot_be_read_is_found() -> None:
    """It is not the same as one that does not exist, and when it ends nobody can say."""
    installation = installed(held("no certificate"))
    assert ccm("CX503", installation).message == f"TLS Secret {SECRET} holds no certificate that can be read"
    assert ccm("CX503", installation).evidence["found"] == f"Secret {SECRET}"
    assert ccm("CX504", installation).message == "n/a: no certificate is named"


def test_a_certificate_the_controller_chooses_is_not_judged() -> None:
    """The section stands there, and names no Secret."""
    installation = installed(lambda i: [one.pop("secretName") for one in spec(i)["tls"]])
    assert ccm("CX503", installation).message == "n/a: the Ingress leaves the certificate to its controller"
    assert ccm("CX504", installation).message == "n/a: no certificate is named"


def test_cert_managers_temporary_certificate_is_none() -> None:
    """It is for the host and in date, and nobody's browser takes it; the real one has not been issued yet."""
    ended = ccm("CX503", installed(issued(Authority("cert-manager.local").issue(FQDN))))
    assert ended.message == (
        f"TLS Secret {SECRET} holds cert-manager's temporary certificate, for the real one is not issued yet: "
        "kubectl describe certificate -n expertflow says why"
    )


@pytest.mark.parametrize("option", ["--default-ssl-certificate=ingress/wildcard", "--v=2"])
def test_a_host_without_tls_may_be_served_by_the_controllers_default_certificate(option: str) -> None:
    """Where it has one; else it makes one up, which browsers refuse."""
    installation = installed(everywhere(lambda one: one.pop("tls")))
    installation.add_live(controller(option))
    ended = ccm("CX503", installation)
    if option == "--v=2":
        assert ended.message == f"Ingress expertflow/ef-ccm has no TLS for {FQDN}; https is promised"
        return
    assert ended.message == (
        "n/a: Ingress expertflow/ef-ccm has no TLS for the host, which k8s.io/ingress-nginx serves with the "
        "certificate of Secret ingress/wildcard, as the options of pod kube-system/controller-x say"
    )
    assert ccm("CX504", installation).message == ended.message


def test_a_rule_for_many_hosts_needs_a_certificate_for_the_sites() -> None:
    """Where it is known; else one that covers what the rule says, or any."""

    def rule(host: str | None) -> Callable[[Installation], Any]:
        def change(one: Object) -> None:
            for section in one["tls"]:
                section.pop("hosts", None)
            one["rules"][0].pop("host")
            if host:
                one["rules"][0]["host"] = host

        return everywhere(change)

    other = issued(Authority().issue("other.example.com"))
    for host in (None, "*.example.com"):
        ended = ccm("CX503", installed(rule(host), other))
        assert ended.message == f"the certificate in Secret {SECRET} is for other.example.com of promised {FQDN}"
        ended = ccm("CX503", installed(rule(host), other, fqdn=None))
        assert ended.result is Result.PASS
        assert ended.evidence["promised"] == f"a certificate for {host or 'its host'}"
    stranger = issued(Authority().issue("other.example.net"))
    assert ccm("CX503", installed(rule("*.example.com"), stranger, fqdn=None)).result is Result.FAIL
    ended = ccm("CX503", installed(rule(None), lambda i: spec(i).pop("tls"), fqdn=None))
    assert ended.message == "Ingress expertflow/ef-ccm has no TLS for its host; https is promised"


def test_the_rules_own_host_is_what_its_certificate_is_for() -> None:
    """That it is another than the site's is told by CX505."""
    ended = ccm("CX503", installed(lambda i: spec(i)["rules"][0].update(host="minio")))
    assert ended.evidence["promised"] == "a certificate for minio"


def test_a_certificate_without_a_name_is_told_so() -> None:
    """An address is no name."""
    ended = ccm("CX503", installed(issued(Authority().issue("10.1.1.1"))))
    assert ended.message == f"the certificate in Secret {SECRET} is for no name of promised {FQDN}"


def at(moment: Callable[[Certificate], dt.datetime]) -> Installation:
    """Look at a moment of the certificate's life."""

    def change(snapshot: Snapshot) -> Snapshot:
        found = Certificate.read(snapshot.certificate("expertflow", "ef-ingress-tls-secret"))
        assert found is not None
        return replace(snapshot, taken_at=moment(found))

    return seen(change)


@pytest.mark.parametrize(("days", "noted"), [(300, []), (30, []), (29, ["ends in 29 days"]), (0.5, ["ends in 0 days"])])
def test_a_certificate_that_ends_within_thirty_days_is_noted(days: float, noted: list[str]) -> None:
    """How many days are left is told in any case."""
    ended = ccm("CX504", at(lambda one: one.not_after - dt.timedelta(days=days)))
    assert (ended.result, notes(ended)) == (Result.PASS, noted)
    assert ended.evidence["found"].endswith(f" ({int(days)} days)")
    assert ended.evidence["promised"] == "valid today"


def test_a_certificate_is_valid_from_its_first_moment_until_before_its_last() -> None:
    """Both days are told."""
    first, last = ccm("CX504", at(lambda one: one.not_before)), ccm("CX504", at(lambda one: one.not_after))
    assert (first.result, last.result) == (Result.PASS, Result.FAIL)
    assert f"the certificate in Secret {SECRET} expired on " in last.message
    early = ccm("CX504", at(lambda one: one.not_before - dt.timedelta(seconds=1)))
    assert f"the certificate in Secret {SECRET} is valid only from " in early.message


def test_a_certificate_that_has_expired_is_one_cause_wherever_it_was_copied_to() -> None:
    """Its Secrets stand in both namespaces, as the vendor has them made; all of them are named."""
    (cause,) = shared_causes(root_causes(at(lambda one: one.not_after).outcomes("CX504")))
    assert cause.words.startswith(
        "the certificate in Secrets ef-external/ef-ingress-tls-secret, expertflow/ef-ingress-tls-secret expired on "
    )
    assert len(cause.outcomes) == 20


@pytest.mark.parametrize(
    ("host", "result"),
    [
        ("CX.Example.com", Result.PASS),
        ("*.example.com", Result.PASS),
        ("*.example.net", Result.FAIL),
        ("x.example.com", Result.FAIL),
        ("example.com", Result.FAIL),
    ],
)
def test_a_rule_is_for_the_sites_host_or_for_all_of_its_domain(host: str, result: Result) -> None:
    """In whichever case it is written."""
    installation = installed(everywhere(lambda one: one["rules"][0].update(host=host)))
    ended = ccm("CX505", installation)
    assert ended.result is result
    assert (ended.evidence["found"], ended.evidence["promised"]) == (host, FQDN)


def test_without_a_host_name_no_rules_host_is_wrong() -> None:
    """It is the site's to say."""
    ended = ccm("CX505", installed(fqdn=None))
    assert ended.message == (
        "n/a: no host name is known; give --fqdn or `fqdn` in the site file; "
        f"all 20 Ingresses serve {FQDN}: --fqdn {FQDN}"
    )
    differing = ccm("CX505", installed(lambda i: spec(i)["rules"][0].update(host="x.example.com"), fqdn=None))
    assert differing.message == "n/a: no host name is known; give --fqdn or `fqdn` in the site file"


def test_a_host_name_that_differs_from_what_all_ingresses_agree_on_is_one_finding() -> None:
    """Who is wrong cannot be known; where the Ingresses differ among themselves each is told."""
    told = installed(fqdn="cx.example.net")
    ended = told.outcomes("CX505")
    assert {one.result for one in ended} == {Result.FAIL}
    (cause,) = shared_causes(root_causes(ended))
    assert cause.words == (
        f"all 20 Ingresses serve {FQDN}, the run was told cx.example.net; "
        "which of the two is wrong cannot be known from here"
    )
    spec(told)["rules"][0].update(host="x.example.com")
    assert len(shared_causes(root_causes(told.outcomes("CX505")))) == len(ended)
    own = Installation(site={"fqdn": FQDN, "hosts": {"ccm": "ccm.example.com"}})
    assert ccm("CX505", own).message == (
        f"Ingress expertflow/ef-ccm serves /ccm for host {FQDN} of promised ccm.example.com"
    )


def test_the_vendors_sample_host_is_no_name_that_ingresses_agree_on() -> None:
    """It was offered for ``--fqdn``, and which of the two is wrong was said not to be known."""
    told = installed()
    for one in told.manifests:
        for rule in one["spec"]["rules"] if one["kind"] == "Ingress" else ():
            rule["host"] = "devops.ef.com"
    assert ccm("CX505", told).message == (
        f"Ingress expertflow/ef-ccm serves /ccm for host devops.ef.com of promised {FQDN}"
    )
    both = [one for check in ("CX306", "CX505") for one in told.outcomes(check) if one.component == "ccm"]
    (cause,) = shared_causes(root_causes(both))
    assert cause.words == "Ingress expertflow/ef-ccm holds devops.ef.com"
    told.site = installed(fqdn=None).site
    assert ccm("CX505", told).message == "n/a: no host name is known; give --fqdn or `fqdn` in the site file"


def test_a_host_that_the_tls_block_leaves_out_is_told_once() -> None:
    """There is no certificate to look at the date of, and no Secret without a name."""
    left_out = everywhere(lambda one: one["tls"][0].update(hosts=["x.example.com"]))
    strange = [issued(Authority().issue("x.example.com"), one) for one in ("expertflow", "ef-external")]
    ended = installed(left_out, *strange).all_outcomes(["CX503", "CX504"])
    tls, expiry = (one for one in ended if one.component == "ccm")
    assert (tls.result, tls.message) == (
        Result.FAIL,
        f"Ingress expertflow/ef-ccm has no TLS for {FQDN}; https is promised",
    )
    assert (expiry.result, expiry.message) == (Result.BLOCKED, "blocked: CX503 ccm")
    left = installed(lambda i: spec(i)["tls"][0].pop("secretName"))
    assert ccm("CX504", left).message == "n/a: no certificate is named"


def of_class(name: str) -> Callable[[Installation], Any]:
    """Let ingress-nginx serve every Ingress, or Traefik."""
    return served_by_traefik if name == "traefik" else lambda _: None


@pytest.mark.parametrize("name", ["nginx", "traefik"])
@pytest.mark.parametrize("host", ["", "*.example.com"])
def test_ingress_nginx_leads_a_host_by_the_rules_that_name_it(name: str, host: str) -> None:
    """A rule for any host, or for a wildcard, beside others for the very name takes no call; Traefik tries them all."""
    ended = ccm("CX505", installed(of_class(name), lambda i: spec(i)["rules"][0].update(host=host)))
    assert ended.result is (Result.FAIL if name == "nginx" else Result.PASS)
    if name == "nginx":
        assert ended.message == (
            f"Ingress expertflow/ef-ccm serves /ccm(/|$)(.*) for {host or 'any host'}, and ingress-nginx does so for "
            f"hosts that no Ingress names: {FQDN} is led by the rules that name it, as Ingress "
            "expertflow/ef-360-connector does"
        )


def test_a_wildcard_is_nearer_than_any_host() -> None:
    """ingress-nginx leads by the nearest rules that there are."""
    installation = installed(everywhere(lambda one: one["rules"][0].update(host="*.example.com")))
    spec(installation)["rules"][0].pop("host")
    assert ccm("CX505", installation).message.endswith("as Ingress expertflow/ef-360-connector does")


def test_traefik_in_the_place_of_ingress_nginx_tries_all_rules() -> None:
    """Its provider serves the same class, and makes no servers."""
    provider = controller("--providers.kubernetesIngressNGINX", image="traefik:3.6", name="traefik-x")
    installation = installed(lambda i: spec(i)["rules"][0].pop("host"))
    installation.add_live(provider)
    assert ccm("CX505", installation).result is Result.PASS


@pytest.mark.parametrize(
    ("alias", "result"),
    [
        (FQDN, Result.PASS),
        ("old.example.org, CX.example.com", Result.PASS),
        ("*.example.com", Result.PASS),
        (r"~^cx\.example\.(com|org)$", Result.PASS),
        ("old.example.org", Result.FAIL),
    ],
)
def test_an_alias_of_ingress_nginx_is_served_too(alias: str, result: Result) -> None:
    """By its annotation server-alias; the certificate is to be for the name that people use."""

    def change(installation: Installation) -> None:
        for one in installation.manifests:
            if one["kind"] == "Ingress":
                one["metadata"].setdefault("annotations", {})["nginx.ingress.kubernetes.io/server-alias"] = alias
                one["spec"]["rules"][0]["host"] = "cx.example.net"
                one["spec"]["tls"][0]["hosts"] = ["cx.example.net"]

    assert ccm("CX505", installed(change)).result is result
    assert ccm("CX505", installed(change, of_class("traefik"))).result is Result.FAIL
    if result is Result.PASS:
        assert ccm("CX503", installed(change)).evidence["promised"] == f"a certificate for {FQDN}"
        assert ccm("CX503", installed(change)).result is Result.PASS


def only(name: str) -> Callable[[Installation], Any]:
    """Let a single Ingress have a TLS section."""
    return lambda i: [
        one["spec"].pop("tls")
        for one in i.manifests
        if one["kind"] == "Ingress" and one["metadata"]["name"] != name and one["spec"].get("tls")
    ]


@pytest.mark.parametrize("name", ["nginx", "traefik"])
def test_a_host_has_its_certificate_from_any_ingress_of_it(name: str) -> None:
    """One TLS section for all Ingresses of a host is enough; whose it is, is noted."""
    one_for_all = of_class(name), only("ef-360-connector")
    for check in ("CX503", "CX504"):
        assert ccm(check, installed(*one_for_all)).result is Result.PASS
    assert notes(ccm("CX503", installed(*one_for_all))) == [
        (
            f"its own TLS section names no Secret for {FQDN}, which is served by that of Ingress "
            "expertflow/ef-360-connector"
        )
    ]
    assert ccm("CX503", installed(*one_for_all, issued(Authority().issue("other.example.com")))).message == (
        f"the certificate in Secret {SECRET} is for other.example.com of promised {FQDN}"
        if name == "nginx"
        else f"Ingress expertflow/ef-ccm has no TLS for {FQDN}; https is promised"
    )


def test_an_ingress_that_alone_has_no_tls_was_forgotten() -> None:
    """It is served all the same, and only as long as another one has the host, too."""
    assert ccm("CX503", installed(lambda i: spec(i).pop("tls"))).message == (
        f"Ingress expertflow/ef-ccm has no TLS for {FQDN}, unlike most Ingresses of the host; https is promised (it "
        "is served by a certificate of Ingress expertflow/ef-360-connector all the same)"
    )


def test_the_oldest_ingress_of_a_host_decides_on_its_certificate() -> None:
    """With ingress-nginx: one whose TLS section holds nothing for the host gives it the controller's own."""
    installation = installed(only("ef-360-connector"))
    old = {"creationTimestamp": "2020-01-01T00:00:00Z"}
    installation.live("Ingress", "ef-file-engine", lambda one: one["metadata"].update(old))
    installation.live("Ingress", "ef-file-engine", lambda one: one["spec"].update(tls=[{"hosts": ["x.example.com"]}]))
    assert ccm("CX503", installation).message == f"Ingress expertflow/ef-ccm has no TLS for {FQDN}; https is promised"


@pytest.mark.parametrize("name", ["nginx", "traefik"])
def test_a_section_for_a_name_that_its_certificate_is_not_for_is_a_slip(name: str) -> None:
    """Both look into the certificate all the same, so that another name of it may stand there."""
    changes = of_class(name), everywhere(lambda one: one["tls"][0].update(hosts=["x.example.com"]))
    assert ccm("CX503", installed(*changes)).message == (
        f"Ingress expertflow/ef-ccm has TLS for x.example.com of promised {FQDN}, and a certificate that is not for "
        "it; it is served by a certificate of Ingress expertflow/ef-360-connector all the same"
    )
    of_both = [issued(Authority().issue(FQDN, "x.example.com"), one) for one in ("expertflow", "ef-external")]
    assert ccm("CX503", installed(*changes, *of_both)).result is Result.PASS


@pytest.mark.parametrize("option", ["--default-ssl-certificate=ingress/wildcard", "--v=2", ""])
def test_a_rule_for_any_host_has_the_controllers_certificate(option: str) -> None:
    """With ingress-nginx, whatever the TLS section says; what that is, its options say where its pods are seen."""
    installation = installed(everywhere(lambda one: one["rules"][0].pop("host")))
    if option:
        installation.add_live(controller(option))
    ended = ccm("CX503", installation)
    words = (
        "Ingress expertflow/ef-ccm leads /ccm(/|$)(.*) for any host, for which ingress-nginx takes no certificate from "
        "a TLS section"
    )
    if option == "--v=2":
        assert ended.message == (
            f"{words}, but makes one up; name the host in the rule, or set --default-ssl-certificate"
        )
    elif option:
        assert ended.message.startswith("n/a: ")
        assert ccm("CX504", installation).message == ended.message
    else:
        assert (ended.result, notes(ended)) == (
            Result.PASS,
            [f"{words}, but its option --default-ssl-certificate, and its pods are not seen"],
        )


def test_paths_for_ingress_nginx_that_traefik_serves_are_one_cause() -> None:
    """It takes their expressions letter by letter, so that nobody is led anywhere; unseen it may be another program."""
    installation = Installation(site={"fqdn": FQDN})
    installation.live("IngressClass", "", lambda one: one["spec"].update(controller="traefik.io/ingress-controller"))
    words = "Traefik takes /ccm(/|$)(.*) letter by letter"
    unseen = ccm("CX501", installation)
    assert (unseen.result, words in notes(unseen)[0]) == (Result.PASS, True)
    installation.add_live(controller("--providers.kubernetesingress", image="traefik:3.6"))
    broken = [one for one in installation.outcomes("CX501") if one.result is Result.FAIL]
    (cause,) = shared_causes(root_causes(broken))
    assert cause.words == f"the paths of {FQDN} are written as expressions, for ingress-nginx, and Traefik serves them"
    assert words in ccm("CX501", installation).message


def traefik_store(name: str = "default", **spec: Any) -> Object:
    """Make a TLSStore."""
    return {"kind": "TLSStore", "metadata": {"name": name, "namespace": "kube-system"}, "spec": spec}


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (traefik_store(defaultCertificate={"secretName": "wildcard"}), "a certificate of TLSStore kube-system/default"),
        (traefik_store(certificates=[{"secretName": "wildcard"}]), "a certificate of TLSStore kube-system/default"),
        (
            controller(
                "--providers.kubernetesIngress", "--entryPoints.websecure.http.tls.certResolver=le", image="traefik:3.6"
            ),
            "certificates of its resolver le, as the options of pod kube-system/controller-x say",
        ),
        (traefik_store("other", defaultCertificate={"secretName": "wildcard"}), ""),
        (traefik_store(), ""),
        (controller("--providers.kubernetesIngress", image="traefik:3.6"), ""),
    ],
)
def test_traefik_may_have_certificates_of_its_own(own: Object, words: str) -> None:
    """In its default store, or made by a resolver for all that comes in; else it makes one up."""
    installation = installed(of_class("traefik"), everywhere(lambda one: one.pop("tls")))
    installation.add_live(own)
    for check in ("CX503", "CX504"):
        ended = ccm(check, installation)
        if words:
            assert ended.message == (
                f"n/a: Ingress expertflow/ef-ccm has no TLS for the host, which Traefik serves with {words}"
            )
        else:
            assert ended.result in (Result.FAIL, Result.BLOCKED)


def test_an_ingress_may_name_the_resolver_that_makes_its_certificate() -> None:
    """By an annotation of Traefik's, which says nothing to others."""
    key = "traefik.ingress.kubernetes.io/router.tls.certresolver"

    def named(installation: Installation) -> None:
        annotations = ingress_of(installation, "ef-ccm")["metadata"]
        annotations["annotations"] = {**annotations.get("annotations", {}), key: "le"}

    without = everywhere(lambda one: one.pop("tls"))
    assert ccm("CX503", installed(of_class("traefik"), without, named)).message.endswith(
        "which Traefik serves with a certificate of its resolver le, which an annotation names"
    )
    assert ccm("CX503", installed(without, named)).result is Result.FAIL


def rival(namespace: str, service: str, port: int = 1, **more: Any) -> Callable[[Installation], Any]:
    """Let another Ingress of a namespace claim ccm's path for a Service."""

    def change(installation: Installation) -> None:
        backend = {"service": {"name": service, "port": {"number": port}}}
        rule: Object = {"http": {"paths": [{"path": "/ccm", "pathType": "Prefix", "backend": backend}]}}
        rule |= {"host": FQDN} | more
        made = {"ingressClassName": "nginx", "rules": [rule]}
        installation.add_live({"kind": "Ingress", "metadata": {"name": "rival", "namespace": namespace}, "spec": made})

    return change


def test_a_path_that_is_claimed_for_the_same_service_is_claimed_once() -> None:
    """A Service of the same name elsewhere is another one."""
    assert ccm("CX506", installed(rival("expertflow", "ef-ccm-svc", 8081))).result is Result.PASS
    other = ccm("CX506", installed(rival("elsewhere", "ef-ccm-svc")))
    assert other.message == (
        f"{FQDN}/ccm(/|$)(.*) is claimed by expertflow/ef-ccm and by elsewhere/rival to ef-ccm-svc:1"
    )
    assert other.evidence["found"] == ["elsewhere/rival to ef-ccm-svc:1"]


def test_a_path_of_any_host_that_is_claimed_twice_is_told_so() -> None:
    """Neither names a host."""
    both = installed(lambda i: spec(i)["rules"][0].pop("host"), rival("expertflow", "other", host=""))
    assert ccm("CX506", both).message == (
        "any host/ccm(/|$)(.*) is claimed by expertflow/ef-ccm and by expertflow/rival to other:1"
    )


def test_a_path_is_promised_to_the_service_by_its_documented_name() -> None:
    """Whichever other spellings are accepted."""
    ended = installed().outcome("CX501", "business-calendar")
    assert ended.evidence["promised"] == "/business-calendar to ef-business-calender-svc"


def charted_further_paths(*changes: Callable[[Installation], Any]) -> Outcome:
    """Judge CX501 of the agent's desk as the charts of 4.7 have it, which promise a further path."""
    made = reference_installation(released("4.7"), fqdn=FQDN, seed=1)
    installation = Installation(site={"fqdn": FQDN}, manifests=orjson.dumps(made), promised=released("4.7"))
    for change in changes:
        change(installation)
    return installation.outcome("CX501", "unified-agent")


def further(installation: Installation) -> Object:
    """Return the Ingress of the further paths."""
    return installation.find("Ingress", "cx-agent-desk-unified-agent-also")


def test_a_further_path_that_is_promised_is_led_to_the_component_too() -> None:
    """Beside its own address; one that lies below that needs no rule."""
    assert charted_further_paths().result is Result.PASS
    gone = charted_further_paths(lambda i: i.manifests.remove(further(i)))
    assert gone.message == (
        "no Ingress leads /assets to Service expertflow/cx-agent-desk-unified-agent-svc; /unified-agent is led there"
    )

    def elsewhere(installation: Installation) -> None:
        path = further(installation)["spec"]["rules"][0]["http"]["paths"][0]
        path["backend"]["service"]["name"] = "ef-cx-unified-admin-svc"

    assert charted_further_paths(elsewhere).message == gone.message

"""What is told of ConfigMaps, Secrets and settings, and of what is not there."""

import base64
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cx_conformance.blueprint.erratum import ChartErratum
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import causes_of
from cx_conformance.sandbox.stores.certificates import Authority
from tests.checks.installation import FQDN, Installation, Object, blueprint, notes

CONNECTIONS = "ConfigMap expertflow/ef-connection-env-cm"


def installed(change: Callable[[Installation], Any] = lambda _: None) -> Installation:
    """Return the reference installation with a change."""
    installation = Installation(site={"fqdn": FQDN})
    change(installation)
    return installation


def ccm(installation: Installation) -> Object:
    """Return the specification of ccm's pods."""
    found: Object = installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]
    return found


def test_a_config_map_that_does_not_exist_is_told_by_every_name_it_may_have() -> None:
    """The documented one first."""
    ended = installed(lambda i: i.remove("ConfigMap", "ef-bot-framwork-cm")).outcome("CX301", "bot-framework")
    assert ended.message == "ConfigMap expertflow/ef-bot-framwork-cm or ef-bot-framework-cm does not exist"
    cause = "ConfigMap expertflow/ef-bot-framwork-cm does not exist"
    assert ended.evidence == {"promised": "ef-bot-framwork-cm", "found": "absent", "cause": cause}


def test_a_config_map_that_holds_nothing_is_noted() -> None:
    """What it should hold is the site's."""
    ended = installed(lambda i: i.find("ConfigMap", "ef-ccm-cm").update(data={})).outcome("CX301", "ccm")
    assert (ended.result, notes(ended)) == (Result.PASS, ["it holds no key: the component is told nothing by it"])
    assert ended.evidence["keys"] == 0


def provider_in_a_config_map(installation: Installation) -> None:
    """Let a ConfigMap stand for Grafana's Secret."""
    installation.remove("Secret", "ef-grafana-dashboard-provider-secret")
    name = "ef-grafana-dashboard-provider-cm"
    metadata = {"name": name, "namespace": "ef-external"}
    installation.manifests.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}})
    for one in installation.find("Deployment", "grafana")["spec"]["template"]["spec"]["volumes"]:
        if one.get("secret", {}).get("secretName") == "ef-grafana-dashboard-provider-secret":
            del one["secret"]
            one["configMap"] = {"name": name}


def test_a_config_map_that_stands_for_a_secret_is_told_and_noted() -> None:
    """It exists, and it is what the pods use."""
    installation = installed(provider_in_a_config_map)
    exists = installation.outcome("CX303", "grafana")
    assert exists.result is Result.PASS
    assert exists.evidence["found"] == "ConfigMap ef-external/ef-grafana-dashboard-provider-cm"
    assert notes(exists) == ["a ConfigMap ef-grafana-dashboard-provider-cm stands for it, as in the field"]
    used = installation.outcome("CX304", "grafana")
    assert (used.result, used.evidence["found"]) == (
        Result.PASS,
        ["volume in secret-ef-grafana-dashboard-provider-secret"],
    )


def test_a_secret_by_another_spelling_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented one is named beside it."""
    name = "ef-grafana-dashboard-provider-secret"
    component = blueprint().components["grafana"]
    also = tuple(one.model_copy(update={"aliases": ("other",)}) for one in component.secrets)
    components = {**blueprint().components, "grafana": component.model_copy(update={"secrets": also})}
    changed = blueprint().model_copy(update={"components": components})
    monkeypatch.setattr("tests.checks.installation.blueprint", lambda: changed)
    renamed = installed(lambda i: i.find("Secret", name)["metadata"].update(name="other"))
    ended = renamed.outcome("CX303", "grafana")
    assert (ended.result, notes(ended)) == (Result.PASS, [f"found as other, documented is {name}"])
    assert ended.evidence["found"] == "Secret ef-external/other"
    gone = installed(lambda i: i.remove("Secret", name)).outcome("CX303", "grafana")
    assert gone.message == f"Secret ef-external/{name} or other does not exist"


def test_a_secret_of_which_neither_kind_exists_is_found() -> None:
    """By its documented name."""
    ended = installed(lambda i: i.remove("Secret", "ef-grafana-dashboard-provider-secret")).outcome("CX303", "grafana")
    assert ended.message == "Secret ef-external/ef-grafana-dashboard-provider-secret does not exist"
    name = "ef-grafana-dashboard-provider-secret"
    cause = f"Secret ef-external/{name} does not exist"
    assert ended.evidence == {"promised": name, "found": "absent", "cause": cause}


def needs(installation: Installation, *sources: Object) -> None:
    """Let ccm's container take its environment from more."""
    ccm(installation)["containers"][0].setdefault("envFrom", []).extend(sources)


def test_each_object_that_pods_need_and_that_is_not_there_is_told_once() -> None:
    """ConfigMaps and Secrets, however often they are referred to; the cause names them without the places."""

    def change(installation: Installation) -> None:
        gone = {"configMapRef": {"name": "gone-cm"}}
        needs(installation, gone, gone, {"secretRef": {"name": "gone-secret"}})

    ended = installed(change).outcome("CX305", "ccm")
    assert ended.message == (
        "Deployment expertflow/ef-ccm needs what is not there: "
        "ConfigMap gone-cm (envFrom in ccm); Secret gone-secret (envFrom in ccm)"
    )
    assert ended.evidence["causes"] == [
        "ConfigMap expertflow/gone-cm does not exist",
        "Secret expertflow/gone-secret does not exist",
    ]
    assert ended.evidence["promised"] == "6 references exist"


def test_what_pods_can_do_without_and_what_is_a_promise_of_its_own_is_not_told_again() -> None:
    """Optional references, pull secrets, and the component's own ConfigMaps: CX301 tells those."""

    def change(installation: Installation) -> None:
        needs(
            installation,
            {"configMapRef": {"name": "gone", "optional": True}},
            {"secretRef": {"name": "gone", "optional": True}},
        )
        ccm(installation)["imagePullSecrets"] = [{"name": "gone"}]
        ccm(installation).setdefault("volumes", []).append(
            {"name": "claimed", "persistentVolumeClaim": {"claimName": "gone"}}
        )
        installation.remove("ConfigMap", "ef-ccm-cm")

    ended = installed(change).outcome("CX305", "ccm")
    assert (ended.result, ended.evidence["found"]) == (Result.PASS, "all exist")
    assert "cause" not in ended.evidence


def test_a_promised_secret_that_is_not_there_is_not_told_again() -> None:
    """CX303 tells it."""
    ended = installed(lambda i: i.remove("Secret", "ef-grafana-dashboard-provider-secret")).outcome("CX305", "grafana")
    assert ended.result is Result.PASS


def test_every_place_in_which_the_sample_host_is_left_is_told() -> None:
    """Keys of ConfigMaps and the Ingress; other keys, other hosts and what does not exist are left alone."""

    def change(installation: Installation) -> None:
        data = installation.find("ConfigMap", "ef-ccm-cm")["data"]
        data.update(FIRST="https://devops.ef.com/a", SECOND="devops.ef.com", OTHER="devops.example.com")
        needs(installation, {"configMapRef": {"name": "a-gone", "optional": True}})
        installation.find("Ingress", "ef-ccm")["spec"]["rules"][0]["host"] = "devops.ef.com"

    ended = installed(change).outcome("CX306", "ccm")
    left = ["ConfigMap ef-ccm-cm key FIRST", "ConfigMap ef-ccm-cm key SECOND", "Ingress ef-ccm"]
    assert ended.message == f"devops.ef.com is left in {', '.join(left)}"
    assert ended.evidence["found"] == left


def test_certificates_of_one_name_are_told_by_namespace() -> None:
    """The same in both; those of other applications' Ingresses are nobody's business here."""

    def stranger(name: str, secret: str) -> Object:
        rules = [{"host": "other.example.com", "http": {"paths": []}}]
        return {
            "kind": "Ingress",
            "metadata": {"name": name, "namespace": "a-stranger"},
            "spec": {"rules": rules, "tls": [{"hosts": ["other.example.com"], "secretName": secret}]},
        }

    installation = installed()
    installation.change_live(lambda objects: objects.insert(0, stranger("first", "ef-ingress-tls-secret")))
    held = installation.outcome("CX307", "platform").evidence
    ((name, where),) = held["found"].items()
    assert (name, sorted(where)) == ("ef-ingress-tls-secret", ["ef-external", "expertflow"])
    assert {len(one) for one in where.values()} == {16}
    assert held["promised"] == "one certificate a name"


@pytest.mark.parametrize("asking", [("expertflow", "ef-external"), ("expertflow",), ()])
def test_certificates_that_cert_manager_makes_in_each_namespace_are_no_copies(asking: tuple[str, ...]) -> None:
    """An Ingress of each asks for its own; where that of one does not, its Secret is a copy that went stale."""
    authority = Authority()

    def change(installation: Installation) -> None:
        for namespace in ("expertflow", "ef-external"):
            made = base64.b64encode(authority.issue(FQDN).certificate_pem.encode()).decode()
            installation.find("Secret", "ef-ingress-tls-secret", namespace)["data"] |= {"tls.crt": made}
        for one in installation.manifests:
            if one["kind"] == "Ingress" and one["metadata"]["namespace"] in asking:
                one["metadata"].setdefault("annotations", {})["cert-manager.io/cluster-issuer"] = "letsencrypt"

    ended = installed(change).outcome("CX307", "platform")
    words = "cert-manager makes ef-ingress-tls-secret in each of ef-external, expertflow: they are no copies"
    assert (ended.result, notes(ended)) == ((Result.PASS, [words]) if len(asking) > 1 else (Result.FAIL, []))


def test_without_a_tls_secret_there_is_no_certificate_to_compare() -> None:
    """The controller's own serves then, or none."""

    def change(installation: Installation) -> None:
        for one in installation.manifests:
            if one["kind"] == "Ingress":
                for entry in one["spec"].get("tls", []):
                    entry.pop("secretName", None)

    assert installed(change).outcome("CX307", "platform").message == "n/a: no Ingress names a TLS Secret"


def test_a_tls_secret_that_cannot_be_read_is_not_compared() -> None:
    """CX503 tells it; the others of the name agree."""
    ended = installed(
        lambda i: i.find("Secret", "ef-ingress-tls-secret", "ef-external")["data"].update({"tls.crt": "YQ=="})
    ).outcome("CX307", "platform")
    assert (ended.result, [*ended.evidence["found"]["ef-ingress-tls-secret"]]) == (Result.PASS, ["expertflow"])


def with_secrets(name: str, first: str, second: str, *, mounted: bool) -> Outcome:
    """Judge TLS Secrets where one of this name holds these CAs, in the namespaces of the components and the stores."""

    def change(installation: Installation) -> None:
        for namespace, ca in (("expertflow", first), ("ef-external", second)):
            data = {"ca.crt": base64.b64encode(ca.encode()).decode()}
            meta = {"name": name, "namespace": namespace}
            installation.manifests.append({"kind": "Secret", "apiVersion": "v1", "metadata": meta, "data": data})
        if mounted:
            needs(installation, {"secretRef": {"name": name}})

    return installed(change).outcome("CX307", "platform")


def test_secrets_of_one_name_with_different_authorities_are_told_where_one_is_used() -> None:
    """Whoever verifies by the one refuses the other; where nobody uses them it is a note."""
    one, other = Authority("one").ca_pem, Authority("other").ca_pem
    words = "Secret redis-crt holds certificates of different authorities in ef-external and expertflow"
    used = with_secrets("redis-crt", one, other, mounted=True)
    assert (used.result, used.message) == (Result.FAIL, words)
    unused = with_secrets("redis-crt", one, other, mounted=False)
    assert (unused.result, notes(unused)) == (Result.PASS, [f"{words}; nobody uses them"])
    assert with_secrets("redis-crt", one, one, mounted=True).result is Result.PASS
    assert with_secrets("redis-crt", one, other + one, mounted=True).result is Result.PASS
    assert with_secrets("redis-crt", one, "none", mounted=True).result is Result.PASS


def certificate_of(organisation: str, common: str) -> bytes:
    """Return a certificate that a CA of this organisation has signed."""
    names = ((NameOID.COMMON_NAME, common), (NameOID.ORGANIZATION_NAME, organisation))
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, FQDN)]))
        .issuer_name(x509.Name([x509.NameAttribute(*one) for one in names]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(("organisation", "result"), [("Let's Encrypt", Result.PASS), ("Another, Inc.", Result.FAIL)])
def test_a_copy_that_no_ingress_uses_may_be_of_another_intermediate(organisation: str, result: Result) -> None:
    """Of the same authority; one of another is a trap for whoever takes it next."""

    def change(installation: Installation) -> None:
        for namespace, issuer, common in (("expertflow", "Let's Encrypt", "R10"), ("ef-external", organisation, "R11")):
            held = installation.find("Secret", "ef-ingress-tls-secret", namespace)
            held["data"].pop("ca.crt", None)
            held["data"]["tls.crt"] = base64.b64encode(certificate_of(issuer, common)).decode()
        for one in installation.manifests:
            if one["kind"] == "Ingress" and one["metadata"]["namespace"] == "ef-external":
                one["spec"].pop("tls", None)

    assert installed(change).outcome("CX307", "platform").result is result


def told(**data: str) -> Installation:
    """Tell the components this of the stores."""
    return installed(lambda i: i.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"].update(data))


def test_what_is_put_in_later_is_noted_and_not_compared() -> None:
    """Hosts and ports alike; beside it all is compared."""
    ended = told(MONGODB_HOST="$(HOST)", MONGODB_PORT="$(PORT)").outcome("CX308", "mongo")
    assert (ended.result, notes(ended)) == (
        Result.PASS,
        [
            f"MONGODB_HOST in {CONNECTIONS} is no plain address; it was not compared",
            f"MONGODB_PORT in {CONNECTIONS} is no plain number; it was not compared",
        ],
    )
    assert notes(told(MONGODB_HOST="not an address").outcome("CX308", "mongo")) == [
        f"MONGODB_HOST in {CONNECTIONS} is no plain address; it was not compared"
    ]


@pytest.mark.parametrize(
    "value",
    [
        "mongo-mongodb.ef-external.svc:2701x",
        "http:/mongo-mongodb.ef-external.svc:27017",
        "http//mongo-mongodb.ef-external",
    ],
)
def test_what_is_no_address_is_told(value: str) -> None:
    """No client can read it; it is told with those who are told it."""
    ended = told(MONGODB_HOST=value).outcome("CX308", "mongo")
    assert ended.result is Result.FAIL
    assert ended.message.startswith(f"MONGODB_HOST in {CONNECTIONS} says {value}, which is no address; it is read by ")


@pytest.mark.parametrize(
    "value",
    [
        "mongodb://root:p/w@mongo-mongodb.ef-external.svc:27017/db",
        "[fd00::1]:27017",
        '"mongo-mongodb.ef-external.svc"',
        "mongo-mongodb.ef-external.svc:${MONGO_PORT}",
    ],
)
def test_an_address_in_a_form_that_is_not_read_is_noted(value: str) -> None:
    """An account with odd signs, IPv6, quotes, what is put in later."""
    ended = told(MONGODB_HOST=value).outcome("CX308", "mongo")
    assert (ended.result, notes(ended)) == (
        Result.PASS,
        [f"MONGODB_HOST in {CONNECTIONS} is no plain address; it was not compared"],
    )


def test_a_port_in_an_address_must_be_the_services() -> None:
    """Where none is written the protocol's own is meant, and an address past every Service has no port of one."""
    good = "mongo-mongodb.ef-external.svc:27017"
    assert told(MONGODB_HOST=good).outcome("CX308", "mongo").result is Result.PASS
    ended = told(MONGODB_HOST="mongo-mongodb.ef-external.svc:1").outcome("CX308", "mongo")
    assert ended.message == (
        f"MONGODB_HOST in {CONNECTIONS} says port 1, which Service ef-external/mongo-mongodb does not have"
    )
    outside = told(KEYCLOAK_HOST=f"https://{FQDN}:9/auth").outcome("CX308", "keycloak")
    assert (outside.result, notes(outside)) == (
        Result.PASS,
        [f"KEYCLOAK_HOST in {CONNECTIONS}: {FQDN} leads through the Ingress"],
    )


def test_several_addresses_are_each_looked_at() -> None:
    """Each wrong one is told, and so is a wrong port beside them."""
    ended = told(
        ACTIVEMQ_PRIMARY_URL="failover:(tcp://ef-amq.ef-external.svc:1,tcp://amq:61616)", ACTIVEMQ_STOMP_PORT="2"
    ).outcome("CX308", "activemq")
    first, second, third = ended.message.split("; ACTIVEMQ")
    assert "says port 1, which Service ef-external/ef-amq does not have" in first
    assert "says amq: amq names no Service that was seen" in second
    assert third == f"_STOMP_PORT in {CONNECTIONS} says 2, which is no port of Service ef-external/ef-amq"


def test_a_store_of_which_nothing_is_read_is_not_applicable() -> None:
    """The release is older, or nobody uses it."""
    nothing = installed(lambda i: drop(i, "MONGODB_"))
    for check, words in (("CX308", "documented setting"), ("CX309", "further documented setting")):
        assert nothing.outcome(check, "mongo").message == f"n/a: no component reads a {words} of this store"


@pytest.mark.parametrize(
    ("key", "store", "lacks"),
    [
        ("MONGODB_HOST", "mongo", "address"),
        ("MONGODB_PORT", "mongo", "port"),
        ("KEYCLOAK_HOST", "keycloak", "address"),
        ("ACTIVEMQ_PRIMARY_URL", "activemq", "address"),
        ("REDIS_HOST", "redis", "address"),
    ],
)
@pytest.mark.parametrize("empty", [False, True])
def test_an_address_that_is_missing_beside_the_rest_is_told(key: str, store: str, lacks: str, empty: bool) -> None:
    """Its callers have nothing to call; an empty value is none."""
    ended = (told(**{key: ""}) if empty else installed(lambda i: drop(i, key))).outcome("CX308", store)
    assert ended.result is Result.FAIL
    assert ended.message.startswith(f"{CONNECTIONS} has no {key}, so that ")
    assert ended.message.endswith(f" have no {lacks} to call")
    assert ended.evidence["cause"] == f"key {key} of ConfigMap expertflow/ef-connection-env-cm does not exist"


def test_an_address_that_callers_take_from_elsewhere_is_not_missed() -> None:
    """A variable of the template, another ConfigMap; a Secret may hold it, which nobody looks at."""

    def elsewhere(source: Object) -> Outcome:
        def change(installation: Installation) -> None:
            drop(installation, "MONGODB_HOST")
            host = "mongo-mongodb.ef-external.svc"
            meta = {"name": "more-cm", "namespace": "expertflow"}
            installation.manifests.append({"kind": "ConfigMap", "metadata": meta, "data": {"MONGODB_HOST": host}})
            for one in installation.manifests:
                if one["kind"] == "Deployment" and one["metadata"]["namespace"] == "expertflow":
                    for each in one["spec"]["template"]["spec"]["containers"]:
                        for field, more in source.items():
                            each.setdefault(field, []).extend(more)

        return installed(change).outcome("CX308", "mongo")

    own = {"name": "MONGODB_HOST", "value": "mongo-mongodb.ef-external.svc"}
    assert elsewhere({"env": [own]}).result is Result.PASS
    assert elsewhere({"envFrom": [{"configMapRef": {"name": "more-cm"}}]}).result is Result.PASS
    perhaps = elsewhere({"envFrom": [{"secretRef": {"name": "ef-ingress-tls-secret"}}]})
    assert perhaps.result is Result.PASS
    assert notes(perhaps) == [f"{CONNECTIONS} has no MONGODB_HOST; Secret ef-ingress-tls-secret may hold it"]


def test_where_sentinels_say_where_redis_is_no_host_is_missed() -> None:
    """They are told instead."""
    sentinel = told(REDIS_SENTINEL_ENABLE="true", REDIS_SENTINEL_NODES="redis-headless:26379")
    drop(sentinel, "REDIS_HOST")
    assert sentinel.outcome("CX308", "redis").result is Result.PASS


def addressed(value: str, *, shared: bool = False) -> list[Outcome]:
    """Judge the addresses of all components where one, or every one, is told such a value."""
    installation = Installation()
    name = "ef-connection-env-cm" if shared else "ef-agent-manager-cm"
    installation.find("ConfigMap", name, "expertflow")["data"]["SOME_URL"] = value
    return installation.outcomes("CX310")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("http://ef-cmm-svc:8081/ccm", "http://ef-cmm-svc:8081 names no Service that was seen"),
        ("ef-cmm-svc", "ef-cmm-svc names no Service that was seen"),
        ("ef-cmm-svc.expertflow:8081", "ef-cmm-svc.expertflow:8081 names no Service that was seen"),
        ("amqp://u:p@q.ef-external.svc:5672/v", "q.ef-external.svc:5672 names no Service that was seen"),
        ("a=1\nurl: 'http://ef-cmm-svc/x'", "http://ef-cmm-svc names no Service that was seen"),
        ("http://ef-ccm-svc:9/", "http://ef-ccm-svc:9 says port 9, which Service expertflow/ef-ccm-svc does not have"),
    ],
)
def test_an_address_that_leads_to_no_service_or_port_is_told(value: str, why: str) -> None:
    """By whatever scheme, and bare."""
    (ended,) = [one for one in addressed(value) if one.result is Result.FAIL]
    assert ended.component == "agent-manager"
    assert ended.message.startswith("ConfigMap ef-agent-manager-cm key SOME_URL: ")
    assert ended.message.endswith(why)


@pytest.mark.parametrize(
    "value",
    [
        "http://ef-ccm-svc:8081/ccm",
        "http://ef-ccm-svc.expertflow.svc.cluster.local",
        "https://example.com/ef-cmm-svc",
        "http://web.another-namespace.svc:80",
        "http://${NAME}-svc:80",
        "http://ef-cmm-svc.${NAMESPACE}.svc:80",
        "# url: http://ef-cmm-svc:8081",
        "see ef-cmm-svc for more",
        "a-svc-b",
    ],
)
def test_what_is_no_address_of_the_platform_or_leads_somewhere_is_quiet(value: str) -> None:
    """Other namespaces are not looked at, templates are filled in later, comments call nobody."""
    assert [one.message for one in addressed(value) if one.result is not Result.PASS] == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NO_PROXY", "localhost,.svc,.expertflow.svc,.ef-external.svc,ef-cmm-svc"),
        ("no_proxy", "localhost,.expertflow,ef-external.svc"),
        ("PROXY_EXCEPT", "localhost,.expertflow.svc"),
        ("OTEL_SERVICE_NAME", "agent-manager-svc"),
        ("spring_application_name", "agent-manager-svc"),
        ("TRACED_AS", "agent-manager.expertflow"),
        ("LOGGED_PACKAGE", "com.expertflow"),
        ("PUBLIC_URL", "https://portal.expertflow/agent"),
    ],
)
def test_words_that_only_look_like_addresses_are_quiet(variable: str, value: str) -> None:
    """Domains that need no proxy, what traces call a component, a host name of the site under a domain of its own."""
    installation = Installation(site={"fqdn": "portal.expertflow"})
    installation.find("ConfigMap", "ef-agent-manager-cm", "expertflow")["data"][variable] = value
    ended = installation.outcome("CX310", "agent-manager")
    assert (ended.result, ended.message) == (Result.PASS, "")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GONE_HOST", "gone.expertflow"),
        ("GONE", "gone.expertflow:80"),
        ("GONE", "http://gone.expertflow"),
        ("GONE", "ef-gone-svc.expertflow"),
        ("CHANNELS", "ef-cmm-sv.expertflow"),
    ],
)
def test_a_short_name_is_an_address_where_something_says_so(variable: str, value: str) -> None:
    """Its variable, a scheme, a port, its ending, or a Service that is called almost so."""
    installation = Installation()
    installation.find("ConfigMap", "ef-agent-manager-cm", "expertflow")["data"][variable] = value
    assert installation.outcome("CX310", "agent-manager").message == (
        f"ConfigMap ef-agent-manager-cm key {variable}: {value} names no Service that was seen"
    )


def test_a_lost_address_is_one_cause_whoever_is_told_it() -> None:
    """One value of the shared ConfigMap, one thing to correct, its users named."""
    [cause] = causes_of(addressed("http://ef-cmm-svc:8081", shared=True))
    assert cause.words == "http://ef-cmm-svc:8081 names no Service that was seen"
    assert len(cause.components) > 5


def test_an_address_of_a_component_that_is_left_out_is_noted() -> None:
    """The site says that it is not there."""
    installation = Installation(site={"components": {"without": ["bot-framework"]}})
    installation.remove("Service", "ef-bot-framework-svc")
    data = installation.find("ConfigMap", "ef-agent-manager-cm", "expertflow")["data"]
    data["SOME_URL"] = "http://ef-bot-framework-svc:8082"
    ended = installation.outcome("CX310", "agent-manager")
    assert ended.result is Result.PASS
    assert any("bot-framework is left out here" in one for one in notes(ended))


def test_an_address_of_a_service_that_is_missed_itself_is_told_there() -> None:
    """CX201 tells the Service, CX203 its port."""
    installation = installed(lambda i: i.remove("Service", "ef-ccm-svc"))
    assert [one.component for one in installation.outcomes("CX310") if one.result is Result.FAIL] == []


def test_what_the_vendor_ships_so_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An erratum of the release names the component and the variable; what is known is counted, CX013 tells it."""
    erratum = ChartErratum(
        component="agent-manager", kind="variable", about="SOME_URL", says="http://ef-cmm-svc:8081", why="it is so"
    )
    changed = blueprint().model_copy(update={"chart_errata": (erratum,)})
    monkeypatch.setattr("tests.checks.installation.blueprint", lambda: changed)
    (ended,) = [one for one in addressed("http://ef-cmm-svc:8081") if one.component == "agent-manager"]
    assert ended.result is Result.PASS
    assert (notes(ended), ended.evidence["found"]) == ([], "all do but 1 that is known (CX013)")


def test_a_value_that_many_are_told_is_one_failure_of_the_object() -> None:
    """The sample host in the shared ConfigMap is one missed edit."""
    failed = told(SOME_HOST="devops.ef.com").outcomes("CX306")
    [cause] = causes_of(failed)
    assert cause.words == "ConfigMap expertflow/ef-connection-env-cm key SOME_HOST holds devops.ef.com"
    assert len(cause.components) > 5


def drop(installation: Installation, beginning: str) -> None:
    """Tell the components nothing by keys that begin so."""
    data = installation.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"]
    for key in [one for one in data if one.startswith(beginning)]:
        del data[key]


@pytest.mark.parametrize(
    ("setting", "component", "note"),
    [
        ({"KEYCLOAK_REALM": "other"}, "keycloak", "KEYCLOAK_REALM in {} is other, documented is expertflow"),
        (
            {"MONGODB_REPLICASET_ENABLED": "true"},
            "mongo",
            "MONGODB_REPLICASET_ENABLED in {} is true, documented is false",
        ),
    ],
)
def test_a_switch_and_what_the_store_itself_is_asked_for_may_be_another(
    setting: dict[str, str], component: str, note: str
) -> None:
    """They are noted; a wrong value beside them is found all the same."""
    ended = told(**setting).outcome("CX309", component)
    assert (ended.result, notes(ended)) == (Result.PASS, [note.format(CONNECTIONS)])


def test_what_is_not_as_documented_is_told_whatever_stands_before_it() -> None:
    """A template says nothing, a switch is noted, and the third is wrong."""
    mongo = told(MONGODB_REPLICASET_ENABLED="true", MONGODB_AUTHENTICATION_DATABASE="other").outcome("CX309", "mongo")
    assert mongo.message.startswith(f"MONGODB_AUTHENTICATION_DATABASE in {CONNECTIONS} says other of promised admin; ")
    keycloak = told(KEYCLOAK_REALM="${REALM}", KEYCLOAK_CLIENT_ID="other").outcome("CX309", "keycloak")
    assert keycloak.message.startswith(f"KEYCLOAK_CLIENT_ID in {CONNECTIONS} says other of promised cim; ")
    assert notes(keycloak) == []
    noted = told(KEYCLOAK_REALM="other", KEYCLOAK_CLIENT_ID="other").outcome("CX309", "keycloak")
    assert (noted.result, len(notes(noted))) == (Result.FAIL, 1)
    assert told(KEYCLOAK_CLIENT_ID="${CLIENT}").outcome("CX309", "keycloak").result is Result.PASS


def test_a_value_that_reads_like_a_switch_is_none_where_the_documented_one_is_not() -> None:
    """A port of 1 is a wrong port; each wrong value is told."""
    message = told(ACTIVEMQ_TRANSPORT="http", ACTIVEMQ_OPEN_WIRE_PORT="1").outcome("CX309", "activemq").message
    transport, port = message.split("; ACTIVEMQ")
    assert transport.startswith(f"ACTIVEMQ_TRANSPORT in {CONNECTIONS} says http of promised tcp; ")
    assert port.startswith(f"_OPEN_WIRE_PORT in {CONNECTIONS} says 1 of promised 61616; ")


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "ccm"), (3, "ccm, bot-framework, routing-engine"), (4, "ccm, bot-framework, routing-engine and 1 more")],
)
def test_three_readers_are_named_and_the_others_counted(number: int, words: str) -> None:
    """Whoever must be restarted is found from there."""
    only = ["ccm", "bot-framework", "routing-engine", "cim-customer"][:number]
    installation = Installation(site={"components": {"only": [*only, "keycloak"]}})
    data = installation.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"]
    data["KEYCLOAK_CLIENT_ID"] = "other"
    ended = installation.outcome("CX309", "keycloak")
    assert ended.message.endswith(f"; it is read by {words}")


def test_a_config_map_that_a_blueprint_lets_be_absent_may_be_absent_or_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is told; where it exists and is used it is told as any other."""
    component = blueprint().components["ccm"]
    optional = tuple(one.model_copy(update={"optional": True, "why": "old"}) for one in component.config_maps)
    components = {**blueprint().components, "ccm": component.model_copy(update={"config_maps": optional})}
    changed = blueprint().model_copy(update={"components": components})
    monkeypatch.setattr("tests.checks.installation.blueprint", lambda: changed)
    for check in ("CX301", "CX302"):
        assert installed().outcome(check, "ccm", "ef-ccm-cm").result is Result.PASS
    absent = installed(lambda i: i.remove("ConfigMap", "ef-ccm-cm")).outcome("CX301", "ccm", "ef-ccm-cm")
    assert absent.message == "n/a: absent, which is accepted: old"
    unused = installed(lambda i: ccm(i)["containers"][0].pop("envFrom")).outcome("CX302", "ccm", "ef-ccm-cm")
    assert unused.message == "n/a: not used, which is accepted: old"


def test_a_secret_that_nothing_uses_is_not_told_to_be_in_a_volume_of_that_name() -> None:
    """A ConfigMap may have the Secret's name, and a volume another Secret."""

    def change(installation: Installation) -> None:
        spec = installation.find("Deployment", "grafana")["spec"]["template"]["spec"]
        own = spec["containers"][0]
        own["volumeMounts"] = [one for one in own.get("volumeMounts", []) if "dashboard-provider" not in one["name"]]
        own["envFrom"] = [one for one in own.get("envFrom", []) if "secretRef" not in one]
        spec["volumes"] = [one for one in spec["volumes"] if "secret" not in one]
        spec["volumes"] += [{"name": "alike", "configMap": {"name": SECRET_OF_GRAFANA}}]
        spec["volumes"] += [{"name": "other", "secret": {"secretName": "another"}}]

    ended = installed(change).outcome("CX304", "grafana")
    assert ended.message.endswith(f"does not use Secret {SECRET_OF_GRAFANA}: no envFrom, env or volume names it")


SECRET_OF_GRAFANA = "ef-grafana-dashboard-provider-secret"

"""Health endpoints and listening processes, while every object of the API looks fine."""

from cx_conformance.blueprint.component import ContainerPort
from cx_conformance.blueprint.health import Health
from cx_conformance.blueprint.manifests.simulation import TLS_FOLDER
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object


def _health(fact: Fact) -> Health:
    found: Health = fact.of(Health)
    return found


@breaks("health.path", "health.command", how="renamed", words=lambda f: (_health(f).path,), live=True)
def health_path_gone(fact: Fact, ground: Ground) -> None:
    """The component answers 404 there, as after an upgrade that moved it."""
    with ground.answers(fact, _health(fact).port) as answers:
        for one in answers:
            _as_web_server(one)
            one["paths"] = {path: said for path, said in one["paths"].items() if path != _health(fact).path}


def _as_web_server(answer: Object) -> None:
    """Let a simulated server answer in place of a real store, which says only what it is."""
    if answer["as"] not in {"http", "https"}:
        answer["as"] = "https" if "tls" in answer else "http"


@breaks("health.status", how="wrong number", live=True)
def health_503(fact: Fact, ground: Ground) -> None:
    """The component says that it is not well."""
    _say(fact, ground, status=503)


@breaks("health.status", how="wrong number", live=True)
def health_204(fact: Fact, ground: Ground) -> None:
    """The component says nothing, politely."""
    _say(fact, ground, status=204, body="")


@breaks("health.status", how="wrong number", live=True)
def health_302(fact: Fact, ground: Ground) -> None:
    """The component sends whoever asks to a login page."""
    _say(fact, ground, status=302)


def _say(fact: Fact, ground: Ground, **said: object) -> None:
    with ground.answers(fact, _health(fact).port) as answers:
        for one in answers:
            _as_web_server(one)
            one["paths"][_health(fact).path] |= said


@breaks("health.body_contains", how="absent", live=True)
def health_without_its_words(fact: Fact, ground: Ground) -> None:
    """The component answers 200 and says something else."""
    _say(fact, ground, body='{"database": "failing"}')


@breaks("health.port", "container_ports.port", how="refusing", live=True)
def process_deaf(fact: Fact, ground: Ground) -> None:
    """The pod is ready, and nothing listens."""
    _misbehave(fact, ground, "closed")


@breaks("health.port", how="silent", live=True)
def process_hanging(fact: Fact, ground: Ground) -> None:
    """The process accepts and never answers."""
    _misbehave(fact, ground, "hang")


@breaks("health.port", how="silent", live=True)
def process_resetting(fact: Fact, ground: Ground) -> None:
    """The process drops every connection."""
    _misbehave(fact, ground, "reset")


def _misbehave(fact: Fact, ground: Ground, behaviour: str) -> None:
    promise = fact.holders[-1]
    if isinstance(promise, ContainerPort) and promise.optional:
        raise Inapplicable("it may be absent")
    with ground.answers(fact, fact.value) as answers:
        for one in answers:
            one["behaviour"] = behaviour


@breaks("container_ports.port", how="wrong number", live=True)
def process_on_another_port(fact: Fact, ground: Ground) -> None:
    """The process listens on the next port."""
    if fact.of(ContainerPort).optional:
        raise Inapplicable("it may be absent")
    with ground.answers(fact, fact.value) as answers:
        for one in answers:
            one["port"] = fact.value + 100


@breaks("health.scheme", how="wrong scheme", words=lambda f: (f"{f.text}:{_health(f).port}",), live=True)
def health_over_the_other_scheme(fact: Fact, ground: Ground) -> None:
    """Plain where TLS is promised, or TLS where plain is."""
    health = _health(fact)
    if {"http", "https"} <= {health.scheme, *health.also_schemes}:
        raise Inapplicable("both are accepted")
    with ground.answers(fact, health.port) as answers:
        for one in answers:
            if health.scheme == "https":
                one["behaviour"] = "plain"
            else:
                one["tls"] = TLS_FOLDER
                _mount_certificate(ground.pod(fact))


def _mount_certificate(spec: Object) -> None:
    spec.setdefault("volumes", []).append({"name": "tls", "secret": {"secretName": "ef-ingress-tls-secret"}})
    spec["containers"][0].setdefault("volumeMounts", []).append({"name": "tls", "mountPath": TLS_FOLDER})

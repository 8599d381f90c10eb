"""Copies of a store's TLS Secret in the namespace of the components."""

import base64
import datetime as dt
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.references import References
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.probes.stores.observation import Finding, Level, StoreObservation
from cx_conformance.probes.stores.tls import facts
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.vantage.copies import StoreCopies
from cx_conformance.vantage.store_asked import StoreAsked
from tests.checks.installation import Installation, Object, blueprint

HOST = "redis-master.ef-external.svc"
AUTHORITY = Authority()
PRESENTED = AUTHORITY.issue(HOST).certificate_pem


class Answered:
    """Stands for the probes: every store answered like this."""

    def __init__(self, asked: StoreAsked) -> None:
        self.asked = asked

    def of(self, _: object) -> StoreAsked:
        """Return what was answered."""
        return self.asked


def secret(ca: str, certificate: str) -> Object:
    """Return what ``redis-crt`` holds."""
    data = {"ca.crt": ca, "tls.crt": certificate}
    return {"data": {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}}


def judged(copy: Object | None, *, mounted: bool = True, secure: bool = True) -> Outcome:
    """Judge Redis, whose own Secret is in order, with such a copy in the components' namespace."""
    installation = Installation()
    if mounted:
        spec = installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]
        spec.setdefault("volumes", []).append({"name": "redis-crt", "secret": {"secretName": "redis-crt"}})
        spec["containers"][0]["volumeMounts"].append({"name": "redis-crt", "mountPath": "/redis"})
    held = {"ef-external": secret(AUTHORITY.ca_pem, PRESENTED), "expertflow": copy}
    read = SimpleNamespace(read=lambda path: held[path.split("/")[4]])
    plan = Plan(blueprint(), installation.site)
    copies = StoreCopies(Seen(installation.snapshot(plan), plan), References(cast("Any", read), Path()))
    findings = {level: Finding(ok=True, words="so it is") for level in Level}
    certificate = facts(ssl.PEM_cert_to_DER_cert(PRESENTED))
    observation = StoreObservation(store="redis", address=f"{HOST}:6379", findings=findings, certificate=certificate)
    asked = StoreAsked(observation, "port-forward", "redis-0", secure, None)
    installation.probes |= {"store_probes": Answered(asked), "store_copies": copies}
    return installation.outcome("CX813", "redis")


def test_a_faithful_copy_passes() -> None:
    """It holds the same CA, and the certificate that the server presents."""
    ended = judged(secret(AUTHORITY.ca_pem, PRESENTED))

    assert ended.result is Result.PASS
    assert ended.evidence["found"] == ["Secret ef-external/redis-crt", "Secret expertflow/redis-crt"]


def test_a_copy_that_went_stale_is_found() -> None:
    """The store's Secret was renewed, its copy was not."""
    ended = judged(secret(AUTHORITY.ca_pem, AUTHORITY.issue(HOST).certificate_pem))

    assert ended.result is Result.FAIL
    assert ended.message == f"{HOST} presents another certificate than Secret expertflow/redis-crt holds"


def test_a_copy_with_another_ca_is_found() -> None:
    """Components that verify by it refuse the server."""
    ended = judged(secret(Authority("other").ca_pem, PRESENTED))

    assert ended.result is Result.FAIL
    assert "Secret expertflow/redis-crt does not hold the CA of Secret ef-external/redis-crt" in ended.message


def test_two_cas_in_a_copy_are_noted() -> None:
    """So a CA is changed without an interruption."""
    ended = judged(secret(AUTHORITY.ca_pem + Authority("next").ca_pem, PRESENTED))

    assert ended.result is Result.PASS
    assert "holds other CAs too" in ended.evidence["notes"][0]


def test_a_certificate_of_the_clients_own_is_left_alone() -> None:
    """Components may show another certificate than the server does."""
    assert judged(secret(AUTHORITY.ca_pem, AUTHORITY.issue("client").certificate_pem)).result is Result.PASS


def test_the_end_of_a_certificate_is_noted_and_then_found() -> None:
    """Under thirty days it is a note."""
    now = dt.datetime.now(dt.UTC)
    soon = AUTHORITY.issue("client", until=now + dt.timedelta(days=9)).certificate_pem
    ended = AUTHORITY.issue("client", until=now - dt.timedelta(days=9)).certificate_pem

    assert "ends in 9 days" in judged(secret(AUTHORITY.ca_pem, soon)).evidence["notes"][0]
    assert judged(secret(AUTHORITY.ca_pem, ended)).result is Result.FAIL


def test_without_a_copy_or_tls_there_is_nothing_to_compare() -> None:
    """A copy that nobody mounts is not read, and a missing one is told by the check of references."""
    assert judged(secret(Authority("other").ca_pem, PRESENTED), mounted=False).result is Result.PASS
    assert judged(None).result is Result.PASS
    assert judged(None, secure=False).result is Result.NOT_APPLICABLE

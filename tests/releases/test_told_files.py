"""Files that containers are told by variables stand where a Secret is mounted, and it holds them."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from msgspec.structs import replace

from cx_conformance.cluster.snapshot import SeenSecret, Snapshot
from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation
from tests.releases import from_facts
from tests.releases.installed import installed
from tests.releases.test_told_addresses import environment, shared

pytestmark = from_facts.needed

Object = dict[str, Any]
DEFAULTS: Final = {
    "MONGODB_CA_CERT": "/mongo/mongodb-ca-cert",
    "MONGODB_CLIENT_CERT": "/mongo/client-pem",
    "REDIS_CA_CERT": "/redis/ca.crt",
    "REDIS_CLIENT_CERT": "/redis/tls.crt",
    "REDIS_CLIENT_KEY": "/redis/tls.key",
}
"""What the charts' values say (https://github.com/expertflow/charts, charts/Core/values.yaml, efConnectionVars)."""


def as_charted(release: str = "5.1", **told: str) -> Installation:
    """Return an installation that is told the files of the charts, or others."""
    installation = installed(release)
    shared(installation).update(DEFAULTS | told)
    return installation


def needs(installation: Installation, component: str = "ccm") -> Outcome:
    """Judge what a component needs."""
    return installation.outcome("CX305", component)


@pytest.mark.parametrize("release", from_facts.FILES)
def test_every_file_that_the_charts_tell_is_there(release: str) -> None:
    """Certificates of Mongo and Redis, with each component that mounts them."""
    assert {one.result for one in as_charted(release).outcomes("CX305")} <= {Result.PASS, Result.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("secret", "key", "variable", "value"),
    [
        ("redis-crt", "ca.crt", "REDIS_CA_CERT", "/redis/ca.crt"),
        ("mongo-mongodb-ca", "mongodb-ca-cert", "MONGODB_CA_CERT", "/mongo/mongodb-ca-cert"),
    ],
)
@pytest.mark.parametrize("release", ["4.7", "5.1"])
def test_a_key_that_lacks_behind_a_told_file_is_found(
    release: str, secret: str, key: str, variable: str, value: str
) -> None:
    """``kubectl create secret tls`` makes a Secret without a CA; all who mount it have one cause."""
    installation = as_charted(release)
    del installation.find("Secret", secret, "expertflow")["data"][key]
    ended = needs(installation)
    assert ended.result is Result.FAIL
    assert ended.message == (
        f"Deployment expertflow/ef-cx-ccm needs what is not there: key {key} of Secret {secret} "
        f"({variable} in ccm says {value})"
    )
    broken = [one for one in installation.outcomes("CX305") if one.result is Result.FAIL]
    assert len(broken) > 5
    assert {one.evidence["cause"] for one in broken} == {f"key {key} of Secret expertflow/{secret} does not exist"}


@pytest.mark.parametrize("value", ["/mongo/ca-cert", "/mongo/certs/mongodb-ca-cert", "/mongo/mongodb-ca-cert.pem"])
def test_a_file_of_another_name_is_found(value: str) -> None:
    """The Secret is whole, and the variable says otherwise."""
    assert f"(MONGODB_CA_CERT in ccm says {value})" in needs(as_charted(MONGODB_CA_CERT=value)).message


def test_a_file_of_a_config_map_is_the_sites_own() -> None:
    """No release promises which files it holds, nor that an image reads what a variable says."""
    installation = as_charted()
    environment(installation, "ef-cx-ccm").append({"name": "LOGGING_CONFIG", "value": "/logback/logback-spring.xml"})
    assert needs(installation).result is Result.PASS


@pytest.mark.parametrize(
    "told",
    [
        {"MONGODB_CA_CERT": "/etc/ssl/certs/ca.pem"},
        {"MONGODB_CA_CERT": "/mongo"},
        {"MONGODB_CA_CERT": "/mongo/"},
        {"MONGODB_CA_CERT": "/mongodb/ca.pem"},
        {"MONGODB_CA_CERT": "$(FOLDER)/ca.pem"},
        {"MONGODB_CA_CERT": "/mongo/ca.pem", "MONGODB_ENABLE_SSL": "false"},
        {"VAULT_CA_CERT": "/redis/vault.pem", "VAULT_ENABLED": "false"},
        {"ACTIVEMQ_TRUST_STORE_PATH": "/redis/broker.jks", "ACTIVEMQ_TRANSPORT": "tcp"},
    ],
)
def test_a_file_that_stands_elsewhere_or_is_not_read_is_not_missed(told: Mapping[str, str]) -> None:
    """It is in the image, or put in later; or TLS is switched off."""
    assert needs(as_charted(**told)).result is Result.PASS


def mounted(installation: Installation, volume: Object, **mount: str) -> Outcome:
    """Judge ccm with another volume where its certificates of Mongo are."""
    spec = installation.find("Deployment", "ef-cx-ccm")["spec"]["template"]["spec"]
    spec["volumes"] = [
        {"name": one["name"], **volume} if one["name"] == "mongo-mongodb-ca" else one for one in spec["volumes"]
    ]
    next(one for one in spec["containers"][0]["volumeMounts"] if one["mountPath"] == "/mongo").update(mount)
    return needs(installation)


def test_what_a_volume_shows_under_other_names_counts() -> None:
    """Keys may be picked, and shown elsewhere; of volumes of several objects, or of a driver, nothing is known."""
    picked = {"secretName": "mongo-mongodb-ca", "items": [{"key": "mongodb-ca-cert", "path": "mongodb-ca-cert"}]}
    assert "key client-pem of Secret mongo-mongodb-ca" in mounted(as_charted(), {"secret": picked}).message
    installation = as_charted(MONGODB_CA_CERT="/mongo/pki/ca.pem", MONGODB_CLIENT_CERT="/mongo/pki")
    picked["items"] = [{"key": "mongodb-ca-cert", "path": "pki/ca.pem"}]
    assert mounted(installation, {"secret": picked}).result is Result.PASS
    gone = as_charted(MONGODB_CA_CERT="/mongo/ca.pem")
    for volume in (
        {"projected": {"sources": [{"secret": {"name": "mongo-mongodb-ca"}}]}},
        {"csi": {"driver": "secrets-store.csi.k8s.io"}},
        {"secret": {"secretName": "mongo-mongodb-ca", "optional": True}},
    ):
        assert mounted(gone, volume).result is Result.PASS


def test_of_a_secret_that_was_not_read_nothing_is_said() -> None:
    """Most are looked for by their names alone."""

    def unread(snapshot: Snapshot) -> Snapshot:
        known = snapshot.secrets["expertflow", "mongo-mongodb-ca"]
        seen = SeenSecret(metadata=known.metadata)
        return replace(snapshot, secrets={**snapshot.secrets, ("expertflow", "mongo-mongodb-ca"): seen})

    installation = as_charted(MONGODB_CA_CERT="/mongo/ca.pem")
    installation.change_seen(unread)
    assert needs(installation).result is Result.PASS

"""What is asked of a store follows what its components are told."""

from cx_conformance.vantage.clients import Asking
from cx_conformance.vantage.told import asking_for, told_ports
from tests.checks.installation import Installation
from tests.vantage.stores import CORE, entry, seen, tell


def asking(installation: Installation, component: str) -> Asking:
    """Return what is asked of a store."""
    looked = seen(installation)
    return asking_for(looked, entry(looked, component), others=(), others_tls=None, allow_writes=False)


def test_a_bucket_of_the_sites_own_is_asked_for() -> None:
    """Else the documented one is."""
    installation = Installation()
    assert asking(installation, "minio").store.bucket == "default"
    installation.find("ConfigMap", "ef-file-engine-cm", CORE)["data"]["BUCKETNAME"] = "recordings"
    assert asking(installation, "minio").store.bucket == "recordings"


def test_keycloak_is_asked_for_the_realm_and_path_that_components_are_told() -> None:
    """A path through the Ingress may be rewritten there, so that it says nothing of Keycloak's own."""
    installation = Installation()
    tell(installation, KEYCLOAK_REALM="acme")
    told = asking(installation, "keycloak")
    assert (told.store.realm, told.told_path) == ("acme", "/auth")
    tell(installation, KEYCLOAK_HOST="https://cx.example.com/identity")
    assert asking(installation, "keycloak").told_path is None


def test_the_ports_that_components_are_told_are_known() -> None:
    """By number, and in the broker's address."""
    installation = Installation()
    tell(installation, ACTIVEMQ_PRIMARY_URL="ssl://ef-amq.ef-external.svc:61617", ACTIVEMQ_STOMP_PORT="61615")
    looked = seen(installation)
    assert {"61617", "61615"} <= told_ports(looked, entry(looked, "activemq"))

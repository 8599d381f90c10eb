"""How the tests of the stores ask: promised in-cluster names, sockets that go to this machine."""

from pydantic import SecretStr

from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.target import Limits, Target, TlsExpectation

PATIENT = Limits(connect_s=10.0, answer_s=10.0, total_s=60.0, tries=2)
"""For servers that answer: a Java broker on a busy machine takes seconds for its first TLS handshake."""
QUICK = Limits(connect_s=1.0, answer_s=1.0, total_s=5.0, tries=2)
"""For those that never do."""
PROMISED = {
    "redis": ("redis-master.ef-external.svc", 6379),
    "mongo": ("mongo-mongodb.ef-external.svc", 27017),
    "activemq": ("ef-amq.ef-external.svc", 61613),
    "s3": ("minio.ef-external.svc", 9000),
    "postgresql": ("ef-postgresql.ef-external.svc", 5432),
    "keycloak": ("keycloak.ef-external.svc", 80),
    "grafana": ("grafana.ef-external.svc", 3000),
    "superset": ("superset.ef-bi.svc", 8088),
}
WRONG = SecretStr("not-the-password")


def target(
    store: str, port: int, tls: TlsExpectation | None = None, *, host: str | None = None, limits: Limits = PATIENT
) -> Target:
    """Return a store's promised address whose socket goes to a port of this machine."""
    name, promised = PROMISED[store]
    return Target(host=host or name, port=promised, connect_to=("127.0.0.1", port), tls=tls, limits=limits)


def marks(observation: StoreObservation) -> dict[str, bool | None]:
    """Return the outcome of each level by its name, for comparing a whole observation at once."""
    return {level.value: observation.findings[level].ok for level in Level}


def all_well(*, tls: bool, plaintext: bool | None = None) -> dict[str, bool | None]:
    """Return the marks of a store with which everything is as it should be."""
    return {
        "reachable": True,
        "tls": True if tls else None,
        "speaks": True,
        "logs_in": True,
        "usable": True,
        "refuses_wrong_password": True,
        "refuses_anonymous": True,
        "refuses_plaintext": plaintext,
    }

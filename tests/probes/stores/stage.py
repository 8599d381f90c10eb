"""Every store in every condition, on this machine: what the matrix and the tests of time and secrecy ask."""

import datetime as dt
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from cx_conformance.probes.stores import activemq, grafana, keycloak, mongo, postgresql, redis_store, s3, superset
from cx_conformance.probes.stores.observation import StoreObservation
from cx_conformance.probes.stores.target import Credentials, Limits, Target, TlsExpectation
from cx_conformance.sandbox.stores import (
    activemq_server,
    mongo_standin,
    postgresql_server,
    redis_server,
    s3_server,
    web_standins,
)
from cx_conformance.sandbox.stores.certificates import Authority, CertificateFiles
from cx_conformance.sandbox.stores.mongo_standin import Role
from cx_conformance.sandbox.stores.running import ServerProcess, free_port
from cx_conformance.sandbox.stores.standin import Conversation, StandIn, server_context
from cx_conformance.sandbox.stores.web_standins import Login
from tests.probes.stores import faults
from tests.probes.stores.asking import PATIENT, PROMISED, target

LOCAL = "127.0.0.1"
FQDN = "cx.example.com"
EXPIRED = dt.datetime(2025, 1, 31, tzinfo=dt.UTC)
USERS = {"activemq": "cx", "mongo": "root", "postgresql": "sa", "s3": "minio", "redis": None}

OBSERVE: Mapping[str, Callable[[Target, Credentials | None], StoreObservation]] = {
    "mongo": mongo.observe,
    "redis": redis_store.observe,
    "activemq": activemq.observe,
    "s3": s3.observe,
    "postgresql": postgresql.observe,
    "keycloak": partial(keycloak.observe, fqdn=FQDN),
    "grafana": grafana.observe,
    "superset": superset.observe,
}
WEB = ("keycloak", "grafana", "superset")

_S3_EVERYBODY = b"<?xml version='1.0'?><ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>"
_S3_STARTING = b"<?xml version='1.0'?><Error><Code>XMinioServerNotInitialized</Code></Error>"


def missing() -> str | None:
    """Return why a server of the stage cannot run here, None when all can."""
    servers = (redis_server, activemq_server, postgresql_server, s3_server)
    return next((why for one in servers if (why := one.available()) is not None), None)


class Stage:
    """Starts servers when a condition first asks for them; all end with it.

    To be used from one thread: the servers end with the thread that started them.
    """

    def __init__(self, authority: Authority, password: SecretStr, folder: Path) -> None:
        """Take the CA that the components trust, the right password, and a folder for certificates."""
        self.trust = TlsExpectation(ca_pem=authority.ca_pem)
        self._authority = authority
        self._password = password
        self._folder = folder
        self._stack = ExitStack()
        self._waiting: list[ServerProcess] = []
        self._ports: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Self:
        """Hand out the empty stage."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every server."""
        self._stack.close()

    def credentials(self, store: str, password: SecretStr | None = None) -> Credentials:
        """Return the components' credentials, or those with another password."""
        return Credentials(username=USERS.get(store, "admin"), password=password or self._password)

    def settle(self) -> None:
        """Return when every server started so far answers."""
        while self._waiting:
            self._waiting.pop().wait(60)

    def secured(self, store: str) -> int:
        """Return the port of a store with TLS and a password, as promised."""
        return self._once(store, "secured", lambda: self._start(store, self._password, self._files(store)))

    def opened(self, store: str) -> int:
        """Return the port of a store that lets everybody in, without TLS."""
        if store == "s3":
            return self.faulty(faults.http("200 OK", _S3_EVERYBODY, "application/xml"))
        return self._once(store, "open", lambda: self._start(store, None, None))

    def plain(self, store: str) -> int:
        """Return the port of a store with a password and no TLS."""
        return self._once(store, "plain", lambda: self._start(store, self._password, None))

    def expired(self, store: str) -> int:
        """Return the port of a store whose certificate has expired."""
        files = self._authority.write(self._folder / f"expired-{store}", PROMISED[store][0], until=EXPIRED)
        if store == "postgresql":
            return self._once(store, "expired", lambda: self._start(store, self._password, files))
        return self.faulty(faults.hang, files)

    def read_only(self, store: str) -> int | None:
        """Return the port of a store that takes no writes; None where there is no such state."""
        if store == "redis":
            replica = ("replicaof 127.0.0.1 1",)
            start = partial(redis_server.start, LOCAL, password=self._password, settings=replica)
            return self._once(store, "read-only", lambda: self._process(start, "redis"))
        if store == "mongo":
            return self._once(store, "read-only", lambda: self._mongo(Role(read_only=True)))
        if store == "postgresql":
            start = partial(postgresql_server.start, LOCAL, password=self._password, standby=True)
            return self._once(store, "read-only", lambda: self._process(start, "postgresql"))
        if store == "s3":
            start = partial(s3_server.start, LOCAL, password=self._password, read_only=True)
            return self._once(store, "read-only", lambda: self._process(start, "s3"))
        return None

    def starting(self, store: str) -> int | None:
        """Return the port of a store that is not ready; None where a store opens its ports only when it is."""
        conversations: dict[str, Conversation] = {
            "redis": faults.say(b"-LOADING Redis is loading the dataset in memory\r\n"),
            "postgresql": faults.postgresql_starting,
            "s3": faults.http("503 Service Unavailable", _S3_STARTING, "application/xml"),
            "keycloak": faults.http("503 Service Unavailable", b"{}"),
            "grafana": faults.http("503 Service Unavailable", b'{"database": "failing"}'),
            "superset": faults.http("503 Service Unavailable", b"", "text/plain"),
        }
        if store == "mongo":
            return self._once(store, "starting", lambda: self._mongo(Role(state="starting")))
        return self.faulty(conversations[store]) if store in conversations else None

    def foreign(self, store: str) -> int:
        """Return the port of a server of another kind: HTTP for the others, Redis for those that speak HTTP."""
        return self.plain("redis" if store in WEB else "superset")

    def closed(self) -> int:
        """Return a port that is taken, so that nobody else gets it, and that nothing listens on."""
        taken = self._stack.enter_context(socket.socket())
        taken.bind((LOCAL, 0))
        return int(taken.getsockname()[1])

    def faulty(self, fault: Conversation, tls: CertificateFiles | None = None) -> int:
        """Return the port of a fault."""
        port = free_port()
        context = {port: server_context(tls)} if tls else None
        self._stack.enter_context(StandIn(LOCAL, {port: fault}, context))
        return port

    def _files(self, store: str) -> CertificateFiles:
        return self._authority.write(self._folder / store, PROMISED[store][0])

    def _once(self, store: str, what: str, start: Callable[[], int]) -> int:
        if (store, what) not in self._ports:
            self._ports[store, what] = start()
        return self._ports[store, what]

    def _mongo(self, role: Role) -> int:
        return self._standin(partial(mongo_standin.start, LOCAL, password=self._password, role=role), "mongo")

    def _start(self, store: str, password: SecretStr | None, tls: CertificateFiles | None) -> int:
        processes: dict[str, Callable[..., ServerProcess]] = {
            "redis": redis_server.start,
            "postgresql": postgresql_server.start,
            "s3": s3_server.start,
            "activemq": partial(activemq_server.start, username="cx"),
        }
        login = Login(password=password)
        standins: dict[str, Callable[..., StandIn]] = {
            "mongo": partial(mongo_standin.start, password=password),
            "keycloak": partial(web_standins.start_keycloak, login=login, fqdn=FQDN),
            "grafana": partial(web_standins.start_grafana, login=login),
            "superset": partial(web_standins.start_superset, login=login),
        }
        if store in standins:
            return self._standin(partial(standins[store], LOCAL, tls=tls), store)
        port = {"activemq": "stomp+ssl" if tls else "stomp"}.get(store, store)
        return self._process(partial(processes[store], LOCAL, password=password, tls=tls), port)

    def _process(self, start: Callable[[dict[str, int]], ServerProcess], name: str) -> int:
        port = free_port()
        self._waiting.append(self._stack.enter_context(start({name: port})))
        return port

    def _standin(self, start: Callable[[dict[str, int]], StandIn], name: str) -> int:
        port = free_port()
        self._stack.enter_context(start({name: port}))
        return port


def door(
    store: str, port: int, tls: TlsExpectation | None = None, host: str | None = None, limits: Limits = PATIENT
) -> Target:
    """Return the promised address of a store that leads to a port of the stage."""
    return target(store, port, tls, host=host, limits=limits)

"""Accounts with few rights, and clocks that differ: what a good login is not told is no fault of the store."""

import asyncio

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores import activemq, grafana, mongo, postgresql, redis_store, s3
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import mongo_standin, postgresql_server, redis_server
from cx_conformance.sandbox.stores.http_standin import Reply, Request, start_http
from cx_conformance.sandbox.stores.mongo_standin import Role
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import StandIn
from tests.probes.stores.asking import target
from tests.sandbox.stores.wanted import wanted

LOGIN = Credentials(username="cx", password=SecretStr("of-few-rights"))


def s3_error(code: str) -> str:
    """Return an error document of S3."""
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>so it is</Message></Error>"


def test_a_broker_that_forbids_temporary_queues_is_left_open() -> None:
    """Its account may be confined to the components' own queues."""

    async def confining(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while frame := await reader.readuntil(b"\x00"):
            answer = b"CONNECTED\nversion:1.2\n\n\x00"
            if b"SUBSCRIBE" in frame:
                answer = b"ERROR\nmessage:User cx is not authorized to create: temp-queue://ID\n\n\x00"
            elif b"login:cx\n" not in frame:
                answer = b"ERROR\nmessage:User name [x] or password is invalid.\n\n\x00"
            writer.write(answer)
            await writer.drain()

    port = free_port()
    with StandIn("127.0.0.1", {port: confining}).wait():
        seen = activemq.observe(target("activemq", port), LOGIN)
    assert seen.logs_in.ok is True
    assert (seen.usable.ok, seen.usable.kind) == (None, Kind.UNAUTHORIZED)
    assert "could not be told: ActiveMQ says: User cx is not authorized" in seen.usable.words


def test_a_key_that_may_not_look_at_the_bucket_is_left_open() -> None:
    """Its policy may allow single objects only."""

    def confining(request: Request) -> Reply:
        signed = "Credential=cx/" in request.headers.get("authorization", "")
        if request.path == "/minio/health/live":
            return 200, ""
        return 403, s3_error(
            "AccessDenied" if signed or not request.headers.get("authorization") else "InvalidAccessKeyId"
        )

    port = free_port()
    with start_http("127.0.0.1", port, confining, None):
        seen = s3.observe(target("s3", port), LOGIN)
    assert seen.logs_in.ok is True
    assert (seen.usable.ok, seen.usable.kind) == (None, Kind.UNAUTHORIZED)


def test_clocks_that_differ_are_not_blamed_on_the_password() -> None:
    """The store looks at the time before it looks at the key."""

    def skewed(request: Request) -> Reply:
        return 403, s3_error("RequestTimeTooSkewed" if request.headers.get("authorization") else "AccessDenied")

    port = free_port()
    with start_http("127.0.0.1", port, skewed, None):
        seen = s3.observe(target("s3", port), LOGIN)
    assert (seen.logs_in.ok, seen.logs_in.kind) == (None, Kind.GAVE_UP)
    assert "the clocks of this machine and of the store differ" in seen.logs_in.words


@pytest.mark.parametrize(
    ("may", "settings", "usable", "kind"),
    [
        ("~cx:* +get +set", (), None, Kind.UNAUTHORIZED),
        ("~* +get +set", (), None, Kind.UNAUTHORIZED),
        ("~* +@all -@dangerous", (), True, None),
        ("~* +@all -@dangerous", ("maxmemory 1",), False, Kind.UNUSABLE),
    ],
    ids=["its own keys", "no transactions", "takes writes", "full"],
)
def test_a_redis_user_without_info_tells_by_a_write(
    may: str, settings: tuple[str, ...], usable: bool | None, kind: Kind | None
) -> None:
    """INFO is among the commands that are called dangerous; who may not queue a write either is logged in."""
    wanted(redis_server.available())
    port = free_port()
    rules = ("user default off", f"user cx on >of-few-rights {may}", *settings)
    with redis_server.start("127.0.0.1", {"redis": port}, settings=rules).wait():
        seen = redis_store.observe(target("redis", port), LOGIN)
    assert seen.logs_in.ok is True
    assert (seen.usable.ok, seen.usable.kind) == (usable, kind)
    assert seen.refuses_anonymous.ok is True


def test_a_redis_user_who_may_not_write_our_key_is_not_said_to_write() -> None:
    """INFO tells that the server is master, and of writes nothing is known."""
    wanted(redis_server.available())
    port = free_port()
    rules = ("user default off", "user cx on >of-few-rights ~cx:* +@all")
    with redis_server.start("127.0.0.1", {"redis": port}, settings=rules).wait():
        seen = redis_store.observe(target("redis", port), LOGIN)
    assert seen.usable.ok is True
    assert seen.usable.words.endswith(" is master and loaded")


@pytest.mark.parametrize(("transactions", "usable"), [("MULTI", True), ('""', None)])
def test_a_redis_that_does_not_know_info_is_asked_by_a_write(transactions: str, usable: bool | None) -> None:
    """Services that speak Redis forbid commands by not knowing them; one that knows neither is left open."""
    wanted(redis_server.available())
    port = free_port()
    lacks = ('rename-command INFO ""', f"rename-command MULTI {transactions}")
    with redis_server.start("127.0.0.1", {"redis": port}, password=LOGIN.password, settings=lacks).wait():
        seen = redis_store.observe(target("redis", port), Credentials(password=LOGIN.password))
    assert seen.logs_in.ok is True
    assert seen.usable.ok is usable
    assert usable or "unknown command" in seen.usable.words


@pytest.mark.parametrize("lacks", [("replsetgetstatus",), ("replsetgetstatus", "buildinfo")], ids=["one", "both"])
def test_a_mongo_that_lacks_what_is_asked_beside_accepts_the_login(lacks: tuple[str, ...]) -> None:
    """Its set tells by hello that it has a primary; what it does not tell is noted."""
    port = free_port()
    role = Role(replica_set="expertflow", lacks=lacks)
    with mongo_standin.start("127.0.0.1", {"mongo": port}, password=LOGIN.password, username="cx", role=role):
        seen = mongo.observe(target("mongo", port), LOGIN, replica_set="expertflow")
    assert (seen.logs_in.ok, seen.usable.ok) == (True, True), seen.findings
    assert [one.partition(" could not be told: ")[0] for one in seen.untold] == [
        *(["its version"] if "buildinfo" in lacks else []),
        "the health of its set's members",
    ]
    assert "no such command: 'replSetGetStatus'" in seen.untold[-1]


def test_a_wrong_password_is_refused_by_a_mongo_that_lacks_questions_too() -> None:
    """Only what is asked after a login is left open."""
    port = free_port()
    role = Role(replica_set="expertflow", lacks=("replsetgetstatus",))
    with mongo_standin.start("127.0.0.1", {"mongo": port}, password=SecretStr("another"), username="cx", role=role):
        seen = mongo.observe(target("mongo", port), LOGIN, replica_set="expertflow")
    assert (seen.logs_in.ok, seen.logs_in.kind) == (False, Kind.UNAUTHORIZED)


def test_a_postgresql_that_does_not_tell_its_state_accepts_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poolers and managed services know only some of its views."""
    wanted(postgresql_server.available())
    monkeypatch.setattr(postgresql, "_STATE", "select no_such_view()")
    port = free_port()
    with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=LOGIN.password).wait():
        seen = postgresql.observe(target("postgresql", port), Credentials(username="sa", password=LOGIN.password))
    assert seen.logs_in.ok is True, seen.logs_in
    assert (seen.usable.ok, seen.usable.kind) == (None, Kind.UNAUTHORIZED)


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ('{"message": "You\'ll need additional permissions", "accessErrorId": "ACE1"}', True),
        ('{"message": "Permission denied"}', True),
        ('{"message": "Invalid username or password"}', False),
    ],
)
def test_a_grafana_user_who_may_not_see_the_organisation_is_logged_in(said: str, *, accepted: bool) -> None:
    """403 is said to somebody who is known; a wrong password is not told so."""

    def confining(request: Request) -> Reply:
        if request.path == "/api/health":
            return 200, '{"database": "ok"}'
        return (403 if "authorization" in request.headers else 401), said

    port = free_port()
    with start_http("127.0.0.1", port, confining, None):
        seen = grafana.observe(target("grafana", port), LOGIN)
    assert (seen.logs_in.ok is True) == accepted
    assert any("user cx may not see it" in one for one in seen.untold) == accepted

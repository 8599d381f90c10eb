"""Accounts with few rights, and clocks that differ: what a good login is not told is no fault of the store."""

import asyncio

from pydantic import SecretStr

from cx_conformance.probes.stores import activemq, redis_store, s3
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import redis_server
from cx_conformance.sandbox.stores.http_standin import Reply, Request, start_http
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


def test_a_redis_user_without_info_is_left_open() -> None:
    """Who may only use its keys is logged in."""
    wanted(redis_server.available())
    port = free_port()
    rules = ("user default off", "user cx on >of-few-rights ~* +get +set")
    with redis_server.start("127.0.0.1", {"redis": port}, settings=rules).wait():
        seen = redis_store.observe(target("redis", port), LOGIN)
    assert seen.logs_in.ok is True
    assert (seen.usable.ok, seen.usable.kind) == (None, Kind.UNAUTHORIZED)
    assert seen.refuses_anonymous.ok is True

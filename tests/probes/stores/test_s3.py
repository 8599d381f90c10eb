"""S3, asked by the minio client, against a real server."""

import asyncio
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores import s3
from cx_conformance.probes.stores.target import Credentials, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import s3_server
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import StandIn
from tests.probes.stores import faults
from tests.probes.stores.asking import PROMISED, WRONG, all_well, marks, target
from tests.sandbox.stores.wanted import wanted


@pytest.fixture(scope="module")
def plain(password: SecretStr) -> Iterator[int]:
    """Give the port of an S3 server without TLS."""
    wanted(s3_server.available())
    port = free_port()
    with s3_server.start("127.0.0.1", {"s3": port}, password=password).wait(60):
        yield port


@pytest.fixture(scope="module")
def secured(password: SecretStr, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port of an S3 server with TLS, as charts install it."""
    wanted(s3_server.available())
    port = free_port()
    files = authority.write(tmp_path_factory.mktemp("s3"), PROMISED["s3"][0])
    with s3_server.start("127.0.0.1", {"s3": port}, password=password, tls=files).wait(60):
        yield port


@pytest.fixture
def login(password: SecretStr) -> Credentials:
    """Give the components' access key."""
    return Credentials(username="minio", password=password)


def test_plain_with_the_key_is_all_well(plain: int, login: Credentials) -> None:
    """A server that keeps its promises is fine; without leave nothing is written."""
    seen = s3.observe(target("s3", plain), login)
    assert marks(seen) == all_well(tls=False)
    assert seen.writes == ()
    assert seen.usable.detail["region"] == "us-east-1"


def test_tls_with_the_key_is_all_well(secured: int, trust: TlsExpectation, login: Credentials) -> None:
    """The signature holds for the promised name although the socket goes elsewhere."""
    assert marks(s3.observe(target("s3", secured, trust), login)) == all_well(tls=True)


def test_a_wrong_secret_is_not_authorised(plain: int) -> None:
    """The words hold S3's own code."""
    seen = s3.observe(target("s3", plain), Credentials(username="minio", password=WRONG))
    assert seen.logs_in.kind is Kind.UNAUTHORIZED
    assert "SignatureDoesNotMatch" in seen.logs_in.words


def test_a_missing_bucket_is_not_usable(plain: int, login: Credentials) -> None:
    """A store without the components' bucket logs in and is a finding."""
    seen = s3.observe(target("s3", plain), login, bucket="recordings")
    assert seen.logs_in.ok is True
    assert "has no bucket recordings" in seen.usable.words


def test_a_health_endpoint_that_is_not_there_is_named(plain: int, login: Credentials) -> None:
    """The live endpoint is part of being usable."""
    seen = s3.observe(target("s3", plain), login, live_path="/minio/health/dead")
    assert "/minio/health/dead answers HTTP" in seen.usable.words


def test_plain_where_tls_is_promised_and_the_other_way(plain: int, secured: int, trust: TlsExpectation) -> None:
    """Both mismatches are named."""
    assert "in plain where TLS is promised" in s3.observe(target("s3", plain, trust)).tls.words
    assert "wants TLS where plain S3 is promised" in s3.observe(target("s3", secured)).speaks.words


@pytest.mark.parametrize("code", ["SlowDownRead", "XMinioIAMNotInitialized"])
def test_a_server_with_too_few_drives_or_that_starts_is_not_ready(login: Credentials, code: str) -> None:
    """It judges no key then."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>try again</Message></Error>".encode()
    denied = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
    unsigned, signed = (
        faults.http(status, content, "application/xml")
        for status, content in (("403 Forbidden", denied), ("503 Service Unavailable", body))
    )

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        reader.feed_data(head)
        await (signed if b"authorization:" in head.lower() else unsigned)(reader, writer)

    port = free_port()
    with StandIn("127.0.0.1", {port: answer}):
        seen = s3.observe(target("s3", port), login)
    assert seen.refuses_anonymous.ok is True
    assert seen.logs_in.kind is Kind.NOT_READY
    assert code in seen.logs_in.words


@pytest.mark.parametrize(("quorum", "usable"), [("3", False), ("1", True), ("", True)])
def test_a_server_without_the_drives_to_write_is_not_usable(
    plain: int, login: Credentials, quorum: str, usable: bool
) -> None:
    """MinIO is live, lists and reads all the same; on a single drive, or of another server, 503 says nothing."""
    head = f"HTTP/1.1 503 Service Unavailable\r\nX-Minio-Write-Quorum: {quorum}\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        if asked.startswith(b"GET /minio/health/cluster "):
            writer.write(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        else:
            reader.feed_data(asked)
            await faults.reset_after(plain, 1 << 30)(reader, writer)

    port = free_port()
    with StandIn("127.0.0.1", {port: answer}):
        seen = s3.observe(target("s3", port), login)
    assert (seen.logs_in.ok, seen.usable.ok) == (True, usable)
    if not usable:
        assert "too few of its drives are online to write: 3 of each set are needed" in seen.usable.words

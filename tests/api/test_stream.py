"""Authentication, TLS and proxies of streams, by the official client's configuration."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import os
import ssl
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kubernetes.client import Configuration

from cx_conformance.api.exec import run
from cx_conformance.api.exec_record import ContainerPlace, Ending
from cx_conformance.api.stream import ApiStreams
from cx_conformance.api.stream_refusals import StreamTarget
from cx_conformance.api.stream_trust import StreamTrust
from cx_conformance.api.tally import Tally
from cx_conformance.api.web_socket import drop
from cx_conformance.outcome.looking import Unauthorized, Unreachable
from tests.api.loop_thread import LoopThread
from tests.api.stream_server import Seen, StreamServer, closed_port, recorded, replay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from websockets.asyncio.server import ServerConnection

PLACE = ContainerPlace(namespace="shop", pod="db-0")
PLAY = replay(recorded("exec")["exit 0, both streams"])


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a self-signed certificate for ``kubernetes.default`` with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("kubernetes.default")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[StreamServer]:
    """Serve over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with StreamServer(PLAY, tls=context) as server:
        yield server


def test_what_comes_with_the_end_of_a_connection_is_not_lost(certificate: Path) -> None:
    """Over TLS the end comes with the last bytes, whether what was before is read already or not."""
    lines = [b"\x01%060d\n" % number for number in range(3_000)]
    success = b'\x03{"metadata":{},"status":"Success"}'

    async def play(connection: ServerConnection, seen: Seen) -> None:
        del seen
        connection.transport.write(b"".join(bytes([0x82, len(one)]) + one for one in (*lines, success)))
        connection.transport.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with StreamServer(play, tls=context) as server:
        configuration = server.configuration
        configuration.verify_ssl = False
        result = run(ApiStreams(configuration), PLACE, ["sh"])
    assert result.stdout == b"".join(one[1:] for one in lines)
    assert result.ending is Ending.EXITED


def test_the_given_authority_and_server_name_are_used(server: StreamServer, certificate: Path) -> None:
    """With ``ssl_ca_cert`` and ``tls_server_name``, a certificate for another name than the address is fine."""
    configuration = server.configuration
    configuration.ssl_ca_cert = str(certificate)
    configuration.tls_server_name = "kubernetes.default"
    assert run(ApiStreams(configuration), PLACE, ["true"]).exit_code == 0


def test_a_certificate_for_another_name_is_refused_in_words(server: StreamServer, certificate: Path) -> None:
    """Without the server name the address is not in the certificate, and the message says what to look at."""
    configuration = server.configuration
    configuration.ssl_ca_cert = str(certificate)
    with pytest.raises(Unreachable, match=r"not accepted \(IP address mismatch.*tls-server-name in the kubeconfig"):
        run(ApiStreams(configuration), PLACE, ["true"])


def test_an_unknown_authority_is_refused(server: StreamServer) -> None:
    """The public authorities do not vouch for a cluster's own certificate."""
    with pytest.raises(Unreachable, match=r"certificate of the API server .* is not accepted"):
        run(ApiStreams(server.configuration), PLACE, ["true"])


def test_an_authority_that_the_system_trusts_will_do(
    server: StreamServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kubeconfig names none, as behind a company's proxy: requests are answered then, and so are execs."""
    configuration = server.configuration
    configuration.tls_server_name = "kubernetes.default"
    with pytest.raises(Unreachable, match="is not accepted"):
        run(ApiStreams(configuration), PLACE, ["true"])
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert run(ApiStreams(configuration), PLACE, ["true"]).exit_code == 0


def test_no_verification_when_the_configuration_says_so(server: StreamServer) -> None:
    """``insecure-skip-tls-verify`` is honoured."""
    configuration = server.configuration
    configuration.verify_ssl = False
    assert run(ApiStreams(configuration), PLACE, ["true"]).exit_code == 0


def test_a_client_certificate_is_presented(certificate: Path) -> None:
    """A server that wants a client certificate gets the configured one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    with StreamServer(PLAY, tls=context) as server:
        configuration = server.configuration
        configuration.verify_ssl = False
        with pytest.raises(Unreachable):
            run(ApiStreams(configuration), PLACE, ["true"])
        configuration.cert_file = configuration.key_file = str(certificate)
        assert run(ApiStreams(configuration), PLACE, ["true"]).exit_code == 0


def test_certificates_are_read_once_and_again_when_they_are_others(server: StreamServer, certificate: Path) -> None:
    """Each exec has streams of its own; a file that was written anew has credentials that were renewed."""
    configuration = server.configuration
    configuration.ssl_ca_cert = str(certificate)
    first = StreamTrust.of(configuration).context()
    assert StreamTrust.of(configuration).context() is first
    os.utime(certificate, ns=(1, 1))
    assert StreamTrust.of(configuration).context() is not first
    configuration.ssl_ca_cert = None
    assert StreamTrust.of(configuration).context() is not first


def test_a_stream_over_tls_holds_no_large_buffer(server: StreamServer) -> None:
    """Dozens are open at once."""
    configuration = server.configuration
    configuration.verify_ssl = False

    async def buffer() -> int:
        target = StreamTarget(namespace="shop", pod="db-0", subresource="exec")
        connection = await ApiStreams(configuration).open(target, [], ["v5.channel.k8s.io"], {}, 5.0)
        try:
            return len(cast("Any", connection.transport)._ssl_protocol._ssl_buffer)
        finally:
            drop(connection)

    assert asyncio.run(buffer()) <= 64 * 1024


def test_the_credentials_are_asked_for_each_time(server: StreamServer) -> None:
    """A rotating token is read again by the configuration's hook before each stream."""
    configuration = server.configuration
    configuration.verify_ssl = False
    tokens = iter(("Bearer one", "Bearer two"))

    def refresh(each: Any) -> None:
        each.api_key["authorization"] = next(tokens)

    configuration.refresh_api_key_hook = refresh
    run(ApiStreams(configuration), PLACE, ["true"])
    run(ApiStreams(configuration), PLACE, ["true"])
    assert [each.authorization for each in server.sessions] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize(("newer", "sent"), [(True, ["planted-token", "newer"]), (False, ["planted-token"])])
def test_credentials_that_are_refused_are_renewed_once(newer: bool, sent: list[str]) -> None:
    """A plug-in's that ran out in the middle of a run, or were revoked: execs and port-forwards go on, as requests do.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#input-and-output-formats
    """
    status = {"kind": "Status", "status": "Failure", "message": "Unauthorized", "reason": "Unauthorized", "code": 401}
    asked: list[Any] = []

    def renewed(refused: Any) -> Any:
        asked.append(refused)
        configuration = Configuration(host=refused.host, api_key={"authorization": "Bearer newer"})
        configuration.proxy = None
        return configuration if newer else None

    with StreamServer(PLAY, refuse=(401, json.dumps(status)), refusals=1) as api:
        given = api.configuration
        tally = Tally()
        streams = ApiStreams(given, tally, renewed)
        if newer:
            assert run(streams, PLACE, ["true"]).exit_code == 0
        else:
            with pytest.raises(Unauthorized, match="does not accept the credentials for pods/exec"):
                run(streams, PLACE, ["true"])
    assert asked == [given]
    assert [seen.authorization for seen in api.sessions] == [f"Bearer {token}" for token in sent]
    assert tally.retries == ({"401": 1} if newer else {})


class Listener(LoopThread):
    """A server on a port of loopback, each of whose connections is served for itself."""

    port = 0

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        pending = asyncio.all_tasks() - {asyncio.current_task()}
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; in the thread."""


class ConnectProxy(Listener):
    """An HTTP proxy that knows CONNECT, and keeps the heads of its requests."""

    def __init__(self, refuse: bytes | None = None) -> None:
        """Answer with ``refuse`` instead of connecting, when given."""
        super().__init__()
        self.heads: list[str] = []
        self._refuse = refuse

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        if self._refuse:
            writer.write(self._refuse)
            writer.close()
            return
        host, _, port = head.split()[1].rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


class Balancer(Listener):
    """A load balancer that leads the first connections to an API server that is gone, the others to one that runs."""

    def __init__(self, to: int, gone: int) -> None:
        """Lead to port ``to``, after the ``gone`` ones."""
        super().__init__()
        self.came = 0
        self._to, self._gone = to, gone

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        if self.came <= self._gone:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


@pytest.mark.parametrize(("gone", "came"), [(3, 4), (99, 6)])
def test_of_several_api_servers_behind_one_address_one_may_be_gone(gone: int, came: int) -> None:
    """Each connection may lead to it; where none answers it is told after a few tries."""
    tally = Tally()
    with StreamServer(PLAY) as server, Balancer(server.port, gone) as balancer:
        configuration = server.configuration
        configuration.host = f"http://127.0.0.1:{balancer.port}"
        if gone < came:
            assert run(ApiStreams(configuration, tally), PLACE, ["true"]).exit_code == 0
        else:
            with pytest.raises(Unreachable, match="cannot be reached for exec"):
                run(ApiStreams(configuration, tally), PLACE, ["true"])
    assert (balancer.came, tally.retries) == (came, {"exec": came - 1})


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()


def test_the_configured_proxy_is_used_with_its_password(server: StreamServer) -> None:
    """CONNECT goes to the proxy with the credentials of ``proxy_headers``; the token does not."""
    with ConnectProxy() as proxy:
        configuration = server.configuration
        configuration.verify_ssl = False
        configuration.proxy = f"http://127.0.0.1:{proxy.port}"
        basic = base64.b64encode(b"user:p@ss").decode()
        configuration.proxy_headers = {"proxy-authorization": f"Basic {basic}"}
        configuration.no_proxy = None
        assert run(ApiStreams(configuration), PLACE, ["true"]).exit_code == 0
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT 127.0.0.1:{server.port} ")
    assert f"Proxy-Authorization: Basic {basic}" in head
    assert "planted-token" not in head


class SocksProxy(ConnectProxy):
    """A SOCKS5 proxy (RFC 1928, 1929) that knows every name, and keeps who asks for what."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def field() -> str:
            return (await reader.readexactly((await reader.readexactly(1))[0])).decode()

        await reader.readexactly(1)
        await field()
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        self.heads.append(f"{await field()}:{await field()}")
        writer.write(b"\x01\x00")
        await reader.readexactly(4)
        host, port = await field(), int.from_bytes(await reader.readexactly(2))
        self.heads.append(f"{host}:{port}")
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


def test_a_socks_proxy_is_used_with_its_password_and_looks_the_name_up(server: StreamServer) -> None:
    """A bastion's SSH or SOCKS server is the usual way to a private cluster, whose names only it knows."""
    with SocksProxy() as proxy:
        configuration = server.configuration
        configuration.verify_ssl = False
        configuration.host = f"https://api.private.invalid:{server.port}"
        configuration.proxy = f"socks5h://user:p%40ss@127.0.0.1:{proxy.port}"
        configuration.no_proxy = None
        assert run(ApiStreams(configuration), PLACE, ["true"]).exit_code == 0
    assert proxy.heads == ["user:p@ss", f"api.private.invalid:{server.port}"]


def test_a_proxy_that_cannot_be_used_is_named_without_its_password(server: StreamServer) -> None:
    """What stands before the host in its address is for the proxy alone."""
    configuration = server.configuration
    configuration.proxy = "ftp://user:hunter2@127.0.0.1:1"
    configuration.no_proxy = None
    with pytest.raises(Unreachable, match=r"does not let through: .*scheme ftp") as told:
        run(ApiStreams(configuration), PLACE, ["true"])
    assert "hunter2" not in str(told.value)


def test_a_socks_proxy_that_is_not_there_is_named(server: StreamServer) -> None:
    """Nobody was looked at behind it."""
    configuration = server.configuration
    configuration.proxy = f"socks5h://127.0.0.1:{closed_port()}"
    configuration.no_proxy = None
    with pytest.raises(Unreachable, match=r"cannot be reached for exec: Error connecting to SOCKS5 proxy"):
        run(ApiStreams(configuration), PLACE, ["true"])


def test_a_proxy_that_refuses_is_named(server: StreamServer) -> None:
    """The proxy's own refusal is not the API server's."""
    with ConnectProxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as proxy:
        configuration = server.configuration
        configuration.proxy = f"http://127.0.0.1:{proxy.port}"
        configuration.no_proxy = None
        with pytest.raises(Unreachable, match=r"the proxy in front of .* does not let through: .*407"):
            run(ApiStreams(configuration), PLACE, ["true"])

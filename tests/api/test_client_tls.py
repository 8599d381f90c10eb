"""Certificates on both sides of the connection to the API server."""

import base64
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.util.ssl_ import create_urllib3_context

from cx_conformance.api.client import Cluster
from cx_conformance.outcome.looking import Unreachable
from tests.api.api_server import ApiServer, serving, write_kubeconfig
from tests.api.conftest import IMPATIENT


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A self-signed certificate and its key, in files."""

    certificate: Path
    key: Path

    @property
    def encoded(self) -> str:
        """The certificate as a kubeconfig's ``-data`` field."""
        return base64.b64encode(self.certificate.read_bytes()).decode()


def make_pair(folder: Path, name: str, *, address: str = "127.0.0.1", issuer: Pair | None = None) -> Pair:
    """Make a certificate for ``address``, valid today, without key identifiers; its own issuer where none is given."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    issued_by, signing = subject, key
    if issuer is not None:
        issued_by = x509.load_pem_x509_certificate(issuer.certificate.read_bytes()).subject
        loaded = serialization.load_pem_private_key(issuer.key.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        signing = loaded
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    pair = Pair(certificate=folder / f"{name}.crt", key=folder / f"{name}.key")
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pair


def server_context(pair: Pair, clients: Pair | None = None) -> ssl.SSLContext:
    """Return the server's side; with ``clients`` it wants a certificate of theirs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.certificate)
    return context


def test_the_kubeconfigs_own_authority_is_trusted(api: ApiServer, tmp_path: Path) -> None:
    """Given as data, as installers write it."""
    pair = make_pair(tmp_path, "server")
    with serving(api, server_context(pair)) as address:
        path = write_kubeconfig(tmp_path / "k", address, cluster={"certificate-authority-data": pair.encoded})
        assert Cluster.connect(str(path), patience=IMPATIENT).read("/version")["major"] == "1"


def test_an_authority_without_key_identifiers_is_trusted_by_any_python(
    api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EKS' are such; from 3.13 on urllib3 would refuse them, as it is made to here by any.

    https://github.com/kubernetes-client/python/issues/2394
    """

    def strict(*given: Any, **named: Any) -> ssl.SSLContext:
        return create_urllib3_context(*given, **named | {"verify_flags": ssl.VERIFY_X509_STRICT})

    monkeypatch.setattr("urllib3.connection.create_urllib3_context", strict)
    authority = make_pair(tmp_path, "kubernetes")
    with serving(api, server_context(make_pair(tmp_path, "server", issuer=authority))) as address:
        path = write_kubeconfig(tmp_path / "k", address, cluster={"certificate-authority-data": authority.encoded})
        assert Cluster.connect(str(path), patience=IMPATIENT).read("/version")["major"] == "1"


def test_an_unknown_authority_is_told_without_trying_again(api: ApiServer, tmp_path: Path) -> None:
    """Trying again cannot help."""
    pair, other = make_pair(tmp_path, "server"), make_pair(tmp_path, "other")
    with serving(api, server_context(pair)) as address:
        path = write_kubeconfig(tmp_path / "k", address, cluster={"certificate-authority-data": other.encoded})
        cluster = Cluster.connect(str(path), patience=IMPATIENT)
        with pytest.raises(Unreachable, match=r"certificate is not trusted \(self.signed certificate\)"):
            cluster.read("/version")
    assert cluster.tally.total == 1


def test_a_certificate_for_another_address_is_told(api: ApiServer, tmp_path: Path) -> None:
    """As when the kubeconfig's server is an address that the certificate does not hold."""
    pair = make_pair(tmp_path, "server", address="203.0.113.1")
    with serving(api, server_context(pair)) as address:
        path = write_kubeconfig(tmp_path / "k", address, cluster={"certificate-authority-data": pair.encoded})
        with pytest.raises(Unreachable, match=r"not trusted \(IP address mismatch, .*'127\.0\.0\.1'"):
            Cluster.connect(str(path), patience=IMPATIENT).read("/version")


def test_a_client_certificate_is_shown(api: ApiServer, tmp_path: Path) -> None:
    """As administrators' kubeconfigs have it."""
    pair, engineer = make_pair(tmp_path, "server"), make_pair(tmp_path, "engineer")
    user = {"client-certificate": str(engineer.certificate), "client-key": str(engineer.key)}
    with serving(api, server_context(pair, engineer)) as address:
        path = write_kubeconfig(tmp_path / "k", address, user, {"certificate-authority": str(pair.certificate)})
        assert Cluster.connect(str(path), patience=IMPATIENT).read("/version")["major"] == "1"


def test_a_client_key_that_is_encrypted_is_told_and_nobody_is_asked_for_its_passphrase(
    api: ApiServer, tmp_path: Path
) -> None:
    """OpenSSL would ask at the terminal, and a run wait there; kubectl cannot use it either."""
    pair, engineer = make_pair(tmp_path, "server"), make_pair(tmp_path, "engineer")
    key = serialization.load_pem_private_key(engineer.key.read_bytes(), None)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    engineer.key.write_bytes(key.private_bytes(*form, serialization.BestAvailableEncryption(b"hush-hush")))
    user = {"client-certificate": str(engineer.certificate), "client-key": str(engineer.key)}
    with serving(api, server_context(pair, engineer)) as address:
        path = write_kubeconfig(tmp_path / "k", address, user, {"certificate-authority": str(pair.certificate)})
        with pytest.raises(Unreachable, match=r"TLS failed \(client certificate .*, or the key is encrypted\); check"):
            Cluster.connect(str(path), patience=IMPATIENT).read("/version")


def test_plain_http_spoken_to_tls_is_told(api: ApiServer, address: str, tmp_path: Path) -> None:
    """The kubeconfig says https, the port speaks http."""
    path = write_kubeconfig(tmp_path / "k", address.replace("http:", "https:"))
    cluster = Cluster.connect(str(path), patience=IMPATIENT)
    with pytest.raises(Unreachable, match=r"TLS failed \(what answers there speaks no TLS\); check"):
        cluster.read("/version")
    assert api.requests == []


def test_a_client_certificate_that_is_wanted_and_missing_is_told(api: ApiServer, tmp_path: Path) -> None:
    """In OpenSSL's own words, of which none may be masked."""
    pair, engineer = make_pair(tmp_path, "server"), make_pair(tmp_path, "engineer")
    context = server_context(pair, engineer)
    # In TLS 1.3 the handshake has ended before the server says no, and which of both is heard first is chance.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving(api, context) as address:
        path = write_kubeconfig(tmp_path / "k", address, cluster={"certificate-authority-data": pair.encoded})
        cluster = Cluster.connect(str(path), patience=IMPATIENT)
        with pytest.raises(Unreachable, match=r"TLS failed \(sslv3 alert handshake failure\); check"):
            cluster.read("/version")

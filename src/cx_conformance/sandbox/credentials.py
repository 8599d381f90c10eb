"""The embedded cluster's own certificate authority, tokens and kubeconfig.

Keys live in memory and, for the client, in one kubeconfig that only its owner can read.
"""

import base64
import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import secrets
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cx_conformance.sandbox.rbac import User

_VALIDITY = dt.timedelta(days=365)
_SKEW = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate, its private key and, where known, its authority's certificate, all PEM."""

    certificate: bytes
    key: bytes
    authority: bytes = b""

    def __repr__(self) -> str:
        """Say nothing of the key."""
        return "KeyPair(...)"


class Authority:
    """A certificate authority that lives as long as the process."""

    def __init__(self, name: str = "embedded-cluster-ca") -> None:
        """Make a new key and a self-signed certificate of that common name."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            _dated(self._name, self._name, self._key.public_key(), _VALIDITY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        )
        self.certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, names: list[str], *, valid_for: dt.timedelta = _VALIDITY) -> KeyPair:
        """Return a server certificate for DNS names and IP addresses; a negative ``valid_for`` makes it expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _dated(subject, self._name, key.public_key(), valid_for)
            .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(own, critical=False)
        )
        certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return KeyPair(certificate, private, self.certificate)


class Tokens:
    """Bearer tokens that carry the user they stand for, signed with a key of this process."""

    def __init__(self) -> None:
        """Make a new signing key."""
        self._key = secrets.token_bytes(32)

    def issue(self, user: User) -> str:
        """Return a token for ``user``."""
        claims = json.dumps({"name": user.name, "groups": user.groups, "uid": user.uid}).encode()
        return f"{_encoded(claims)}.{_encoded(self._signature(claims))}"

    def read(self, token: str) -> User | None:
        """Return the user of a token that was issued here, else None."""
        claims, _, signature = token.partition(".")
        try:
            text = _decoded(claims)
            genuine = hmac.compare_digest(self._signature(text), _decoded(signature))
        except ValueError:
            return None
        if not genuine:
            return None
        read = json.loads(text)
        return User(read["name"], tuple(read["groups"]), read["uid"])

    def revoke(self) -> None:
        """Make every token issued so far invalid."""
        self._key = secrets.token_bytes(32)

    def _signature(self, claims: bytes) -> bytes:
        return hmac.new(self._key, claims, hashlib.sha256).digest()


def server_context(pair: KeyPair, folder: Path) -> ssl.SSLContext:
    """Return the TLS context of a server with that certificate; its key is in ``folder`` for a moment only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    path = folder / "server.pem"
    path.touch(mode=0o600)
    path.write_bytes(pair.key + b"\n" + pair.certificate)
    try:
        context.load_cert_chain(path)
    finally:
        path.unlink()
    return context


def kubeconfig(server: str, authority: bytes, token: str, user: str = "sandbox") -> str:
    """Return a kubeconfig, as JSON (which is YAML), with one context named ``sandbox``."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(authority).decode()}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "sandbox",
        "clusters": [{"name": "sandbox", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": user}}],
    }
    return json.dumps(config, indent=2) + "\n"


def _dated(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, valid_for: dt.timedelta
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    start = now - _SKEW if valid_for > dt.timedelta(0) else now + valid_for - _VALIDITY
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(now + valid_for)
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""Certificates for the reference installation: an authority of its own, and what it signs.

Imported on demand: the library behind it takes 90 ms to import.
"""

import datetime as dt
import random
import secrets
from collections.abc import Iterable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct
from pydantic import SecretStr

LIFETIME: Final = dt.timedelta(days=365)
_ROOT: Final = "CX reference installation CA"
_USAGE: Final = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class KeyPair(Struct, frozen=True):
    """A certificate and its key, PEM."""

    certificate: str
    key: SecretStr
    ca: str
    """The certificate of the authority that signed it."""


class Authority:
    """A certificate authority; one with a ``seed`` makes the same certificates all day long."""

    def __init__(self, seed: int | None) -> None:
        """Make its key and certificate."""
        self._draw = secrets.SystemRandom() if seed is None else random.Random(f"{seed} keys")  # noqa: S311 - asked for
        self._begins = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._key = self._new_key()
        own = self._builder(_ROOT, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self._certificate = self._signed(own.add_extension(_USAGE, critical=True))

    def sign(self, common_name: str, names: Iterable[str]) -> KeyPair:
        """Return a server certificate for the DNS ``names``, with its key."""
        key = self._new_key()
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in dict.fromkeys(names)])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            self._builder(common_name, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(alternatives, critical=False)
            .add_extension(issuer, critical=False)
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return KeyPair(self._signed(builder), SecretStr(private.decode()), self._certificate)

    def _new_key(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(self._draw.getrandbits(254) + 1, ec.SECP256R1())

    def _builder(self, common_name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _ROOT)]))
            .public_key(key.public_key())
            .serial_number(self._draw.getrandbits(120) + 1)
            .not_valid_before(self._begins)
            .not_valid_after(self._begins + LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder) -> str:
        certificate = builder.sign(self._key, hashes.SHA256(), ecdsa_deterministic=True)
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

"""What a certificate says: for which names, until when, from whom."""

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from msgspec import Struct

if TYPE_CHECKING:
    from cryptography import x509


class Certificate(Struct, frozen=True, kw_only=True):
    """The first certificate of a PEM file."""

    names: tuple[str, ...]
    """DNS names it is valid for: the subject alternative names (a common name alone counts for no client any more)."""
    subject: str
    issuer: str
    not_before: dt.datetime
    not_after: dt.datetime
    fingerprint: str
    """SHA-256, in hexadecimal."""

    @staticmethod
    def read(pem: bytes | None) -> "Certificate | None":
        """Read the first certificate of ``pem``; None where there is none that can be read."""
        return _read(pem) if pem else None

    @classmethod
    def of(cls, found: "x509.Certificate") -> Self:
        """Return what ``found`` says; ValueError when its names cannot be read."""
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256

        try:
            names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            dns = tuple(names.get_values_for_type(x509.DNSName))
        except x509.ExtensionNotFound:
            dns = ()
        return cls(
            names=dns,
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            fingerprint=found.fingerprint(SHA256()).hex(),
        )

    def covers(self, host: str) -> bool:
        """Whether it is valid for ``host``; a wildcard stands for exactly one label (RFC 6125).

        Of a wildcard as ``host`` it is enough to cover one name: which one is called, nobody said.
        """
        wanted = host.lower().rstrip(".")
        parent = wanted.partition(".")[2]
        for name in (one.lower() for one in self.names):
            if name == wanted or (parent and name == f"*.{parent}"):
                return True
            if wanted.startswith("*.") and name.partition(".")[2] == parent:
                return True
        return False


@lru_cache(maxsize=256)
def _read(pem: bytes) -> Certificate | None:
    """Read a certificate once for all the rules that are served with it."""
    from cryptography import x509

    try:
        return Certificate.of(x509.load_pem_x509_certificates(pem)[0])
    except (ValueError, IndexError):
        return None


def key_fits(pem: bytes, key: bytes) -> bool | None:
    """Whether the private ``key`` is that of the first certificate of ``pem``; None where that cannot be read.

    A key that cannot be read, or is locked by a password, serves no certificate.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    try:
        wanted = x509.load_pem_x509_certificates(pem)[0].public_key().public_bytes(*form)
    except (ValueError, IndexError, UnsupportedAlgorithm):
        return None
    try:
        private = load_pem_private_key(key, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return private.public_key().public_bytes(*form) == wanted


def fingerprints(pem: bytes) -> frozenset[str]:
    """Return the SHA-256 of every certificate of ``pem``, in hexadecimal; empty where none can be read."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        return frozenset(one.fingerprint(SHA256()).hex() for one in x509.load_pem_x509_certificates(pem))
    except ValueError:
        return frozenset()

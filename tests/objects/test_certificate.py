"""Whether a TLS Secret's key is that of its certificate."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from cx_conformance.objects.certificate import key_fits
from cx_conformance.sandbox.credentials import Authority

OWN = Authority().issue(["cx.example.com"])
OTHER = Authority().issue(["cx.example.com"])


def written(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, password: bytes | None = None) -> bytes:
    """Write a key in PEM."""
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def test_the_own_key_fits() -> None:
    """Behind the certificate others of its chain may stand, and count for nothing."""
    assert key_fits(OWN.certificate, OWN.key) is True
    assert key_fits(OWN.certificate + OTHER.certificate, OWN.key) is True


@pytest.mark.parametrize(
    "key",
    [
        OTHER.key,
        written(ed25519.Ed25519PrivateKey.generate()),
        written(rsa.generate_private_key(65537, 2048), b"locked"),
        b"",
        b"not a key",
    ],
    ids=["another", "of another kind", "locked", "none", "unreadable"],
)
def test_what_no_controller_can_serve_with_does_not_fit(key: bytes) -> None:
    """A key of another certificate, one that is locked, none at all."""
    assert key_fits(OWN.certificate, key) is False


def test_the_order_of_the_chain_counts() -> None:
    """The first certificate is the one that is served."""
    assert key_fits(OTHER.certificate + OWN.certificate, OWN.key) is False


def test_nothing_is_said_of_what_is_no_certificate() -> None:
    """That is told by itself."""
    assert key_fits(b"not a certificate", OWN.key) is None

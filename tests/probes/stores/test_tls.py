"""What a certificate says of itself."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from cx_conformance.probes.stores import redis_store
from cx_conformance.probes.stores.target import TlsExpectation
from cx_conformance.probes.stores.tls import client_context, facts
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import StandIn, server_context
from tests.probes.stores import faults
from tests.probes.stores.asking import PROMISED, target


def test_without_alternative_names_the_common_name_counts() -> None:
    """As it does for the components' runtimes; certificates made by hand often have nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis-master.ef-external.svc")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    read = facts(made)
    assert read is not None
    assert read.names == ("redis-master.ef-external.svc",)


def test_alternative_names_leave_no_room_for_it() -> None:
    """The common name is one of no use then."""
    pem = Authority().issue("a.svc", "b.svc").certificate_pem
    read = facts(x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER))
    assert read is not None
    assert read.names == ("a.svc", "b.svc")


def test_a_key_that_is_encrypted_is_told_and_nobody_is_asked_for_its_passphrase() -> None:
    """OpenSSL would ask at the terminal, in the middle of a run, and wait."""
    shown = Authority().issue("client")
    key = serialization.load_pem_private_key(shown.key_pem.encode(), None)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    encrypted = key.private_bytes(*form, serialization.BestAvailableEncryption(b"hush-hush")).decode()
    tls = TlsExpectation(certificate_pem=shown.certificate_pem, key_pem=SecretStr(encrypted))
    with pytest.raises(Trouble, match="is encrypted by a passphrase, which is not known here"):
        client_context(tls)


@pytest.mark.parametrize(
    ("valid", "words"),
    [((-400, -10), "has expired; renew that CA"), ((10, 400), "is not valid yet; compare the clocks")],
    ids=["expired", "not yet valid"],
)
def test_a_ca_out_of_its_time_is_told_from_the_certificate_itself(
    valid: tuple[int, int], words: str, tmp_path: Path
) -> None:
    """A CA made by hand ends before what it issued: OpenSSL says no more than that something of the chain expired."""
    authority, port = Authority("the CA of redis", valid=valid), free_port()
    context = server_context(authority.write(tmp_path, PROMISED["redis"][0]))
    with StandIn("127.0.0.1", {port: faults.hang}, {port: context}):
        seen = redis_store.observe(target("redis", port, TlsExpectation(ca_pem=authority.ca_pem)))
    assert seen.certificate is not None
    assert seen.tls.kind is Kind.TLS
    assert f"a CA above it (CN=the CA of redis or higher) {words}" in seen.tls.words
    assert f"it is itself valid until {seen.certificate.not_after:%Y-%m-%d}" in seen.tls.words

"""What a certificate says of itself."""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cx_conformance.probes.stores.tls import facts
from cx_conformance.sandbox.stores.certificates import Authority


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

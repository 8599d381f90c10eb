"""Certificates for the stores of the sandbox: an authority of its own, and what it issues."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct


class CertificateFiles(Struct, frozen=True, kw_only=True):
    """Paths of PEM files; ``client_ca`` given means that clients must show a certificate of it."""

    certificate: Path
    key: Path
    ca: Path
    client_ca: Path | None = None


class Issued(Struct, frozen=True, kw_only=True):
    """A certificate and its key as PEM."""

    certificate_pem: str
    key_pem: str


class Authority:
    """A certification authority that lives in memory; keys are P-256, made in a millisecond."""

    def __init__(self, name: str = "cx-conformance sandbox CA", *, valid: tuple[int, int] = (-400, 3650)) -> None:
        """Make the CA's own certificate, ``valid`` from one day to another, reckoned from today."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            self._builder(self._name, *(now + dt.timedelta(days=day) for day in valid))
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_pem = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _builder(self, subject: x509.Name, begin: dt.datetime, end: dt.datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )

    def issue(self, *names: str, until: dt.datetime | None = None) -> Issued:
        """Issue a certificate for DNS names and IP addresses, valid for a year or ``until`` then."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = until or dt.datetime.now(dt.UTC) + dt.timedelta(days=365)
        begin = min(end, dt.datetime.now(dt.UTC)) - dt.timedelta(days=300)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
        certificate = (
            self._builder(subject, begin, end)
            .public_key(key.public_key())
            .add_extension(alternatives, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Issued(
            certificate_pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
            key_pem=key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
        )

    def write(
        self, folder: Path, *names: str, until: dt.datetime | None = None, ask_clients: bool = False
    ) -> CertificateFiles:
        """Issue a certificate into a folder that any server's user can read."""
        issued = self.issue(*names, until=until)
        folder.mkdir(parents=True, exist_ok=True)
        files = CertificateFiles(
            certificate=folder / "tls.crt",
            key=folder / "tls.key",
            ca=folder / "ca.crt",
            client_ca=folder / "ca.crt" if ask_clients else None,
        )
        files.certificate.write_text(issued.certificate_pem)
        files.key.write_text(issued.key_pem)
        files.ca.write_text(self.ca_pem)
        return files


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)

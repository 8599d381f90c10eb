"""TLS as a component would meet it: the chain, the name, the dates, and which side refuses."""

import datetime as dt
import hashlib
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import SecretStr

from cx_conformance.probes.stores.masking import legible
from cx_conformance.probes.stores.observation import Certificate
from cx_conformance.probes.stores.target import TlsExpectation
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.wire.authorities import NO_PASSPHRASE, trust
from cx_conformance.wire.counted import CountedTls

_EXPIRED, _NOT_YET, _WRONG_HOST = 10, 9, 62
_UNKNOWN_CA = frozenset({2, 18, 19, 20, 21, 27})
"""OpenSSL's X509_V_ERR_* numbers (x509_vfy.h): no issuer, self-signed, untrusted."""

_OURS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants a client certificate and none is given",
    "TLSV1_ALERT_UNKNOWN_CA": "the server does not know the CA of our client certificate",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the server does not accept our client certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the server does not accept our client certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the server says that our client certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "the server says that our client certificate is revoked",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server speaks no TLS version from 1.2 on",
    "TLSV1_ALERT_UNRECOGNIZED_NAME": "the server has no certificate for this name",
}

_ENCRYPTED = "ENCRYPTED"
"""In the first lines of a key that is (RFC 7468, 1421)."""

_OF_NO_CERTIFICATE = {"SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_CERTIFICATE_UNKNOWN"}
"""What Java and others say when no certificate was shown at all."""


def client_context(tls: TlsExpectation, *, verify: bool = True) -> ssl.SSLContext:
    """Return a context that trusts what the components trust and shows what they show.

    It is not ``create_default_context``: from Python 3.13 on that one refuses certificates without key identifiers,
    which the components' own runtimes accept. Raises Trouble when the given certificates cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = CountedTls
    verify = verify and tls.unverified is None
    context.check_hostname = verify and tls.check_hostname
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    try:
        if verify and tls.ca_pem is not None:
            trust(context, tls.ca_pem)
        elif verify:
            context.load_default_certs()
    except (ssl.SSLError, ValueError):
        raise Trouble(Kind.TLS, "the CA given to verify the server holds no readable certificate") from None
    if tls.certificate_pem is not None:
        try:
            with _as_files(tls.certificate_pem, tls.key_pem) as (certificate, key):
                context.load_cert_chain(certificate, key, NO_PASSPHRASE)
        except (ssl.SSLError, ValueError):
            told = "the client certificate and its key cannot be read, or do not belong together"
            if tls.key_pem and _ENCRYPTED in tls.key_pem.get_secret_value():
                told = "the key of the client certificate is encrypted by a passphrase, which is not known here"
            raise Trouble(Kind.TLS, told) from None
    return context


@contextmanager
def _as_files(certificate: str, key: SecretStr | None) -> Iterator[tuple[Path, Path]]:
    """Give a certificate and its key as files, for OpenSSL takes nothing else; in a private folder that is removed."""
    with tempfile.TemporaryDirectory(prefix="cx-conformance-") as folder:
        first = second = Path(folder) / "certificate.pem"
        _write(first, certificate)
        # Bitnami's client-pem holds both, and is then given as both.
        if key is not None and key.get_secret_value() != certificate:
            second = Path(folder) / "key.pem"
            _write(second, key.get_secret_value())
        yield first, second


def _write(path: Path, content: str) -> None:
    path.touch(mode=0o600)
    path.write_text(content)


def facts(der: bytes) -> Certificate | None:
    """Read a certificate; None when it is none that can be read."""
    from cryptography import x509
    from cryptography.x509.oid import ExtensionOID, NameOID

    try:
        certificate = x509.load_der_x509_certificate(der)
        names: tuple[str, ...] = ()
        with suppress(x509.ExtensionNotFound):
            extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
            value = extension.value
            if isinstance(value, x509.SubjectAlternativeName):
                names = tuple(legible(str(name.value)) for name in value)
        if not names:
            # Without alternative names the components' runtimes take the common name.
            names = tuple(
                legible(str(one.value)) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            )
        return Certificate(
            subject=legible(certificate.subject.rfc4514_string()),
            issuer=legible(certificate.issuer.rfc4514_string()),
            names=names,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            fingerprint=hashlib.sha256(der).hexdigest(),
        )
    except ValueError:
        return None


def presented(sock: socket.socket, host: str, tls: TlsExpectation) -> Certificate | None:
    """Return the certificate that a server presents, verified or not; None when the handshake fails anyway."""
    try:
        with client_context(tls, verify=False).wrap_socket(sock, server_hostname=host) as secure:
            der = secure.getpeercert(binary_form=True)
    except (OSError, Trouble):
        return None
    return facts(der) if der else None


def explain_tls(
    error: ssl.SSLError, address: str, host: str, certificate: Certificate | None, *, shown: bool
) -> Trouble:
    """Say which side refuses and why; ``shown`` is whether we have a certificate to show."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble(
            Kind.TLS, f"the certificate of {address} is not accepted: {_verification(error, host, certificate)}"
        )
    reason = str(error.reason or "")
    if not shown and reason in _OF_NO_CERTIFICATE:
        reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    if ours := _OURS.get(reason):
        return Trouble(Kind.TLS, f"TLS with {address} fails: {ours}")
    if reason in {"SSLV3_ALERT_HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "NO_CIPHERS_AVAILABLE"}:
        return Trouble(
            Kind.TLS,
            f"TLS with {address} fails: "
            "the server breaks off the handshake: no common cipher, or it wants a client certificate",
        )
    if reason in {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "RECORD_LAYER_FAILURE",
        "PACKET_LENGTH_TOO_LONG",
        "UNKNOWN_PROTOCOL",
    }:
        return Trouble(Kind.WRONG_PROTOCOL, f"{address} does not speak TLS where TLS is promised")
    return Trouble(Kind.TLS, f"TLS with {address} fails: {legible(reason.replace('_', ' ').lower() or str(error))}")


def _verification(error: ssl.SSLCertVerificationError, host: str, certificate: Certificate | None) -> str:
    code = error.verify_code
    if code in (_EXPIRED, _NOT_YET):
        return _out_of_time(certificate, expired=code == _EXPIRED)
    if code == _WRONG_HOST:
        names = ", ".join(certificate.names[:5]) if certificate and certificate.names else "no name"
        return f"it is for {names}, not for {host}"
    if code in _UNKNOWN_CA:
        issuer = f"it was issued by {certificate.issuer}" if certificate else "its issuer is unknown"
        return f"{issuer}, which is not what the components trust"
    return legible(error.verify_message)


def _out_of_time(certificate: Certificate | None, *, expired: bool) -> str:
    """Say what is out of its time: OpenSSL does not tell which certificate of the chain it means."""
    if certificate is None:
        return "it expired; renew it" if expired else "it is only valid later; compare the clocks"
    now = dt.datetime.now(dt.UTC)
    if certificate.not_before <= now < certificate.not_after:
        above = f"{certificate.issuer} or higher"
        wrong = (
            "has expired; renew that CA where it is kept and where it is trusted"
            if expired
            else "is not valid yet; compare the clocks"
        )
        return f"it is itself valid until {certificate.not_after:%Y-%m-%d}, but a CA above it ({above}) {wrong}"
    if expired:
        return f"it expired on {certificate.not_after:%Y-%m-%d}; renew it"
    return f"it is only valid from {certificate.not_before:%Y-%m-%d} on; compare the clocks"

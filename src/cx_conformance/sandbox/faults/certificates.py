"""Certificates of TLS Secrets, made anew with something wrong about them."""

import base64
import datetime as dt

from cryptography import x509

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.credentials import Authority


def renew(secret: Object, *, names: list[str] | None = None, valid_days: int = 365) -> None:
    """Put a new certificate into a TLS Secret: for the same names unless others are given; negative days: expired."""
    old = x509.load_pem_x509_certificate(base64.b64decode(secret["data"]["tls.crt"]))
    listed = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    pair = Authority().issue(names or listed.get_values_for_type(x509.DNSName), valid_for=dt.timedelta(days=valid_days))
    values = {"tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": pair.authority}
    secret["data"] = {key: base64.b64encode(value).decode() for key, value in values.items() if key in secret["data"]}

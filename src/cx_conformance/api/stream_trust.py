"""What the official client's configuration says of TLS, for the connections that are not its own."""

import ssl
from contextlib import suppress
from functools import lru_cache
from typing import Any, Self

from msgspec import Struct

from cx_conformance.wire.authorities import NO_PASSPHRASE
from cx_conformance.wire.written import written


class StreamTrust(Struct, frozen=True, kw_only=True):
    """Equal where the contexts are the same: to read certificates anew for each of 50 streams takes 0.1 s."""

    verify: bool
    authorities: str | None
    data: str | bytes | None
    compare_host: bool
    certificate: str | None
    key: str | None

    @classmethod
    def of(cls, configuration: Any) -> Self:
        """Return that of a ``kubernetes.client.Configuration``."""
        return cls(
            verify=configuration.verify_ssl,
            authorities=configuration.ssl_ca_cert,
            data=getattr(configuration, "ca_cert_data", None),
            compare_host=configuration.assert_hostname is not False,
            certificate=configuration.cert_file,
            key=configuration.key_file,
        )

    def context(self) -> ssl.SSLContext:
        """Read the files, where they were not read as they are now; raises OSError."""
        authorities = self.authorities or ssl.get_default_verify_paths().cafile
        return _context(self, written(authorities, self.certificate, self.key))


@lru_cache(maxsize=4)
def _context(trust: StreamTrust, _written: tuple[tuple[int, int], ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trust.authorities or trust.data:
        context.load_verify_locations(trust.authorities, cadata=trust.data)
    else:
        context.load_default_certs()  # the system's, as for requests, and as by kubectl
    if not trust.compare_host:
        context.check_hostname = False
    if trust.certificate:
        _show(context, trust.certificate, trust.key)
    return context


def _show(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    with suppress(ssl.SSLError):
        context.load_cert_chain(certificate, key, NO_PASSPHRASE)
        return
    # OpenSSL's own word for it is "PEM lib".
    said = "client certificate and key cannot be read or do not belong together, or the key is encrypted"
    raise ssl.SSLError(1, said)

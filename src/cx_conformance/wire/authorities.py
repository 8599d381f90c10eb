"""By which certificate authorities another side is verified, and how one's own certificate is read."""

import ssl
from typing import Final

NO_PASSPHRASE: Final = ""
"""For the key of a client's certificate. Without a word OpenSSL asks for one at the terminal, and waits."""


def trusting(pem: str | None) -> ssl.SSLContext:
    """Return a client's context that trusts the authorities in ``pem``, those of the system where there are none.

    It is not ``create_default_context``: from Python 3.13 on that one refuses authorities without key identifiers, as
    ``openssl req -x509`` made them for years, which other programs accept. Raises ssl.SSLError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if pem:
        trust(context, pem)
    else:
        context.load_default_certs()
    return context


def trust(context: ssl.SSLContext, pem: str) -> None:
    """Let a context verify by the authorities in ``pem``; raises ssl.SSLError where there is none.

    Bundles name each authority in a comment, some of them not in ASCII, in which Python wants all of it.
    """
    context.load_verify_locations(cadata=pem.encode("ascii", "ignore").decode("ascii"))

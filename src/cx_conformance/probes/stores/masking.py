"""Words that may be shown: no secret in any form, no control character, not endless."""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from cx_conformance.objects.admitted import quoted

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def legible(text: str | bytes, limit: int = 200) -> str:
    """Return what a server said with control characters escaped, cut at ``limit`` characters."""
    said = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    cut = said[:limit]
    shown = _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), cut.strip())
    return shown + (" ..." if len(said) > limit else "")


MASK = "********"
_KNOWN = (
    "PostgreSQL",
    "ActiveMQ",
    "MinIO",
    "MongoDB",
    "OpenSSH",
    "WRONGPASS",
    "SCRAM-SHA-256",
    "InvalidAccessKeyId",
    "AuthenticationFailed",
    "XMinioServerNotInitialized",
    "authentication",
    "credentials",
    "name",
    "or",
    "pair",
    "supplied",
    MASK,
)
"""What stores say that is no plain word, and no secret."""


def _forms(value: str) -> Iterable[str]:
    raw = value.encode()
    yield value
    yield base64.b64encode(raw).decode()
    yield base64.b64encode(raw).decode().rstrip("=")
    yield quote(value, safe="")
    yield quote_plus(value)


class Masking:
    """Makes what a server or a library said fit to be shown: the given secrets masked, the rest legible.

    Only foreign text goes through it: a password that happens to be a common word must not mask our own sentences.
    """

    def __init__(self, secrets: Iterable[SecretStr | None], name: str | None = None) -> None:
        """Remember the secrets in their masked type; empty ones cannot be looked for. ``name`` is who logs in."""
        self._known = (*_KNOWN, name or "")
        self._secrets = tuple(secret for secret in secrets if secret is not None and secret.get_secret_value())

    def __call__(self, said: object, limit: int = 200) -> str:
        """Return a name or a version, masked in plain, base64 and URL-encoded form, escaped and cut."""
        return legible(self._masked(said), limit)

    def sentence(self, said: object, limit: int = 200) -> str:
        """Return what may be anything, such as an error: masked, and without any other word that may be a secret."""
        return legible(quoted(self._masked(said), limit, self._known), limit + 3)

    def _masked(self, said: object) -> str:
        text = said.decode("utf-8", "backslashreplace") if isinstance(said, bytes) else str(said)
        for secret in self._secrets:
            for form in sorted(set(_forms(secret.get_secret_value())), key=len, reverse=True):
                text = text.replace(form, MASK)
        return text

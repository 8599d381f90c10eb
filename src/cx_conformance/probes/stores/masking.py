"""Words that may be shown: no secret in any form, no control character, not endless."""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def legible(text: str | bytes, limit: int = 200) -> str:
    """Return what a server said with control characters escaped, cut at ``limit`` characters."""
    said = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    cut = said[:limit]
    shown = _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), cut.strip())
    return shown + (" ..." if len(said) > limit else "")


MASK = "********"


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

    def __init__(self, secrets: Iterable[SecretStr | None]) -> None:
        """Remember the secrets in their masked type; empty ones cannot be looked for."""
        self._secrets = tuple(secret for secret in secrets if secret is not None and secret.get_secret_value())

    def __call__(self, said: object, limit: int = 200) -> str:
        """Return the text, masked in plain, base64 and URL-encoded form, escaped and cut."""
        text = said.decode("utf-8", "backslashreplace") if isinstance(said, bytes) else str(said)
        for secret in self._secrets:
            for form in sorted(set(_forms(secret.get_secret_value())), key=len, reverse=True):
                text = text.replace(form, MASK)
        return legible(text, limit)

"""Planted secrets, and the search for them in everything that a run leaves behind."""

import base64
import gzip
import html
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from pydantic import SecretStr


def forms(secret: SecretStr) -> Iterator[str]:
    """Yield how a secret comes by: plain, quoted for URLs, JSON, HTML and Python, and in base64 behind anything."""
    value = secret.get_secret_value()
    yield from (value, quote(value, safe=""), quote(value), quote_plus(value), html.escape(value))
    yield from (json.dumps(value)[1:-1], ascii(value)[1:-1], repr(value.encode())[2:-1])
    for before in range(3):
        # What stands before it fills whole sextets only in part: those, and the last ones, depend on it.
        coded = base64.b64encode(b"\0" * before + value.encode()).decode().rstrip("=")
        yield coded[4 * bool(before) : -1]


def found(text: str, secrets: Iterable[tuple[str, SecretStr]]) -> set[str]:
    """Return the names of the secrets that a text holds in any form."""
    return {name for name, secret in secrets if any(form in text for form in forms(secret))}


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every file below a folder by its name, unpacked where it is compressed."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        yield str(path.relative_to(folder)), content.decode("utf-8", "replace")

"""A token that stands in a file of its own (``tokenFile`` in a kubeconfig), read as kubectl reads it.

The client sends the line end that editors leave behind it, which no header may have, takes a ``token`` before it, and
never reads the file again, though others write a new token there before the old one runs out.
https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from cx_conformance.wire.whole_file import text_of

if TYPE_CHECKING:
    from kubernetes.client import Configuration

_KEPT_SECONDS = 60.0


class TokenFile:
    """Gives the token of a file to a configuration, as often as that is asked for it."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self._path = path
        self._token = ""
        self._read_at = 0.0

    def give_to(self, configuration: "Configuration") -> None:
        """Set the token, of a minute ago at most; one that cannot be read, or is none, leaves what there was."""
        now = time.monotonic()
        if not self._token or now - self._read_at > _KEPT_SECONDS:
            self._token, self._read_at = self._read() or self._token, now
        if self._token:
            configuration.api_key["BearerToken"] = f"Bearer {self._token}"

    def _read(self) -> str:
        try:
            return text_of(self._path).strip()
        except (OSError, UnicodeDecodeError):
            return ""

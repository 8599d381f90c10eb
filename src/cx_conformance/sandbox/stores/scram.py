"""The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), which Mongo and PostgreSQL have in common."""

import base64
import hashlib
import hmac
import os

from pydantic import SecretStr

_ITERATIONS = 4096


class Verifier:
    """What a server keeps instead of a password."""

    def __init__(self, password: SecretStr) -> None:
        """Derive the keys."""
        self.salt = os.urandom(16)
        salted = hashlib.pbkdf2_hmac("sha256", password.get_secret_value().encode(), self.salt, _ITERATIONS)
        self.stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
        self.server_key = hmac.digest(salted, b"Server Key", "sha256")


class Exchange:
    """One login: two messages of the client, each answered; ``user`` is the name that the first one gives."""

    def __init__(self, client_first: str, verifier: Verifier) -> None:
        """Take the client's first message, with its header."""
        self._verifier = verifier
        self._client_first = client_first.split(",", 2)[2]
        given = fields(self._client_first)
        self.user = given.get("n", "")
        salt = base64.b64encode(verifier.salt).decode()
        self._nonce = given.get("r", "") + base64.b64encode(os.urandom(18)).decode()
        self.server_first = f"r={self._nonce},s={salt},i={_ITERATIONS}"

    def finish(self, client_final: str) -> str | None:
        """Return the server's last message, or None when the proof is wrong."""
        without_proof, _, proof = client_final.rpartition(",p=")
        signed = f"{self._client_first},{self.server_first},{without_proof}".encode()
        signature = hmac.digest(self._verifier.stored_key, signed, "sha256")
        given = base64.b64decode(proof or "AA==")
        client_key = bytes(a ^ b for a, b in zip(given, signature, strict=False))
        if fields(without_proof).get("r") != self._nonce:
            return None
        if not hmac.compare_digest(hashlib.sha256(client_key).digest(), self._verifier.stored_key):
            return None
        return "v=" + base64.b64encode(hmac.digest(self._verifier.server_key, signed, "sha256")).decode()


def fields(message: str) -> dict[str, str]:
    """Return the attributes of a SCRAM message by their letters."""
    return dict(part.split("=", 1) for part in message.split(",") if "=" in part)

"""The attestation's envelope: DSSE 1.0 (https://github.com/secure-systems-lab/dsse), as in-toto and cosign read it.

What is signed is the payload with its type and both lengths (``encoded``), so that it cannot be taken for anything
else. A key is named as securesystemslib names it: the sha256 of its canonical JSON.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"


class Envelope(Struct, frozen=True):
    """A statement as it was sealed."""

    payload: bytes
    signatures: Mapping[str, bytes]
    """By the id of their key; none: nobody has signed it."""

    @classmethod
    def read(cls, content: bytes) -> "Envelope":
        """Read it; a bare statement, as versions before 0.2 wrote it, is one that nobody has signed. ValueError."""
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError("it is no mapping")  # noqa: TRY004 - what is wrong with a file
        if "payloadType" not in document:
            return cls(content, {})
        if document["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(f"its payload is no {PAYLOAD_TYPE}")
        try:
            signatures = {str(one["keyid"]): _bytes(one["sig"]) for one in document["signatures"]}
            return cls(_bytes(document["payload"]), signatures)
        except (KeyError, TypeError, binascii.Error) as reason:
            raise ValueError(f"it is no DSSE envelope: {reason}") from None

    @property
    def text(self) -> bytes:
        """The envelope as it is written."""
        signatures = [
            {"keyid": key, "sig": base64.b64encode(one).decode("ascii")} for key, one in self.signatures.items()
        ]
        payload = base64.b64encode(self.payload).decode("ascii")
        shown = {"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": signatures}
        return json.dumps(shown, indent=2).encode("ascii") + b"\n"

    @property
    def encoded(self) -> bytes:
        """What is signed: the pre-authentication encoding."""
        kind = PAYLOAD_TYPE.encode("ascii")
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)

    def signed(self, key: "PublicKeyTypes", sign: Callable[[bytes], bytes]) -> "Envelope":
        """Return it with the one signature that ``sign`` makes by ``key``."""
        return Envelope(self.payload, {key_id(key): sign(self.encoded)})

    def is_signed_by(self, key: "PublicKeyTypes") -> bool:
        """Whether the signature by this key is there and good."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

        signature, encoded = self.signatures.get(key_id(key), b""), self.encoded
        try:
            if isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, encoded)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, encoded, ec.ECDSA(digest_of(key.curve)))
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, encoded, padding.PKCS1v15(), digest_of(None))
            else:
                return False
        except InvalidSignature:
            return False
        return True


def key_id(key: "PublicKeyTypes") -> str:
    """Return the id of a key in the envelope; ValueError for a kind of key that has none."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(key, ed25519.Ed25519PublicKey):
        public = key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        return _hashed("ed25519", "ed25519", public)
    if isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
        if isinstance(key, rsa.RSAPublicKey):
            return _hashed("rsa", "rsa-pkcs1v15-sha256", pem)
        return _hashed("ecdsa", f"ecdsa-sha2-nistp{key.curve.key_size}", pem)
    raise ValueError("an Ed25519, ECDSA or RSA key is needed")


def digest_of(curve: Any) -> Any:
    """Return the hash that goes with a curve (RFC 5656, section 6.2.1); None: RSA's, SHA-256."""
    from cryptography.hazmat.primitives import hashes

    size = 256 if curve is None else curve.key_size
    return hashes.SHA256() if size <= 256 else hashes.SHA384() if size <= 384 else hashes.SHA512()


def _hashed(kind: str, scheme: str, public: str) -> str:
    # Canonical JSON leaves line feeds as they are: http://wiki.laptop.org/go/Canonical_JSON
    named = {"keytype": kind, "keyval": {"public": public}, "scheme": scheme}
    text = json.dumps(named, sort_keys=True, separators=(",", ":")).replace("\\n", "\n")
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)

"""A plain signature by a key that an SSH agent holds (draft-ietf-sshm-ssh-agent)."""

import os
import socket
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_SIGN_REQUEST: Final = 13
_SIGN_RESPONSE: Final = 14
_RSA_SHA2_256: Final = 2
_SECONDS: Final = 60.0
"""An agent may ask a person first."""
_LARGEST: Final = 100_000


def signed_by_agent(blob: bytes, key: "PublicKeyTypes", content: bytes) -> bytes | None:
    """Return the signature in the form of the key's own scheme; None where no agent holds the key, or it refuses."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    place = os.environ.get("SSH_AUTH_SOCK")
    if not place:
        return None
    flags = _RSA_SHA2_256 if isinstance(key, rsa.RSAPublicKey) else 0
    try:
        answer = _asked(place, bytes([_SIGN_REQUEST]) + _text(blob) + _text(content) + struct.pack(">I", flags))
        if answer[:1] != bytes([_SIGN_RESPONSE]):
            return None
        signature, _ = _split(answer[1:])
        _, rest = _split(signature)
        made, _ = _split(rest)
        if isinstance(key, ec.EllipticCurvePublicKey):
            r, rest = _split(made)
            s, _ = _split(rest)
            return encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
    except (OSError, struct.error):
        return None
    return made


def _asked(place: str, question: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_SECONDS)
        line.connect(place)
        line.sendall(_text(question))
        with line.makefile("rb") as answers:
            (length,) = struct.unpack(">I", answers.read(4))
            return answers.read(min(length, _LARGEST))


def _text(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _split(content: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack_from(">I", content)
    return content[4 : 4 + length], content[4 + length :]

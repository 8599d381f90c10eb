"""An OpenSSH key: what it is called, until when it holds, and how it signs something that is no SSH signature.

A key that a running agent holds signs there, as ssh-keygen has it too; one with a passphrase can be used
in no other way.
"""

import base64
import binascii
import datetime as dt
import hashlib
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cx_conformance.reports.pack.envelope import digest_of
from cx_conformance.reports.pack.ssh_agent import signed_by_agent

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
    from cryptography.hazmat.primitives.serialization import SSHCertificate

_FOR_EVER: Final = 2**64 - 1
"""How a certificate says that it does not end (OpenSSH, PROTOCOL.certkeys)."""
_BEFORE_THE_KEY: Final = len(b"SSHSIG") + 4
"""Bytes of an SSH signature before its key: a word and a version (OpenSSH, PROTOCOL.sshsig)."""
_LARGEST: Final = 100_000


class UnusableKey(Exception):  # noqa: N818 - what is wrong with it
    """A key cannot be read, or signs nothing but SSH's own; the text says why."""


class SshKey(Struct, frozen=True):
    """The public half of a key, or a certificate for it."""

    blob: bytes
    """As it stands in its file, and in what it has signed."""
    comment: str = ""

    @classmethod
    def of_file(cls, path: Path) -> "SshKey":
        """Read it from its public file, from the one beside a private file, or from that; raises UnusableKey."""
        for place in (path, path.with_name(f"{path.name}.pub")):
            words = place.read_bytes()[:_LARGEST].split(maxsplit=2) if place.is_file() else []
            if len(words) > 1 and words[1].startswith(b"AAAA"):
                comment = words[2].splitlines()[0].decode("utf-8", "replace").strip() if len(words) > 2 else ""
                return cls(_decoded(words[1]), comment)
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = _private(path).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        return cls(_decoded(public.split()[1]))

    @classmethod
    def of_signature(cls, armored: bytes) -> "SshKey":
        """Read the key that an SSH signature was made by; raises UnusableKey."""
        lines = [line for line in armored.splitlines() if not line.startswith(b"-----")]
        content = _decoded(b"".join(lines))
        if len(content) < _BEFORE_THE_KEY + 4:
            raise UnusableKey("it is no SSH signature")
        (length,) = struct.unpack_from(">I", content, _BEFORE_THE_KEY)
        start = _BEFORE_THE_KEY + 4
        return cls(content[start : start + length])

    @property
    def kind(self) -> str:
        """The type as OpenSSH calls it: ``ssh-ed25519``."""
        return self.blob[4 : 4 + int.from_bytes(self.blob[:4])].decode("ascii", "replace")

    @property
    def line(self) -> str:
        """Type and key as public files and lists of signers have them."""
        return f"{self.kind} {base64.b64encode(self.blob).decode('ascii')}"

    @property
    def bare(self) -> "SshKey":
        """The key of a certificate; of a key itself."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        if self._certificate is None:
            return self
        public = self.public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        return SshKey(_decoded(public.split()[1]), self.comment)

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ssh-keygen shows it; of a certificate that of its key."""
        digest = hashlib.sha256(self.bare.blob).digest()
        return f"SHA256:{base64.b64encode(digest).decode('ascii').rstrip('=')}"

    @property
    def ends(self) -> dt.datetime | None:
        """Until when it holds, of a certificate that ends; None: it has no end of its own."""
        certificate = self._certificate
        if certificate is None or certificate.valid_before == _FOR_EVER:
            return None
        return dt.datetime.fromtimestamp(certificate.valid_before, dt.UTC)

    @property
    def public(self) -> "PublicKeyTypes":
        """The key itself; raises UnusableKey for one that signs nothing but SSH's own."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_ssh_public_key

        certificate = self._certificate
        if certificate is not None:
            return certificate.public_key()
        if self.kind.startswith("sk-"):
            raise UnusableKey(f"a security key ({self.kind}) signs nothing but SSH's own")
        try:
            return load_ssh_public_key(self.line.encode("ascii"))
        except (ValueError, UnsupportedAlgorithm) as reason:
            raise UnusableKey(f"it is no key that can be used: {reason}") from None

    @property
    def _certificate(self) -> "SSHCertificate | None":
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import SSHCertificate, load_ssh_public_identity

        if "-cert-v01@" not in self.kind:
            return None
        try:
            held = load_ssh_public_identity(self.line.encode("ascii"))
        except (ValueError, UnsupportedAlgorithm) as reason:
            raise UnusableKey(f"it is no certificate that can be used: {reason}") from None
        return held if isinstance(held, SSHCertificate) else None

    def sign(self, content: bytes, path: Path) -> bytes:
        """Return the plain signature of ``content``: by the agent, or by the private key in ``path``; UnusableKey."""
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

        public = self.public
        by_agent = signed_by_agent(self.bare.blob, public, content)
        if by_agent is not None:
            return by_agent
        # As ssh-keygen does it: the private half lies beside a public one.
        private = _private(path.with_name(path.name.removesuffix(".pub").removesuffix("-cert")))
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return private.sign(content)
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return private.sign(content, ec.ECDSA(digest_of(private.curve)))
        if isinstance(private, rsa.RSAPrivateKey):
            return private.sign(content, padding.PKCS1v15(), digest_of(None))
        raise UnusableKey("an Ed25519, ECDSA or RSA key is needed")


def _private(path: Path) -> "PrivateKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    if not path.is_file():
        raise UnusableKey(f"no agent has the key, and {path} is not there")
    content = path.read_bytes()[:_LARGEST]
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in content[:100] else load_pem_private_key
    try:
        return load(content, None)
    except TypeError:
        raise UnusableKey(f"the key has a passphrase, and no agent has it (`ssh-add {path}`)") from None
    except (ValueError, UnsupportedAlgorithm) as reason:
        raise UnusableKey(f"{path} is no private key that can be used: {reason}") from None


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise UnusableKey("it is no key of OpenSSH") from None

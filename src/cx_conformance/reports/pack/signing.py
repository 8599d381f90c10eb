"""Signs a pack with an OpenSSH key, and checks such signatures: of its sums by ``ssh-keygen``, of its attestation.

The signature of ``SHA256SUMS`` is OpenSSH's (``ssh-keygen -Y``, since 8.1 of 2019), with a namespace of our own, so
that a signature made for something else is none here. A list of signers is in the format of ``allowed_signers``
(ssh-keygen(1)). The attestation is signed by the same key, in its envelope, for tools that know nothing of SSH.
"""

import datetime as dt
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from msgspec import Struct

from cx_conformance.reports.file_names import ATTESTATION, SIGNATURE, SUMS
from cx_conformance.reports.pack.envelope import Envelope, key_id
from cx_conformance.reports.pack.ssh_key import SshKey, UnusableKey
from cx_conformance.reports.pack.swapping import beside, swap
from cx_conformance.reports.sums import read_sums, sha256, write_listed
from cx_conformance.reports.writing import ReportNotWritten, replacing

NAMESPACE: Final = "cx-conformance"
_SECONDS: Final = 60
_UNTIL: Final = re.compile(r'valid-before="?(\d{8})')


class NotSigned(Exception):  # noqa: N818 - what is not there
    """A signature was not made, or is not good; the text says why and what to do."""


class Signed(Struct, frozen=True):
    """By what a pack was signed."""

    key: SshKey
    key_id: str = ""
    """The id of the key in the attestation's envelope; empty: that is not signed."""
    why_not: str = ""
    """Why it is not."""


class Signer(Struct, frozen=True):
    """Who has signed a pack."""

    name: str
    """The name in the list of signers; empty: there is no list."""
    key: SshKey
    until: str = ""
    """The day on which the list of signers stops to trust the key, ``2027-11-29``; empty: it names none."""

    @property
    def words(self) -> str:
        """Name, fingerprint and expiry in one line."""
        ends = self.key.ends
        until = f"{ends:%Y-%m-%d}" if ends else self.until
        expiry = f"which holds until {until}" if until else "which has no expiry"
        key = f"the key {self.key.fingerprint} ({self.key.kind}), {expiry}"
        return f"{self.name} with {key}" if self.name else key


def sign(directory: Path, key: Path) -> Signed:
    """Sign the pack's attestation and its sums with a private key; NotSigned says why not, and nothing has changed.

    A key with a passphrase is asked for on the terminal, or taken from the agent (``key`` is then the public one).
    """
    if not key.is_file():
        raise NotSigned(f"{key} is not there; name the file of a private OpenSSH key (ssh-keygen -t ed25519 makes one)")
    if not (directory / SUMS).is_file():
        raise NotSigned(f"{directory / SUMS} is not there; name the folder of a pack, as --report wrote it")
    try:
        with beside(directory) as stage:
            signed, envelope = _attested(directory, key)
            with replacing(stage / ATTESTATION) as file:
                file.write(envelope.text)
            write_listed(stage / SUMS, read_sums(directory) | {ATTESTATION: sha256(stage / ATTESTATION)})
            done = _ssh_keygen("sign", "-n", NAMESPACE, "-f", str(key), str(stage / SUMS))
            if done.returncode != 0 or not (stage / SIGNATURE).exists():
                raise NotSigned(f"ssh-keygen did not sign: {_said(done)}")
            for failed in swap(stage, directory, {}):
                raise NotSigned(str(failed))
    except (ReportNotWritten, UnusableKey, ValueError) as reason:
        raise NotSigned(str(reason)) from None
    return signed


def _attested(directory: Path, path: Path) -> tuple[Signed, Envelope]:
    """Return the envelope, signed where the key can sign anything but SSH's own."""
    key, envelope = SshKey.of_file(path), Envelope.read((directory / ATTESTATION).read_bytes())
    try:
        made = envelope.signed(key.public, lambda content: key.sign(content, path))
    except (UnusableKey, ValueError) as reason:
        return Signed(key, why_not=str(reason)), Envelope(envelope.payload, {})
    return Signed(key, key_id(key.public)), made


def signer(directory: Path, signers: Path | None = None) -> Signer:
    """Return who signed the pack's sums: by the name in ``signers``, or without them by the key alone.

    NotSigned says what is wrong with the signature. Without ``signers`` any key will do: it is for the reader to know.
    """
    signature, sums = directory / SIGNATURE, directory / SUMS
    content = sums.read_bytes()
    try:
        key = SshKey.of_signature(signature.read_bytes())
        if signers is None:
            done = _ssh_keygen("check-novalidate", "-n", NAMESPACE, "-s", str(signature), content=content)
            if done.returncode != 0:
                raise NotSigned(f"{SIGNATURE} is no signature of {SUMS} as it is: {_said(done)}")
            return Signer("", key)
        name = _verified(signature, signers, content)
        return Signer(name, key, _until(signers, key))
    except UnusableKey as reason:
        raise NotSigned(f"{SIGNATURE} is no signature of {SUMS}: {reason}") from None


def _verified(signature: Path, signers: Path, content: bytes) -> str:
    given = ("-s", str(signature), "-f", str(signers))
    found = _ssh_keygen("find-principals", *given, content=content)
    names = found.stdout.decode("utf-8", "backslashreplace").split()
    if found.returncode != 0 or not names:
        raise NotSigned(f"{SIGNATURE} was made by none of the keys that {signers} trusts today: {_said(found)}")
    done = _ssh_keygen("verify", "-n", NAMESPACE, *given, "-I", names[0], content=content)
    if done.returncode != 0:
        raise NotSigned(f"{SIGNATURE} is no signature of {SUMS} as it is: {_said(done)}")
    return names[0]


def _until(signers: Path, key: SshKey) -> str:
    """Return the day on which a list of signers stops to trust a key; empty where it names none."""
    lines = signers.read_text("utf-8", "replace").splitlines()
    for found in (_UNTIL.search(line) for line in lines if key.line in line):
        if found:
            return f"{dt.datetime.strptime(found[1], '%Y%m%d').date()}"  # noqa: DTZ007 - a day of the reader's clock
    return ""


def trust_line(key: SshKey, until: dt.date) -> str:
    """Return the line by which a reader's list of signers trusts ``key`` until a day; who that is stands first."""
    who = "".join((key.comment or "signer").split()).replace('"', "").replace(",", "")
    return f'{who} namespaces="{NAMESPACE}",valid-before="{until:%Y%m%d}" {key.line}'


def _ssh_keygen(action: str, *arguments: str, content: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    program = shutil.which("ssh-keygen")
    if program is None:
        raise NotSigned("ssh-keygen is not installed (Debian: openssh-client)")
    try:
        return subprocess.run(  # noqa: S603 - no shell, and no argument but paths and our own words
            [program, "-Y", action, *arguments],
            input=content,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotSigned(f"ssh-keygen did not end within {_SECONDS} s") from None


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    text = (done.stderr or done.stdout).decode("utf-8", "backslashreplace")
    return " ".join(text.split()) or f"exit status {done.returncode}"

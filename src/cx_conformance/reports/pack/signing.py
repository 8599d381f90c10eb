"""Signs ``SHA256SUMS`` with an OpenSSH key, by ``ssh-keygen``, and checks such a signature.

The format is OpenSSH's (``ssh-keygen -Y``, since 8.1 of 2019), with a namespace of our own, so that a signature made
for something else is none here. A list of signers is in the format of ``allowed_signers`` (ssh-keygen(1)).
"""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from cx_conformance.reports.file_names import SIGNATURE, SUMS

NAMESPACE: Final = "cx-conformance"
_SECONDS: Final = 60


class NotSigned(Exception):  # noqa: N818 - what is not there
    """A signature was not made, or is not good; the text says why and what to do."""


def sign(directory: Path, key: Path) -> Path:
    """Sign the pack's sums with a private key and return the signature's path; NotSigned says why not.

    A key with a passphrase is asked for on the terminal, or taken from the agent (``key`` is then the public one).
    """
    if not key.is_file():
        raise NotSigned(f"{key} is not there; name the file of a private OpenSSH key (ssh-keygen -t ed25519 makes one)")
    if not (directory / SUMS).is_file():
        raise NotSigned(f"{directory / SUMS} is not there; name the folder of a pack, as --report wrote it")
    signature = directory / SIGNATURE
    made = directory / f"{SUMS}.sig"
    signature.unlink(missing_ok=True)
    done = _ssh_keygen("sign", "-n", NAMESPACE, "-f", str(key), str(directory / SUMS))
    if done.returncode != 0 or not made.exists():
        raise NotSigned(f"ssh-keygen did not sign: {_said(done)}")
    return signature


def signer(directory: Path, signers: Path | None = None) -> str:
    """Return who signed the pack's sums: the name in ``signers``, or without them the key's fingerprint.

    NotSigned says what is wrong with the signature. Without ``signers`` any key will do: it is for the reader to know.
    """
    signature, sums = str(directory / SIGNATURE), directory / SUMS
    content = sums.read_bytes()
    if signers is None:
        done = _ssh_keygen("check-novalidate", "-n", NAMESPACE, "-s", signature, content=content)
        if done.returncode != 0:
            raise NotSigned(f"{SIGNATURE} is no signature of {SUMS} as it is: {_said(done)}")
        return _said(done).partition(" key ")[2] or _said(done)
    found = _ssh_keygen("find-principals", "-s", signature, "-f", str(signers), content=content)
    names = found.stdout.decode("utf-8", "backslashreplace").split()
    if found.returncode != 0 or not names:
        raise NotSigned(f"{SIGNATURE} was made by none of the keys in {signers}: {_said(found)}")
    done = _ssh_keygen("verify", "-n", NAMESPACE, "-s", signature, "-f", str(signers), "-I", names[0], content=content)
    if done.returncode != 0:
        raise NotSigned(f"{SIGNATURE} is no signature of {SUMS} as it is: {_said(done)}")
    return names[0]


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

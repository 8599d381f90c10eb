"""Tells whether a pack is what was written: sums, shapes, attestation, signature."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from cx_conformance import __version__
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.file_names import ATTESTATION, NIGHTS, PAGE, REPORT, SIGNATURE, SUMS
from cx_conformance.reports.formats.json_report import UnreadableReport, read_json
from cx_conformance.reports.language import languages
from cx_conformance.reports.pack.attestation import statement
from cx_conformance.reports.pack.envelope import Envelope, key_id
from cx_conformance.reports.pack.signing import NotSigned, signer
from cx_conformance.reports.pack.ssh_key import SshKey, UnusableKey
from cx_conformance.reports.page.html import page
from cx_conformance.reports.sums import UnreadableSums, read_sums, sha256

_NIGHT: Final = r"\d{4}-\d{2}-\d{2}T\d{6}Z\.xml"
_MUST: Final = (REPORT, ATTESTATION)


class Verification(Struct):
    """What was found."""

    problems: list[str] = field(default_factory=list)
    """A sentence for each thing that is not as it was written; none: nothing was changed."""
    remarks: list[str] = field(default_factory=list)
    """What a reader should know although nothing was changed."""
    signer: str = ""
    """Whose key of those that are known signed it; empty: nobody knows."""


def verify(directory: Path, signers: Path | None = None, *, signed: bool = True) -> Verification:
    """Compare the pack in ``directory`` with its sums, and its signature with ``signers``; OSError when unreadable.

    ``signed``: look at signatures too; whoever is about to sign it anew does not.
    """
    found = Verification()
    try:
        if (directory / SUMS).exists() and not _is_plain(directory, SUMS):
            found.problems.append(f"{SUMS} is no file of the pack itself: whatever it leads to is no part of it")
            return found
        sums = read_sums(directory)
    except FileNotFoundError:
        found.problems.append(
            f"{SUMS} is not there: nothing says what the files were; this is no pack, or it was removed"
        )
        return found
    except UnreadableSums as reason:
        found.problems.append(f"{reason}; the file was changed")
        return found
    found.problems += _changed(directory, sums)
    found.problems += _unlisted(directory, sums)
    record = _report(directory, found)
    envelope = _attested(directory, record, found)
    if signed:
        _signature(directory, signers, envelope, found)
    if record and not found.problems:
        _page(directory, sums, record, found)
    found.remarks.append(f"{len(sums)} files are listed in {SUMS}")
    return found


def _changed(directory: Path, sums: dict[str, str]) -> Iterator[str]:
    for name, promised in sums.items():
        path = directory / name
        if not _is_plain(directory, name):
            what = "is a link, or lies behind one" if path.exists() else "was removed"
            yield f"{name} {what}: {SUMS} lists it"
        elif (digest := sha256(path)) != promised:
            yield f"{name} was changed: its sha256 is {digest}, {SUMS} says {promised}"
    for name in _MUST:
        if name not in sums:
            yield f"{SUMS} was changed: it does not list {name}, as every pack does"


def _report(directory: Path, found: Verification) -> RunRecord | None:
    """Return what the report says, read by its schema."""
    if not _is_plain(directory, REPORT):
        return None
    path = directory / REPORT
    try:
        record = read_json(path)
    except UnreadableReport as reason:
        found.problems.append(f"{REPORT} is no report: {reason}")
        return None
    told = json.loads(path.read_bytes())["verdict"]
    if told != record.verdict:
        found.problems.append(f"{REPORT} says {told!r}, its outcomes say {str(record.verdict)!r}")
    return record


def _attested(directory: Path, record: RunRecord | None, found: Verification) -> Envelope | None:
    """Return the attestation's envelope; what it attests is this report, and what that says."""
    if not _is_plain(directory, ATTESTATION):
        return None
    try:
        envelope = Envelope.read((directory / ATTESTATION).read_bytes())
        attested = json.loads(envelope.payload)
        digests = {one["name"]: one["digest"]["sha256"] for one in attested["subject"]}
        result = attested["predicate"]["result"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found.problems.append(f"{ATTESTATION} is no in-toto statement in a DSSE envelope")
        return None
    if record is not None:
        if digests.get(REPORT) != sha256(directory / REPORT):
            found.problems.append(f"{ATTESTATION} is about another {REPORT}")
        promised = statement(record, {})["predicate"]["result"]
        if result != promised:
            found.problems.append(f"{ATTESTATION} says {result!r}; by {REPORT} it is {promised!r}")
    return envelope


def _signature(directory: Path, signers: Path | None, envelope: Envelope | None, found: Verification) -> None:
    if not _is_plain(directory, SIGNATURE):
        if signers is not None:
            found.problems.append(f"{SIGNATURE} is not there: the pack is not signed")
        elif envelope and envelope.signatures:
            found.remarks.append(f"{ATTESTATION} carries a signature, {SUMS} has none: it was removed; sign it again")
        else:
            found.remarks.append("the pack is not signed: whoever can change a file can change its sum too")
        return
    try:
        who = signer(directory, signers)
    except NotSigned as reason:
        found.problems.append(str(reason))
        return
    if signers is None:
        found.remarks.append(f"signed by {who.words}; give --signers to hold it to keys that you know")
    else:
        found.signer = who.name
        found.remarks.append(f"signed by {who.words}")
    if envelope and envelope.signatures:
        _same_key(who.key, envelope, found)


def _same_key(key: SshKey, envelope: Envelope, found: Verification) -> None:
    """See that the attestation is signed by the key that has signed the sums, and by no other."""
    try:
        public = key.public
        if len(envelope.signatures) == 1 and envelope.is_signed_by(public):
            found.remarks.append(f"{ATTESTATION} is signed by the same key, there called {key_id(public)}")
            return
    except (UnusableKey, ValueError):
        pass
    found.problems.append(f"{ATTESTATION} is not signed by the key that has signed {SUMS}")


def _is_plain(directory: Path, name: str) -> bool:
    """Whether a name is a file of the pack itself: no link, and none on the way to it."""
    path = directory
    for part in name.split("/"):
        path /= part
        if path.is_symlink():
            return False
    return path.is_file()


def _unlisted(directory: Path, sums: dict[str, str]) -> Iterator[str]:
    """Tell all that lies there and is not listed; links are not followed, and nothing is opened."""
    folders = {parent.as_posix() for name in sums for parent in Path(name).parents}
    for at, inner, files in os.walk(directory, followlinks=False):
        here = Path(at).relative_to(directory)
        for name in sorted(inner):
            path = (here / name).as_posix()
            if (directory / path).is_symlink() or (path not in folders and path != NIGHTS):
                yield f"{path} was added: it is a {'link' if (directory / path).is_symlink() else 'folder'}"
                inner.remove(name)
        for name in sorted(files):
            path = (here / name).as_posix()
            night = here.as_posix() == NIGHTS and re.fullmatch(_NIGHT, name) and _is_plain(directory, path)
            if path not in sums and path not in (SUMS, SIGNATURE) and not night:
                yield f"{path} was added: {SUMS} does not list it"
        for path in (SUMS, SIGNATURE) if here == Path() else ():
            if path in files and not _is_plain(directory, path):
                yield f"{path} is a link or no file: whatever it leads to is no part of the pack"


def _page(directory: Path, sums: dict[str, str], record: RunRecord, found: Verification) -> None:
    """Make the page again from the report, and compare: whoever changes a page can change its sum too."""
    if PAGE not in sums:
        return
    if record.suite_version != __version__:
        found.remarks.append(
            f"{PAGE} was not made again to compare it: only version {record.suite_version} of the suite can"
        )
        return
    held = (directory / PAGE).read_bytes()
    if all(page(record, language=one).encode("utf-8", "backslashreplace") != held for one in languages()):
        found.problems.append(f"{PAGE} does not say what {REPORT} says: made again it is another")

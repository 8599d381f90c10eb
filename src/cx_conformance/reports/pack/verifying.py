"""Tells whether a pack is what was written: sums, shapes, attestation, signature."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cx_conformance.reports.file_names import ATTESTATION, EVIDENCE, NIGHTS, REPORT, SIGNATURE, SUMMED, SUMS
from cx_conformance.reports.formats.json_report import UnreadableReport, read_json
from cx_conformance.reports.formats.report_schema import schema
from cx_conformance.reports.pack.signing import NotSigned, signer
from cx_conformance.reports.sums import UnreadableSums, read_sums, sha256, summed

_MUST: Final = (REPORT, ATTESTATION)


@dataclass(slots=True)
class Verification:
    """What was found."""

    problems: list[str] = field(default_factory=list)
    """A sentence for each thing that is not as it was written; none: nothing was changed."""
    remarks: list[str] = field(default_factory=list)
    """What a reader should know although nothing was changed."""


def verify(directory: Path, signers: Path | None = None) -> Verification:
    """Compare the pack in ``directory`` with its sums, and its signature with ``signers``; OSError when unreadable."""
    found = Verification()
    try:
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
    found.problems += _shape(directory)
    found.problems += _attested(directory)
    _signature(directory, signers, found)
    others = _others(directory, sums)
    if others:
        found.remarks.append(f"not part of the pack, and not looked at: {', '.join(others)}")
    found.remarks.append(f"{len(sums)} files are listed in {SUMS}")
    return found


def _changed(directory: Path, sums: dict[str, str]) -> Iterator[str]:
    for name, promised in sums.items():
        path = directory / name
        if not path.is_file():
            yield f"{name} was removed: {SUMS} lists it"
        elif (digest := sha256(path)) != promised:
            yield f"{name} was changed: its sha256 is {digest}, {SUMS} says {promised}"
    for name in summed(directory):
        if name not in sums:
            yield f"{name} was added: {SUMS} does not list it"
    for name in _MUST:
        if name not in sums:
            yield f"{SUMS} was changed: it does not list {name}, as every pack does"


def _shape(directory: Path) -> Iterator[str]:
    path = directory / REPORT
    if not path.is_file():
        return
    try:
        record = read_json(path)
    except UnreadableReport as reason:
        yield f"{REPORT} is no report: {reason}"
        return
    document = json.loads(path.read_bytes())
    try:
        import jsonschema
    except ImportError:  # reading it has shown that it is complete; the schema says more of each value
        pass
    else:
        for error in jsonschema.Draft202012Validator(schema()).iter_errors(document):
            yield f"{REPORT} does not fit its schema: {error.json_path}: {error.message[:300]}"
    if document.get("verdict") != record.verdict:
        yield f"{REPORT} says {document.get('verdict')!r}, its outcomes say {str(record.verdict)!r}"


def _attested(directory: Path) -> Iterator[str]:
    path = directory / ATTESTATION
    if not path.is_file() or not (directory / REPORT).is_file():
        return
    try:
        subjects = json.loads(path.read_bytes())["subject"]
        digests = {one["name"]: one["digest"]["sha256"] for one in subjects}
    except (ValueError, KeyError, TypeError):
        yield f"{ATTESTATION} is no in-toto statement"
        return
    if digests.get(REPORT) != sha256(directory / REPORT):
        yield f"{ATTESTATION} is about another {REPORT}"


def _signature(directory: Path, signers: Path | None, found: Verification) -> None:
    if not (directory / SIGNATURE).exists():
        if signers is not None:
            found.problems.append(f"{SIGNATURE} is not there: the pack is not signed")
        else:
            found.remarks.append("the pack is not signed: whoever can change a file can change its sum too")
        return
    try:
        name = signer(directory, signers)
    except NotSigned as reason:
        found.problems.append(str(reason))
        return
    if signers is None:
        found.remarks.append(f"signed by the key {name}; give --signers to hold it to keys that you know")
    else:
        found.remarks.append(f"signed by {name}")


def _others(directory: Path, sums: dict[str, str]) -> list[str]:
    known = {*sums, *SUMMED, SUMS, SIGNATURE, EVIDENCE, NIGHTS}
    return sorted(path.name for path in directory.iterdir() if path.name not in known)

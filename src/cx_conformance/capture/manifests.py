"""Manifests as a snapshot: what ``helm template`` or ``kustomize build`` print, read one document at a time.

A file may be large, for it may hold the definitions of an operator; so it is never held as a whole, and of a document
that is of no kind that counts only its first lines are looked at.
"""

import datetime as dt
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

from msgspec import Struct, field

from cx_conformance.api.identity import ClusterIdentity, guess_distribution
from cx_conformance.blueprint.problems import InputProblems, Position, Problem
from cx_conformance.capture.gathered import CAPTURED
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.cluster.snapshot_record import Listing, Place, SeenSecret, Snapshot
from cx_conformance.objects.config import secret_metadata
from cx_conformance.objects.json_fields import objects, text
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.wire.whole_file import opened

LARGEST_FILE: Final = 256 * 2**20
LARGEST_DOCUMENT: Final = 16 * 2**20
"""An object of Kubernetes has at most some 1.5 MiB; a list of many may have more."""
_SEPARATOR: Final = b"---"
_KIND: Final = re.compile(rb"""^kind:[ \t]*["']?([A-Za-z]+)["']?[ \t\r]*(?:#.*)?$""", re.MULTILINE)
_RECORDS: Final = {
    (kind.name, f"{kind.group}/{kind.version}" if kind.group else kind.version): kind
    for kind in (KINDS[record] for record in CAPTURED)
}
_NAMES: Final = {name for name, _ in _RECORDS} | {"Secret"}
_OTHERS: Final = {"Pod", "ReplicaSet", "ReplicationController", "Job", "Rollout", "DeploymentConfig"}
"""Kinds that run pods and are no component: what ends, and what only another controller understands."""


class Reading(Struct):
    """Manifests as they are read; ``namespace`` is where an object without one belongs."""

    file: Path
    namespace: str | None
    records: dict[type[ApiObject], list[ApiObject]] = field(default_factory=dict)
    secrets: dict[Place, SeenSecret] = field(default_factory=dict)
    left_out: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    """Objects of Kubernetes, whatever their kind."""

    def run(self, stream: IO[bytes]) -> None:
        """Read all documents; raises InputProblems with what cannot be read, each with its line."""
        for line, body in _documents(stream, self.file):
            self._document(line, body)
        if self.problems:
            raise InputProblems(self.file, self.problems)

    def _document(self, line: int, body: bytes) -> None:
        kinds = {one.decode() for one in _KIND.findall(body)}
        listed = any(kind.endswith("List") for kind in kinds)
        if kinds and not listed and not kinds & (_NAMES | _OTHERS):
            self.count += 1  # of a kind that is not captured; it is not even parsed
            return
        found = self._parsed(line, body)
        if found is not None:
            self._take(found, line)

    def _parsed(self, line: int, body: bytes) -> Any:
        """Return the document as plain data; None: it is empty, or a problem was noted."""
        import orjson
        import yaml

        if body.lstrip()[:1] == b"{":
            try:
                return orjson.loads(body)
            except orjson.JSONDecodeError:
                pass  # flow style of YAML begins so too
        try:
            return yaml.load(body, yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Position(line + mark.line, mark.column + 1) if mark else Position(line, 1)
            self.problems.append(Problem(f"not YAML: {error.problem or error.context}", place))
        except yaml.reader.ReaderError as error:
            self.problems.append(Problem(f"not YAML: {error.reason}", Position(line, 1)))
        except (RecursionError, ValueError) as error:
            why = "nested too deep" if isinstance(error, RecursionError) else str(error)
            self.problems.append(Problem(f"not to be read: {why}", Position(line, 1)))
        return None

    def _take(self, found: Any, line: int, *, within_list: bool = False) -> None:
        kind, version = text(found, "kind"), text(found, "apiVersion")
        if not kind or not version:
            said = (
                f"has the keys {', '.join(map(str, found))}"[:120] if isinstance(found, dict) else f"is {found!r:.60}"
            )
            words = f"no object of Kubernetes, which has apiVersion and kind: it {said}"
            self.problems.append(Problem(words, Position(line, 1)))
            return
        self.count += 1
        if kind.endswith("List") and isinstance(found.get("items"), list) and not within_list:
            for one in objects(found, "items"):
                defaults = {"kind": kind.removesuffix("List"), "apiVersion": version} if kind != "List" else {}
                self._take({**defaults, **one}, line, within_list=True)
            return
        self._keep(kind, version, found, line)

    def _keep(self, kind: str, version: str, found: dict[str, Any], line: int) -> None:
        meta = found.get("metadata")
        name = text(meta, "name") or "without a name"
        if kind in _OTHERS:
            self.left_out[f"{kind} {name}: only a Deployment, StatefulSet, DaemonSet or CronJob is a component"] = None
            return
        known = _RECORDS.get((kind, version))
        if known is None and kind != "Secret":
            if kind in _NAMES and any(each == kind for each, _ in _RECORDS):
                self.left_out[f"{kind} {name} of {version}, which is not the version that is read"] = None
            return
        namespaced = known is None or known.namespaced
        if not isinstance(meta, dict) or not text(meta, "name"):
            self.problems.append(Problem(f"{kind} has no metadata.name", Position(line, 1)))
            return
        if namespaced and not text(meta, "namespace"):
            if self.namespace is None:
                words = f"{kind} {name} has no namespace; give the one that it is installed in: --namespace NAME"
                self.problems.append(Problem(words, Position(line, 1)))
                return
            meta["namespace"] = self.namespace
        if known is None:
            self.secrets[meta["namespace"], name] = SeenSecret(metadata=secret_metadata(found))
        else:
            self.records.setdefault(known.record, []).append(known.parse(found))


def read_manifests(name: str, namespaces: Sequence[str]) -> tuple[Snapshot, tuple[str, ...]]:
    """Return what a file holds (``-``: the standard input) as a snapshot, and what of it is left out and why.

    Only the ``namespaces`` count, where some are given; objects without one belong to the first. Raises InputProblems.
    """
    file = Path("standard input" if name == "-" else name)
    reading = Reading(file, namespaces[0] if namespaces else None)
    try:
        if name == "-":
            reading.run(sys.stdin.buffer)
        else:
            with opened(file) as stream:
                reading.run(stream)
    except OSError as error:
        raise InputProblems(file, [Problem(f"cannot be read: {error.strerror or error}")]) from None
    if not reading.count:
        raise InputProblems(file, [Problem("holds no object of Kubernetes")])
    return _snapshot(reading, namespaces), tuple(reading.left_out)


def _snapshot(reading: Reading, wanted: Iterable[str]) -> Snapshot:
    """Return what was read as if it had been listed, of the ``wanted`` namespaces or of all that were met."""
    seen = dict.fromkeys(one.namespace for some in reading.records.values() for one in some if one.namespace)
    namespaces = tuple(dict.fromkeys(wanted)) or tuple(sorted(seen))
    for name in seen:
        if name not in namespaces:
            reading.left_out[f"objects of namespace {name}, which was not asked for"] = None
    kept = {
        record: tuple(one for one in reading.records.get(record, ()) if one.namespace in (*namespaces, ""))
        for record in CAPTURED
    }
    return Snapshot(
        namespaces=namespaces,
        identity=ClusterIdentity(
            uid="", version="", platform="", kubelet_versions={}, distribution=guess_distribution("", [])
        ),
        listings={record: Listing(records=some) for record, some in kept.items()},
        secrets=reading.secrets,
        taken_at=dt.datetime.now(dt.UTC),
    )


def _documents(stream: IO[bytes], file: Path) -> Iterator[tuple[int, bytes]]:
    """Yield each document with the line that it begins in; raises InputProblems for one that is too large."""
    begins, lines, size, total = 1, list[bytes](), 0, 0
    for number, line in enumerate(_lines(stream), 1):
        total += len(line)
        if total > LARGEST_FILE:
            raise InputProblems(file, [Problem(f"is larger than {LARGEST_FILE // 2**20} MiB, the most that is read")])
        if line.startswith(_SEPARATOR) and line[3:4] in (b"", b" ", b"\t", b"\n", b"\r"):
            if _says_something(lines):
                yield begins, b"".join(lines)
            begins, lines, size = number, [b"   " + line[3:]], 0
            continue
        size += len(line)
        if size > LARGEST_DOCUMENT:
            words = f"this document is larger than {LARGEST_DOCUMENT // 2**20} MiB, the most that is read of one"
            raise InputProblems(file, [Problem(words, Position(begins, 1))])
        lines.append(line)
    if _says_something(lines):
        yield begins, b"".join(lines)


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines in pieces of bounded length."""
    while line := stream.readline(LARGEST_DOCUMENT + 1):
        yield line


def _says_something(lines: Iterable[bytes]) -> bool:
    return any((bare := line.strip()) and not bare.startswith(b"#") for line in lines)

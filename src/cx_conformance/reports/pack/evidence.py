"""The folder of evidence: for each component with a root cause what support will ask for."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cx_conformance.cluster.dossier import Dossier
from cx_conformance.objects.event import Event
from cx_conformance.objects.json_fields import Json
from cx_conformance.reports.file_names import EVIDENCE
from cx_conformance.reports.legible import legible, one_line
from cx_conformance.reports.pack.places import place_in
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import replacing

MOST: Final = 262_144
"""Characters of one file; its middle is left out where it has more."""


def write_evidence(dossiers: Iterable[Dossier], directory: Path, scrubber: Scrubber) -> tuple[Path, ...]:
    """Write a folder for each dossier below ``directory``; return the paths of the files. Raises ReportNotWritten."""
    written: list[Path] = []
    for dossier in dossiers:
        for names, content in _files(dossier):
            path = place_in(directory, EVIDENCE, dossier.component, *names)
            with replacing(path) as file:
                file.write(_bounded(legible(scrubber.scrub(content), len(content) * 10 + 1)).encode("utf-8"))
            written.append(path)
    return tuple(written)


def _files(dossier: Dossier) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, some in (
        ("objects.yaml", dossier.objects),
        ("endpoints.yaml", dossier.endpoints),
        ("policies.yaml", dossier.policies),
    ):
        if some:
            yield (name,), _yaml(some)
    if dossier.events:
        yield ("events.txt",), "".join(f"{one_line(_line(one))}\n" for one in dossier.events)
    if dossier.containers:
        yield ("containers.txt",), "".join(f"{one_line(one)}\n" for one in dossier.containers)
    for name, log in dossier.logs.items():
        yield ("logs", f"{name}.log"), log
    if dossier.missing:
        yield ("not-read.txt",), "".join(f"{one_line(one)}\n" for one in dict.fromkeys(dossier.missing))


def _yaml(some: list[Json]) -> str:
    import yaml

    return str(yaml.safe_dump_all(some, sort_keys=False, allow_unicode=True, width=120))


def _line(one: Event) -> str:
    when = one.last_seen.isoformat(timespec="seconds") if one.last_seen else "unknown time"
    times = f" ({one.times} times)" if one.times > 1 else ""
    return f"{when} {one.type} {one.reason} {one.about_kind}/{one.about_name}: {one.message}{times}"


def _bounded(content: str) -> str:
    if len(content) <= MOST:
        return content
    half = MOST // 2
    return f"{content[:half]}\n... ({len(content) - MOST:,} characters are left out here) ...\n{content[-half:]}"

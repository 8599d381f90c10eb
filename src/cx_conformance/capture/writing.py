"""The text of a captured blueprint: what it is of, what is left out and why, then the blueprint itself."""

from collections.abc import Iterator

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.writing import plain, written, written_plain
from cx_conformance.capture.capture import Captured
from cx_conformance.capture.difference import difference


def text_of(captured: Captured) -> str:
    """Return the file's text."""
    return written(captured.blueprint, _remarks(captured))


def difference_of(captured: Captured, name: str, release: Blueprint) -> str:
    """Return the text of a file that says only in what the captured blueprint differs from the release called so."""
    head = {key: said for key, said in plain(captured.blueprint.blueprint).items() if key != "version"}
    document = {"extends": name, "blueprint": head, "components": difference(release, captured.blueprint)}
    return written_plain(document, _remarks(captured))


def _remarks(captured: Captured) -> Iterator[str]:
    taken = captured.blueprint.blueprint.captured
    if taken is not None:
        of = f"cluster {taken.cluster or 'of unknown UID'}, Kubernetes {taken.server}" if taken.server else "manifests"
        spaces = ", ".join(taken.namespaces)
        yield f"Captured on {taken.at:%Y-%m-%d %H:%M} UTC from {of}, namespaces {spaces}, by `cx-conformance capture`."
    yield "What it says was so then; take out what may change, and add what must be: it is yours from now on."
    if captured.host:
        yield f"${{FQDN}} stands for {captured.host}; a run takes it by --fqdn or from the site file."
    if captured.unwell:
        yield f"Not ready then, so that a run finds them broken until they are: {', '.join(captured.unwell)}."
    if captured.left_out:
        yield "Seen, and not promised here:"
        yield from (f"- {one}" for one in captured.left_out)

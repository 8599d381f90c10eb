"""The text of a captured blueprint: what it is of, what is left out and why, then the blueprint itself."""

from collections.abc import Iterator

from cx_conformance.blueprint.writing import written
from cx_conformance.capture.capture import Captured


def text_of(captured: Captured) -> str:
    """Return the file's text."""
    return written(captured.blueprint, _remarks(captured))


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

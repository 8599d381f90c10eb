"""The releases of the platform as data: each a file of its own here, written as a difference from the one before it."""

from pathlib import Path

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.known import KNOWN, PAGE, nearest, release_file
from cx_conformance.blueprint.loading import Loaded, load_blueprint

__all__ = ["KNOWN", "PAGE", "load_release", "nearest"]


def load_release(name: str, page: Path) -> Loaded[Blueprint]:
    """Read the release called ``name``, whole; ``page`` is the shipped ``blueprint.yaml``, the release 4.5.3.

    Raises KeyError for a name that is not in ``KNOWN``, InputProblems where a file cannot be used.
    """
    return load_blueprint(release_file(name, page), page)

"""From a file to a blueprint or a site, or to a list of all that is wrong with it, each with line and column."""

import hashlib
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.explaining import explain
from cx_conformance.blueprint.extending import read
from cx_conformance.blueprint.fitting import misfits
from cx_conformance.blueprint.problems import InputProblems, Position, Problem
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.site import Site
from cx_conformance.blueprint.yaml_text import Tree, parse, read_text
from cx_conformance.wire.discreet import Discreet

Document = TypeVar("Document", bound=BaseModel)


class Loaded(Discreet, Generic[Document], frozen=True):
    """A document that was read, and where in its file everything stands."""

    hidden: ClassVar[frozenset[str]] = frozenset({"tree"})
    document: Document
    path: Path
    sha256: str
    """Of the file's bytes, in hex; where it extends others, of all their bytes, what it begins with first."""
    tree: Tree

    def position_of(self, *path: str | int) -> Position:
        """Return where the entry at ``path`` stands (its key, in a mapping), or else the nearest thing around it.

        >>> loaded.position_of("components", "ccm", "service", "ports", 0)
        """
        return self.tree.place(path, key=True)

    def line_of(self, *path: str | int) -> int:
        """Return the line of ``position_of``."""
        return self.position_of(*path).line

    def place_of(self, *path: str | int) -> str:
        """Return file and line of ``position_of``, such as ``4.10.yaml:33``: the file may be one that is extended."""
        return f"{(self.tree.file_of(path) or self.path).name}:{self.line_of(*path)}"


def load(path: Path, model: type[Document]) -> Loaded[Document]:
    """Read the YAML file at ``path`` as a ``model``.

    Raises InputProblems with everything that is wrong, each with its line, column and path in the document.
    """
    text, raw = read_text(path)
    return _validated(parse(text, path), raw, path, model)


def _validated(tree: Tree, raw: bytes, path: Path, model: type[Document]) -> Loaded[Document]:
    if tree.data is None:
        kind = model.__name__.lower()
        raise InputProblems(path, [Problem(f"is empty; {'an' if kind[0] in 'aeiou' else 'a'} {kind} is needed")])
    head = tree.data.get("blueprint") if isinstance(tree.data, dict) else None
    source = head.get("source") if isinstance(head, dict) else None
    context = {"source": source} if source in set(Source) else None
    try:
        document = model.model_validate(tree.data, context=context)
    except ValidationError as error:
        raise InputProblems(path, explain(error, model, tree)) from None
    return Loaded(document=document, path=path, sha256=hashlib.sha256(raw).hexdigest(), tree=tree)


def load_blueprint(path: Path, page: Path | None = None) -> Loaded[Blueprint]:
    """Read a blueprint, whole with what it extends; InputProblems says what is wrong with it.

    ``page`` is the file of the release 4.5.3, where it is not the shipped one.
    """
    tree, raw = read(path, page)
    return _validated(tree, raw, path, Blueprint)


def load_site(path: Path, blueprint: Blueprint | None = None) -> Loaded[Site]:
    """Read a site file; InputProblems says what is wrong with it.

    With a ``blueprint``, what the site file names and the blueprint does not have is wrong too.
    """
    loaded = load(path, Site)
    problems = misfits(loaded.document, loaded.tree, blueprint) if blueprint else []
    if problems:
        raise InputProblems(path, problems)
    return loaded

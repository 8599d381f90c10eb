"""A document that is written as a difference from another: ``extends`` names what it begins with.

Mappings are put together key by key. Lists of things that have a name or a number (ports, ConfigMaps, volumes, calls)
are put together by that, in ``_KEYS``; any other list stands for itself. ``null`` takes away what a key had, and
``{name: ..., absent: true}`` takes a thing out of a list: both must have been there, so that no difference outlives
what it was one from.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cx_conformance.blueprint.known import KNOWN, release_file
from cx_conformance.blueprint.problems import DocumentPath, InputProblems, Problem
from cx_conformance.blueprint.yaml_text import Tree, parse, read_text

EXTENDS: Final = "extends"
ABSENT: Final = "absent"
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "calls": ("to",),
    "chartErrata": ("component", "about"),
    "configMaps": ("name",),
    "containerPorts": ("port",),
    "furtherServices": ("name",),
    "health": ("port", "path"),
    "paths": ("path", "method"),
    "ports": ("port",),
    "prerequisites": ("kind", "name", "namespace"),
    "secrets": ("name",),
    "volumes": ("name", "mountPath", "size"),
}
"""By the name of a list: what its things are told apart by; the first of ``name`` and the others that a thing has."""
_ALLOWED: Final = f"allowed is one of {', '.join(KNOWN)}, or the path of a file such as ./base.yaml"


def read(file: Path, page: Path | None = None, below: tuple[Path, ...] = ()) -> tuple[Tree, bytes]:
    """Return the document of ``file``, put together with what it extends, and the bytes of all files it stands in.

    ``page`` is the file of the release 4.5.3; ``below`` are the files that led here. Raises InputProblems.
    """
    text, raw = read_text(file)
    tree = parse(text, file)
    wanted = tree.data.get(EXTENDS) if isinstance(tree.data, dict) else None
    if wanted is None:
        return tree, raw
    try:
        base = _file_of(wanted, file, page)
        _refuse_cycle(base, (*below, file.resolve()))
    except ValueError as wrong:
        raise InputProblems(file, [Problem(f"{wrong}; {_ALLOWED}", tree.place((EXTENDS,)), (EXTENDS,))]) from None
    first, before = read(base, page, (*below, file.resolve()))
    merging = _Merging(first, base, tree, file)
    merging.run()
    if merging.problems:
        raise InputProblems(file, merging.problems)
    return merging.made, before + raw


def _file_of(wanted: object, file: Path, page: Path | None) -> Path:
    if wanted in KNOWN:
        return release_file(f"{wanted}", page)
    if isinstance(wanted, str) and wanted.endswith((".yaml", ".yml")):
        base = file.parent / wanted
        if base.is_file():
            return base
        raise ValueError(f"there is no file {wanted[:80]}")
    quoted = f"; a release is written in quotes, as in extends: {KNOWN[-1]!r}" if isinstance(wanted, float) else ""
    raise ValueError(f"{wanted!r:.60} is not a release that is known{quoted}")


def _refuse_cycle(base: Path, below: tuple[Path, ...]) -> None:
    if base.resolve() in below:
        names = [one.name for one in (*below[below.index(base.resolve()) :], base)]
        raise ValueError(f"a circle: {' extends '.join(names)}")


class _Merging:
    """One document put over another; every value keeps its place and its file."""

    def __init__(self, base: Tree, base_file: Path, own: Tree, own_file: Path) -> None:
        self.base, self.base_file = base, base_file
        self.own, self.own_file = own, own_file
        self.made = Tree()
        self.problems: list[Problem] = []

    def run(self) -> None:
        self.made.data = self._put((), (), self.base.data, (), self.own.data)

    def _put(self, to: DocumentPath, base: DocumentPath, old: Any, own: DocumentPath, new: Any) -> Any:
        """Return what stands at ``to``, of ``old`` at ``base`` and ``new`` at ``own``."""
        if isinstance(old, dict) and isinstance(new, dict):
            self._place(to, self.own, own, self.own_file)
            return self._mapping(to, base, old, own, new)
        if isinstance(old, list) and isinstance(new, list) and to[-1] in _KEYS and _all_things((*old, *new)):
            self._place(to, self.own, own, self.own_file)
            return self._list(to, base, old, own, new)
        return self._take(to, self.own, own, new, self.own_file)

    def _mapping(self, to: DocumentPath, base: DocumentPath, old: Any, own: DocumentPath, new: Any) -> dict[str, Any]:
        made = {}
        for key, value in old.items():
            here = (*to, key)
            if key not in new:
                made[key] = self._take(here, self.base, (*base, key), value, self.base_file)
            elif new[key] is not None:
                made[key] = self._put(here, (*base, key), value, (*own, key), new[key])
        for key, value in new.items():
            if key not in old and value is None:
                self._refuse((*own, key), "is taken away here, but what is extended has none")
            elif key not in old:
                made[key] = self._take((*to, key), self.own, (*own, key), value, self.own_file)
        return made

    def _list(self, to: DocumentPath, base: DocumentPath, old: Any, own: DocumentPath, new: Any) -> list[Any]:
        field = f"{to[-1]}"
        changes = {_key(field, value): (index, value) for index, value in enumerate(new)}
        made: list[Any] = []
        for index, value in enumerate(old):
            here, change = (*to, len(made)), changes.pop(_key(field, value), None)
            if change is None:
                made.append(self._take(here, self.base, (*base, index), value, self.base_file))
            elif not _is_absent(change[1]):
                made.append(self._put(here, (*base, index), value, (*own, change[0]), change[1]))
        for index, value in changes.values():
            if _is_absent(value):
                self._refuse((*own, index), "is taken out here, but what is extended has none such")
            else:
                made.append(self._take((*to, len(made)), self.own, (*own, index), value, self.own_file))
        return made

    def _refuse(self, path: DocumentPath, message: str) -> None:
        self.problems.append(Problem(message, self.own.place(path, key=True), path))

    def _take(self, to: DocumentPath, tree: Tree, path: DocumentPath, value: Any, file: Path) -> Any:
        """Return ``value``, with the places of it and all below it."""
        self._place(to, tree, path, file)
        for step, below in _steps(value):
            self._take((*to, step), tree, (*path, step), below, file)
        return value

    def _place(self, to: DocumentPath, tree: Tree, path: DocumentPath, file: Path) -> None:
        self.made.values[to] = tree.values[path]
        self.made.files[to] = tree.files.get(path, file)
        if path in tree.keys:
            self.made.keys[to] = tree.keys[path]


def _steps(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _key(field: str, value: Any) -> tuple[str, ...]:
    """Return what a thing of the list called ``field`` is told apart by."""
    names = _KEYS[field]
    if field == "volumes":
        return next(((name, f"{value[name]}") for name in names if name in value), ())
    return tuple(f"{value.get(name)}" for name in names)


def _all_things(values: tuple[Any, ...]) -> bool:
    """Tell whether all have names; plain numbers, such as the ports of a call, stand for themselves."""
    return all(isinstance(one, dict) for one in values)


def _is_absent(value: Any) -> bool:
    return isinstance(value, dict) and value.get(ABSENT) is True

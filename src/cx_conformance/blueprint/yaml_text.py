"""Reading YAML as plain data in which every value still knows its line.

It takes the part of YAML that a configuration file needs, as YAML 1.2 reads it: mappings with text keys, lists, text,
numbers, true, false, null. Anchors, aliases, tags and a second document are refused by name, and so are duplicate keys,
which other readers drop silently. Size, depth and number of values are bounded, because the file may come from anybody.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct, field

from cx_conformance.blueprint.problems import DocumentPath, InputProblems, Position, Problem, dotted
from cx_conformance.wire.whole_file import NobodyWrites, TooLarge, bytes_of

MAX_BYTES: Final = 4 * 2**20
MAX_DEPTH: Final = 32
_TOO_DEEP: Final = f"nested more than {MAX_DEPTH} deep"
MAX_VALUES: Final = 400_000

_INT: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,30})")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?")
_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Tree(Struct):
    """A document as plain data, with the places of its keys and values."""

    data: Any = None
    keys: dict[DocumentPath, Position] = field(default_factory=dict)
    """Where the key of a mapping's entry stands."""
    values: dict[DocumentPath, Position] = field(default_factory=dict)
    """Where a value begins."""
    files: dict[DocumentPath, Path] = field(default_factory=dict)
    """Which file a value stands in, where the document was put together from several."""

    def file_of(self, path: DocumentPath) -> Path | None:
        """Return the file that the value of ``path``, or else the nearest thing around it, stands in; None: the one."""
        while path and path not in self.files:
            path = path[:-1]
        return self.files.get(path)

    def place(self, path: DocumentPath, *, key: bool = False) -> Position:
        """Return where the value (or ``key``) of ``path`` stands, or else the nearest thing around it."""
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Position(1, 1))


def read_text(file: Path) -> tuple[str, bytes]:
    """Return the text of ``file`` and its bytes.

    Raises InputProblems when it is absent, unreadable, too large or not UTF-8.
    """
    try:
        raw = bytes_of(file, MAX_BYTES)
    except FileNotFoundError:
        raise InputProblems(file, [Problem("there is no such file")]) from None
    except IsADirectoryError:
        raise InputProblems(file, [Problem("is a directory; a YAML file is needed")]) from None
    except (TooLarge, NobodyWrites) as error:
        raise InputProblems(file, [Problem(f"{error.strerror}")]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name is not a file name"
        raise InputProblems(file, [Problem(f"cannot be read: {reason}")]) from None
    try:
        return raw.decode("utf-8-sig"), raw
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        place = Position(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        found = Problem(f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8", place)
        raise InputProblems(file, [found]) from None


def parse(text: str, file: Path) -> Tree:
    """Return the one document of ``text``, the content of ``file``; InputProblems holds all that is wrong with it."""
    reading = _Reading(text)
    try:
        reading.run()
    except _Stop:
        pass
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Position(before.count("\n") + 1, error.position - before.rfind("\n"))
        reading.problems.append(Problem(f"character {error.character!r} is not allowed in YAML", place))
    except yaml.MarkedYAMLError as error:
        reading.problems.append(_syntax(error, text))
    if reading.problems:
        raise InputProblems(file, reading.problems)
    return reading.tree


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Problem(f"not YAML: {error.problem}")
    if "nesting depth" in str(error.problem):  # libyaml's own limit, which newer ones meet while they look ahead
        return Problem(_TOO_DEEP, Position(mark.line + 1, mark.column + 1))
    if text[mark.index : mark.index + 1] == "\t":
        said = "a tab; YAML is indented with blanks"
    else:
        said = f"not YAML: {error.problem}"
        if error.context and error.context_mark:
            said += f", {error.context} that begins in line {error.context_mark.line + 1}"
    return Problem(said, Position(mark.line + 1, mark.column + 1))


class _Stop(Exception):  # noqa: N818 - a signal inside this module: reading on makes no sense
    pass


class _Reading(Struct):
    """One pass over the events of a text."""

    text: str
    tree: Tree = field(default_factory=Tree)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def run(self) -> None:
        events = yaml.parse(self.text, Loader=yaml.CSafeLoader)
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, (), "a second document begins; one file holds one")
                    raise _Stop
            elif not isinstance(event, (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentEndEvent)):
                self.tree.data = self._value(event, events, ())

    def _refuse(self, event: yaml.Event, path: DocumentPath, message: str) -> None:
        self.problems.append(Problem(message, _position(event), path))

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], path: DocumentPath) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            self._refuse(event, path, f"more than {MAX_VALUES:,} values; that many are not read")
            raise _Stop
        self.tree.values[path] = _position(event)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            sign = "alias *" if isinstance(event, yaml.AliasEvent) else "anchor &"
            self._refuse(event, path, f"{sign}{event.anchor}; write the value out, anchors and aliases are not read")
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag not in {None, "!"}:
            self._refuse(event, path, f"tag {_short(event.tag or '')}; tags are not read")
        if isinstance(event, yaml.ScalarEvent):
            return event.value if event.style or event.tag else _plain(event.value)
        if len(path) >= MAX_DEPTH:
            self._refuse(event, path[:3], _TOO_DEEP)
            raise _Stop
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(events, path)
        return self._mapping(events, path) if isinstance(event, yaml.MappingStartEvent) else None

    def _list(self, events: Iterator[yaml.Event], path: DocumentPath) -> list[Any]:
        found: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._value(event, events, (*path, len(found))))
        return found

    def _mapping(self, events: Iterator[yaml.Event], path: DocumentPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, path, "a key is a text, not a list, a mapping or an alias")
                raise _Stop
            here = (*path, event.value)
            if here in self.tree.keys:
                first = self.tree.keys[here].line
                self._refuse(event, here, f"duplicate key; {dotted(here)[-60:]} stands in line {first} already")
            self.tree.keys[here] = _position(event)
            found[event.value] = self._value(next(events), events, here)
        return found


def _short(tag: str) -> str:
    """Write a tag as it is written in a file."""
    return tag.replace("tag:yaml.org,2002:", "!!")[:60]


def _position(event: yaml.Event) -> Position:
    mark = event.start_mark
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


def is_plain_text(text: str) -> bool:
    """Tell whether ``text`` is read as text without quotes, not as a number or one of YAML's words."""
    return isinstance(_plain(text), str)


def _plain(text: str) -> object:
    """Read an unquoted text as YAML 1.2 does: ``yes`` and ``0123`` stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text

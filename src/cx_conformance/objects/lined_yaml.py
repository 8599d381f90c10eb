"""YAML of a program's own configuration, read as that program reads it: with anchors, and knowing its lines.

It comes from a ConfigMap, which anybody may have written: depth and number of values are bounded, aliases counted as
often as they are used, so that a few lines cannot stand for a million values.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml
from msgspec import Struct, field

MAX_DEPTH: Final = 40
MAX_VALUES: Final = 200_000

_INT: Final = re.compile(r"[-+]?[0-9]{1,18}")
_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}


class LinedMapping(dict[str, Any]):
    """A mapping that knows the line in which it begins, counted from 1."""

    line: int = 1


class NotRead(ValueError):  # noqa: N818 - an outcome, not a bug
    """The text cannot be read; ``line`` is where, counted from 1."""

    def __init__(self, words: str, line: int) -> None:
        """Say what is wrong, and where."""
        super().__init__(words)
        self.line = line


def read_yaml(text: str) -> Any:
    """Return the first document of ``text`` as plain data; raises NotRead."""
    try:
        return _Reading().document(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise NotRead(f"character {error.character!r} is not allowed in YAML", line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        begun = (
            f", {error.context} that begins in line {error.context_mark.line + 1}"
            if error.context and error.context_mark
            else ""
        )
        raise NotRead(f"not YAML: {error.problem}{begun}", mark.line + 1 if mark else 1) from None


class _Reading(Struct):
    """One pass over the events of a text; ``anchors`` hold each value with the number of values in it."""

    count: int = 0
    depth: int = 0
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)

    def document(self, events: Iterator[yaml.Event]) -> Any:
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                found = self._value(event, events)
                for _rest in events:  # what follows must be YAML as well
                    pass
                return found
        return None

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event]) -> Any:
        before = self.count
        self._add(1, event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise NotRead(f"alias *{event.anchor} stands for nothing, or for what it is a part of", _line(event))
            known, size = self.anchors[event.anchor]
            self._add(size, event)
            return known
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotRead(f"nested more than {MAX_DEPTH} deep", _line(event))
        if isinstance(event, yaml.SequenceStartEvent):
            value: Any = self._list(events)
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(event, events)
        else:
            value = _scalar(event)
        self.depth -= 1
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self.anchors[event.anchor] = value, self.count - before
        return value

    def _list(self, events: Iterator[yaml.Event]) -> list[Any]:
        found = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._value(event, events))
        return found

    def _mapping(self, start: yaml.Event, events: Iterator[yaml.Event]) -> LinedMapping:
        found, merged = LinedMapping(), LinedMapping()
        found.line = _line(start)
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._value(event, events)
            value = self._value(next(events), events)
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style:
                for one in reversed(value) if isinstance(value, list) else (value,):
                    merged |= one if isinstance(one, dict) else {}
            elif isinstance(event, yaml.ScalarEvent):
                found[event.value] = value
            else:
                found[str(key)[:100]] = value
        for name, value in merged.items():
            found.setdefault(name, value)
        return found

    def _add(self, number: int, event: yaml.Event) -> None:
        self.count += number
        if self.count > MAX_VALUES:
            raise NotRead(f"more than {MAX_VALUES:,} values; that many are not read", _line(event))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: yaml.Event) -> object:
    if not isinstance(event, yaml.ScalarEvent):
        return None
    text: str = event.value
    if event.style or event.tag:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INT.fullmatch(text) else text

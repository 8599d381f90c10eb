"""A blueprint as the YAML that it is loaded from: what is as usual is left out, and each fact stands on one line."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from cx_conformance.blueprint.promise import Promise
from cx_conformance.blueprint.yaml_text import is_plain_text

if TYPE_CHECKING:
    from pydantic import BaseModel
    from yaml import ScalarNode

    from cx_conformance.blueprint.document import Blueprint

_WIDTH: Final = 120


def written(blueprint: "Blueprint", remarks: Iterable[str] = ()) -> str:
    """Return the text of a file that loads as ``blueprint``, with ``remarks`` as comments at its top."""
    return written_plain(plain(blueprint), remarks)


def written_plain(document: Mapping[str, Any], remarks: Iterable[str] = ()) -> str:
    """Return the text of a document that is plain data already, such as a difference from another."""
    return "\n".join((*_comments(remarks), *_sections(document)))


def _comments(remarks: Iterable[str]) -> Iterable[str]:
    for one in remarks:
        further = "#   " if one.startswith("- ") else "# "
        yield from textwrap.wrap(
            " ".join(one.split()), _WIDTH, initial_indent="# ", subsequent_indent=further, break_long_words=False
        ) or ["#"]


def _sections(document: Mapping[str, Any]) -> Iterable[str]:
    """Give each section of the document, and in the largest each component after a blank line."""
    for section, content in document.items():
        yield ""
        if section != "components" or not content:
            yield _dumped({section: content}).rstrip("\n")
            continue
        yield f"{section}:"
        for number, (name, component) in enumerate(content.items()):
            text = textwrap.indent(_dumped({name: component}).rstrip("\n"), "  ")
            yield f"\n{text}" if number else text
    yield ""


def plain(model: "BaseModel") -> dict[str, Any]:
    """Return a model as plain data; of what is as usual only the source of a promise is said."""
    said: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        always = isinstance(model, Promise) and name == "source"
        if field.is_required() or always or value != field.get_default(call_default_factory=True):
            said[field.alias or name] = _value(value)
    if "source" in said:
        said["source"] = said.pop("source")  # last on its line
    return said


def _value(value: Any) -> Any:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return plain(value)
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _value(one) for key, one in value.items()}
    return value if value is None or isinstance(value, bool | int) else str(value)


def _dumped(document: Mapping[str, Any]) -> str:
    import yaml

    class Lines(yaml.CSafeDumper):
        """Writes what holds no further records on one line, and shared parts out."""

        def ignore_aliases(self, data: object) -> bool:
            """Return True: no aliases."""
            del data
            return True

    def text(dumper: yaml.CSafeDumper, data: str) -> "ScalarNode":
        """Quote what this project's own reader would take for a number or a word of YAML."""
        style = None if is_plain_text(data) else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Lines.add_representer(str, text)
    nested = any(isinstance(one, list | dict) for one in document.values())
    text_of: str = yaml.dump(
        dict(document),
        Dumper=Lines,
        sort_keys=False,
        default_flow_style=None if nested else False,
        width=_WIDTH,
        allow_unicode=True,
    )
    return text_of

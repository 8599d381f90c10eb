"""From pydantic's errors to sentences: what was found, and what is allowed there."""

import re
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cx_conformance.blueprint.field_docs import field_docs
from cx_conformance.blueprint.names import PATTERNS
from cx_conformance.blueprint.problems import DocumentPath, Problem, meant
from cx_conformance.blueprint.store import Reference
from cx_conformance.blueprint.yaml_text import Tree

_SENSITIVE: Final = re.compile(r"login|password|token|credential|secretkey|accesskey", re.IGNORECASE)
"""Keys below which a value is never repeated in a message: it may be a password in the wrong place."""
REFERENCE_ALLOWED: Final = (
    "a credential is never written into this file; write where it is read from: {secret: NAME, key: KEY}, "
    "{configMap: NAME, key: KEY}, {env: VARIABLE} or {file: PATH}"
)
_ALLOWED: Final = "; allowed is "
_KEY: Final = ("[key]",)
"""What pydantic puts behind the place of a mapping's entry when its key is wrong."""
# What pydantic's error types allow; the braces are filled from the error's own context.
_EXPECTED: Final = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_from_datetime_inexact": "a date such as 2026-12-31",
    "date_from_datetime_parsing": "a date such as 2026-12-31",
    "date_parsing": "a date such as 2026-12-31",
    "date_type": "a date such as 2026-12-31",
    "dict_type": "a mapping",
    "float_parsing": "a number",
    "enum": "{expected}",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "none_required": "nothing",
    "string_too_long": "a text of at most {max_length} characters",
    "string_too_short": "a text that is not empty",
    "string_type": "a text",
    "too_long": "at most {max_length} of them",
    "too_short": "at least {min_length} of them",
    "tuple_type": "a list",
}


def explain(error: ValidationError, model: type[BaseModel], tree: Tree) -> list[Problem]:
    """Give one problem for each error that a validation of ``tree`` against ``model`` found."""
    said: dict[tuple[DocumentPath, bool], list[str]] = {}
    either: set[DocumentPath] = set()
    for each in error.errors(include_url=False):
        if each["type"] == "too_short" and len(each["input"]) >= each["ctx"]["min_length"]:
            continue  # it counts only those that are well formed, and what is wrong with the others is said of them
        path, tried = _path(each, tree)
        if tried:
            either.add(path)
        of_key = each["type"] == "extra_forbidden" or each["loc"][-1:] == _KEY
        said.setdefault((path, of_key), []).append(_sentence(each, path, model))
    # Where a value may be one thing or another, the one that it resembles tells more: `replicas.most: is missing`.
    for path in either:
        if any(other[: len(path)] == path and other != path for other, _ in said):
            del said[path, False]
    return [
        Problem(_joined(some), tree.place(path, key=of_key), path, tree.file_of(path))
        for (path, of_key), some in said.items()
    ]


def _joined(sentences: list[str]) -> str:
    """Make one sentence of those about one value that may be one thing or another."""
    telling = [each for each in sentences if _ALLOWED not in each]
    if telling:
        return telling[-1]
    return sentences[0] + "".join(f", or {each.partition(_ALLOWED)[2]}" for each in dict.fromkeys(sentences[1:]))


def _path(error: ErrorDetails, tree: Tree) -> tuple[DocumentPath, bool]:
    """Return where the error is, and whether pydantic tried one of several types there, which it names in the place."""
    path: DocumentPath = ()
    for step in error["loc"]:
        if (*path, step) in tree.values or (error["type"] == "missing" and step == error["loc"][-1]):
            path = (*path, step)
    tried = any(isinstance(step, str) and step not in path and step not in _KEY for step in error["loc"])
    return path, tried


def _sentence(error: ErrorDetails, path: DocumentPath, model: type[BaseModel]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            owner = _annotation_at(model, path[:-1])
            unknown = _unknown_key(f"{path[-1]}", _model_of(owner))
            return f"{unknown}; {REFERENCE_ALLOWED}" if _is_reference(owner) else unknown
        case "missing":
            meaning = _meaning(model, path)
            return "is missing" + (f"; it says: {meaning}" if meaning else "")
        case "value_error":
            return str(context.get("error", error["msg"]))
    if _is_reference(_annotation_at(model, path)):
        return f"found {_shape(error['input'])}; {REFERENCE_ALLOWED}"
    found = _shape(error["input"]) if _sensitive(path) else _found(error["input"])
    if kind == "string_type" and isinstance(error["input"], (int, float)):
        return f"found {found}{_ALLOWED}a text, in quotes where it looks like something else"
    word = f"key {path[-1]!r:.60}" if error["loc"][-1:] == _KEY else f"found {found}"
    return f"{word}{_ALLOWED}{_allowed(kind, context, error['msg'])}"


def _allowed(kind: str, context: dict[str, Any], said: str) -> str:
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], f"a text that matches {context['pattern']}")
    expected = _EXPECTED.get(kind)
    return expected.format(**context) if expected else said[:1].lower() + said[1:]


def _unknown_key(key: str, model: type[BaseModel] | None) -> str:
    known = sorted(field.alias or name for name, field in model.model_fields.items()) if model else []
    return (
        f"unknown key {key[:60]!r}{meant(key, known)}; allowed are {', '.join(known)}"
        if known
        else f"unknown key {key[:60]!r}"
    )


def _sensitive(path: DocumentPath) -> bool:
    return any(isinstance(step, str) and _SENSITIVE.search(step) for step in path)


def _found(value: object) -> str:
    """Say what stands there, shortened."""
    if isinstance(value, str):
        text = value if len(value) <= 60 else value[:57] + "..."
        return f"the text {text!r}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        text = f"{value}"
        return f"the number {text if len(text) <= 40 else text[:37] + '...'}"
    return _shape(value)


def _shape(value: object) -> str:
    """Say what kind of value stands there, without the value."""
    match value:
        case None:
            return "nothing"
        case str():
            return f"a text of {len(value)} characters"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "a mapping"
    return f"{value}".lower() if isinstance(value, bool) else "a number"


def _meaning(model: type[BaseModel], path: DocumentPath) -> str:
    """Return the first sentence of the description of the field at ``path``."""
    owner = _model_of(_annotation_at(model, path[:-1]))
    if owner is None:
        return ""
    name = next((name for name, field in owner.model_fields.items() if path[-1] in {name, field.alias}), "")
    return field_docs(owner).get(name, "").split("\n")[0].split(". ")[0].rstrip(".")


def _annotation_at(annotation: Any, path: DocumentPath) -> Any:
    """Return the type that is declared for ``path`` below ``annotation``; None where nothing is."""
    for step in path:
        annotation = _bare(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = annotation.model_fields
            annotation = next((each.annotation for name, each in fields.items() if step in {name, each.alias}), None)
        else:
            inner = [each for each in get_args(annotation) if each is not Ellipsis]
            annotation = inner[-1] if get_origin(annotation) in {dict, tuple, list} and inner else None
    return annotation


def _bare(annotation: Any) -> Any:
    """Take ``Annotated[...]`` and ``... | None`` off."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in {Union, UnionType}:
            some = [each for each in get_args(annotation) if each is not NoneType]
            if len(some) != 1:
                return annotation
            annotation = some[0]
        else:
            return annotation


def _model_of(annotation: Any) -> type[BaseModel] | None:
    bare = _bare(annotation)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _is_reference(annotation: Any) -> bool:
    model = _model_of(annotation)
    return model is not None and issubclass(model, Reference)

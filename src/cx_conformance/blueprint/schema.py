"""The JSON Schemas of blueprint, site and inventory, for editors that complete and check while one writes."""

import json
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.field_docs import field_docs
from cx_conformance.blueprint.inventory import Inventory
from cx_conformance.blueprint.promise import Model
from cx_conformance.blueprint.site import Site

MODELS: Final[dict[str, type[BaseModel]]] = {"blueprint": Blueprint, "site": Site, "inventory": Inventory}
"""The documents that have a schema, by name."""


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document called ``name``; KeyError: there is none."""
    return schema_of(MODELS[name], Model)


def schema_of(
    whole: type[BaseModel], *bases: type[BaseModel], mode: Literal["validation", "serialization"] = "validation"
) -> dict[str, Any]:
    """Return the JSON Schema of ``whole``, with what stands below the fields of it and of all models of ``bases``."""
    models = (whole, *(each for one in bases for each in _models_below(one)))
    for model in models:
        model.model_rebuild()  # before pydantic 2.14 a default is not written by a model that is built when it is used
    schema = whole.model_json_schema(by_alias=True, mode=mode)
    for model in models:
        about = schema if model is whole else schema["$defs"].get(model.__name__, {})
        for field, text in field_docs(model).items():
            key = model.model_fields[field].alias or field
            about.get("properties", {}).get(key, {})["description"] = text
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


def _models_below(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [each for child in model.__subclasses__() for each in (child, *_models_below(child))]


def schema_text(name: str) -> str:
    """Return the schema as it stands in ``docs/schema/``."""
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def file_name(name: str) -> str:
    """Return the file that holds the schema, in ``docs/schema/``."""
    return f"{name}.schema.json"

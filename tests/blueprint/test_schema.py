import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.loading import load_site
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.schema import MODELS, file_name, json_schema, schema_text

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", MODELS)
def test_the_schema_in_the_repository_is_current(name: str) -> None:
    """Run `cx-conformance schema --write docs/schema` when this fails."""
    assert (ROOT / "docs" / "schema" / file_name(name)).read_text(encoding="utf-8") == schema_text(name)


@pytest.mark.parametrize("name", MODELS)
def test_every_key_has_a_description(name: str) -> None:
    """An editor shows it while one writes."""
    schema = json_schema(name)
    models: dict[str, Any] = {**schema["$defs"], name: schema}
    bare = [
        (model, key)
        for model, about in models.items()
        for key, value in about.get("properties", {}).items()
        if "description" not in value
    ]
    assert bare == []


def test_the_shipped_blueprint_keeps_the_schema_that_it_names() -> None:
    """Its first line leads an editor there."""
    text = (ROOT / "blueprint.yaml").read_text(encoding="utf-8")
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((ROOT / named).read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load(text), schema)


def test_the_example_of_a_site_file_keeps_its_schema_and_the_blueprint(blueprint: Blueprint) -> None:
    """It is what people begin with."""
    example = ROOT / "docs" / "site.example.yaml"
    loaded = load_site(example, blueprint)
    named = example.read_text(encoding="utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    jsonschema.validate(loaded.tree.data, json.loads((example.parent / named).read_text(encoding="utf-8")))
    assert set(Plan(blueprint, loaded.document).components) == set(blueprint.components) - {
        "facebook-connector",
        "twillio-connector",
    }


def test_the_schema_refuses_what_the_model_refuses() -> None:
    """An unknown key, a port out of range."""
    for wrong in ({"blueprint": {"name": "a", "version": "b"}, "components": {}}, {"extra": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, json_schema("blueprint"))

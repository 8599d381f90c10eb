"""The JSON Schema of ``report.json``, as it is published in ``docs/schema/report.schema.json``."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from cx_conformance.blueprint.schema import with_field_docs
from cx_conformance.reports.formats.report_shape import SCHEMA_ID, Report
from cx_conformance.reports.formats.report_values import Closed, Open


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every report is valid by."""
    made = with_field_docs(Report.model_json_schema(by_alias=True, mode="serialization"), Report, Closed, Open)
    return {"$schema": GenerateJsonSchema.schema_dialect, "$id": SCHEMA_ID, **made}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))  # noqa: T201 - what the published file is made of

"""The JSON Schema of ``report.json``, as it is published in ``docs/schema/report.schema.json``."""

import json
from typing import Any

from cx_conformance.blueprint.schema import schema_of
from cx_conformance.reports.formats.report_shape import SCHEMA_ID, Report
from cx_conformance.reports.formats.report_values import Closed, Open


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every report is valid by."""
    return {"$id": SCHEMA_ID, **schema_of(Report, Closed, Open, mode="serialization")}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))  # noqa: T201 - what the published file is made of

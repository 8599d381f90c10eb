"""Renders the chart by Helm itself, which PyPI's helm-python-sdk brings as a library."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from helm_python import Chart

Object = dict[str, Any]


def render(chart: Path, values: Mapping[str, Any], namespace: str) -> list[Object]:
    """Return the objects that the chart's templates give with these values; hooks and notes are left out.

    Raises HelmError for a template or values that Helm refuses. No cluster is asked: ``lookup`` finds nothing.
    """
    with Chart.load(chart) as loaded:
        loaded.validate_schema(dict(values))
        texts = loaded.render(dict(values), name="cx-conformance", namespace=namespace)
    return [one for one in _objects(texts) if "helm.sh/hook" not in one["metadata"].get("annotations", {})]


def hooks(chart: Path, values: Mapping[str, Any], namespace: str) -> list[Object]:
    """Return the objects that Helm makes at certain moments only, such as for ``helm test``."""
    with Chart.load(chart) as loaded:
        texts = loaded.render(dict(values), name="cx-conformance", namespace=namespace)
    return [one for one in _objects(texts) if "helm.sh/hook" in one["metadata"].get("annotations", {})]


def notes(chart: Path, values: Mapping[str, Any], namespace: str) -> str:
    """Return what ``helm install`` says in the end."""
    with Chart.load(chart) as loaded:
        texts = loaded.render(dict(values), name="cx-conformance", namespace=namespace)
    return next(text for name, text in texts.items() if name.endswith("NOTES.txt"))


def _objects(texts: Mapping[str, str]) -> list[Object]:
    return [
        one
        for name, text in sorted(texts.items())
        if not name.endswith(".txt")
        for one in yaml.safe_load_all(text)
        if one
    ]

"""What a real Kubernetes 1.36 said about the small shop, as the tests read it."""

import copy
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from cx_conformance.cluster.kinds import KINDS, R

_RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"


@cache
def _read(name: str) -> Any:
    return json.loads(gzip.decompress((_RECORDINGS / name).read_bytes()))


def recorded_cluster() -> dict[str, Any]:
    """Return ``{"version", "api", "apis", "resources", "objects": {path: List}}``, yours to change."""
    return copy.deepcopy(_read("cluster.json.gz"))


def recorded_responses() -> list[dict[str, Any]]:
    """Return the recorded requests with their responses."""
    return copy.deepcopy(_read("responses.json.gz"))


def recorded_items(path: str) -> list[dict[str, Any]]:
    """Return the raw objects of the list at ``path``, yours to change."""
    return copy.deepcopy(_read("cluster.json.gz")["objects"][path]["items"])


def recorded(record: type[R]) -> tuple[R, ...]:
    """Return every recorded object of a kind, parsed."""
    kind = KINDS[record]
    listed = _read("cluster.json.gz")["objects"].get(kind.path(), {"items": []})  # no custom kind was served there
    return tuple(kind.parse(item) for item in listed["items"])

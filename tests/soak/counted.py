"""How many runs ended alike, as the soak test last counted them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

KEPT: Final = Path(__file__).parent / "counted.json"


@dataclass(frozen=True, kw_only=True)
class Count:
    """Of one fault, or of the healthy installation (empty), how many runs there were, and how many ended alike."""

    fault: str
    runs: int
    alike: int


def keep(counts: Iterable[Count]) -> None:
    """Keep what was counted, with the day."""
    kept = {"day": f"{datetime.now(UTC):%Y-%m-%d}", "counts": [asdict(one) for one in counts]}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def load() -> tuple[str, tuple[Count, ...]]:
    """Return the day, and what was counted on it."""
    kept = json.loads(KEPT.read_text("utf-8"))
    return kept["day"], tuple(Count(**one) for one in kept["counts"])

"""The report's own words: one catalogue a language, ``texts/<language>.json``; checks speak for themselves."""

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

DEFAULT: Final = "en"


class Texts:
    """The words of one language, with their gaps filled."""

    def __init__(self, language: str = DEFAULT) -> None:
        """Take the catalogue of ``language``; ValueError names those that there are."""
        self.language = language
        self.all = _catalogue(language)

    def __call__(self, key: str, **gaps: object) -> str:
        """Return the text of ``key``; numbers get their thousands parted. KeyError for a text that is not there."""
        text = self.all[key]
        return text.format(**{name: _said(one) for name, one in gaps.items()}) if gaps else text

    def known(self, key: str, otherwise: str) -> str:
        """Return the text of ``key``, or ``otherwise`` where the catalogue has none."""
        return self.all.get(key, otherwise)


def languages() -> list[str]:
    """Return the languages that there is a catalogue of."""
    return sorted(one.name.removesuffix(".json") for one in _folder().iterdir() if one.name.endswith(".json"))


@cache
def _catalogue(language: str) -> dict[str, str]:
    if language not in languages():
        raise ValueError(f"no texts in language {language!r}; there are: {', '.join(languages())}")
    found: dict[str, str] = json.loads((_folder() / f"{language}.json").read_text(encoding="utf-8"))
    return found


def _folder() -> Traversable:
    return files("cx_conformance.reports") / "texts"


def _said(value: object) -> object:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value

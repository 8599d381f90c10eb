"""Blueprints of any size: the shipped one, with its own components over and over under other names."""  # noqa: INP001 - a module of scripts, no package

import copy
import re
from pathlib import Path
from typing import Any

import yaml

SHIPPED = Path(__file__).parents[1] / "blueprint.yaml"


def grown(components: int) -> str:
    """Return a blueprint of that many components as YAML; the shipped one, as it stands, for no more than it has.

    The stores stay eight; each further generation of components calls its own kind and the same stores.
    """
    text = SHIPPED.read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    first = {name: each for name, each in document["components"].items() if each["group"] == "internal"}
    generation = 1
    while len(document["components"]) < components:
        generation += 1
        missing = components - len(document["components"])
        chosen = dict(list(first.items())[:missing])
        document["components"] |= {
            f"{name}-{generation}": _again(each, f"-{generation}", set(chosen)) for name, each in chosen.items()
        }
    if generation == 1:
        return text
    del document["errata"], document["accepted"]  # they speak of the page, whose names these are not
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _again(component: dict[str, Any], suffix: str, generation: set[str]) -> dict[str, Any]:
    """Return ``component`` under names of its own; what it shares with others it shares still."""
    mine = copy.deepcopy(component)
    mine.pop("helm", None)
    mine["row"] += suffix.strip("-")
    mine["workload"] = _renamed(mine["workload"], suffix)
    if "service" in mine:
        mine["service"] = _renamed(mine["service"], suffix)
    mine["configMaps"] = [
        each if each["name"] == "ef-connection-env-cm" else _renamed(each, suffix)
        for each in mine.get("configMaps", [])
    ]
    if "ingress" in mine:
        mine["ingress"]["url"] = re.sub(r"(\$\{FQDN\}/[^/]*)", rf"\1{suffix}", mine["ingress"]["url"])
    for volume in mine.get("volumes", []):
        if "claim" in volume:
            volume["claim"] = f"{volume['claim']}{suffix}"
    for call in mine.get("calls", []):
        if call["to"] in generation:
            call["to"] += suffix
    if "calledBy" in mine:
        mine["calledBy"] = [f"{each}{suffix}" for each in mine["calledBy"] if each in generation]
    return mine


def _renamed(named: dict[str, Any], suffix: str) -> dict[str, Any]:
    """Return the promise of a name with its suffix before the kind: ``ef-ccm-2-svc``."""

    def other(name: str) -> str:
        return re.sub(r"(-svc|-cm|)$", rf"{suffix}\1", name, count=1)

    aliases = {"aliases": [other(each) for each in named["aliases"]]} if "aliases" in named else {}
    return named | {"name": other(named["name"])} | aliases

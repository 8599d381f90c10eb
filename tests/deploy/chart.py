"""Renders the chart's templates: the few forms of Go's text/template that they keep to, and nothing else.

No package registry at hand brings Helm. What is modelled is what https://pkg.go.dev/text/template and
https://helm.sh/docs/chart_template_guide say of these forms; any other raises, so that no template can use what is not
looked at here:

    {{ PATH }}   {{ PATH | quote }}   {{- toYaml PATH | nindent N }}   {{- .Files.Get "NAME" | nindent N }}
    {{- if PATH }} ... {{- else }} ... {{- end }}
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_ACTION = re.compile(r"(?P<before>\s*(?=\{\{-))?\{\{-?\s*(?P<words>.*?)\s*\}\}")


class NotModelled(ValueError):  # noqa: N818 - the template uses a form that is not looked at
    """A form of the template language that this renderer does not have."""


def render(chart: Path, values: Mapping[str, Any], namespace: str) -> list[dict[str, Any]]:
    """Return the objects that the chart's templates give with these values, which replace its own defaults."""
    scope = {
        "Values": _merged(yaml.safe_load((chart / "values.yaml").read_text()), values),
        "Release": {"Namespace": namespace},
        "Files": {path.relative_to(chart).as_posix(): path.read_text() for path in (chart / "files").iterdir()},
    }
    found: list[dict[str, Any]] = []
    for path in sorted((chart / "templates").iterdir()):
        found += [one for one in yaml.safe_load_all(rendered(path.read_text(), scope)) if one]
    return found


def rendered(text: str, scope: Mapping[str, Any]) -> str:
    """Return a template's text."""
    # Of each open ``if``: whether its present branch is shown.
    shown: list[bool] = []
    made, place = "", 0
    for action in _ACTION.finditer(text):
        if all(shown):
            made += text[place : action.start()]
        place = action.end()
        words = action["words"]
        if words.startswith("if "):
            shown.append(bool(_value(words.removeprefix("if "), scope)))
        elif words == "else":
            shown[-1] = not shown[-1]
        elif words == "end":
            shown.pop()
        elif all(shown):
            made += _evaluated(words, scope)
    if shown:
        raise NotModelled("an if without its end")
    return made + text[place:]


def _evaluated(words: str, scope: Mapping[str, Any]) -> str:
    head, *pipes = [one.strip() for one in words.split("|")]
    if head.startswith("toYaml "):
        value: Any = yaml.safe_dump(_value(head.removeprefix("toYaml "), scope), sort_keys=True).rstrip("\n")
    elif (file := re.fullmatch(r'\.Files\.Get "(.+)"', head)) is not None:
        value = scope["Files"][file[1]]
    else:
        value = _value(head, scope)
    for pipe in pipes:
        if pipe == "quote":
            value = json.dumps(str(value))
        elif (indent := re.fullmatch(r"nindent (\d+)", pipe)) is not None:
            value = "\n" + "\n".join(" " * int(indent[1]) + line for line in str(value).split("\n"))
        else:
            raise NotModelled(pipe)
    if isinstance(value, dict | list | bool) or value is None:
        raise NotModelled(f"{words} gives {value!r}, which Go would print in its own way")
    return str(value)


def _value(path: str, scope: Mapping[str, Any]) -> Any:
    if re.fullmatch(r"(\.[A-Za-z]+)+", path) is None:
        raise NotModelled(path)
    value: Any = scope
    for step in path.split(".")[1:]:
        value = value[step]
    return value


def _merged(defaults: Any, given: Any) -> Any:
    """Return the values as Helm merges them: mappings key by key, anything else whole."""
    if isinstance(defaults, Mapping) and isinstance(given, Mapping):
        return {**defaults, **{key: _merged(defaults.get(key), value) for key, value in given.items()}}
    return given

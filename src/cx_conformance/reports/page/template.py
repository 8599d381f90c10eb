"""What every page of HTML is made from: a template, and hashes for its Content-Security-Policy."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@cache
def template(name: str) -> Template:
    """Return the template of that name; what it prints is escaped, and a value that it lacks is an error."""
    environment = Environment(
        loader=PackageLoader("cx_conformance.reports.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


@cache
def template_file(name: str) -> str:
    """Return a file beside the templates as it stands: a style, a script."""
    return (files("cx_conformance.reports.page") / "templates" / name).read_text(encoding="utf-8")


def source_hash(text: str) -> str:
    """Return how a Content-Security-Policy names an inline style or script: ``sha256-...``."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

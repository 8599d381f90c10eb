"""An installation of a release as the facts describe it, broken by a test and judged by that release."""

from functools import cache

import orjson

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.releases import load_release
from cx_conformance.run.suite_files import suite_root
from tests.checks.installation import Installation
from tests.releases import from_facts


@cache
def promised(release: str) -> Blueprint:
    """Return what a release promises."""
    return load_release(release, suite_root() / "blueprint.yaml").document


def installed(release: str, *, as_guided: bool = True) -> Installation:
    """Return the installation of a release, whole."""
    manifests = orjson.dumps(from_facts.manifests(release, as_guided=as_guided))
    return Installation({"fqdn": from_facts.FQDN}, manifests, promised=promised(release))

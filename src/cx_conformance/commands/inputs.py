"""The files that several commands read, and how a command ends that cannot use them."""

import argparse
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from cx_conformance.blueprint.problems import InputProblems
from cx_conformance.outcome.verdict import WRONG_USAGE
from cx_conformance.run.options import Options
from cx_conformance.run.suite_files import suite_root

if TYPE_CHECKING:
    from cx_conformance.blueprint.document import Blueprint
    from cx_conformance.blueprint.loading import Loaded
    from cx_conformance.blueprint.plan import Plan
    from cx_conformance.blueprint.site import Site


def add_blueprint(parser: argparse.ArgumentParser) -> None:
    """Declare ``--blueprint``."""
    parser.add_argument(
        "--blueprint", metavar="FILE", type=Path, help="what is promised (default: the shipped blueprint.yaml)"
    )


def add_site(parser: argparse.ArgumentParser) -> None:
    """Declare ``--site``."""
    parser.add_argument("--site", metavar="FILE", type=Path, help="this installation: names and deviations")


def blueprint_of(args: argparse.Namespace) -> "Loaded[Blueprint]":
    """Load the blueprint that was asked for; InputProblems."""
    from cx_conformance.blueprint.loading import load_blueprint

    return load_blueprint(Options.read(args).blueprint or suite_root() / "blueprint.yaml")


def site_of(args: argparse.Namespace, blueprint: "Blueprint") -> "Loaded[Site] | None":
    """Load the site file that was asked for; None: none was. InputProblems."""
    from cx_conformance.blueprint.loading import load_site

    path = Options.read(args).site
    return load_site(path, blueprint) if path else None


def plan_of(blueprint: "Loaded[Blueprint]", site: "Loaded[Site] | None") -> "Plan":
    """Combine both; without a site file everything is as documented."""
    from cx_conformance.blueprint.plan import Plan
    from cx_conformance.blueprint.site import Site

    return Plan(blueprint.document, site.document if site else Site())


def ending_with_2(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Make a command print what is wrong with its input, and return 2."""

    @wraps(run)
    def ending(args: argparse.Namespace) -> int:
        try:
            return run(args)
        except InputProblems as wrong:
            sys.stderr.write(f"{wrong}\n")
            return WRONG_USAGE

    return ending

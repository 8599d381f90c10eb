"""The files that several commands read, and how a command ends that cannot use them."""

import argparse
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from cx_conformance.blueprint.known import KNOWN
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
    """Declare ``--blueprint`` and ``--release``."""
    parser.add_argument(
        "--blueprint", metavar="FILE", type=Path, help="what is promised (default: the shipped blueprint.yaml)"
    )
    parser.add_argument(
        "--release", metavar="VERSION", help=f"a shipped release instead: {', '.join(KNOWN)}, or what lies between"
    )


def add_site(parser: argparse.ArgumentParser) -> None:
    """Declare ``--site``."""
    parser.add_argument("--site", metavar="FILE", type=Path, help="this installation: names and deviations")


def options_of(args: argparse.Namespace) -> Options:
    """Read the options, as far as the command has them; what of them cannot be used ends it with 2."""
    try:
        return Options.read(args)
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        raise SystemExit(WRONG_USAGE) from None


def blueprint_of(args: argparse.Namespace) -> "Loaded[Blueprint]":
    """Load the blueprint that was asked for; InputProblems."""
    from cx_conformance.blueprint.loading import load_blueprint

    options = options_of(args)
    if options.release and not options.blueprint:
        return release_of(options.release, "--release")
    return load_blueprint(options.blueprint or suite_root() / "blueprint.yaml")


def release_of(version: str, option: str) -> "Loaded[Blueprint]":
    """Load the release that stands for the ``version`` of an ``option``; an unknown one ends the command with 2."""
    from cx_conformance.blueprint.releases import load_release
    from cx_conformance.run.promises import known_release

    try:
        name = known_release(version, option, ", and what lies between")
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        raise SystemExit(WRONG_USAGE) from None
    return load_release(name, suite_root() / "blueprint.yaml")


def site_of(args: argparse.Namespace, blueprint: "Blueprint") -> "Loaded[Site] | None":
    """Load the site file that was asked for; None: none was. InputProblems."""
    from cx_conformance.blueprint.loading import load_site

    path = options_of(args).site
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

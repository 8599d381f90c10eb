"""``cx-conformance lint``: whether a blueprint, and a site file, are sound."""

import argparse
import sys
from typing import TYPE_CHECKING

from cx_conformance.commands.inputs import add_blueprint, add_site, blueprint_of, ending_with_2, site_of

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from cx_conformance.blueprint.lint import Finding


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "lint",
        help="check a blueprint: schema, then consistency",
        description="Checks a blueprint, and a site file against it. Exit status 1: an inconsistency that is an error, "
        "2: a file that cannot be used. Warnings are inconsistencies of the page that the suite knows what to do with.",
    )
    add_blueprint(parser)
    add_site(parser)
    parser.add_argument("--rules", action="store_true", help="print every rule with its ID and level instead")
    parser.set_defaults(run=run)


@ending_with_2
def run(args: argparse.Namespace) -> int:
    """Print every finding, and return 1 when one is an error."""
    from cx_conformance.blueprint.lint import RULES, Level, lint

    if args.rules:
        for rule in RULES.values():
            sys.stdout.write(f"{rule.id}  {rule.level:<7}  {rule.title}\n")
        return 0
    loaded = blueprint_of(args)
    site_of(args, loaded.document)
    findings = lint(loaded)
    for finding in findings:
        sys.stdout.write(f"{loaded.path}:{_line(finding)}\n")
    errors = sum(finding.level is Level.ERROR for finding in findings)
    unexplained = sum(finding.reason is None for finding in findings) - errors
    known = len(findings) - errors - unexplained
    sys.stdout.write(f"{errors} errors, {unexplained} warnings, {known} warnings that are known and explained\n")
    return 1 if errors else 0


def _line(finding: "Finding") -> str:
    known = f" (known: {finding.reason})" if finding.reason else ""
    place = f"{finding.position.line}:{finding.position.column}"
    return f"{place}: {finding.level} {finding.id}: {finding.message}{known}"

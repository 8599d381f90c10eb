"""``cx-conformance list``: the checks."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("list", help="the checks, with ID, severity and what each needs")
    parser.add_argument("--area", help="only this area")
    parser.add_argument("--markdown", action="store_true", help="write docs/checks.md: every check in full")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the checks as a table; 2 for an unknown area."""
    import sys

    from rich.console import Console
    from rich.table import Table

    from cx_conformance.outcome.check import AREAS
    from cx_conformance.outcome.verdict import WRONG_USAGE
    from cx_conformance.run.catalogue import every_check, markdown

    if args.area and args.area not in AREAS:
        sys.stderr.write(f"cx-conformance list: {args.area!r} is not an area; allowed are {', '.join(AREAS)}\n")
        return WRONG_USAGE
    if args.markdown:
        sys.stdout.write(markdown(every_check()))
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("ID", "title", "area", "severity", "once per", "looks by"):
        table.add_column(column, no_wrap=column != "title")
    for one in every_check():
        if not args.area or one.area == args.area:
            looks = "live" if one.live else "API"
            table.add_row(one.id, one.title, one.area, str(one.severity), one.per.replace("_", " "), looks)
    Console(highlight=False).print(table)
    return 0

"""``cx-conformance schema``: the JSON Schemas of blueprint, site and inventory."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cx_conformance.outcome.verdict import WRONG_USAGE

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "schema",
        help="the JSON Schemas of blueprint, site and inventory",
        description="Prints a JSON Schema, or writes all into a folder. An editor with a YAML language server "
        "completes and checks a file whose first line is `# yaml-language-server: $schema=FILE`.",
    )
    parser.add_argument("document", nargs="?", choices=("blueprint", "site", "inventory"), default="blueprint")
    parser.add_argument("--write", metavar="DIR", type=Path, help="write the schemas of all documents into this folder")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print or write; 2 when the folder cannot be written."""
    from cx_conformance.blueprint.schema import MODELS, file_name, schema_text

    if args.write is None:
        sys.stdout.write(schema_text(args.document))
        return 0
    try:
        args.write.mkdir(parents=True, exist_ok=True)
        for name in MODELS:
            (args.write / file_name(name)).write_text(schema_text(name), encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"{args.write}: cannot be written: {error.strerror}\n")
        return WRONG_USAGE
    return 0

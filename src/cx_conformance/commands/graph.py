"""``cx-conformance graph``: components, stores and call edges as a picture."""

import argparse
import sys
from typing import TYPE_CHECKING

from cx_conformance.commands.inputs import add_blueprint, add_site, blueprint_of, ending_with_2, plan_of, site_of

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "graph",
        help="components, stores and call edges as a picture",
        description="Prints who calls whom: as text for Graphviz or Mermaid, or drawn as SVG. "
        "Dashed edges are those that only the vendor's charts show.",
    )
    add_blueprint(parser)
    add_site(parser)
    parser.add_argument("--format", choices=("dot", "mermaid", "svg"), default="mermaid", help="default: mermaid")
    parser.set_defaults(run=run)


@ending_with_2
def run(args: argparse.Namespace) -> int:
    """Print the graph."""
    from cx_conformance.blueprint.drawing import svg
    from cx_conformance.blueprint.graph import dot, graph_of, mermaid

    blueprint = blueprint_of(args)
    plan = plan_of(blueprint, site_of(args, blueprint.document))
    write = {"dot": dot, "mermaid": mermaid, "svg": svg}[args.format]
    sys.stdout.write(write(graph_of(plan)))
    return 0

"""``cx-conformance ready``: whether the platform can be installed on a cluster, asked before it is."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cx_conformance.commands import run
from cx_conformance.commands.help_text import Paragraphs
from cx_conformance.run.declared import DECLARED, PYTESTS_OWN

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_DESCRIPTION = """\
Looks at a cluster on which the platform is yet to be installed, and says whether it can be: version, nodes and their
room, storage, way in, DNS, what would refuse its pods, and what the installation guide has made by hand. It reports,
waives and ends as `run` does, and takes the same options; --release says which release is to be installed. With
--allow-probe-pods IMAGE it makes pods and a claim, tries volumes, registry, DNS and the way between nodes by them, and
deletes them again.
"""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand, for its help."""
    parser = subparsers.add_parser(
        "ready",
        help="can the platform be installed here?",
        description=_DESCRIPTION,
        formatter_class=Paragraphs,
    )
    for flag, keywords in (*DECLARED, *PYTESTS_OWN):
        if flag != "--ready":
            parser.add_argument(flag, **keywords)
    parser.add_argument("pytest_arguments", nargs="*", metavar="PYTEST ARGUMENT", help="anything that pytest takes")


def run_with(arguments: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Run the checks of area ``ready``, and those that hold of any cluster; return the exit status of the verdict."""
    if any(one in ("-h", "--help") for one in arguments):
        parser.parse_args(["ready", "--help"])
    return run.run_with(["--ready", *arguments], parser)

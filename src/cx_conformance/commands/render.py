"""``cx-conformance render``: page and paper of a sign-off pack, made again from ``report.json``."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "render",
        help="report.html and report.pdf again, from report.json",
        description="Makes report.html and report.pdf (extra `pdf`) from the report.json in DIR, and nothing else. "
        "Where DIR is a whole pack, SHA256SUMS follows, and a signature that no longer holds is removed.",
    )
    parser.add_argument("pack", metavar="DIR", help="the folder that holds report.json")
    parser.add_argument("--output", metavar="DIR", help="write into this folder (default: the same)")
    parser.add_argument("--language", default="en", metavar="NAME", help="language of the texts (default: en)")
    parser.add_argument("--paper", choices=("A4", "letter"), default="A4", help="size of the paper (default: A4)")
    parser.add_argument(
        "--whole", action="store_true", help="the evidence of kept promises on paper too: about five times the pages"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make page and paper; 1 when the pack was changed, 2 when it cannot be read or written."""
    from cx_conformance.reports.pack.rendering import PackWasChanged, render
    from cx_conformance.reports.writing import ReportNotWritten

    source = Path(args.pack)
    target = Path(args.output) if args.output else source
    if not source.is_dir():
        sys.stderr.write(f"cx-conformance render: {source} is no folder; give the one that holds report.json\n")
        return 2
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        said = render(source, target, language=args.language, paper=args.paper, whole=args.whole)
    except PackWasChanged as reason:
        sys.stderr.write(f"cx-conformance render: {reason}\n")
        return 1
    except OSError as reason:
        sys.stderr.write(f"cx-conformance render: {reason.filename or args.pack}: {reason.strerror or reason}\n")
        return 2
    except (ReportNotWritten, ValueError) as reason:
        sys.stderr.write(f"cx-conformance render: {reason}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in said))
    return 0

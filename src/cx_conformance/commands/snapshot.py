"""``cx-conformance snapshot``: save what a static run looks at."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cx_conformance.run.declared import DECLARED

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_TAKEN = ("--blueprint", "--release", "--site", "--kubeconfig", "--context", "--sandbox", "--time-limit")


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "snapshot",
        help="save what a static run looks at, to audit it offline",
        description="Saves what a static run looks at into one file, for `cx-conformance run --snapshot FILE`, "
        "and what `cx-conformance capture --snapshot FILE` needs beside it. "
        "Values of Secrets, and of ConfigMap keys that look secret, are left out.",
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the file; .gz compresses it")
    for flag, keywords in DECLARED:
        if flag in _TAKEN:
            parser.add_argument(flag, **keywords)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Save a snapshot; 2 for wrong input, 3 when the cluster could not be looked at."""
    import sys

    from cx_conformance.blueprint.problems import InputProblems
    from cx_conformance.capture.gathered import CAPTURED
    from cx_conformance.cluster.snapshot import save
    from cx_conformance.outcome.looking import CouldNotLook
    from cx_conformance.outcome.verdict import EXIT_STATUS, WRONG_USAGE, Verdict
    from cx_conformance.run.options import Options
    from cx_conformance.run.run import Run

    if wrong := _wrong_place(Path(args.output)):
        sys.stderr.write(f"cx-conformance snapshot: {args.output}: {wrong}\n")
        return WRONG_USAGE
    try:
        session = Run(Options.read(args))
    except (InputProblems, ValueError) as wrong:
        sys.stderr.write(f"cx-conformance snapshot: {wrong}\n")
        return WRONG_USAGE
    try:
        session.looks.also = CAPTURED
        taken = session.snapshot
        save(taken, args.output)
    except CouldNotLook as reason:
        sys.stderr.write(f"cx-conformance snapshot: {reason}\n")
        return EXIT_STATUS[Verdict.INCONCLUSIVE]
    except OSError as wrong:
        sys.stderr.write(f"cx-conformance snapshot: {args.output}: cannot be written: {wrong.strerror}\n")
        return WRONG_USAGE
    except ValueError as wrong:
        sys.stderr.write(f"cx-conformance snapshot: {wrong}\n")
        return WRONG_USAGE
    finally:
        session.close()
    sys.stdout.write(f"{args.output}: {taken.requests} requests, {len(taken.namespaces)} namespaces\n")
    sys.stdout.write(f"Look at it: cx-conformance run --snapshot {args.output}\n")
    return 0


def _wrong_place(output: Path) -> str:
    """Return why no snapshot can be saved there, before a cluster is looked at; empty: nothing is known against it."""
    if output.is_dir():
        return "is a folder; name a file in it"
    return "" if output.parent.is_dir() else f"there is no folder {output.parent}"

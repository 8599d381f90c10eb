"""``cx-conformance verify``: tell what of a sign-off pack was changed."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "verify",
        help="was anything of a sign-off pack changed?",
        description="Compares a pack, as --report wrote it, with its SHA256SUMS, its schema, its attestation and its "
        "signature, and names what was changed. Exit status 0: nothing; 1: something; 2: it cannot be read.",
    )
    parser.add_argument("pack", metavar="DIR", help="the folder of the pack")
    parser.add_argument(
        "--signers",
        metavar="FILE",
        help="keys that are allowed to sign, in the format of OpenSSH's allowed_signers; the pack must be signed then",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Say what was changed; 0 when nothing was, 1 when something was, 2 when pack or signers cannot be read."""
    from cx_conformance.reports.pack.verifying import verify

    signers = None if args.signers is None else Path(args.signers)
    if signers is not None and not signers.is_file():
        what = "is no file" if args.signers and signers.exists() else "there is no such file"
        sys.stderr.write(
            f"cx-conformance verify: --signers {args.signers}: {what}; name the list of keys that may sign\n"
        )
        return 2
    try:
        Path(args.pack).stat()  # what is not there was not changed
        found = verify(Path(args.pack), signers)
    except OSError as reason:
        sys.stderr.write(f"cx-conformance verify: {reason.filename or args.pack}: {reason.strerror or reason}\n")
        return 2
    for problem in found.problems:
        sys.stdout.write(f"changed: {problem}\n")
    for remark in found.remarks:
        sys.stdout.write(f"{remark}\n")
    well = f"as {found.signer} signed it" if found.signer else "the sums agree; who made it is not known"
    sys.stdout.write(f"{args.pack}: {'CHANGED' if found.problems else well}\n")
    return 1 if found.problems else 0

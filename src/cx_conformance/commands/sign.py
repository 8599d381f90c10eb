"""``cx-conformance sign``: sign a sign-off pack with an OpenSSH key."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "sign",
        help="sign a sign-off pack with an OpenSSH key",
        description="Signs SHA256SUMS of a pack, once it is what was written, into SHA256SUMS.sig, by ssh-keygen. "
        "`cx-conformance verify DIR --signers FILE` checks it.",
    )
    parser.add_argument("pack", metavar="DIR", help="the folder of the pack")
    parser.add_argument(
        "--key", required=True, metavar="FILE", help="private key, or the public one of a key in the agent"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Sign a pack that nobody has changed; 1 when it was changed, 2 when it cannot be signed."""
    from cx_conformance.reports.pack.signing import NotSigned, sign
    from cx_conformance.reports.pack.verifying import verify

    pack = Path(args.pack)
    try:
        problems = [one for one in verify(pack).problems if "SHA256SUMS.sig" not in one]
        for problem in problems:
            sys.stderr.write(f"cx-conformance sign: {problem}\n")
        if problems:
            return 1
        signature = sign(pack, Path(args.key).expanduser())
    except NotSigned as reason:
        sys.stderr.write(f"cx-conformance sign: {reason}\n")
        return 2
    except OSError as reason:
        sys.stderr.write(f"cx-conformance sign: {reason.filename or args.pack}: {reason.strerror or reason}\n")
        return 2
    sys.stdout.write(f"{signature} is written\n")
    return 0

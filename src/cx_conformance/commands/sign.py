"""``cx-conformance sign``: sign a sign-off pack with an OpenSSH key."""

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Iterator

    from cx_conformance.reports.pack.signing import Signed


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "sign",
        help="sign a sign-off pack with an OpenSSH key",
        description="Signs a pack, once it is what was written: SHA256SUMS into SHA256SUMS.sig, by ssh-keygen, and "
        "attestation.json in its DSSE envelope, for the tools of in-toto. Says by which key, and until when readers "
        "are to trust it. `cx-conformance verify DIR --signers FILE` checks both.",
    )
    parser.add_argument("pack", metavar="DIR", help="the folder of the pack")
    parser.add_argument(
        "--key", required=True, metavar="FILE", help="private key, or the public one of a key in the agent"
    )
    parser.add_argument(
        "--expires",
        metavar="DATE",
        type=_day,
        help="the day on which readers stop to trust the key, for their list of signers (default: in a year); "
        "a certificate has its own",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Sign a pack that nobody has changed; 1 when it was changed, 2 when it cannot be signed."""
    from cx_conformance.reports.pack.signing import NotSigned, sign
    from cx_conformance.reports.pack.verifying import verify

    pack = Path(args.pack)
    try:
        problems = verify(pack, signed=False).problems
        for problem in problems:
            sys.stderr.write(f"cx-conformance sign: {problem}\n")
        if problems:
            return 1
        signed = sign(pack, Path(args.key).expanduser())
    except NotSigned as reason:
        sys.stderr.write(f"cx-conformance sign: {reason}\n")
        return 2
    except OSError as reason:
        sys.stderr.write(f"cx-conformance sign: {reason.filename or args.pack}: {reason.strerror or reason}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in _told(pack, signed, args.expires)))
    return 0


def _told(pack: Path, signed: "Signed", expires: dt.date | None) -> "Iterator[str]":
    """Tell what was signed, by which key, and until when that is to be trusted."""
    from cx_conformance.reports.file_names import ATTESTATION, SIGNATURE
    from cx_conformance.reports.pack.signing import trust_line

    key = signed.key
    kind = f"{key.kind} {key.comment}".rstrip()
    yield f"{pack / SIGNATURE} is written, by the key {key.fingerprint} ({kind})"
    if signed.key_id:
        yield f"{pack / ATTESTATION} is signed by the same key, there called {signed.key_id}"
    else:
        yield f"{pack / ATTESTATION} is not signed itself: {signed.why_not}; SHA256SUMS covers it"
    if key.ends is not None:
        yield f"expires: {key.ends:%Y-%m-%d %H:%M} UTC, as the certificate says"
        return
    until = expires or dt.datetime.now().astimezone().date() + dt.timedelta(days=365)
    yield f"expires: {until}, where readers trust it by this line of their file for `verify --signers`:"
    yield trust_line(key, until)


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


_day.__name__ = "day such as 2027-12-31"

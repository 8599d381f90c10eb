"""``cx-conformance explain CX201``: one check."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("explain", help="one check: what it looks at, why, how to mend it")
    parser.add_argument("check", metavar="CX201", help="the check's ID")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what the check is; 2 for an unknown one."""
    import sys
    import textwrap

    from cx_conformance.outcome.verdict import WRONG_USAGE
    from cx_conformance.run.catalogue import every_check

    checks = {one.id: one for one in every_check()}
    found = checks.get(args.check.upper())
    if found is None:
        close = ", ".join(name for name in checks if name[:3] == args.check.upper()[:3]) or ", ".join(checks)
        sys.stderr.write(f"cx-conformance explain: there is no check {args.check!r}; there are {close}\n")
        return WRONG_USAGE
    looks = "exec, tunnel or login" if found.live else "the API only"
    fields = {
        "what": found.why,
        "once for": f"each {found.per.replace('_', ' ')}",
        "severity": f"{found.severity} (less where only charts or other documents promise it)",
        "to mend": found.remedy,
        "looks by": looks,
        "rests on": f"{found.rests or 'nothing'}: where one of these is broken, this one is blocked",
        "follows": found.led_by and f"{found.led_by}: where one of these fails, too, both are told as one cause",
        "source": f"checks/{found.area}.py, {found.function.__name__}",
    }
    lines = [f"{found.id} {found.title}"]
    for name, text in fields.items():
        wrapped = textwrap.wrap(" ".join(text.split()), width=68, break_on_hyphens=False)
        lines += [f"{name if not index else '':<10}{line}" for index, line in enumerate(wrapped)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0

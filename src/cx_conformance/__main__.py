"""The command ``cx-conformance``: one subcommand a file in ``commands/``, imported only when it is asked for."""

import argparse
import atexit
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Final, NoReturn

from cx_conformance import __version__
from cx_conformance.commands.help_text import Paragraphs
from cx_conformance.run.suite_files import WITHOUT_ASSERTIONS, IncompleteSuite
from cx_conformance.standard_streams import standard_streams, told

COMMANDS: Final = {
    "ready": "can the platform be installed here? asked before it is",
    "run": "look at a cluster and say what keeps the blueprint's promises (options of pytest are taken too)",
    "list": "the checks, with ID, severity and what each needs",
    "explain": "one check: what it looks at, why, how to mend it",
    "preflight": "what the account may not do, and which checks that will turn into errors",
    "rbac": "the least that an account needs, as Kubernetes YAML",
    "snapshot": "save what a static run looks at, to audit it offline",
    "watch": "look again and again, for the hour of an installation",
    "fleet": "many installations, each looked at by a process of its own, on one page",
    "sonobuoy": "a run as a Sonobuoy plug-in",
    "compare": "what is different between two reports",
    "verify": "was anything of a sign-off pack changed?",
    "render": "report.html and report.pdf again, from report.json",
    "sign": "sign a sign-off pack with an OpenSSH key",
    "capture": "a blueprint of what nobody has described: a cluster, a snapshot, manifests",
    "lint": "check a blueprint: schema, then consistency",
    "show": "what is promised, and by whom",
    "graph": "components, stores and call edges as a picture",
    "manifests": "the reference installation as Kubernetes YAML",
    "schema": "the JSON Schemas of blueprint, site and inventory",
    "sandbox": "an embedded cluster that stays up, and its faults",
}
"""Each subcommand with the line that the help shows."""

_BETWEEN_COLLECTIONS: Final = 50_000
"""Objects made between two looks for garbage; nearly all that a run makes lives until its end, and Python's own 700
would spend a sixth of a static run on looking."""

_TAKING_ALL: Final = ("ready", "run", "sonobuoy", "watch")
"""Subcommands that take whatever pytest takes."""

_REPORTING: Final = ("ready", "run")
"""Subcommands that end with a report, however early somebody wants them to end."""

_STATUS: Final = """\
exit status of run:
  0 conformant, waived deviations included
  1 non-conformant
  2 wrong usage, or a blueprint or site file that cannot be read
  3 inconclusive: not everything could be looked at; or conformant, and a report could not be written
  130 interrupted
"""


def command() -> NoReturn:
    """Run the command as this process, and end it.

    Nothing of what a run holds is freed one by one, nor looked at for garbage: that takes an eighth of its time. What
    was registered for the end of a process is done, temporary folders for one; threads are not waited for.
    """
    try:
        status = main()
    except Exception as bug:  # noqa: BLE001 - Python's own status, 1, would say that the platform is broken
        from traceback import extract_tb

        from cx_conformance.outcome.verdict import EXIT_STATUS, Verdict

        status = EXIT_STATUS[Verdict.INCONCLUSIVE]
        at = extract_tb(bug.__traceback__)[-1]
        words = f"{type(bug).__name__}: {bug} ({os.path.basename(at.filename)}, line {at.lineno})"  # noqa: PTH119
        sys.stderr.write(f"cx-conformance: the command itself broke: {words}; please report it\n")
    atexit._run_exitfuncs()  # noqa: SLF001 - what Python itself calls before it frees everything
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(status)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (None: those of the process) and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--warm"]:
        from cx_conformance.fleet.warm import serve

        return serve(main)
    chosen = arguments[0] if arguments else ""
    with standard_streams() as output:
        status = _status_of(chosen, arguments)
        from cx_conformance.outcome.verdict import EXIT_STATUS, Verdict

        return told(output, status, otherwise=EXIT_STATUS[Verdict.INCONCLUSIVE])


def _parser_for(chosen: str) -> argparse.ArgumentParser:
    """Return who parses the command line; of the subcommands the ``chosen`` one is declared whole."""
    parser = argparse.ArgumentParser(
        prog="cx-conformance",
        description="Tells whether an Expertflow CX installation on Kubernetes is what its blueprint promises.",
        epilog=_STATUS,
        formatter_class=Paragraphs,
    )
    parser.add_argument("--version", action="version", version=f"cx-conformance {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    if chosen in _TAKING_ALL:
        gc.set_threshold(_BETWEEN_COLLECTIONS, 100)
    for name, line in COMMANDS.items():
        if name == chosen:
            import_module(f"cx_conformance.commands.{name}").add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=line)
    return parser


def _status_of(chosen: str, arguments: Sequence[str]) -> int:
    try:
        if not __debug__:
            from cx_conformance.outcome.verdict import WRONG_USAGE

            sys.stderr.write(f"cx-conformance: {WITHOUT_ASSERTIONS}\n")
            return WRONG_USAGE
        if chosen in _REPORTING:
            from cx_conformance.run.interrupts import hold_until_begun

            hold_until_begun()  # reading in what reports takes most of a second where a machine is busy
        parser = _parser_for(chosen)
        if not arguments:
            from cx_conformance.outcome.verdict import WRONG_USAGE

            parser.print_help(sys.stderr)
            return WRONG_USAGE
        if chosen in _TAKING_ALL:
            # All of their arguments are pytest's to parse; only their help is ours.
            return int(import_module(f"cx_conformance.commands.{chosen}").run_with(arguments[1:], parser))
        args = parser.parse_args(arguments)
        return int(args.run(args))
    except KeyboardInterrupt:
        from cx_conformance.outcome.verdict import INTERRUPTED

        sys.stderr.write("cx-conformance: interrupted before there was anything to report\n")
        return INTERRUPTED
    except IncompleteSuite as reason:
        from cx_conformance.outcome.verdict import EXIT_STATUS, Verdict

        sys.stderr.write(f"cx-conformance: the suite is incomplete: {reason}; install it again\n")
        return EXIT_STATUS[Verdict.INCONCLUSIVE]


if __name__ == "__main__":
    command()

"""``cx-conformance compare``: what is different between two reports."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cx_conformance.commands.help_text import Paragraphs

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Sequence

    from cx_conformance.outcome.nights import Night
    from cx_conformance.outcome.record import RunRecord

_DESCRIPTION: Final = """\
Compares two reports, each a report.json or the folder of --report: what broke, what was fixed, what is still broken,
what got slower, which promises were added or dropped. With the history of the nights (--history) it also says since
when something is broken, and what comes and goes.

With --upgrade the two are the runs before and after an upgrade: what was well before and is not now, what the new
release promises and keeps, what went with the old one, and which images, claims, Secrets, waivers and Helm revisions
changed. It ends with the exit status of `run`.

exit status otherwise:
  0 nothing broke and nothing was lost sight of
  1 something did
  2 a file cannot be used
"""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    from cx_conformance.outcome.comparison import FACTOR

    parser = subparsers.add_parser(
        "compare",
        help="what is different between two reports",
        description=_DESCRIPTION,
        formatter_class=Paragraphs,
    )
    parser.add_argument("old", metavar="OLD", type=Path, help="the earlier report")
    parser.add_argument("new", metavar="NEW", type=Path, help="the later report")
    parser.add_argument("--history", metavar="FILE", type=Path, help="the file that remembers the nights")
    parser.add_argument(
        "--factor",
        metavar="NUMBER",
        type=_factor,
        default=FACTOR,
        help="tell probes that take more than so many times as long (default: %(default)g)",
    )
    parser.add_argument("--upgrade", action="store_true", help="the runs before and after an upgrade")
    parser.add_argument("--html", metavar="FILE", type=Path, help="with --upgrade: write it as a page, too")
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what is different; 1 when something broke, 2 for a file that cannot be used."""
    import sys

    from cx_conformance.outcome.comparison import compare
    from cx_conformance.outcome.verdict import WRONG_USAGE
    from cx_conformance.reports.formats.json_report import UnreadableReport
    from cx_conformance.reports.nights.history import HistoryNotUsable
    from cx_conformance.reports.terminal.difference import as_json, show_difference
    from cx_conformance.reports.terminal.layout import Page
    from cx_conformance.reports.terminal.summary import console_for

    try:
        old, new = _report(args.old), _report(args.new)
        nights = _nights(args.history, new)
    except (UnreadableReport, HistoryNotUsable) as wrong:
        sys.stderr.write(f"cx-conformance compare: {wrong}\n")
        return WRONG_USAGE
    except OSError as wrong:
        sys.stderr.write(f"cx-conformance compare: could not read {wrong.filename}: {wrong.strerror}\n")
        return WRONG_USAGE
    if args.upgrade:
        return _upgrade(args, old, new)
    found = compare(old, new, args.factor)
    if args.json:
        import orjson

        sys.stdout.write(orjson.dumps(as_json(found, new, nights), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        show_difference(Page(console_for(sys.stdout)), found, new, nights)
    return 1 if found.broke or found.lost_sight else 0


def _upgrade(args: argparse.Namespace, old: "RunRecord", new: "RunRecord") -> int:
    """Print what an upgrade has done; return the exit status of its verdict."""
    import sys

    from cx_conformance.outcome.upgrade import upgrade
    from cx_conformance.outcome.verdict import EXIT_STATUS, Verdict
    from cx_conformance.reports.terminal.layout import Page
    from cx_conformance.reports.terminal.summary import console_for
    from cx_conformance.reports.terminal.upgrade import as_json, show_upgrade
    from cx_conformance.reports.writing import ReportNotWritten

    found = upgrade(old, new)
    status = EXIT_STATUS[found.verdict]
    if args.html:
        from cx_conformance.reports.page.upgrade import write_upgrade

        try:
            write_upgrade(found, old, new, args.html)
        except ReportNotWritten as wrong:
            sys.stderr.write(f"cx-conformance compare: {wrong}\n")
            status = status or EXIT_STATUS[Verdict.INCONCLUSIVE]
    if args.json:
        import orjson

        sys.stdout.write(orjson.dumps(as_json(found), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        show_upgrade(Page(console_for(sys.stdout)), found)
    return status


def _report(path: Path) -> "RunRecord":
    from cx_conformance.reports.formats.json_report import read_json, read_pack

    return read_pack(path) if path.is_dir() else read_json(path)


def _nights(path: Path | None, new: "RunRecord") -> "Sequence[Night]":
    import sys

    from cx_conformance.reports.nights.history import History, HistoryNotUsable

    if path is None:
        return ()
    if not path.exists():
        raise HistoryNotUsable(f"there is no history {path}; name the file that runs are given by --history")
    with History(path) as history:
        nights = history.nights(new)
        if history.set_aside:
            sys.stderr.write(f"cx-conformance compare: {path} was damaged; it is now {history.set_aside}\n")
        for sentence in history.skipped:
            sys.stderr.write(f"cx-conformance compare: {sentence}\n")
    return nights


def _factor(text: str) -> float:
    value = float(text)
    if not value >= 1:
        raise ValueError
    return value


_factor.__name__ = "number from 1 on"

"""``cx-conformance fleet``: many installations, each looked at by a process of its own, on one page."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cx_conformance.commands.help_text import Paragraphs
from cx_conformance.outcome.verdict import EXIT_STATUS, INTERRUPTED, WRONG_USAGE, Verdict
from cx_conformance.run.declared import DECLARED

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Sequence

    from cx_conformance.blueprint.inventory import Inventory, ListedCluster
    from cx_conformance.fleet.tour import Tour
    from cx_conformance.fleet.visit import Visited
    from cx_conformance.reports.fleet.source import Source
    from cx_conformance.reports.fleet.standing import Standing
    from cx_conformance.reports.nights.bucket_place import Place

_FOR_ALL: Final = (
    *("--blueprint", "--static", "--only", "--skip", "--consecutive", "--settle", "--history", "--pushgateway"),
    *("--notify", "--link", "--publish", "--keep", "--no-pdf", "--no-evidence", "--evidence-logs"),
)
"""Options of ``run`` that may hold for every cluster."""

_RUN: Final = """\
Looks at every cluster of the inventory, -j at a time, by `cx-conformance run` in a process of its own: one that hangs
or is down costs its own time limit and nothing else. Each report is written to DIR/<name>/, and fleet.html and
fleet.json beside them: worst first, versions, drift between the clusters. What a run says is in DIR/logs/<name>.txt.

In an Indexed Job, --shares N takes only the clusters of this pod's JOB_COMPLETION_INDEX; with --publish each cluster's
report is stored under its name, and `fleet report --reports s3://...` makes one page of all. A share ends with 0
whatever was found, so that one broken cluster does not end the Job of all others.

exit status:
  0 all conformant
  1 a cluster is not
  2 wrong usage or inventory
  3 a cluster could not be looked at
  130 interrupted
"""
_REPORT: Final = """\
Makes fleet.html and fleet.json from the last report of each cluster of the inventory: from the folder of `fleet run`,
or from a bucket that the clusters publish to, where the page is then stored as well. For a bucket the environment names
the account, as for every S3 client: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_CA_BUNDLE,
AWS_REGION.

exit status:
  0 all conformant
  1 a cluster is not
  2 wrong usage or inventory
  3 a cluster could not be looked at, or its last report is older than 36 hours
"""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand and its own two."""
    parser = subparsers.add_parser("fleet", help="many installations, on one page")
    of_fleet = parser.add_subparsers(metavar="COMMAND", required=True)
    form = Paragraphs
    run = of_fleet.add_parser("run", help="look at every cluster", description=_RUN, formatter_class=form)
    run.add_argument("inventory", metavar="INVENTORY", type=Path, help="the clusters (docs/inventory.example.yaml)")
    run.add_argument("-j", "--at-once", metavar="N", type=_count, default=4, help="clusters at a time (default: 4)")
    run.add_argument("--report", metavar="DIR", type=Path, required=True, help="write the reports into this folder")
    run.add_argument(
        "--each", metavar="SECONDS", type=_seconds, default=600.0, help="limit of a cluster (default: 600)"
    )
    run.add_argument("--time-limit", metavar="SECONDS", type=_seconds, help="limit of the whole fleet")
    run.add_argument("--shares", metavar="N", type=_count, help="take one of N shares: that of JOB_COMPLETION_INDEX")
    for flag, keywords in DECLARED:
        if flag in _FOR_ALL:
            run.add_argument(flag, **keywords)
    run.set_defaults(run=run_fleet)
    report = of_fleet.add_parser("report", help="one page of all reports", description=_REPORT, formatter_class=form)
    report.add_argument("inventory", metavar="INVENTORY", type=Path, help="the clusters")
    report.add_argument("--reports", metavar="DIR|s3://BUCKET/PREFIX", required=True, help="where the reports are")
    report.add_argument(
        "--output", metavar="DIR", type=Path, help="write into this folder (default: where the reports are)"
    )
    report.set_defaults(run=report_fleet)


def run_fleet(args: argparse.Namespace) -> int:
    """Visit the clusters, write the page, and return the fleet's exit status."""
    from cx_conformance.blueprint.problems import InputProblems
    from cx_conformance.fleet.tour import Tour
    from cx_conformance.fleet.visit import Errand
    from cx_conformance.reports.fleet.source import Folder
    from cx_conformance.reports.writing import ReportNotWritten
    from cx_conformance.run.options import Options

    try:
        # What is wrong with an option is wrong for every cluster: better said once, and now.
        Options.read(argparse.Namespace(**{**vars(args), "time_limit": None}), {})
        inventory = _inventory(args.inventory)
        clusters = _share(inventory, args.shares)
        args.report.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (InputProblems, ValueError) as wrong:
        return _wrong("run", str(wrong))
    except OSError as wrong:
        return _wrong("run", f"{args.report} cannot be written: {wrong.strerror}")
    errand = Errand(inventory=args.inventory, folder=args.report, options=_given(args), publish=args.publish)
    tour = Tour(clusters, errand, each=args.each, limit=args.time_limit)
    visited, standings = _visit(tour, args.at_once, Folder(args.report))
    if args.publish:
        _publish_unreported(args.publish, args.report, visited)
    try:
        _write(inventory.fleet, standings, args.report)
    except ReportNotWritten as reason:
        return _wrong("run", str(reason))
    if tour.interrupted:
        return INTERRUPTED
    return 0 if args.shares else _status(standings)


def report_fleet(args: argparse.Namespace) -> int:
    """Write the page of the reports that are there; 2 when they cannot be read or it cannot be written."""
    from cx_conformance.blueprint.problems import InputProblems
    from cx_conformance.reports.nights.bucket import BucketRefused
    from cx_conformance.reports.writing import ReportNotWritten

    try:
        inventory = _inventory(args.inventory)
        standings = _reported(inventory, args)
    except (InputProblems, ValueError, BucketRefused, ReportNotWritten) as wrong:
        return _wrong("report", str(wrong))
    except OSError as wrong:
        return _wrong("report", f"{wrong.filename} cannot be written: {wrong.strerror}")
    return _status(standings)


def _visit(tour: "Tour", at_once: int, source: "Source") -> "tuple[list[Visited], list[Standing]]":
    """Visit all clusters; return how that ended, and how they stand.

    Each report is read as soon as it is there, so that the last one keeps the page waiting for itself alone.
    """
    import datetime as dt

    from cx_conformance.fleet.board import Board
    from cx_conformance.reports.fleet.standing import standing, worst_first
    from cx_conformance.reports.terminal.summary import console_for

    board = Board(console_for(sys.stdout), len(tour.visits), tour.running)
    found: list[Standing] = []

    def tell(visited: "Visited") -> None:
        board.tell(visited)
        found.append(standing(visited.cluster, source, dt.datetime.now(dt.UTC)))

    with board.shown():
        visited = tour.run(at_once, tell)
    return visited, worst_first(found)


def _write(fleet: str, found: "Sequence[Standing]", output: Path) -> None:
    """Write the page and say where it is."""
    import datetime as dt

    from cx_conformance.reports.fleet.page import summary_of, write_fleet

    page = write_fleet(fleet, found, output, dt.datetime.now(dt.UTC))
    sys.stdout.write(f"{fleet}: {summary_of(found)}\n{page}\n")


def _status(standings: "Sequence[Standing]") -> int:
    verdicts = {one.known for one in standings}
    if Verdict.NON_CONFORMANT in verdicts:
        return EXIT_STATUS[Verdict.NON_CONFORMANT]
    if verdicts & {None, Verdict.INCONCLUSIVE}:
        return EXIT_STATUS[Verdict.INCONCLUSIVE]
    return EXIT_STATUS[Verdict.CONFORMANT]


def _inventory(path: Path) -> "Inventory":
    from cx_conformance.blueprint.inventory import Inventory
    from cx_conformance.blueprint.loading import load

    return load(path, Inventory).document


def _share(inventory: "Inventory", shares: int | None) -> "Sequence[ListedCluster]":
    """Return the clusters of this pod's share; ValueError where the environment names none."""
    import os

    if shares is None:
        return inventory.clusters
    index = os.environ.get("JOB_COMPLETION_INDEX", "")
    if not index.isdecimal() or int(index) >= shares:
        raise ValueError(
            f"--shares {shares}: JOB_COMPLETION_INDEX is {index!r}, and should be a number below {shares};"
            " an Indexed Job sets it"
        )
    return inventory.clusters[int(index) :: shares]


def _given(args: argparse.Namespace) -> tuple[str, ...]:
    """Return the options that hold for every cluster, as they were given."""
    words: list[str] = []
    for flag, keywords in DECLARED:
        value: Any = getattr(args, flag.removeprefix("--").replace("-", "_"), None)
        if flag not in _FOR_ALL or flag == "--publish" or value in (None, False):
            continue
        if keywords.get("action") == "store_true":
            words.append(flag)
        else:
            words += [flag, str(Path(value).absolute() if keywords.get("metavar") == "FILE" else value)]
    return tuple(words)


def _reported(inventory: "Inventory", args: argparse.Namespace) -> "list[Standing]":
    """Write the page where it belongs, and return how the clusters stand."""
    import datetime as dt
    from tempfile import TemporaryDirectory

    from cx_conformance.reports.fleet.page import DATA, PAGE
    from cx_conformance.reports.fleet.source import Folder, InBucket
    from cx_conformance.reports.fleet.standing import standings
    from cx_conformance.reports.nights.bucket import Bucket, access_of_environment

    names, now = [one.name for one in inventory.clusters], dt.datetime.now(dt.UTC)
    if not args.reports.startswith("s3:"):
        output = args.output or Path(args.reports)
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = standings(names, Folder(Path(args.reports)), now)
        _write(inventory.fleet, found, output)
        return found
    bucket = Bucket(_place(args.reports), access_of_environment())
    found = standings(names, InBucket(bucket, beside=args.output is None), now)
    if args.output is not None:
        args.output.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(inventory.fleet, found, args.output)
        return found
    with TemporaryDirectory() as folder:
        _write(inventory.fleet, found, Path(folder))
        for name in (DATA, PAGE):
            bucket.store(Path(folder) / name, name)
    sys.stdout.write(f"stored as {bucket.place}/{PAGE}\n")
    return found


def _place(text: str) -> "Place":
    """Read a place in a bucket; ValueError says what it should look like, and does not repeat what may be a secret."""
    from cx_conformance.reports.nights.bucket_place import Place

    try:
        return Place.parse(text)
    except ValueError:
        raise ValueError("--reports: not a valid place s3://BUCKET/PREFIX") from None


def _publish_unreported(publish: str, folder: Path, visited: "Sequence[Visited]") -> None:
    """Store why there is no report, so that the page made from the bucket knows it too."""
    from cx_conformance.reports.fleet.source import UNREPORTED
    from cx_conformance.reports.nights.bucket import Bucket, BucketRefused, access_of_environment
    from cx_conformance.reports.nights.bucket_place import Place

    names = [one.cluster for one in visited if one.words]
    if not names:
        return
    try:
        bucket = Bucket(Place.parse(publish), access_of_environment())
        for name in names:
            bucket.store(folder / name / UNREPORTED, f"{name}/{UNREPORTED}")
    except (BucketRefused, OSError) as reason:
        sys.stderr.write(f"cx-conformance fleet run: could not publish that clusters have no report: {reason}\n")


def _wrong(command: str, words: str) -> int:
    sys.stderr.write(f"cx-conformance fleet {command}: {words}\n")
    return WRONG_USAGE


def _seconds(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"
_count.__name__ = "number from 1 on"

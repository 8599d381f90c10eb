"""``cx-conformance run``: the acceptance run."""

import argparse
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cx_conformance.commands.help_text import Paragraphs
from cx_conformance.outcome.verdict import EXIT_STATUS, INTERRUPTED, WRONG_USAGE, Verdict
from cx_conformance.run.declared import DECLARED, PYTESTS_OWN
from cx_conformance.run.interrupts import end_like_ctrl_c
from cx_conformance.run.options import ENVIRONMENT
from cx_conformance.run.suite_files import suite_root

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_LEAN: Final = (
    "--assert=plain",  # a check's message says it all; rewriting costs half a second and shows operands
    "--capture=no",  # no check prints
    # Plug-ins that come along with dependencies, or serve the writing of tests, and have no part in a run.
    *(
        word
        for name in (
            "anyio",
            "faulthandler",
            "hypothesispytest",
            "subtests",
            "terminalprogress",
            "testinfra",
            "pytest11.testinfra",  # the name that it gives itself
            "threadexception",
            "unittest",
            "unraisableexception",
            "warnings",
        )
        for word in ("-p", f"no:{name}")
    ),
)

_BY_CACHE: Final = ("--sw", "--stepwise")
_ONLY_WHERE_ASKED: Final = {
    ("debugging",): ("--pdb", "--trace", "-pdebugging", "-p debugging"),
    ("xdist", "xdist.looponfail"): (
        *("-n", "--numprocesses", "-d", "--dist", "--tx", "-f", "--looponfail", "--maxprocesses", "--rsync", "--px"),
        *("-pxdist", "-p xdist"),
    ),
    ("timeout",): (
        "--timeout",
        "--session-timeout",
        "-ptimeout",
        "-p timeout",
        "-ppytest_timeout",
        "-p pytest_timeout",
    ),
    ("cacheprovider",): (
        *_BY_CACHE,
        "--lf",
        "--last-failed",
        "--ff",
        "--failed-first",
        "--nf",
        "--new-first",
        "--cache-",
    ),
    ("stepwise",): _BY_CACHE,
    ("doctest",): ("--doctest-",),
    ("logging",): ("--log-",),
    ("setuponly", "setupplan"): ("--setup-",),
}
"""Plug-ins that are not loaded, by how arguments begin that mean them: what the first import takes a twentieth of a
static run, the next wants to stand beside every outcome, as others do, and one keeps a cache in the current folder."""

_DESCRIPTION: Final = f"""\
Looks at a cluster once and says of every promise whether it is kept. Every option can also be set by an environment
variable ({ENVIRONMENT}SITE for --site, and {ENVIRONMENT}STATIC=1 for --static); an option comes before the
environment, that before the site file.
All other arguments go to pytest: -k, -x, -n 4 (with pytest-xdist). -v shows all details and the table of components,
-vv pytest's own words too.
"""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand, for its help."""
    parser = subparsers.add_parser(
        "run",
        help="look at a cluster and say what keeps the blueprint's promises",
        description=_DESCRIPTION,
        formatter_class=Paragraphs,
    )
    for flag, keywords in (*DECLARED, *PYTESTS_OWN):
        parser.add_argument(flag, **keywords)
    parser.add_argument("pytest_arguments", nargs="*", metavar="PYTEST ARGUMENT", help="anything that pytest takes")


def run_with(arguments: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Run the checks with pytest and return the exit status of the verdict."""
    if any(one in ("-h", "--help") for one in arguments):
        parser.parse_args(["run", "--help"])
    try:
        here = Path.cwd()
    except OSError as reason:  # of which pytest, and then the exit status, would say something else
        sys.stderr.write(f"cx-conformance: the current folder: {reason.strerror}; change into one that is there\n")
        return WRONG_USAGE
    import pytest

    from cx_conformance.plugin.usage import OwnWords

    root = suite_root()
    own = [str(root / "checks"), "-c", str(root / "tox.ini"), "--rootdir", str(root), *_LEAN]
    left_out = _not_asked_for(arguments)
    own += [word for name in left_out for word in ("-p", f"no:{name}")]
    if "cacheprovider" not in left_out:  # the installed suite's folder is not written to
        own += ["-o", f"cache_dir={here / '.pytest_cache'}"]
    try:
        return _status(int(pytest.main([*own, *arguments], plugins=[OwnWords()])))
    finally:
        end_like_ctrl_c()  # also where no run has begun


def _not_asked_for(arguments: Sequence[str]) -> list[str]:
    """Return the plug-ins to be left out, for which nothing was said that may be meant for them."""
    given = [*arguments, *os.environ.get("PYTEST_ADDOPTS", "").split()]
    given += [f"-p {plugin}" for option, plugin in pairwise(given) if option == "-p"]
    given += ["--timeout"] if os.environ.get("PYTEST_TIMEOUT") else []
    return [
        name
        for names, beginnings in _ONLY_WHERE_ASKED.items()
        if not any(one.startswith(beginnings) for one in given)
        for name in names
    ]


def _status(status: int) -> int:
    """Translate what pytest itself returns where no verdict was reached; raises KeyboardInterrupt again."""
    import pytest

    if status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        return WRONG_USAGE
    if status in (*EXIT_STATUS.values(), INTERRUPTED):
        return status
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return EXIT_STATUS[Verdict.INCONCLUSIVE]

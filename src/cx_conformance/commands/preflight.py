"""``cx-conformance preflight``: what the account may not do, before anything is looked at."""

import argparse
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from cx_conformance.commands.help_text import Paragraphs
from cx_conformance.run.declared import DECLARED, WRITES

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from cx_conformance.run.preflight import Lacking
    from cx_conformance.run.run import Run

_TAKEN: Final = (
    "--blueprint",
    "--release",
    "--site",
    "--static",
    "--kubeconfig",
    "--context",
    "--sandbox",
    "--time-limit",
    *WRITES,
)

_DESCRIPTION: Final = """\
Asks the API server, all at once, whether the account may do what a run needs, and says which checks could not be
looked at without it. Nothing else is read, and nothing is changed. Which Secrets pods refer to is not known before
a look; `cx-conformance rbac --from-cluster` finds their names.

exit status:
  0 the account may do everything
  2 wrong usage
  3 it may not, or could not be asked
"""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "preflight",
        help="what the account may not do, and which checks that will turn into errors",
        description=_DESCRIPTION,
        formatter_class=Paragraphs,
    )
    for flag, keywords in DECLARED:
        if flag in _TAKEN:
            parser.add_argument(flag, **keywords)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what is lacking; 0 nothing, 2 for wrong input, 3 when something is, or could not be asked."""
    import sys

    from cx_conformance.blueprint.problems import InputProblems
    from cx_conformance.outcome.looking import CouldNotLook
    from cx_conformance.outcome.verdict import EXIT_STATUS, WRONG_USAGE, Verdict
    from cx_conformance.run.options import Options
    from cx_conformance.run.run import Run

    try:
        session = Run(Options.read(args))
    except (InputProblems, ValueError) as wrong:
        sys.stderr.write(f"cx-conformance preflight: {wrong}\n")
        return WRONG_USAGE
    try:
        kept = _asked(session)
    except CouldNotLook as reason:
        sys.stderr.write(f"cx-conformance preflight: {reason}\n")
        return EXIT_STATUS[Verdict.INCONCLUSIVE]
    except ValueError as wrong:
        sys.stderr.write(f"cx-conformance preflight: {wrong}\n")
        return WRONG_USAGE
    finally:
        session.close()
    return 0 if kept else EXIT_STATUS[Verdict.INCONCLUSIVE]


def _asked(session: "Run") -> bool:
    """Ask, print what came of it, and return whether the account may do everything."""
    import sys

    from cx_conformance.cluster.rights import rights, rights_to_make
    from cx_conformance.reports.counting import counted
    from cx_conformance.reports.terminal.layout import Page
    from cx_conformance.reports.terminal.summary import console_for
    from cx_conformance.run.catalogue import all_checks
    from cx_conformance.run.preflight import lacking

    cluster, static = session.cluster, session.options.static
    needed = rights(session.plan, static=static, inside=cluster.vantage == "in-cluster")
    if not static:
        needed += rights_to_make(
            session.plan,
            probe_pods=session.options.allow_probe_pods is not None,
            debug_containers=session.options.allow_debug_containers is not None,
        )
    found = lacking(cluster, needed, session.plan, all_checks())
    page = Page(console_for(sys.stdout))
    kind = "a static run" if static else "a run"
    asked = f"{cluster.server} was asked about the {counted(len(needed), 'permission')} that {kind} needs"
    if not found:
        page.paragraph(f"{asked}: the account has all of them.")
        return True
    page.paragraph(f"{asked}: the account lacks {len(found)}.")
    for words, one in _grouped(found):
        page.line((f"may not {words}", "bold"))
        page.paragraph(_consequence(one), indent=2)
    page.paragraph("To grant them: cx-conformance rbac --from-cluster prints the Roles; an administrator applies them.")
    return False


def _grouped(found: Iterable["Lacking"]) -> list[tuple[str, "Lacking"]]:
    """Return one of each kind of permission with its words; names and verbs that mean the same are told together."""
    groups: dict[tuple[object, ...], list[Lacking]] = defaultdict(list)
    for one in found:
        right = one.right
        groups[right.resource, right.namespace, bool(right.name), tuple(one.errors.items())].append(one)
    told = []
    for same in groups.values():
        verbs = " and ".join(dict.fromkeys(one.right.verb for one in same))
        names = ", ".join(dict.fromkeys(one.right.name for one in same if one.right.name))
        where = f"in namespace {same[0].right.namespace}" if same[0].right.namespace else "cluster-wide"
        told.append((" ".join(part for part in (verbs, same[0].right.resource, names, where) if part), same[0]))
    return told


def _consequence(one: "Lacking") -> str:
    said = f" ({one.reason})" if one.reason else ""
    if not one.errors:
        return f"no check needs it; findings will be explained less well{said}"
    checks = ", ".join(f"{check.id} {check.title} ({entries})" for check, entries in one.errors.items())
    return f"errors, with what rests on them: {checks}{said}"

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

Some kinds are asked for only where something is open, or only explain: a run goes on without them, and so it is told.

exit status:
  0 the account may do what the checks need
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
    """Ask, print what came of it, and return whether the account may do everything that checks need."""
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
    lacked = [one for one in found if one.errors]
    page = Page(console_for(sys.stdout))
    kind = "a static run" if static else "a run"
    asked = f"{cluster.server} was asked about the {counted(len(needed), 'permission')} that {kind} needs"
    if not found:
        page.paragraph(f"{asked}: the account has all of them.")
        return True
    page.paragraph(f"{asked}: the account lacks {len(lacked) or 'none that a check cannot do without'}.")
    for words, one in _grouped(lacked):
        page.line((f"may not {words}", "bold"))
        page.paragraph(_consequence(one), indent=2)
    more = [one for one in found if not one.errors]
    if more:
        page.paragraph(f"It goes on without {counted(len(more), 'other')}, by which it would see more:")
    for words, one in _grouped(more):
        page.paragraph(f"{words}{f': {one.more}' if one.more else ''}", indent=2)
    page.paragraph("To grant them: cx-conformance rbac --from-cluster prints the Roles; an administrator applies them.")
    return not lacked


def _grouped(found: Iterable["Lacking"]) -> list[tuple[str, "Lacking"]]:
    """Return one of each kind of permission with its words; those that mean the same are told together."""
    groups: dict[tuple[object, ...], list[Lacking]] = defaultdict(list)
    for one in found:
        right = one.right
        # Whatever is seen by several kinds, in whichever namespaces, is one thing.
        alike = (one.more, right.namespace is None) if one.more else (right.resource, right.namespace, bool(right.name))
        groups[*alike, tuple(one.errors.items())].append(one)
    told = []
    for same in groups.values():
        rights = [one.right for one in same]
        verbs = " and ".join(dict.fromkeys(one.verb for one in rights))
        # As kubectl tells Calico's NetworkPolicies from the API's.
        kinds = (".".join(filter(None, (one.right.resource, one.more and one.right.group))) for one in same)
        resources = ", ".join(dict.fromkeys(kinds))
        names = ", ".join(dict.fromkeys(one.name for one in rights if one.name))
        places = list(dict.fromkeys(one.namespace for one in rights if one.namespace))
        where = f"in namespace{'s' * (len(places) > 1)} {', '.join(places)}" if places else "cluster-wide"
        told.append((" ".join(part for part in (verbs, resources, names, where) if part), same[0]))
    return told


def _consequence(one: "Lacking") -> str:
    said = f" ({one.reason})" if one.reason else ""
    checks = ", ".join(f"{check.id} {check.title} ({entries})" for check, entries in one.errors.items())
    return f"errors, with what rests on them: {checks}{said}"

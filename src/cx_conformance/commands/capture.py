"""``cx-conformance capture``: a blueprint of what nobody has described."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cx_conformance.commands.help_text import Paragraphs
from cx_conformance.run.declared import DECLARED

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from cx_conformance.blueprint.document import Blueprint
    from cx_conformance.capture.capture import Captured
    from cx_conformance.capture.gathered import Gathered

_TAKEN: Final = ("--kubeconfig", "--context", "--sandbox", "--snapshot", "--time-limit")
_TOLD: Final = 8
"""So many of the things that are left out are told on the terminal; all of them stand in the file."""

_DESCRIPTION: Final = """\
Writes a blueprint of an installation, for `cx-conformance run --blueprint FILE`, from what is there: a cluster, a
snapshot, or manifests (`helm template ... | cx-conformance capture --manifests -`). It works for any application.

Each workload becomes a component, with its Services, ports, ConfigMaps and Secrets by name, volumes and sizes, requests
and limits, health endpoints (from its probes), addresses from outside, whom it calls (from the addresses that it is
told), and what it is asked as a store. Nothing of a Secret but its name is read, and no value that looks secret is
written. Each fact says `source: captured`; what was seen and cannot be promised stands as comments at the top.

A cluster is listed, never changed; the account needs what a static run needs.

exit status:
  0 written
  2 wrong usage, or nothing to capture
  3 could not look at all that is needed; nothing written
"""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "capture",
        help="a blueprint of what nobody has described: a cluster, a snapshot, manifests",
        description=_DESCRIPTION,
        formatter_class=Paragraphs,
    )
    for flag, keywords in DECLARED:
        if flag in _TAKEN:
            told = {"help": "capture from a saved snapshot instead of a cluster"} if flag == "--snapshot" else {}
            parser.add_argument(flag, **{**keywords, **told})
    parser.add_argument(
        "--manifests", metavar="FILE", help="capture from Kubernetes YAML or JSON; - is the standard input"
    )
    parser.add_argument(
        "-n",
        "--namespace",
        metavar="NAME",
        action="append",
        default=[],
        help="what to capture; may be given several times (default: the shipped blueprint's, or all of the snapshot or "
        "the manifests); manifests without a namespace belong to the first",
    )
    parser.add_argument(
        "--extends", metavar="RELEASE", help="write only the difference from this release of the platform, such as 5.1"
    )
    parser.add_argument("--name", default="", help="name of the blueprint (default: its namespaces)")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it there (default: standard output)")
    parser.add_argument("--force", action="store_true", help="write over an existing file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write a captured blueprint; 2 for wrong input or nothing to capture, 3 when something could not be looked at."""
    from cx_conformance.blueprint.problems import InputProblems
    from cx_conformance.capture.capture import capture
    from cx_conformance.capture.difference import known_places
    from cx_conformance.capture.writing import difference_of, text_of
    from cx_conformance.outcome.looking import CouldNotLook
    from cx_conformance.outcome.verdict import EXIT_STATUS, WRONG_USAGE, Verdict

    try:
        _refuse(args)
        release = _release(args.extends) if args.extends else None
        gathered = _from_manifests(args) if args.manifests else _from_cluster(args)
        captured = capture(gathered, args.name, known_places(release) if release else ())
        text = difference_of(captured, args.extends, release) if release else text_of(captured)
        _write(text, args.output, force=args.force)
    except CouldNotLook as reason:
        sys.stderr.write(f"cx-conformance capture: {reason}\n")
        return EXIT_STATUS[Verdict.INCONCLUSIVE]
    except InputProblems as wrong:
        sys.stderr.write(f"{wrong}\n")
        return WRONG_USAGE
    except (OSError, ValueError) as wrong:
        sys.stderr.write(f"cx-conformance capture: {wrong}\n")
        return WRONG_USAGE
    _tell(captured, args.output)
    return 0


def _refuse(args: argparse.Namespace) -> None:
    """Raise ValueError where the arguments contradict each other, before anything is looked at."""
    if args.manifests and any((args.kubeconfig, args.context, args.snapshot, args.sandbox is not None)):
        raise ValueError("--manifests is captured alone; leave out what names a cluster or a snapshot")
    for name in args.namespace:
        from cx_conformance.capture.naming import is_namespace

        if not is_namespace(name):
            raise ValueError(f"--namespace: {name[:80]!r} is no name of a namespace")
    if args.output and args.output.exists() and not args.force:
        raise FileExistsError(f"{args.output} exists already; --force writes over it")


def _release(name: str) -> "Blueprint":
    """Return a release that is known; ValueError names those that are."""
    from cx_conformance.blueprint.releases import KNOWN, load_release
    from cx_conformance.run.suite_files import suite_root

    if name not in KNOWN:
        raise ValueError(f"--extends: {name[:40]!r} is no release that is known; allowed are {', '.join(KNOWN)}")
    return load_release(name, suite_root() / "blueprint.yaml").document


def _from_manifests(args: argparse.Namespace) -> "Gathered":
    from cx_conformance.capture.gathered import Gathered
    from cx_conformance.capture.manifests import read_manifests

    snapshot, left_out = read_manifests(args.manifests, args.namespace)
    return Gathered(snapshot, snapshot.namespaces, whole=False, left_out=dict.fromkeys(left_out))


def _from_cluster(args: argparse.Namespace) -> "Gathered":
    from cx_conformance.capture.gathered import CAPTURED, Gathered, not_looked_at, not_taken
    from cx_conformance.cluster.snapshot import take
    from cx_conformance.outcome.looking import CouldNotLook
    from cx_conformance.run.options import Options
    from cx_conformance.run.run import Run

    session = Run(Options.read(argparse.Namespace(**{**vars(args), "static": True})))
    try:
        if session.options.snapshot:
            snapshot = session.snapshot
            namespaces = tuple(args.namespace) or snapshot.namespaces
        else:
            namespaces = tuple(dict.fromkeys(args.namespace)) or _of_the_platform()
            snapshot = take(session.cluster, namespaces, kinds=CAPTURED, groups=False)
    finally:
        session.close()
    there = tuple(name for name in namespaces if snapshot.has_namespace(name) is not False)
    for name in args.namespace:
        if name not in there:
            raise ValueError(f"there is no namespace {name}")
    lacking = not_looked_at(snapshot, there)
    if lacking:
        raise CouldNotLook(f"nothing is written, for this could not be looked at: {'; '.join(lacking)}")
    return Gathered(snapshot, there, whole=True, left_out=dict.fromkeys(not_taken(snapshot)))


def _of_the_platform() -> tuple[str, ...]:
    """Return the namespaces that the page and the newest release name."""
    from cx_conformance.blueprint.plan import Plan
    from cx_conformance.blueprint.releases import KNOWN, PAGE, load_release
    from cx_conformance.blueprint.site import Site
    from cx_conformance.run.suite_files import suite_root

    loaded = (load_release(name, suite_root() / "blueprint.yaml") for name in (PAGE, KNOWN[-1]))
    return tuple(dict.fromkeys(name for one in loaded for name in Plan(one.document, Site()).namespaces))


def _write(text: str, output: Path | None, *, force: bool) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    with output.open("w" if force else "x", encoding="utf-8") as file:
        file.write(text)


def _tell(captured: "Captured", output: Path | None) -> None:
    """Say on the terminal what was written, and the first of what was left out."""
    components = captured.blueprint.components.values()
    calls = sum(len(one.calls) for one in components)
    stores = sum(one.store is not None for one in components)
    where = output or "standard output"
    numbers = {"component": len(components), "call": calls, "store": stores}
    said = ", ".join(f"{number} {what}{'s' * (number != 1)}" for what, number in numbers.items())
    sys.stderr.write(f"{where}: {said}\n")
    if captured.unwell:
        sys.stderr.write(f"  not ready now, and broken to a run until they are: {', '.join(captured.unwell)}\n")
    for words in captured.left_out[:_TOLD]:
        sys.stderr.write(f"  left out: {words}\n")
    more = len(captured.left_out) - _TOLD
    if more > 0:
        sys.stderr.write(f"  and {more} more, which stand at the top of the blueprint\n")
    if output:
        sys.stderr.write(f"Read it once; then: cx-conformance run --blueprint {output}\n")

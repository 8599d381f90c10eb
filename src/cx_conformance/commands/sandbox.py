"""``cx-conformance sandbox``: an embedded cluster that stays up, and the faults that it knows."""

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cx_conformance.commands.inputs import add_blueprint, blueprint_of, ending_with_2
from cx_conformance.outcome.verdict import WRONG_USAGE
from cx_conformance.wire.whole_file import text_of

_MOST: Final = 64 << 20
"""Bytes of a file of objects."""

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from cx_conformance.sandbox.cluster import EmbeddedCluster


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "sandbox",
        help="an embedded cluster that stays up, and its faults",
        description="Starts a Kubernetes API on this machine's loopback addresses, which holds the reference "
        "installation, prints the path of a kubeconfig, and stays up until it is interrupted. "
        "`sandbox faults` lists what --fault can break.",
    )
    parser.add_argument("action", nargs="?", choices=("up", "faults"), default="up", help="default: up")
    add_blueprint(parser)
    parser.add_argument(
        "--fault",
        metavar="NAME[:TARGET]",
        action="append",
        default=[],
        help="break something, such as absent-service:ccm; may be given several times",
    )
    parser.add_argument("--static", action="store_true", help="serve the API only: nothing listens for the pods")
    parser.add_argument(
        "--objects", metavar="FILE", type=Path, help="hold the objects of this YAML file instead of the reference"
    )
    parser.set_defaults(run=run)


@ending_with_2
def run(args: argparse.Namespace) -> int:
    """List the faults, or keep a cluster up until SIGINT or SIGTERM."""
    return _list() if args.action == "faults" else _keep_up(args)


def _list() -> int:
    from cx_conformance.sandbox.faults import catalogue

    faults = catalogue()
    width = max(len(_usage(fault.name, fault.target)) for fault in faults)
    for fault in faults:
        told = f"{fault.check} {fault.found_as}"
        sys.stdout.write(
            f"{_usage(fault.name, fault.target):{width}}  {told:14}  {fault.description.replace('``', '`')}\n"
        )
    return 0


def _usage(name: str, target: str) -> str:
    return f"{name}:{target}" if target else name


def _keep_up(args: argparse.Namespace) -> int:
    from cx_conformance.sandbox.cluster import EmbeddedCluster, SandboxFailed
    from cx_conformance.sandbox.faults import UnknownFault

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        with EmbeddedCluster(_objects(args), args.fault, static=args.static) as cluster:
            _announce(cluster)
            ended.wait()
    except UnknownFault as wrong:
        sys.stderr.write(f"{wrong}\n")
        return WRONG_USAGE
    except SandboxFailed as why:
        sys.stderr.write(f"the embedded cluster did not start: {why}\n")
        return 1
    return 0


def _objects(args: argparse.Namespace) -> list[dict[str, Any]]:
    if args.objects is None:
        from cx_conformance.blueprint.manifests import embedded_installation

        return embedded_installation(blueprint_of(args).document)
    import yaml

    try:
        text = text_of(args.objects, _MOST)
        return [thing for thing in yaml.load_all(text, Loader=yaml.CSafeLoader) if thing]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as why:
        said = why.strerror if isinstance(why, OSError) else why
        sys.stderr.write(f"{args.objects} cannot be read as YAML documents: {said}\n")
        raise SystemExit(WRONG_USAGE) from why


def _announce(cluster: "EmbeddedCluster") -> None:
    kubeconfig = cluster.kubeconfig
    sys.stdout.write(f"KUBECONFIG={kubeconfig}\n")
    sys.stdout.flush()
    sys.stderr.write(
        f"The embedded cluster is up; Ctrl-C ends it. Try:\n"
        f"  kubectl --kubeconfig {kubeconfig} get pods -A\n"
        f"  cx-conformance run --kubeconfig {kubeconfig}\n"
    )
    for note in cluster.settle():
        sys.stderr.write(f"Note: {note}\n")

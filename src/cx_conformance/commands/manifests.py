"""``cx-conformance manifests``: the reference installation as Kubernetes YAML."""

import argparse
import sys
from typing import TYPE_CHECKING

from cx_conformance.commands.inputs import add_blueprint, blueprint_of, ending_with_2

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from cx_conformance.blueprint.document import Blueprint


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "manifests",
        help="the reference installation as Kubernetes YAML",
        description="Prints a conformant installation as plain Kubernetes YAML, for `kubectl apply -f -`. Its pods run "
        "a small simulator in place of the vendor's images. Passwords and certificates are made up on each call.",
    )
    add_blueprint(parser)
    parser.add_argument("--image", help="any image with python3 (3.9 or later) and sh", default="python:3.12-alpine")
    parser.add_argument("--fqdn", metavar="HOST", help="host name of the ingresses", default="cx.example.com")
    parser.add_argument("--namespace-prefix", metavar="TEXT", default="", help="put before every namespace's name")
    parser.add_argument(
        "--namespace",
        metavar="DOCUMENTED=USED",
        action="append",
        default=[],
        type=_pair,
        help="use another namespace for a documented one; may be given several times",
    )
    parser.add_argument("--no-simulator", action="store_true", help="run the image's own command")
    parser.add_argument("--seed", type=int, help="make the same passwords and certificates for the same number")
    parser.set_defaults(run=run)


def _pair(text: str) -> tuple[str, str]:
    documented, sign, used = text.partition("=")
    if not (documented and sign and used):
        raise argparse.ArgumentTypeError(f"{text!r} is not DOCUMENTED=USED, such as expertflow=t1-expertflow")
    return documented, used


@ending_with_2
def run(args: argparse.Namespace) -> int:
    """Print the objects as one stream of YAML documents."""
    import yaml

    from cx_conformance.blueprint.manifests import reference_installation

    blueprint = blueprint_of(args).document
    objects = reference_installation(
        blueprint,
        image=args.image,
        fqdn=args.fqdn,
        namespaces=_namespaces(blueprint, args.namespace_prefix, dict(args.namespace)),
        simulate=not args.no_simulator,
        seed=args.seed,
    )

    class Plain(yaml.CSafeDumper):
        """Writes shared parts out, rather than as anchors."""

        def ignore_aliases(self, data: object) -> bool:
            """Return True: no aliases."""
            del data
            return True

    yaml.dump_all(objects, sys.stdout, Dumper=Plain, sort_keys=False, explicit_start=True, width=120)
    return 0


def _namespaces(blueprint: "Blueprint", prefix: str, given: dict[str, str]) -> dict[str, str]:
    documented = {component.namespace.name for component in blueprint.components.values()}
    return {name: given.get(name, prefix + name) for name in documented}

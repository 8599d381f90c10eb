"""``cx-conformance rbac``: the least that an account needs, as Kubernetes YAML."""

import argparse
from typing import TYPE_CHECKING, Final

from cx_conformance.cluster.roles import NAME, Subject
from cx_conformance.commands.help_text import Paragraphs
from cx_conformance.run.declared import DECLARED, WRITES

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from cx_conformance.run.run import Run

_TAKEN: Final = (
    "--blueprint",
    "--release",
    "--site",
    "--ready",
    "--static",
    "--kubeconfig",
    "--context",
    "--sandbox",
    "--snapshot",
    "--time-limit",
    *WRITES,
)

_DESCRIPTION: Final = """\
Prints a ServiceAccount, a Role and RoleBinding for each namespace, and one small ClusterRole and ClusterRoleBinding:
what a run of this blueprint and site needs, and nothing more. For `kubectl apply -f -`; the account that applies them
must itself hold what it grants.

Secrets are granted by name only. --from-cluster (or --snapshot FILE) recognises the release, and reads from pods,
workloads and Ingresses which Secrets they refer to. Without it the account is for any release, or that of --release, by
the names of the vendor's guides and charts; what refers to other Secrets ends as an error that names the Secret.
"""

_UNKNOWN: Final = """\
# Of Secrets that pods, workloads and Ingresses refer to, those are in here that the vendor's guides and charts name.
# `cx-conformance rbac --from-cluster` knows what your own refer to; it lists them, and reads no Secret.
"""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "rbac",
        help="the least that an account needs, as Kubernetes YAML",
        description=_DESCRIPTION,
        formatter_class=Paragraphs,
    )
    for flag, keywords in DECLARED:
        if flag in _TAKEN:
            parser.add_argument(flag, **keywords)
    parser.add_argument(
        "--from-cluster",
        action="store_true",
        help="look at the cluster: which namespaces exist, which Secrets are used",
    )
    parser.add_argument(
        "--in-cluster", action="store_true", help="for a run inside the cluster, which needs no port-forward"
    )
    parser.add_argument(
        "--with-helm",
        action="store_true",
        help="the state of Helm's releases, too: it stands in labels of Secrets, and whoever may list those may read"
        " every Secret of the namespace; without it CX010 is n/a",
    )
    parser.add_argument(
        "--with-logs",
        action="store_true",
        help="logs, too: the evidence in a pack then holds the last lines of containers that fail",
    )
    subject = parser.add_mutually_exclusive_group()
    subject.add_argument(
        "--service-account",
        metavar="NAMESPACE/NAME",
        type=_service_account,
        help=f"the account (default: {NAME} in the platform's first namespace, or with --in-cluster {NAME}/{NAME}); it"
        " is made too",
    )
    subject.add_argument("--user", metavar="NAME", type=_user, help="a user of the cluster instead")
    subject.add_argument("--group", metavar="NAME", type=_group, help="a group of users instead")
    parser.set_defaults(run=run)


def _service_account(text: str) -> Subject:
    namespace, sign, name = text.partition("/")
    if not (namespace and sign and name) or "/" in name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAMESPACE/NAME, such as monitoring/cx-conformance")
    return Subject(kind="ServiceAccount", name=name, namespace=namespace)


def _user(text: str) -> Subject:
    return Subject(kind="User", name=text)


def _group(text: str) -> Subject:
    return Subject(kind="Group", name=text)


def run(args: argparse.Namespace) -> int:
    """Print the objects as a stream of YAML documents; 2 for wrong input, 3 when the cluster could not be looked at."""
    import sys

    from cx_conformance.blueprint.problems import InputProblems
    from cx_conformance.outcome.looking import CouldNotLook
    from cx_conformance.outcome.verdict import EXIT_STATUS, WRONG_USAGE, Verdict
    from cx_conformance.run.options import Options
    from cx_conformance.run.run import Run

    try:
        session = Run(Options.read(args))
    except (InputProblems, ValueError) as wrong:
        sys.stderr.write(f"cx-conformance rbac: {wrong}\n")
        return WRONG_USAGE
    try:
        sys.stdout.write(_yaml(args, session))
    except CouldNotLook as reason:
        sys.stderr.write(f"cx-conformance rbac: {reason}\n")
        return EXIT_STATUS[Verdict.INCONCLUSIVE]
    except (OSError, ValueError) as wrong:
        sys.stderr.write(f"cx-conformance rbac: {wrong}\n")
        return WRONG_USAGE
    finally:
        session.close()
    return 0


def _yaml(args: argparse.Namespace, session: "Run") -> str:
    import yaml

    from cx_conformance.cluster.rights import (
        Right,
        existing,
        referred_secrets,
        rights,
        rights_to_helm,
        rights_to_logs,
        rights_to_make,
        usual_secrets,
    )
    from cx_conformance.cluster.rights_before import rights_before, rights_to_try
    from cx_conformance.cluster.roles import role_objects

    looked = args.from_cluster or session.options.snapshot or session.options.sandbox is not None
    # Which release is installed is known from the cluster alone: an account that is made before is for any of them.
    plans = (session.plan,) if looked else session.looks.plans_without_looking()
    there = existing(session.snapshot) if looked else None
    options = session.options
    needed: tuple[Right, ...] = ()
    for plan in plans:
        needed += rights(
            plan,
            static=args.static,
            inside=args.in_cluster,
            referred=referred_secrets(session.snapshot) if looked else usual_secrets(plan),
            namespaces=there,
        )
        if not args.static:
            needed += rights_to_make(
                plan,
                probe_pods=options.allow_probe_pods is not None,
                debug_containers=options.allow_debug_containers is not None,
                namespaces=there,
            )
        if args.with_helm:
            needed += rights_to_helm(plan, there)
        if args.with_logs:
            needed += rights_to_logs(plan, there)
    if options.ready:
        needed = tuple(right for plan in plans for right in rights_before(plan))
        if options.allow_probe_pods and not args.static:
            needed += tuple(right for plan in plans for right in rights_to_try(plan, there))
    needed = tuple(dict.fromkeys(needed))
    plan = plans[0]
    subject = args.service_account or args.user or args.group
    # In the cluster it is the account of the chart and the kustomization, in their namespace.
    home = NAME if args.in_cluster else plan.namespaces[0]
    subject = subject or Subject(kind="ServiceAccount", name=NAME, namespace=home)
    given = (
        " --ready" if options.ready else "",
        " --static" if args.static else "",
        " --allow-probe-pods" if options.allow_probe_pods else "",
        " --allow-debug-containers" if options.allow_debug_containers else "",
    )
    head = f"# What `cx-conformance run{''.join(given)}` needs, and nothing more.\n"
    documents: str = yaml.dump_all(
        role_objects(needed, subject), Dumper=yaml.CSafeDumper, sort_keys=False, explicit_start=True, width=120
    )
    return head + ("" if looked else _UNKNOWN) + documents

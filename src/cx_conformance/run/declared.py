"""The options of a run as argparse and pytest both declare them, with the words of their help."""

from collections.abc import Mapping
from typing import Any, Final

from cx_conformance.run.option_values import host, image, seconds, times

DECLARED: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("--blueprint", {"metavar": "FILE", "help": "what is promised (default: the shipped blueprint.yaml)"}),
    (
        "--release",
        {
            "metavar": "auto|VERSION",
            "help": "the release that is installed, such as 4.10 (default: auto, which recognises it)",
        },
    ),
    ("--site", {"metavar": "FILE", "help": "this installation: names, deviations, credentials by reference, waivers"}),
    ("--kubeconfig", {"metavar": "FILE", "help": "how to reach the cluster (default: $KUBECONFIG, ~/.kube/config)"}),
    ("--context", {"metavar": "NAME", "help": "context of the kubeconfig (default: its current one)"}),
    (
        "--fqdn",
        {"metavar": "HOST", "type": host, "help": "host name under which the platform is reached from outside"},
    ),
    (
        "--resolve",
        {
            "metavar": "HOST:PORT:ADDRESS",
            "action": "append",
            "help": "where the host name leads before DNS says so, as in curl; may be given several times",
        },
    ),
    ("--ca", {"metavar": "FILE", "help": "PEM file of the authorities of the entry point (default: the system's)"}),
    (
        "--sandbox",
        {
            "metavar": "FAULT,...",
            "nargs": "?",
            "const": "",
            "help": "look at an embedded cluster instead, with these faults (see: cx-conformance sandbox faults)",
        },
    ),
    (
        "--ready",
        {
            "action": "store_true",
            "help": "look whether the platform can be installed here, before it is (as `cx-conformance ready` does)",
        },
    ),
    ("--static", {"action": "store_true", "help": "look at the API only: no exec, no tunnel, no login"}),
    (
        "--no-login",
        {
            "action": "store_true",
            "help": "do not log in as the person whom the site file names (`login`), which a run does once",
        },
    ),
    (
        "--allow-writes",
        {
            "action": "store_true",
            "help": "pass a message through ActiveMQ and an object through MinIO, of the suite's own, and delete them;"
            " without it nothing is written",
        },
    ),
    (
        "--allow-probe-pods",
        {
            "metavar": "IMAGE",
            "type": image,
            "help": "where exec cannot serve, try call edges from a short-lived pod of this image in the caller's"
            " place; with --ready, try volumes, registry and network by such pods; they are deleted again",
        },
    ),
    (
        "--allow-debug-containers",
        {
            "metavar": "IMAGE",
            "type": image,
            "help": "where exec cannot serve, try call edges from an ephemeral container of this image in the caller's"
            " pod; it ends, but stays listed there, for none can be removed",
        },
    ),
    ("--snapshot", {"metavar": "FILE", "help": "audit a saved snapshot instead of a cluster; implies --static"}),
    ("--only", {"metavar": "NAMES", "help": "only these check IDs, areas or components, separated by commas"}),
    ("--skip", {"metavar": "NAMES", "help": "all but these check IDs, areas or components"}),
    (
        "--consecutive",
        {"metavar": "N", "type": times, "help": "want so many healthy answers in a row (default: 1)"},
    ),
    (
        "--every-replica",
        {"action": "store_true", "help": "try call edges from every ready pod of a caller, not from one"},
    ),
    (
        "--settle",
        {
            "metavar": "SECONDS",
            "type": seconds,
            "help": "look again until all pass, for at most this long",
        },
    ),
    (
        "--time-limit",
        {
            "metavar": "SECONDS",
            "type": seconds,
            "help": "end after this long; what is not looked at is an error",
        },
    ),
    (
        "--history",
        {"metavar": "FILE", "help": "remember every promise's end, run by run, in this file; begun where missing"},
    ),
    (
        "--pushgateway",
        {"metavar": "URL", "help": "push the run's metrics to this Prometheus Pushgateway"},
    ),
    (
        "--notify",
        {
            "metavar": "REFERENCE",
            "help": "tell what changed since the last run of --history to the Apprise addresses, one a line, in"
            " env:NAME or file:PATH",
        },
    ),
    (
        "--publish",
        {
            "metavar": "s3://BUCKET/PREFIX",
            "help": "store the report's folder there too, as the latest and as this night's; the account is the site"
            " file's `publish`, or the environment's AWS_ACCESS_KEY_ID and its kin",
        },
    ),
    (
        "--keep",
        {
            "metavar": "N",
            "type": times,
            "help": "keep N nights: their JUnit files in the folder nights/ of the report, their packs where published",
        },
    ),
    ("--link", {"metavar": "URL", "help": "where notifications say that the report is"}),
    ("--report", {"metavar": "DIR", "help": "write the sign-off pack into this folder: page, paper, data, sums"}),
    (
        "--no-evidence",
        {
            "action": "store_true",
            "help": "leave the folder evidence/ out of the pack: objects, Events and states of what is broken",
        },
    ),
    (
        "--evidence-logs",
        {
            "action": "store_true",
            "help": "put the last lines of failing containers' logs there too, without what looks like a secret in them"
            " (needs the extra: logs)",
        },
    ),
    (
        "--junit-strict",
        {
            "action": "store_true",
            "help": "write JUnit files that Jenkins' xUnit plug-in takes: a testcase's properties stand in its output",
        },
    ),
    (
        "--no-pdf",
        {"action": "store_true", "help": "write no report.pdf, which takes ten seconds (later: cx-conformance render)"},
    ),
)
"""Each option with its keywords, as argparse and pytest both take them."""

WRITES: Final = ("--allow-probe-pods", "--allow-debug-containers")
"""Options that need rights to change something."""

PYTESTS_OWN: Final = (("--junitxml", {"metavar": "FILE", "help": "write a JUnit file"}),)
"""Options that pytest declares itself."""

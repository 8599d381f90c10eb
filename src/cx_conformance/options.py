"""The options of a run, declared once for ``cx-conformance run`` and for plain pytest."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ENVIRONMENT: Final = "CX_CONFORMANCE_"
"""Prefix of the environment variables that set an option: ``CX_CONFORMANCE_SITE`` sets ``--site``."""


def _seconds(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"

DECLARED: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("--blueprint", {"metavar": "FILE", "help": "what is promised (default: the shipped blueprint.yaml)"}),
    ("--site", {"metavar": "FILE", "help": "this installation: names, deviations, credentials by reference, waivers"}),
    ("--kubeconfig", {"metavar": "FILE", "help": "how to reach the cluster (default: $KUBECONFIG, ~/.kube/config)"}),
    ("--context", {"metavar": "NAME", "help": "context of the kubeconfig (default: its current one)"}),
    ("--fqdn", {"metavar": "HOST", "help": "host name under which the platform is reached from outside"}),
    (
        "--sandbox",
        {
            "metavar": "FAULT,...",
            "nargs": "?",
            "const": "",
            "help": "look at an embedded cluster instead, with these faults (see: cx-conformance sandbox faults)",
        },
    ),
    ("--static", {"action": "store_true", "help": "look at the API only: no exec, no tunnel, no login"}),
    ("--snapshot", {"metavar": "FILE", "help": "audit a saved snapshot instead of a cluster; implies --static"}),
    ("--only", {"metavar": "NAMES", "help": "only these check IDs, areas or components, separated by commas"}),
    ("--skip", {"metavar": "NAMES", "help": "all but these check IDs, areas or components"}),
    (
        "--settle",
        {"metavar": "SECONDS", "type": _seconds, "help": "look again until all pass, for at most this long"},
    ),
    (
        "--time-limit",
        {"metavar": "SECONDS", "type": _seconds, "help": "end after this long; what is not looked at is an error"},
    ),
    ("--report", {"metavar": "DIR", "help": "write report.json and junit.xml into this folder"}),
)
"""Each option with its keywords, as argparse and pytest both take them."""

PYTESTS_OWN: Final = (("--junitxml", {"metavar": "FILE", "help": "write a JUnit file"}),)
"""Options that pytest declares itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of one run; None where none was given."""

    blueprint: Path | None = None
    site: Path | None = None
    kubeconfig: str | None = None
    context: str | None = None
    fqdn: str | None = None
    sandbox: tuple[str, ...] | None = None
    """The faults of the embedded cluster; None: a real one."""
    static: bool = False
    snapshot: Path | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    settle: float | None = None
    time_limit: float | None = None
    report: Path | None = None
    junitxml: Path | None = None

    @classmethod
    def read(cls, given: Any, environment: Mapping[str, str] = os.environ) -> "Options":
        """Take options from a namespace of argparse or pytest; what is not given there, from the environment."""

        def value(name: str) -> Any:
            found = getattr(given, name, None)
            return environment.get(ENVIRONMENT + name.upper()) or None if found in (None, False) else found

        def path(name: str) -> Path | None:
            found = value(name)
            return Path(found) if found else None

        sandbox = value("sandbox")
        snapshot = path("snapshot")
        return cls(
            blueprint=path("blueprint"),
            site=path("site"),
            kubeconfig=value("kubeconfig"),
            context=value("context"),
            fqdn=value("fqdn"),
            sandbox=None if sandbox is None else _names(sandbox),
            static=bool(value("static")) or snapshot is not None,
            snapshot=snapshot,
            only=_names(value("only") or ""),
            skip=_names(value("skip") or ""),
            settle=_number(value("settle")),
            time_limit=_number(value("time_limit")),
            report=path("report"),
            junitxml=path("xmlpath") or path("junitxml"),
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)

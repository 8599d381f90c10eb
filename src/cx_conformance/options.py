"""The options of a run, declared once for ``cx-conformance run`` and for plain pytest."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

N = TypeVar("N", int, float)

ENVIRONMENT: Final = "CX_CONFORMANCE_"
"""Prefix of the environment variables that set an option: ``CX_CONFORMANCE_SITE`` sets ``--site``."""


def _seconds(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise ValueError
    return value


def _times(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"
_times.__name__ = "number of times"

DECLARED: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("--blueprint", {"metavar": "FILE", "help": "what is promised (default: the shipped blueprint.yaml)"}),
    ("--site", {"metavar": "FILE", "help": "this installation: names, deviations, credentials by reference, waivers"}),
    ("--kubeconfig", {"metavar": "FILE", "help": "how to reach the cluster (default: $KUBECONFIG, ~/.kube/config)"}),
    ("--context", {"metavar": "NAME", "help": "context of the kubeconfig (default: its current one)"}),
    ("--fqdn", {"metavar": "HOST", "help": "host name under which the platform is reached from outside"}),
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
    ("--static", {"action": "store_true", "help": "look at the API only: no exec, no tunnel, no login"}),
    ("--snapshot", {"metavar": "FILE", "help": "audit a saved snapshot instead of a cluster; implies --static"}),
    ("--only", {"metavar": "NAMES", "help": "only these check IDs, areas or components, separated by commas"}),
    ("--skip", {"metavar": "NAMES", "help": "all but these check IDs, areas or components"}),
    (
        "--consecutive",
        {"metavar": "N", "type": _times, "help": "want so many healthy answers in a row (default: 1)"},
    ),
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
    resolve: tuple[str, ...] = ()
    """Each ``HOST:PORT:ADDRESS``, as in curl."""
    ca: Path | None = None
    """Authorities that the entry point's certificate is verified by; None: the system's."""
    sandbox: tuple[str, ...] | None = None
    """The faults of the embedded cluster; None: a real one."""
    static: bool = False
    snapshot: Path | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    consecutive: int = 1
    settle: float | None = None
    time_limit: float | None = None
    report: Path | None = None
    junitxml: Path | None = None

    @classmethod
    def read(cls, given: Any, environment: Mapping[str, str] = os.environ) -> "Options":
        """Take options from a namespace of argparse or pytest; what is not given there, from the environment.

        ValueError names the variable that cannot be read, and what is allowed.
        """

        def value(name: str) -> Any:
            found = getattr(given, name, None)
            return environment.get(ENVIRONMENT + name.upper()) or None if found in (None, False) else found

        def number(name: str, kind: Callable[[str], N]) -> N | None:
            found = value(name)
            try:
                return None if found is None else kind(str(found))
            except ValueError:
                raise ValueError(f"{ENVIRONMENT}{name.upper()}: {found!r} is no {kind.__name__}") from None

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
            resolve=tuple(one for text in _several(value("resolve")) for one in _names(text)),
            ca=path("ca"),
            sandbox=None if sandbox is None else _names(sandbox),
            static=bool(value("static")) or snapshot is not None,
            snapshot=snapshot,
            only=_names(value("only") or ""),
            skip=_names(value("skip") or ""),
            consecutive=number("consecutive", _times) or 1,
            settle=number("settle", _seconds),
            time_limit=number("time_limit", _seconds),
            report=path("report"),
            junitxml=path("xmlpath") or path("junitxml"),
        )


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))

"""The options of a run, declared once for ``cx-conformance run`` and for plain pytest."""

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec import Struct

from cx_conformance.reports.nights.bucket_place import Place
from cx_conformance.run.option_values import address, host, image, place, reference, seconds, times

N = TypeVar("N", int, float)
T = TypeVar("T")

ENVIRONMENT: Final = "CX_CONFORMANCE_"
"""Prefix of the environment variables that set an option: ``CX_CONFORMANCE_SITE`` sets ``--site``."""


class Options(Struct, frozen=True, kw_only=True):
    """The options of one run; None where none was given."""

    blueprint: Path | None = None
    release: str | None = None
    """The release that is said to be installed; None: it is recognised."""
    recognise: bool = False
    """Whether somebody says that it is to be recognised (``auto``), whatever the site file says."""
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
    ready: bool = False
    """Whether the question is if the platform can be installed, not if it is what it promises."""
    static: bool = False
    no_login: bool = False
    """Whether nobody logs in as the person whom the site file names."""
    allow_writes: bool = False
    """Whether a message and an object may pass through the stores."""
    allow_probe_pods: str | None = None
    """The image of probe pods; None: none may be made."""
    allow_debug_containers: str | None = None
    """The image of debug containers; None: none may be added."""
    snapshot: Path | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    consecutive: int = 1
    every_replica: bool = False
    settle: float | None = None
    time_limit: float | None = None
    report: Path | None = None
    no_pdf: bool = False
    no_evidence: bool = False
    evidence_logs: bool = False
    junitxml: Path | None = None
    junit_strict: bool = False
    """Whether JUnit files keep to the letter of the schema that has no properties in a testcase."""
    history: Path | None = None
    """The file that remembers the nights."""
    pushgateway: str | None = None
    notify: str | None = None
    """Where the addresses of notifications are: ``env:NAME`` or ``file:PATH``."""
    publish: Place | None = None
    """Where the report's folder is stored too."""
    keep: int | None = None
    """How many nights are kept."""
    link: str | None = None

    @classmethod
    def read(cls, given: Any, environment: Mapping[str, str] = os.environ) -> "Options":
        """Take options from a namespace of argparse or pytest; what is not given there, from the environment.

        ValueError names what cannot be read, and what is allowed.
        """
        environment = _of_one_cluster(given, environment)

        def value(name: str) -> Any:
            found = getattr(given, name, None)
            return environment.get(ENVIRONMENT + name.upper()) or None if found in (None, False) else found

        def switch(name: str) -> bool:
            return _switched(found, name) if isinstance(found := value(name), str) else bool(found)

        def number(name: str, kind: Callable[[str], N]) -> N | None:
            found = value(name)
            try:
                return None if found is None else kind(str(found))
            except ValueError:
                raise ValueError(f"{ENVIRONMENT}{name.upper()}: {found!r} is no {kind.__name__}") from None

        def path(name: str) -> Path | None:
            found = _named(name, value(name), "a file or a folder")
            return Path(found) if found else None

        sandbox = value("sandbox")
        snapshot = path("snapshot")
        if value("notify") and not value("history"):
            raise ValueError("--notify needs --history FILE: what changed is known from the run before")
        if value("publish") and not value("report"):
            raise ValueError("--publish needs --report DIR: that folder is what is stored")
        if value("keep") and not value("report"):
            raise ValueError("--keep needs --report DIR: it is said of what is written there")
        return cls(
            blueprint=path("blueprint"),
            release=None if value("release") in (None, "auto") else str(value("release")),
            recognise=value("release") == "auto",
            site=path("site"),
            kubeconfig=_named("kubeconfig", value("kubeconfig"), "a file"),
            context=_named("context", value("context"), "a context"),
            fqdn=_checked(value("fqdn") or None, host, "--fqdn"),
            resolve=tuple(one for text in _several(value("resolve")) for one in _some_names("resolve", text)),
            ca=path("ca"),
            sandbox=None if sandbox is None else _names(sandbox),
            ready=switch("ready"),
            static=switch("static") or snapshot is not None,
            no_login=switch("no_login"),
            allow_writes=switch("allow_writes"),
            allow_probe_pods=_checked(value("allow_probe_pods"), image, "--allow-probe-pods"),
            allow_debug_containers=_checked(value("allow_debug_containers"), image, "--allow-debug-containers"),
            snapshot=snapshot,
            only=_some_names("only", value("only")),
            skip=_names(value("skip") or ""),
            consecutive=number("consecutive", times) or 1,
            every_replica=switch("every_replica"),
            settle=number("settle", seconds),
            time_limit=number("time_limit", seconds),
            report=path("report"),
            no_pdf=switch("no_pdf"),
            no_evidence=switch("no_evidence"),
            evidence_logs=switch("evidence_logs"),
            junitxml=path("xmlpath") or path("junitxml"),
            junit_strict=switch("junit_strict"),
            history=path("history"),
            pushgateway=_checked(value("pushgateway"), address, "--pushgateway"),
            notify=_checked(value("notify"), reference, "--notify"),
            publish=_checked(value("publish"), place, "--publish"),
            keep=number("keep", times),
            link=_checked(value("link"), address, "--link"),
        )


_ANOTHER: Final[Mapping[str, tuple[str, ...]]] = {
    "sandbox": ("kubeconfig", "context", "snapshot"),
    "snapshot": ("sandbox", "kubeconfig", "context"),
    "kubeconfig": ("sandbox", "snapshot"),
    "context": ("sandbox", "snapshot"),
}
"""Each option that names a cluster, with those that name another one."""


def _of_one_cluster(given: Any, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment without what names another cluster than the command line does.

    Raises ValueError where two are named, both there or both here.
    """
    said = {name for name in _ANOTHER if getattr(given, name, None) is not None}
    _refuse_two(said, lambda name: f"--{name}")
    dropped = {ENVIRONMENT + other.upper() for name in said for other in _ANOTHER[name]}
    left = {name: text for name, text in environment.items() if name not in dropped}
    _refuse_two(
        {name for name in _ANOTHER if left.get(ENVIRONMENT + name.upper())}, lambda name: ENVIRONMENT + name.upper()
    )
    return left


_LOOKS_AT: Final = {"sandbox": "an embedded cluster", "snapshot": "a saved snapshot"}


def _refuse_two(said: Collection[str], written: Callable[[str], str]) -> None:
    """Raise ValueError where two clusters are ``said``; ``written`` is how options are there."""
    for name, what in _LOOKS_AT.items():
        for other in _ANOTHER[name] if name in said else ():
            if other in said:
                raise ValueError(f"{written(name)} looks at {what}; leave out {written(name)} or {written(other)}")


_YES: Final = ("1", "true", "yes", "on")
_NO: Final = ("0", "false", "no", "off")


def _switched(text: str, name: str) -> bool:
    """Return whether a variable switches an option on; ValueError says what it may be."""
    if (word := text.strip().lower()) not in (*_YES, *_NO):
        allowed = f"{', '.join(_YES)} to switch it on, {', '.join(_NO)} to leave it off"
        raise ValueError(f"{ENVIRONMENT}{name.upper()}: {text[:40]!r} is neither yes nor no; allowed are {allowed}")
    return word in _YES


def _named(name: str, value: Any, what: str) -> Any:
    """Return the value of an option; ValueError where it is there and empty, by which something else would be meant."""
    if value == "":
        flag = f"--{name.replace('xmlpath', 'junitxml')}"
        raise ValueError(f"{flag}: its value is empty; name {what}, or leave {flag} out")
    return value


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _checked(value: str | None, taken: Callable[[str], T], flag: str) -> T | None:
    """Return an option's value; ValueError says what it takes, and does not repeat what may be a secret."""
    if value is None:
        return None
    try:
        return taken(value)
    except ValueError:
        raise ValueError(f"{flag}: not a valid {taken.__name__}") from None


_NAMED: Final = {"only": "check IDs, areas or components", "resolve": "HOST:PORT:ADDRESS"}


def _some_names(option: str, text: str | None) -> tuple[str, ...]:
    """Return the names of an option; ValueError where it has none, for then it would be as if it were not there."""
    names = _names(text or "")
    if text is not None and not names:
        raise ValueError(f"--{option}: names nothing; give {_NAMED[option]}, or leave --{option} out")
    return names


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))

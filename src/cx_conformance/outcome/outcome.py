"""How a check ends for one entry, with what was seen."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct, field

from cx_conformance.blueprint.promise import Severity

ABOUT: Final = "about"
"""The evidence's key for the objects that an outcome is about where its component is the platform: Jobs, releases."""

FOLLOWS: Final = "follows"
"""The evidence's key for the outcome of which a failure is the consequence."""


class Result(StrEnum):
    """The six ways in which a check ends."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    """Looked, and the promise is kept."""
    FAIL = "fail"
    """Looked, and the promise is broken."""
    ERROR = "error"
    """Could not look."""
    WAIVED = "waived"
    """Broken, and accepted by the site until a day."""
    BLOCKED = "blocked"
    """Not looked at: what it rests on is broken, which is reported there."""
    NOT_APPLICABLE = "n/a"
    """Nothing to look at here, with the reason."""

    __hash__ = str.__hash__  # Enum's own is no C, and outcomes are counted by it over and over


_UNWELL: Final = (Result.FAIL, Result.ERROR)
_NOTHING: Final[tuple[Any, ...]] = (None, [], {})


class Evidence(Struct):
    """What a check saw; filled while it looks, so that it is there whatever comes of it."""

    found: Any = None
    """The value that was seen, as text, number, or a list of such."""
    promised: Any = None
    """What the blueprint or the site promises."""
    causes: list[str] = field(default_factory=list)
    """What is at fault where it is not the entry's own: reports tell each once, however many entries share it."""
    follows: str | None = None
    """The outcome of which this failure is the consequence, as it names itself: reports tell both as one."""
    seen_at: str | None = None
    """The object that was looked at: ``Service expertflow/ef-ccm-svc``."""
    vantage: str | None = None
    """Where the look was taken from; None: the API."""
    tries: int = 1
    notes: list[str] = field(default_factory=list)
    """What a reader should know although the promise is kept: an alias matched, a certificate ends soon."""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def cause(self) -> str | None:
        """The one thing at fault; None where it is the entry's own, or where there are several."""
        return self.causes[0] if len(self.causes) == 1 else None

    @cause.setter
    def cause(self, words: str | None) -> None:
        self.causes = [words] if words else []

    def note(self, text: str) -> None:
        """Add a note."""
        self.notes.append(text)

    def as_mapping(self) -> Mapping[str, Any]:
        """Return what is there, for reports."""
        cause = self.cause
        shown = {
            "found": self.found,
            "promised": self.promised,
            "object": self.seen_at,
            "notes": self.notes,
            "cause": cause,
            "causes": None if cause else self.causes,
            FOLLOWS: self.follows,
            **self.details,
        }
        return {key: value for key, value in shown.items() if value not in _NOTHING}


class Outcome(Struct, frozen=True, kw_only=True):
    """How one check ended for one entry."""

    check: str
    title: str
    area: str
    component: str
    entry: str
    severity: Severity
    result: Result
    message: str = ""
    remedy: str = ""
    root: str | None = None
    """For a blocked outcome: the check and component that block it, ``CX101 ccm``."""
    root_entry: str | None = None
    """Which entry of that check and component it is: a component has several ports, and each blocks its own."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    vantage: str = "api"
    tries: int = 1
    duration_ms: float = 0.0

    @property
    def well(self) -> bool:
        """Whether nothing was seen broken here, and nothing kept anybody from looking; waived and blocked included."""
        return self.result not in _UNWELL

    @property
    def causes(self) -> tuple[str, ...]:
        """Return what is at fault that others may share, as the check named it; empty: it is its own."""
        told = self.evidence.get("causes") or (self.evidence.get("cause"),)
        return tuple(str(one) for one in told if one)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return what it is about, as whoever waits for it is told: objects that the check named, or the component."""
        named = self.evidence.get(ABOUT) or (self.component,)
        return tuple(str(one) for one in named)

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what identifies it from night to night."""
        return self.check, self.component, self.entry

    @property
    def where(self) -> str:
        """Return what it is of, as messages name it: ``CX301 ccm [ef-ccm-cm]``."""
        return f"{self.check} {self.component} [{self.entry}]"

    def as_mapping(self) -> dict[str, Any]:
        """Return it as ``report.json`` holds it."""
        shown: dict[str, Any] = {
            "check": self.check,
            "title": self.title,
            "area": self.area,
            "component": self.component,
            "entry": self.entry,
            "severity": str(self.severity),
            "outcome": str(self.result),
            "message": self.message,
            "evidence": dict(self.evidence),
            "vantage": self.vantage,
            "tries": self.tries,
            "duration_ms": round(self.duration_ms, 3),
        }
        if self.remedy and self.result in (Result.FAIL, Result.ERROR, Result.WAIVED):
            shown["remedy"] = self.remedy
        if self.root:
            shown["root"] = self.root
        if self.root_entry:
            shown["root_entry"] = self.root_entry
        return shown

    @classmethod
    def from_mapping(cls, shown: Mapping[str, Any]) -> "Outcome":
        """Read it back from ``report.json``; KeyError and ValueError for what is none."""
        return cls(
            check=shown["check"],
            title=shown["title"],
            area=shown["area"],
            component=shown["component"],
            entry=shown["entry"],
            severity=Severity(shown["severity"]),
            result=Result(shown["outcome"]),
            message=shown["message"],
            remedy=shown.get("remedy", ""),
            root=shown.get("root"),
            root_entry=shown.get("root_entry"),
            evidence=shown["evidence"],
            vantage=shown["vantage"],
            tries=shown["tries"],
            duration_ms=shown["duration_ms"],
        )

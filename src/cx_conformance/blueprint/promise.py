"""What every promise of the blueprint carries: by whom it was made, and how bad it is when it is broken."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A frozen record of the blueprint or the site; its keys in YAML are camelCase, unknown ones are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        arbitrary_types_allowed=True,
        defer_build=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
    )


class Source(StrEnum):
    """Who made a promise."""

    PAGE = "page"
    """The vendor's blueprint page."""
    VENDOR_DOCS = "vendor-docs"
    """Another published document of the vendor: a health endpoint, a deployment guide."""
    CHARTS = "charts"
    """The vendor's own charts and configurations, as they are installed."""
    CAPTURED = "captured"
    """What was seen when the blueprint was captured: an installation, or manifests."""
    RELEASE = "release"
    """The charts of a release, where the blueprint is of that release."""
    SITE = "site"
    """The site file of this installation."""


class Severity(StrEnum):
    """How bad a broken promise is, worst first."""

    CRITICAL = "critical"
    """The platform, or a component, does not work."""
    MAJOR = "major"
    """Something documented is missing or different; work is degraded or at risk."""
    MINOR = "minor"
    """A deviation that the vendor's own charts have too, or one without effect today."""

    __hash__ = str.__hash__  # Enum's own is no C, and each outcome has its rank looked up

    @property
    def rank(self) -> int:
        """Return 0 for the worst."""
        return _RANKS[self]


_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}


class Promise(Model):
    """One fact, or a few that stand together in one cell of the page."""

    source: Source = Source.PAGE
    """Who promises it."""
    severity: Severity | None = None
    """How bad it is when broken, where that differs from the check's own severity."""
    why: Annotated[str, Field(max_length=500)] | None = None
    """Why it differs from the page, or is less than binding."""
    optional: bool = False
    """Accepted when absent, with a note: the page has it, real installations lack it without harm."""

    @model_validator(mode="before")
    @classmethod
    def _of_the_document(cls, written: Any, info: ValidationInfo) -> Any:
        """Let a promise that names nobody be made by whom the head of its document names."""
        if info.context and isinstance(written, dict) and "source" not in written:
            return {**written, "source": info.context["source"]}
        return written


class NamedPromise(Promise):
    """A promise about a name: the documented one first, then known other spellings."""

    name: str
    aliases: tuple[str, ...] = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return the names to look for, the documented one first."""
        return (self.name, *self.aliases)

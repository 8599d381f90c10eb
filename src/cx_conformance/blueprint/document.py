"""The blueprint: the documented platform, versioned."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from cx_conformance.blueprint.component import Component, ComponentId
from cx_conformance.blueprint.erratum import Erratum
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.promise import Model


class Party(Model):
    """An external system that components call and no check reaches by itself."""

    name: str
    """The page's own spelling."""
    why: str | None = None


class Acceptance(Model):
    """An inconsistency of the page that is known, and why the blueprint keeps it."""

    finding: Annotated[str, Field(pattern=r"^BL[0-9]{3}$", examples=["BL103"])]
    """The ID of the lint rule."""
    component: ComponentId
    about: str | None = None
    """The other component, name or port that the finding is about; None: any."""
    why: Annotated[str, Field(min_length=1)]


class Head(Model):
    """Which blueprint this is."""

    name: str
    version: Annotated[str, Field(examples=["4.5.3"])]
    title: str | None = None
    """The title of the page."""


class Blueprint(Model):
    """Everything that the platform promises."""

    blueprint: Head
    components: Annotated[dict[ComponentId, Component], Field(min_length=1)]
    parties: dict[ComponentId, Party] = Field(default_factory=dict)
    platform: Platform = Platform()
    errata: tuple[Erratum, ...] = ()
    accepted: tuple[Acceptance, ...] = ()

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        both = sorted(self.components.keys() & self.parties.keys())
        if both:
            raise ValueError(f"{', '.join(both)}: a component and an external party cannot share an id")
        return self

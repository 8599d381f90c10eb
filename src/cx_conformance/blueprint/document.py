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

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        both = sorted(self.components.keys() & self.parties.keys())
        if both:
            raise ValueError(f"{', '.join(both)}: a component and an external party cannot share an id")
        return self

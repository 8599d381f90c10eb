"""The blueprint: the documented platform, versioned."""

import datetime as dt
from typing import Annotated, Self

from pydantic import Field, model_validator

from cx_conformance.blueprint.component import Component, ComponentId
from cx_conformance.blueprint.erratum import ChartErratum, Erratum
from cx_conformance.blueprint.names import DnsLabel
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.prerequisite import Prerequisite
from cx_conformance.blueprint.promise import Model, Source


class Party(Model):
    """An external system that components call and no check reaches by itself."""

    name: str
    """The page's own spelling."""
    why: str | None = None
    """What it is, where the page does not say."""


class Acceptance(Model):
    """An inconsistency of the page that is known, and why the blueprint keeps it."""

    finding: Annotated[str, Field(pattern=r"^BL[0-9]{3}$", examples=["BL103"])]
    """The ID of the lint rule."""
    component: ComponentId
    """The component that it is found at."""
    about: str | None = None
    """The other component, name or port that the finding is about; None: any."""
    why: Annotated[str, Field(min_length=1)]
    """Why it is kept."""


class Capture(Model):
    """When, and of what, a blueprint was captured."""

    at: dt.datetime
    """When it was looked at."""
    cluster: str | None = None
    """The cluster's UID, which is that of its namespace kube-system; absent: it was captured from manifests."""
    server: str | None = None
    """The version of its API server."""
    namespaces: tuple[DnsLabel, ...] = ()
    """The namespaces that were looked at."""


class Head(Model):
    """Name and release of a blueprint."""

    name: str
    """What is described; it stands in reports."""
    version: Annotated[str, Field(examples=["4.5.3"])]
    """The release that it describes, in quotes."""
    title: str | None = None
    """The title of the page."""
    captured: Capture | None = None
    """When and of what it was captured; absent: somebody has written it."""
    source: Source = Source.PAGE
    """Who makes the promises that say nothing of it themselves."""


class Blueprint(Model):
    """Everything that the platform promises."""

    extends: str | None = None
    """The release, or the file, that it is written as a difference from; absent: it stands whole."""
    blueprint: Head
    """Which blueprint this is."""
    components: Annotated[dict[ComponentId, Component], Field(min_length=1)]
    """Each component by its id: the page's spelling in lower case."""
    parties: dict[ComponentId, Party] = Field(default_factory=dict)
    """External systems by id, that components call."""
    platform: Platform = Platform.model_construct()
    """What is promised about the cluster itself."""
    errata: tuple[Erratum, ...] = ()
    """Cells of the page that are cut off, misspelt or wrong."""
    chart_errata: tuple[ChartErratum, ...] = ()
    """What the vendor's charts of this release get wrong."""
    prerequisites: tuple[Prerequisite, ...] = ()
    """What must exist before it is installed."""
    accepted: tuple[Acceptance, ...] = ()
    """Inconsistencies of the page that are known and kept."""

    def mistakes(self, kind: str, component: str) -> tuple[ChartErratum, ...]:
        """Return what the vendor's charts get wrong in the objects of ``component``, of one kind."""
        return tuple(one for one in self.chart_errata if one.kind == kind and one.component in (None, component))

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        both = sorted(self.components.keys() & self.parties.keys())
        if both:
            raise ValueError(f"{', '.join(both)}: a component and an external party cannot share an id")
        return self

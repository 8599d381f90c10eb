"""The inventory file: the installations of a fleet, and how each is reached."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from cx_conformance.blueprint.names import DnsSubdomain
from cx_conformance.blueprint.promise import Model

IN_CLUSTER = "in-cluster"
"""In place of a kubeconfig: the service account of the pod that runs this."""


class ListedCluster(Model):
    """One installation; files are relative to the inventory."""

    name: DnsSubdomain
    """Its name in the fleet's report, and of the folder of its own report."""
    kubeconfig: str | None = None
    """Path of a kubeconfig file, or ``in-cluster``; absent: the site file names one."""
    context: str | None = None
    """Context of the kubeconfig; absent: its current one."""
    site: str | None = None
    """Path of its site file."""
    time_limit: Annotated[float, Field(gt=0)] | None = None
    """Seconds that it may take, where that is not what all others may."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.kubeconfig is None and self.site is None:
            raise ValueError("a cluster needs a kubeconfig, or a site file that names one")
        return self


class Inventory(Model):
    """A fleet of installations."""

    fleet: str = "fleet"
    """Its name; it stands in the report."""
    clusters: Annotated[tuple[ListedCluster, ...], Field(min_length=1)]
    """The installations, each under a name of its own."""

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        names = [one.name for one in self.clusters]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each cluster needs a name of its own; listed twice: {', '.join(twice)}")
        return self

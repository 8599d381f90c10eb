"""What a release needs before it is installed, because its own charts refer to it and none of them makes it."""

from typing import Annotated, Literal

from pydantic import Field

from cx_conformance.blueprint.component import ComponentId
from cx_conformance.blueprint.names import DnsLabel, DnsSubdomain
from cx_conformance.blueprint.promise import NamedPromise


class Prerequisite(NamedPromise):
    """A Secret or ConfigMap that the installation guide has made by hand."""

    kind: Literal["Secret", "ConfigMap"]
    """Its kind."""
    name: DnsSubdomain
    """Its name."""
    aliases: tuple[DnsSubdomain, ...] = ()
    """Other names in use, tried in this order; accepted with a note."""
    namespace: DnsLabel
    """Where it stands; it is looked for where the components of ``for`` are."""
    use: Literal["mount", "TLS", "pull"] = "mount"
    """What it is for: the pods read it, an Ingress serves its certificate, images are pulled with it."""
    keys: tuple[str, ...] = ()
    """Keys that it holds, where they are known."""
    needed_by: Annotated[tuple[ComponentId, ...], Field(alias="for")] = ()
    """The components that do not start, or are not reached, without it."""

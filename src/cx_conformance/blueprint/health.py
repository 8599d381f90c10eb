"""How a component says that it is well."""

from typing import Annotated, Literal

from pydantic import Field

from cx_conformance.blueprint.names import HttpPath, PortNumber
from cx_conformance.blueprint.promise import Promise


class Health(Promise):
    """An HTTP endpoint that answers when the component is well."""

    scheme: Literal["http", "https"] = "http"
    """Whether it is asked over TLS."""
    also_schemes: tuple[Literal["http", "https"], ...] = ()
    """Schemes that real installations answer on instead; accepted with a note."""
    port: PortNumber
    """The container port."""
    path: HttpPath
    """Absolute path, with a query if need be."""
    status: Annotated[int, Field(ge=100, le=599, strict=True)] | None = 200
    """The status of a healthy answer; null: any that a kubelet is content with, 200 to 399."""
    body_contains: str | None = None
    """Text that a healthy body holds, where it is documented."""
    command: str | None = None
    """The literal command that the page gives, to be run in the component's container."""

    def is_healthy(self, status: int | None) -> bool:
        """Tell whether an answer of this status is a healthy one; None: there was no answer."""
        if self.status is None:
            return status is not None and 200 <= status < 400
        return status == self.status

    @property
    def healthy(self) -> str:
        """Return which status is healthy, in words."""
        return "200 to 399" if self.status is None else f"{self.status}"

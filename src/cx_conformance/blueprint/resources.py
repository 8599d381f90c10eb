"""What a container requests and is limited to, as far as it is promised."""

from cx_conformance.blueprint.names import QuantityText
from cx_conformance.blueprint.promise import Model, Promise
from cx_conformance.blueprint.quantity import Quantity


class Amounts(Model):
    """CPU in cores and memory in bytes; what is absent is not promised."""

    cpu: QuantityText | None = None
    """Cores: `50m` is a twentieth of one."""
    memory: QuantityText | None = None
    """Bytes: `256Mi`; `256M` is less."""

    @property
    def promised(self) -> dict[str, Quantity]:
        """Return what is promised, by the resource's name."""
        return {name: amount for name, amount in (("cpu", self.cpu), ("memory", self.memory)) if amount is not None}


class Resources(Promise):
    """What the component's container requests and is limited to."""

    requests: Amounts = Amounts.model_construct()
    """What the container requests."""
    limits: Amounts = Amounts.model_construct()
    """What the container is limited to."""

    @property
    def promised(self) -> tuple[tuple[str, Amounts], ...]:
        """Return what is promised, ``requests`` before ``limits``; what promises nothing is left out."""
        said = (("requests", self.requests), ("limits", self.limits))
        return tuple((field, amounts) for field, amounts in said if amounts.promised)

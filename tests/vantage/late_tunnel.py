"""What stands for a tunnel that was long in opening."""

from typing import Any, Final

from cx_conformance.outcome.looking import Unreachable


class LateTunnel:
    """It carried what came, and took of the time to wait."""

    trouble: Final = None

    def raise_trouble(self, *, silent: bool) -> None:
        """Raise Unreachable of silence."""
        if silent:
            raise Unreachable("long in opening")


LATE: Final[Any] = LateTunnel()

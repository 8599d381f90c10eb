"""Records that may be shown, in a traceback or a failed assertion, without all that they hold."""

from typing import ClassVar

from msgspec import Struct


class Discreet(Struct, frozen=True):
    """A record whose ``repr`` leaves out the fields that are long, or not everybody's business."""

    hidden: ClassVar[frozenset[str]] = frozenset()
    """Names of these fields."""

    def __repr__(self) -> str:
        """Show the other fields."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in self.hidden)
        return f"{type(self).__name__}({', '.join(shown)})"

"""Whether full-size packets pass between pods: a small file and a large one, fetched from pods of other nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from msgspec import Struct

from cx_conformance.outcome.looking import CouldNotLook, NoVantage

if TYPE_CHECKING:
    from cx_conformance.probes.inquiry import Told

SMALL: Final = 1
FULL: Final = 65_536
"""Bytes of the files that a standing pod serves; the large one fills packets of any usual size, jumbo frames' too."""
_SECONDS: Final = 45.0
"""Ten tries of the small file while the other side starts, and two of the large one."""


class Packets(Struct, frozen=True, kw_only=True):
    """The bytes that came of each file, and by which tool; 0 where nothing came in time."""

    small: int
    full: int

    @property
    def reached(self) -> bool:
        """Whether the other pod was reached at all."""
        return self.small > 0

    @property
    def whole(self) -> bool:
        """Whether all of the large file came."""
        return self.full >= FULL


class PacketsQuestion(Struct, frozen=True, kw_only=True):
    """What comes from a standing pod at ``address`` and ``port``."""

    address: str
    port: int

    part: ClassVar = "packets_script"
    rank: ClassVar = 3
    output_bytes: ClassVar = 100_000
    seconds: ClassVar = _SECONDS

    def words(self, number: int) -> tuple[tuple[str, ...], ...]:
        """Return number, address and port."""
        return (("packets", str(number), self.address, str(self.port)),)

    def read(self, told: Told | CouldNotLook, number: int) -> Packets:
        """Return what came; raises CouldNotLook."""
        if isinstance(told, CouldNotLook):
            raise told
        for line in told.lines(number, ""):
            small, full, tool = line.split()
            if tool == b"-":
                raise NoVantage(f"{told.where} has none of curl, wget, python3 and node to fetch a file with")
            return Packets(small=int(small), full=int(full))
        told.complete(f"the script in {told.where}")
        raise NoVantage(f"the script in {told.where} told nothing of {self.address}:{self.port}")

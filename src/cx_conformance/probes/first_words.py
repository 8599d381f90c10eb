"""What a server says first to somebody who comes from a container: not what it says to its own loopback."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes.inquiry import WAIT_SECONDS, Told


class FirstWords(Struct, frozen=True, kw_only=True):
    """What is answered to ``question`` at ``host`` and ``port``; no secret is in it, for processes see arguments."""

    host: str
    port: int
    question: bytes

    part: ClassVar = "edge_script"
    rank: ClassVar = 2
    output_bytes: ClassVar = 65_536

    @property
    def seconds(self) -> float:
        """One wait, and as long again where the container is held up."""
        return 2.0 * WAIT_SECONDS

    def words(self, number: int) -> tuple[tuple[str, ...], ...]:
        """Return number, host, port, and the question with every byte in octal, as every shell's printf reads it."""
        octal = "".join(f"\\{one:03o}" for one in self.question)
        return (("words", str(number), self.host, str(self.port), octal),)

    def read(self, told: Told | CouldNotLook, number: int) -> bytes:
        """Return what was said, empty where nothing was; raises CouldNotLook."""
        if isinstance(told, CouldNotLook):
            raise told
        sections = told.sections(number)
        what = f"{self.host}:{self.port} from {told.where}"
        if not sections:
            told.result.complete(f"the question to {what}")
            raise NoVantage(f"the question to {what} came to nothing that can be read")
        said, tool = sections[0]
        if tool == b"-":
            raise NoVantage(f"{told.where} has none of bash, nc, python3 and node to ask {self.host}:{self.port} with")
        return said

"""What a container's own ``/proc`` tells, which every Linux container has: what is mounted in it, and what listens."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec import Struct

from cx_conformance.objects.admitted import quoted
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes import sockets
from cx_conformance.probes.inquiry import excerpt

if TYPE_CHECKING:
    from cx_conformance.probes.inquiry import Told
    from cx_conformance.probes.sockets import ListeningSocket

OF_THE_KUBELET: Final = "/dev/termination-log"
"""What the kubelet mounts into every container by default; where it is not seen, nor are the volumes."""

OUTPUT_BYTES: Final = 4_000_000
"""Room for 25,000 connections, each a line of 150 bytes, where a container has no grep to leave them out."""

_ESCAPED = re.compile(r"\\([0-7]{3})")  # blanks and the like, as proc(5) says of fstab's format


class ContainerView(Struct, frozen=True, kw_only=True):
    """The paths on which something is mounted in a container, and what listens in its pod's network."""

    mount_points: frozenset[str]
    sockets: tuple[ListeningSocket, ...]

    @property
    def shows_mounts(self) -> bool:
        """Whether it shows at least what the kubelet mounts into every container."""
        return OF_THE_KUBELET in self.mount_points


class ViewQuestion(Struct, frozen=True):
    """What is mounted in a container, and what listens."""

    part: ClassVar = "inside_script"
    rank: ClassVar = 0
    output_bytes: ClassVar = OUTPUT_BYTES
    seconds: ClassVar = 2.0

    def words(self, number: int) -> tuple[tuple[str, ...], ...]:
        """Ask for both."""
        return (("proc", str(number)),)

    def read(self, told: Told | CouldNotLook, number: int) -> ContainerView:
        """Return what the container shows; raises NoVantage where it does not, or the CouldNotLook of the exec."""
        if isinstance(told, CouldNotLook):
            raise told
        sections = told.sections(number)
        if len(sections) != 1:
            what = f"the look into {told.where}"
            told.result.complete(what)
            raise NoVantage(f"{what} came to nothing that can be read; it printed {excerpt(told.noise)}")
        text = sections[0][0].decode(errors="replace")
        if "local_address" not in text:
            raise NoVantage(f"{told.where} does not show its /proc: {quoted(text)}")
        return ContainerView(mount_points=mount_points(text), sockets=sockets.parse(text))


class PathQuestion(Struct, frozen=True):
    """What a path is without symbolic links, as mounts are listed."""

    path: str

    part: ClassVar = "inside_script"
    rank: ClassVar = 1
    output_bytes: ClassVar = 64_000
    seconds: ClassVar = 0.5

    def words(self, number: int) -> tuple[tuple[str, ...], ...]:
        """Ask for the path."""
        return (("path", str(number), self.path),)

    def read(self, told: Told | CouldNotLook, number: int) -> str:
        """Return the real path; the path itself where nobody can tell."""
        lines = [] if isinstance(told, CouldNotLook) else told.lines(number, "real")
        return lines[0].decode(errors="replace") if len(lines) == 1 and lines[0].startswith(b"/") else self.path


def mount_points(text: str) -> frozenset[str]:
    """Return the mount points in the text of ``/proc/mounts``; other lines, such as those of sockets, are skipped."""
    return frozenset(
        _ESCAPED.sub(lambda code: chr(int(code[1], 8)), fields[1])
        for fields in (line.removesuffix("\n").split(" ") for line in io.StringIO(text) if not line.startswith(" "))
        if len(fields) == 6 and fields[1].startswith("/")
    )

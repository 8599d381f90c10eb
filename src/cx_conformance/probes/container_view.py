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

_READ_ONLY: Final = frozenset({"ro", "emergency_ro"})
"""What the kernel says of a mount that takes no writes.

That is also one whose file system gave up after an error, as ext4's does; from Linux 6.15 on by the second word.
https://docs.kernel.org/admin-guide/ext4.html (errors=remount-ro)
"""

_ROOM = re.compile(rb"(?P<size>[0-9]{1,18}) +[0-9]{1,18} +(?P<left>-?[0-9]{1,18}) +(?:-|-?[0-9]{1,4}%) +/")
"""The fields of a line of ``df -P -k`` (POSIX), behind the file system's name."""


class ContainerView(Struct, frozen=True, kw_only=True):
    """The paths on which something is mounted in a container, and what listens in its pod's network."""

    mount_points: frozenset[str]
    sockets: tuple[ListeningSocket, ...]
    read_only: frozenset[str] = frozenset()
    """Those mount points that take no writes."""

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
            told.complete(what)
            raise NoVantage(
                f"{what} came to nothing that can be read; it printed {excerpt(told.noise)}", told.unreadable
            )
        text = sections[0][0].decode(errors="replace")
        if "local_address" not in text:
            raise NoVantage(f"{told.where} does not show its /proc: {quoted(text)}")
        mounted = mounts(text)
        return ContainerView(
            mount_points=frozenset(mounted),
            sockets=sockets.parse(text),
            read_only=frozenset(path for path, options in mounted.items() if options & _READ_ONLY),
        )


class PathView(Struct, frozen=True, kw_only=True):
    """What a path is without symbolic links, and in KiB how large its file system is and what is left of it.

    The latter are None where nobody told, for want of ``df``.
    """

    real: str
    size: int | None = None
    left: int | None = None


class PathQuestion(Struct, frozen=True):
    """What a path is without symbolic links, as mounts are listed, and what room is left there."""

    path: str

    part: ClassVar = "inside_script"
    rank: ClassVar = 1
    output_bytes: ClassVar = 64_000
    seconds: ClassVar = 0.5

    def words(self, number: int) -> tuple[tuple[str, ...], ...]:
        """Ask for the path."""
        return (("path", str(number), self.path),)

    def read(self, told: Told | CouldNotLook, number: int) -> PathView:
        """Return what is told; the path itself where nobody can tell."""
        if isinstance(told, CouldNotLook):
            return PathView(real=self.path)
        lines, rooms = told.lines(number, "real"), told.lines(number, "room")
        real = lines[0].decode(errors="replace") if len(lines) == 1 and lines[0].startswith(b"/") else self.path
        room = _ROOM.search(rooms[0]) if len(rooms) == 1 else None
        if room is None:
            return PathView(real=real)
        return PathView(real=real, size=int(room["size"]), left=int(room["left"]))


def mounts(text: str) -> dict[str, frozenset[str]]:
    """Return the mount points in the text of ``/proc/mounts``, with the options of each; the last one at a path counts.

    Other lines, such as those of sockets, are skipped.
    """
    return {
        _ESCAPED.sub(lambda code: chr(int(code[1], 8)), fields[1]): frozenset(fields[3].split(","))
        for fields in (line.removesuffix("\n").split(" ") for line in io.StringIO(text) if not line.startswith(" "))
        if len(fields) == 6 and fields[1].startswith("/")
    }

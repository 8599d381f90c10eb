"""What a container's own ``/proc`` tells, which every Linux container has: what is mounted in it, and what listens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes import sockets

if TYPE_CHECKING:
    from testinfra.host import Host  # type: ignore[import-untyped] # publishes no types

    from cx_conformance.probes.sockets import ListeningSocket

OF_THE_KUBELET: Final = "/dev/termination-log"
"""What the kubelet mounts into every container by default; where it is not seen, nor are the volumes."""

OUTPUT_BYTES: Final = 16_000_000
"""Room for a hundred thousand connections, each a line of 150 bytes: a broker or a gateway at its busiest."""

_ESCAPED = re.compile(r"\\([0-7]{3})")  # blanks and the like, as proc(5) says of fstab's format


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerView:
    """The paths on which something is mounted in a container, and what listens in its pod's network."""

    mount_points: frozenset[str]
    sockets: tuple[ListeningSocket, ...]

    @property
    def shows_mounts(self) -> bool:
        """Whether it shows at least what the kubelet mounts into every container."""
        return OF_THE_KUBELET in self.mount_points


def look_into(host: Host) -> ContainerView:
    """Return what the container that ``host`` leads to shows, by one exec.

    Raises ``NoVantage`` where it does not show it, or the ``CouldNotLook`` that kept exec from looking.
    """
    shown = host.run("cat /proc/mounts /proc/net/tcp /proc/net/tcp6")
    if "local_address" not in shown.stdout:
        raise NoVantage(f"{host.backend.get_hostname()} does not show its /proc: {shown.stderr.strip()[:200]}")
    return ContainerView(mount_points=mount_points(shown.stdout), sockets=sockets.parse(shown.stdout))


def real_path(host: Host, path: str) -> str:
    """Return what ``path`` is without symbolic links, as mounts are listed; ``path`` itself where nobody can tell."""
    shown = host.run("readlink -f %s", path)
    return str(shown.stdout).strip() if shown.rc == 0 and shown.stdout.startswith("/") else path


def mount_points(text: str) -> frozenset[str]:
    """Return the mount points in the text of ``/proc/mounts``; other lines, such as those of sockets, are skipped."""
    return frozenset(
        _ESCAPED.sub(lambda code: chr(int(code[1], 8)), fields[1])
        for fields in (line.split(" ") for line in text.splitlines() if not line.startswith(" "))
        if len(fields) == 6 and fields[1].startswith("/")
    )

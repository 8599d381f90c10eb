"""Which TCP ports a container's network really listens on, from ``/proc/net/tcp``, which every Linux container has."""

from __future__ import annotations

import io
import ipaddress

from msgspec import Struct

_LISTEN = "0A"  # TCP_LISTEN of include/net/tcp_states.h


class ListeningSocket(Struct, frozen=True, kw_only=True):
    """A port that something listens on, and the address it is bound to."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int

    @property
    def plain(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        """The address, an IPv4 one that Java has in IPv6's clothes as itself."""
        mapped = self.address.ipv4_mapped if isinstance(self.address, ipaddress.IPv6Address) else None
        return mapped or self.address

    @property
    def only_loopback(self) -> bool:
        """Whether no other pod can reach it."""
        return self.plain.is_loopback


def parse(text: str) -> tuple[ListeningSocket, ...]:
    """Return the listening sockets in the text of ``/proc/net/tcp`` and ``/proc/net/tcp6``; other lines are skipped."""
    # A busy pod has thousands of connections, and a handful that listens.
    found = (_socket(line.split()) for line in io.StringIO(text) if f" {_LISTEN}" in line)
    return tuple(each for each in found if each)


def _socket(fields: list[str]) -> ListeningSocket | None:
    if len(fields) < 4 or fields[3] != _LISTEN:
        return None
    address, _, port = fields[1].partition(":")
    try:
        # Words of 32 bits in the machine's order, little-endian as on amd64 and arm64.
        words = [bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)]
        return ListeningSocket(address=ipaddress.ip_address(b"".join(words)), port=int(port, 16))
    except ValueError:
        return None

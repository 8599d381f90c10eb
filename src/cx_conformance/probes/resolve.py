"""``--resolve HOST:PORT:ADDRESS``, as in curl: where a name leads before DNS says so."""

from __future__ import annotations

import ipaddress
import re

from msgspec import Struct

_FORM = re.compile(r"(?P<host>[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?):(?P<port>[0-9]{1,5}):(?P<address>\S+)")


class Resolve(Struct, frozen=True, kw_only=True):
    """Connections to ``host`` and ``port`` go to ``address``; the host is in lower case."""

    host: str
    port: int
    address: str


def parse_resolve(text: str) -> Resolve:
    """Read ``HOST:PORT:ADDRESS``; an IPv6 address may stand in brackets. Raises ValueError with what is allowed."""
    match = _FORM.fullmatch(text.strip())
    problem = "it is not HOST:PORT:ADDRESS"
    if match:
        address = match["address"].removeprefix("[").removesuffix("]")
        try:
            ipaddress.ip_address(address)
        except ValueError:
            problem = f"{match['address']} is no IP address"
        else:
            if 0 < int(match["port"]) < 65536:
                return Resolve(host=match["host"].lower(), port=int(match["port"]), address=address)
            problem = f"{match['port']} is no port"
    raise ValueError(
        f"cannot read {text!r}: {problem}; write it as curl does, for example cx.example.com:443:192.0.2.7"
    )

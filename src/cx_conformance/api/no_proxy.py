"""Whom NO_PROXY keeps from the proxy, as programs in Go read it, kubectl among them.

The client reads ``*.example.com`` letter by letter, and libraries differ in ports, IPv6 and where a name may begin.
https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
"""

from contextlib import suppress
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit


def goes_straight(address: str, no_proxy: str) -> bool:
    """Whether what is at ``address`` is asked without a proxy: this machine itself always is, what is no URL never."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    try:
        port = str(parts.port or (443 if parts.scheme == "https" else 80))
    except ValueError:
        return False
    if host == "localhost":
        return True
    entries = [entry.strip().lower() for entry in no_proxy.split(",")]
    with suppress(ValueError):
        ip = ip_address(host)
        return ip.is_loopback or any(entry == "*" or _is_of(entry, host, port) for entry in entries)
    return any(entry == "*" or _is_below(entry, host, port) for entry in entries)


def _is_of(entry: str, host: str, port: str) -> bool:
    """Whether an address is the one of an entry, or in its network."""
    with suppress(ValueError):
        if "/" in entry:
            return ip_address(host) in ip_network(entry, strict=False)
        bare, its_port = _parted(entry)
        return ip_address(host) == ip_address(bare) and its_port in ("", port)
    return False


def _is_below(entry: str, host: str, port: str) -> bool:
    """Whether a name is that of an entry, or one below it; with a dot at its beginning an entry is for those alone."""
    name, its_port = _parted(entry)
    name = name.removeprefix("*") if name.startswith("*.") else name
    below = name if name.startswith(".") else f".{name}"
    return bool(name) and (host == name or host.endswith(below)) and its_port in ("", port)


def _parted(entry: str) -> tuple[str, str]:
    """Return host and port of an entry; the port is empty where there is none."""
    host, colon, port = entry.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        return entry.strip("[]"), ""
    return host.strip("[]"), port

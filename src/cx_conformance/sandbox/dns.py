"""The cluster's DNS server: names of Services and pods, answered from the state, over UDP and TCP.

Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ and RFC 1035. Names outside the
cluster's domain do not exist here.
"""

import asyncio
import ipaddress
import struct
from collections.abc import Callable, Iterator
from typing import cast

from cx_conformance.sandbox.annotations import DNS
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.pods import DOMAIN
from cx_conformance.sandbox.starvation import HERE, Held
from cx_conformance.sandbox.state import State

PORT = 53
TTL_SECONDS = 5

_A, _CNAME, _SOA, _AAAA, _SRV, _ANY = 1, 5, 6, 28, 33, 255
_INTERNET = 1
_NO_ERROR, _FORMAT_ERROR, _NO_SUCH_NAME, _NOT_IMPLEMENTED = 0, 1, 3, 4
_HEADER = struct.Struct("!HHHHHH")

Records = dict[str, list[tuple[int, bytes]]]
"""Type and data of each record, by name in lower case without the last dot."""


class Names:
    """The zone as the state has it."""

    def __init__(self, state: State | None = None) -> None:
        """Read every Service and EndpointSlice."""
        self._records: Records = {DOMAIN: [], f"svc.{DOMAIN}": []}
        self._delays: dict[str, float] = {}
        if state is None:
            return
        services = {_key(service): service for service in state.of_kind("v1", "Service")}
        for service in services.values():
            self._service(service)
        for each in state.of_kind("discovery.k8s.io/v1", "EndpointSlice"):
            namespace = each["metadata"]["namespace"]
            name = each["metadata"].get("labels", {}).get("kubernetes.io/service-name", "")
            owner = services.get((namespace, name))
            if owner is not None and owner["spec"].get("clusterIP") == "None":
                self._headless(owner, each)

    def look_up(self, name: str, kind: int) -> list[tuple[int, bytes]] | None:
        """Return the records of that type, which may be none; None where the name does not exist."""
        found = self._records.get(name.lower().rstrip("."))
        if found is None:
            return None
        return [(each, data) for each, data in found if kind in (each, _ANY) or each == _CNAME]

    def delay(self, query: bytes) -> float:
        """Return for how many seconds the answer to a message is held back."""
        try:
            name, _ = _decoded_name(query, _HEADER.size)
        except (IndexError, UnicodeDecodeError):
            return 0.0
        return self._delays.get(name.lower(), 0.0) or HERE.draw(Held.LOOK_UP, name.lower())

    def _service(self, service: Object) -> None:
        wish = service["metadata"].get("annotations", {}).get(DNS, "")
        if wish == "nxdomain":
            return
        name, spec = _name(service), service["spec"]
        if wish.startswith("slow:"):
            self._delays[name] = float(wish.removeprefix("slow:"))
            wish = ""
        records = self._records.setdefault(name, [])
        if spec.get("type") == "ExternalName":
            records.append((_CNAME, _encoded_name(spec["externalName"])))
        elif spec.get("clusterIP") not in (None, "None", ""):
            address = ipaddress.ip_address(wish or spec["clusterIP"])
            records.append((_A if address.version == 4 else _AAAA, address.packed))
            for port in spec.get("ports", []):
                self._srv(port.get("name", ""), port.get("protocol", "TCP"), int(port["port"]), name, name)

    def _headless(self, service: Object, each: Object) -> None:
        name = _name(service)
        if name not in self._records:
            return
        for endpoint in each["endpoints"] or []:
            if endpoint["conditions"].get("ready") is False:
                continue
            for address in map(ipaddress.ip_address, endpoint["addresses"]):
                record = (_A if address.version == 4 else _AAAA, address.packed)
                host = endpoint.get("hostname") or str(address).replace(".", "-").replace(":", "-")
                self._records[name].append(record)
                self._records.setdefault(f"{host}.{name}", []).append(record)
                for port in each["ports"] or []:
                    own = (port.get("name", ""), port.get("protocol", "TCP"), int(port["port"]))
                    self._srv(*own, name, f"{host}.{name}")

    def _srv(self, port_name: str, protocol: str, port: int, name: str, target: str) -> None:
        if port_name:
            data = struct.pack("!HHH", 0, 100, port) + _encoded_name(target)
            self._records.setdefault(f"_{port_name}._{protocol.lower()}.{name}", []).append((_SRV, data))


class DnsServer:
    """Answers on one address, port 53, from ``names``, which may be changed at any time."""

    def __init__(self, address: str) -> None:
        """Take the address; ``start`` begins to listen."""
        self.names = Names()
        self._address = address
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, unless it does already.

        Raises OSError where the machine does not allow it.
        """
        if self._tcp is not None:
            return
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(lambda: self.names), local_addr=(self._address, PORT)
        )
        self._tcp = await asyncio.start_server(self._connected, self._address, PORT)

    def close(self) -> None:
        """Stop listening."""
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2))
                query = await reader.readexactly(length)
                await asyncio.sleep(self.names.delay(query))
                reply = answer(self.names, query)
                writer.write(len(reply).to_bytes(2) + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, names: Callable[[], Names]) -> None:
        self._names = names
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        delay = self._names().delay(data)
        if delay:
            asyncio.get_running_loop().call_later(delay, self._reply, data, addr)
        else:
            self._reply(data, addr)

    def _reply(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(answer(self._names(), data), addr)


def answer(names: Names, query: bytes) -> bytes:
    """Return the reply to one DNS message."""
    if len(query) < _HEADER.size:
        return _HEADER.pack(0, 0x8000 | _FORMAT_ERROR, 0, 0, 0, 0)
    identity, flags, questions, *_ = _HEADER.unpack_from(query)
    recursion = flags & 0x0100
    head = 0x8400 | recursion | (0x0080 if recursion else 0)
    if (flags >> 11) & 0xF:
        return _HEADER.pack(identity, head | _NOT_IMPLEMENTED, 0, 0, 0, 0)
    try:
        name, end = _decoded_name(query, _HEADER.size)
        kind, _ = struct.unpack_from("!HH", query, end)
    except (struct.error, IndexError, UnicodeDecodeError):
        return _HEADER.pack(identity, head | _FORMAT_ERROR, 0, 0, 0, 0)
    if questions != 1:
        return _HEADER.pack(identity, head | _FORMAT_ERROR, 0, 0, 0, 0)
    question = query[_HEADER.size : end + 4]
    found = names.look_up(name, kind)
    code = _NO_SUCH_NAME if found is None else _NO_ERROR
    records = [_record(_HEADER.size, each, data) for each, data in found or []]
    authority = [] if records else [_authority()]
    header = _HEADER.pack(identity, head | code, 1, len(records), len(authority), 0)
    return b"".join((header, question, *records, *authority))


def _record(name_at: int, kind: int, data: bytes) -> bytes:
    return struct.pack("!HHHIH", 0xC000 | name_at, kind, _INTERNET, TTL_SECONDS, len(data)) + data


def _authority() -> bytes:
    """Return the zone's SOA, which lets a resolver remember that there was nothing."""
    zone = _encoded_name(DOMAIN)
    numbers = struct.pack("!IIIII", 1, 7200, 1800, 86400, TTL_SECONDS)
    data = _encoded_name(f"ns.dns.{DOMAIN}") + _encoded_name(f"hostmaster.{DOMAIN}") + numbers
    return zone + struct.pack("!HHIH", _SOA, _INTERNET, TTL_SECONDS, len(data)) + data


def _labels(message: bytes, start: int) -> Iterator[tuple[str, int]]:
    at = start
    while message[at]:
        length = message[at]
        yield message[at + 1 : at + 1 + length].decode("ascii"), at + 1 + length
        at += 1 + length


def _decoded_name(message: bytes, start: int) -> tuple[str, int]:
    labels, end = [], start
    for label, after in _labels(message, start):
        labels.append(label)
        end = after
    return ".".join(labels), end + 1


def _encoded_name(name: str) -> bytes:
    labels = (label.encode("ascii") for label in name.rstrip(".").split("."))
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _key(service: Object) -> tuple[str, str]:
    return service["metadata"]["namespace"], service["metadata"]["name"]


def _name(service: Object) -> str:
    namespace, name = _key(service)
    return f"{name}.{namespace}.svc.{DOMAIN}"

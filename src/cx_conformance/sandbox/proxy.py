"""The API server's proxy to a Service's endpoint, or to a pod: plain requests, passed on as they are."""

import asyncio
import ssl

import h11
from msgspec import Struct

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.routes import Route
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.statuses import bad_request, not_found, not_implemented, unavailable
from cx_conformance.sandbox.web import READ_SIZE, Request, Response

SECONDS = 30.0
_KEPT_HEADERS = ("accept", "content-type", "user-agent")


class _Target(Struct, frozen=True):
    scheme: str
    address: str
    port: int


async def forward(state: State, route: Route, request: Request) -> Response:
    """Return what the target answered.

    Raises the API's 404 for an unknown object and 503 where nothing answers.
    """
    if request.wants_websocket:
        raise not_implemented("WebSockets through the proxy")
    target = _target(state, route)
    query = request.target.partition("?")[2]
    path = f"/{route.rest}" + (f"?{query}" if query else "")
    try:
        async with asyncio.timeout(SECONDS):
            return await _exchange(target, path, request)
    except (OSError, TimeoutError, h11.RemoteProtocolError) as why:
        what = "connect: connection refused" if isinstance(why, ConnectionRefusedError) else str(why) or "timed out"
        raise unavailable(f"error trying to reach service: dial tcp {target.address}:{target.port}: {what}") from why


def _target(state: State, route: Route) -> _Target:
    scheme, name, port = _parts(route.name)
    resource = state.catalogue.kind("v1", "Service" if route.plural == "services" else "Pod")
    record = state.get(resource, route.namespace, name)
    if record is None:
        raise not_found(resource, name)
    if resource.kind == "Pod":
        address = record.thing.get("status", {}).get("podIP")
        if not address:
            raise bad_request(f"address not allowed: pod {name} has no IP")
        return _Target(scheme, address, int(port or 80))
    found = _ready_endpoint(state, record.thing, port)
    if found is None:
        raise unavailable(f'no endpoints available for service "{name}"')
    return _Target(scheme, *found)


def _parts(name: str) -> tuple[str, str, str]:
    """Split ``[scheme:]name[:port]``."""
    parts = name.split(":")
    if len(parts) == 1:
        return "http", parts[0], ""
    if len(parts) == 2:
        return "http", parts[0], parts[1]
    return parts[0] or "http", parts[1], parts[2]


def _ready_endpoint(state: State, service: Object, wanted: str) -> tuple[str, int] | None:
    ports = service["spec"].get("ports", [])
    chosen = next((p for p in ports if wanted in ("", str(p["port"]), p.get("name", ""))), None)
    if chosen is None:
        return None
    for each in state.of_kind("discovery.k8s.io/v1", "EndpointSlice", service["metadata"]["namespace"]):
        if each["metadata"].get("labels", {}).get("kubernetes.io/service-name") != service["metadata"]["name"]:
            continue
        port = next((p["port"] for p in each["ports"] or [] if (p.get("name") or "") == chosen.get("name", "")), None)
        for endpoint in each["endpoints"] or []:
            if port is not None and endpoint["conditions"].get("ready") is not False:
                return endpoint["addresses"][0], port
    return None


async def _exchange(target: _Target, path: str, request: Request) -> Response:
    context = None
    if target.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(target.address, target.port, ssl=context)
    try:
        protocol = h11.Connection(h11.CLIENT)
        headers = [(name, request.headers[name]) for name in _KEPT_HEADERS if name in request.headers]
        host = f"{target.address}:{target.port}"
        sent = [("host", host), ("content-length", str(len(request.body))), ("connection", "close"), *headers]
        writer.write(protocol.send(h11.Request(method=request.method, target=path, headers=sent)) or b"")
        writer.write(protocol.send(h11.Data(data=request.body)) or b"")
        writer.write(protocol.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        return await _answer(protocol, reader)
    finally:
        writer.close()


async def _answer(protocol: h11.Connection, reader: asyncio.StreamReader) -> Response:
    head: h11.Response | None = None
    body = bytearray()
    while True:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            protocol.receive_data(await reader.read(READ_SIZE))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            break
    if head is None:
        raise h11.RemoteProtocolError("the connection was closed before an answer came")
    headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
    kept = tuple((name, value) for name, value in headers.items() if name in ("location", "cache-control", "server"))
    return Response(head.status_code, bytes(body), headers.get("content-type", "application/octet-stream"), kept)

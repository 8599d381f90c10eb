"""A small API server of the tests' own: the recorded shop, paging, selectors, and the weather that a test asks for."""

import json
import re
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.objects.recordings import recorded_cluster

JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What to answer.

    ``cut`` bytes of the body are announced and never sent, ``drop`` closes without an answer, ``drip`` is how many
    seconds pass before each byte of the body.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: int = 0
    drop: bool = False
    drip: float = 0.0


Weather = Callable[[Request], Reply | None]


def refusal(status: int, reason: str, message: str, **details: str) -> Reply:
    """Return a Status as the API server words it."""
    body = {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": status}
    return Reply(status=status, body=body | {"details": details})


def forbidden(path: str) -> Reply:
    """Return a 403 for ``path``."""
    return refusal(403, "Forbidden", f'{path} is forbidden: User "auditor" cannot look')


class ApiServer:
    """Holds the objects, the weather and every request that came in."""

    def __init__(self) -> None:
        """Start with the recorded shop and fair weather."""
        recording = recorded_cluster()
        self.version: dict[str, Any] = recording["version"]
        self.apis: dict[str, Any] = recording["apis"]
        self.objects: dict[str, list[dict[str, Any]]] = {
            path: found["items"] for path, found in recording["objects"].items()
        }
        self.requests: list[Request] = []
        self.weather: list[Weather] = []
        self._lock = threading.Lock()

    def once(self, reply: Reply, path: str = "", times: int = 1) -> None:
        """Answer the next ``times`` requests whose path ends in ``path`` with ``reply``."""
        left = [times]

        def weather(request: Request) -> Reply | None:
            if left[0] and request.path.endswith(path):
                left[0] -= 1
                return reply
            return None

        self.weather.append(weather)

    def always(self, reply: Callable[[Request], Reply], pattern: str) -> None:
        """Answer every request whose path matches ``pattern`` by ``reply``."""
        self.weather.append(lambda request: reply(request) if re.fullmatch(pattern, request.path) else None)

    def asked(self) -> list[str]:
        """Return the paths that were asked for, with their queries, in order."""
        return [
            item.path + ("?" + "&".join(f"{k}={v}" for k, v in item.query.items()) if item.query else "")
            for item in self.requests
        ]

    def answer(self, request: Request) -> Reply:
        """Answer by the weather, else by the objects."""
        with self._lock:
            self.requests.append(request)
            for weather in self.weather:
                reply = weather(request)
                if reply is not None:
                    return reply
        if request.path == "/version":
            return Reply(body=self.version)
        if request.path == "/apis":
            return Reply(body=self.apis)
        return self._resource(request)

    def _resource(self, request: Request) -> Reply:
        found = re.fullmatch(
            r"(?P<root>/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/(?P<ns>[^/]+)(?=/))?/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?",
            request.path,
        )
        items = self.objects.get(f"{found['root']}/{found['plural']}") if found else None
        if found is None or items is None:
            return refusal(404, "NotFound", "the server could not find the requested resource")
        if found["ns"]:
            items = [item for item in items if item["metadata"].get("namespace") == found["ns"]]
        if found["name"]:
            named = next((item for item in items if item["metadata"]["name"] == found["name"]), None)
            if named is None:
                message = f'{found["plural"]} "{found["name"]}" not found'
                return refusal(404, "NotFound", message, name=found["name"], kind=found["plural"])
            return Reply(body=_partial(named) if "PartialObjectMetadata" in request.headers["accept"] else named)
        for term in filter(None, request.query.get("fieldSelector", "").split(",")):
            name = term.removeprefix("metadata.namespace!=")
            items = [item for item in items if item["metadata"].get("namespace") != name]
        start, limit = int(request.query.get("continue", "0")), int(request.query.get("limit", "0"))
        page = items[start : start + limit] if limit else items[start:]
        more = str(start + limit) if limit and start + limit < len(items) else ""
        return Reply(body={"kind": "List", "apiVersion": "v1", "metadata": {"continue": more}, "items": page or None})


def _partial(source: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": source["metadata"]}


class _Patient(ThreadingHTTPServer):
    """Says nothing of a client that breaks off, in the handshake or later."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell only of what is the server's own fault."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextmanager
def serving(server: ApiServer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on loopback, over HTTPS with ``tls``, and yield the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length", "0"))
            request = Request(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            reply = server.answer(request)
            self.close_connection = reply.drop or reply.cut > 0
            if reply.drop:
                return
            body = reply.raw if reply.raw is not None else json.dumps(reply.body).encode()
            self.send_response_only(reply.status)
            self.send_header("Date", reply.headers.get("Date", self.date_time_string()))
            self.send_header("Content-Type", JSON)
            self.send_header("Content-Length", str(len(body) + reply.cut))
            for name, value in reply.headers.items():
                if name != "Date":
                    self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # the client may have gone
                if not reply.drip:
                    self.wfile.write(body)
                for byte in body if reply.drip else b"":
                    time.sleep(reply.drip)
                    self.wfile.write(bytes((byte,)))

        do_GET = do_POST = _handle  # noqa: N815 - the names that http.server calls

        def log_message(self, *arguments: object) -> None:
            """Stay quiet."""

    http = _Patient(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    if tls is not None:
        # The handshake belongs into the request's thread: one that fails must not end the server.
        http.socket = tls.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def write_kubeconfig(
    path: Path, server: str, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None
) -> Path:
    """Write a kubeconfig for ``server`` with one context ``shop``; ``cluster`` adds fields to the cluster."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "shop",
        "clusters": [{"name": "shop", "cluster": {"server": server} | (cluster or {})}],
        "users": [{"name": "engineer", "user": user if user is not None else {"token": "t0ken"}}],
        "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "engineer"}}],
    }
    path.write_text(json.dumps(document))
    return path

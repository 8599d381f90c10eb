"""What may stand between a client and an API server: it passes on what it is asked, or answers as it pleases."""

import re
import socket
import ssl
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.hostile.servers import Behaviour, request_head, server

Answers = dict[str, Behaviour]
"""What is answered instead of the API server, by an expression for the request line."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The API server behind."""

    address: tuple[str, int]
    context: ssl.SSLContext
    user: dict[str, Any]

    @classmethod
    def of(cls, kubeconfig: Path) -> "Upstream":
        """Read it from a kubeconfig of one context."""
        told = yaml.safe_load(kubeconfig.read_text())
        cluster = told["clusters"][0]["cluster"]
        authority = b64decode(cluster["certificate-authority-data"]).decode()
        parts = urlsplit(cluster["server"])
        context = ssl.create_default_context(cadata=authority)
        return cls((str(parts.hostname), int(parts.port or 443)), context, told["users"][0]["user"])

    def connect(self) -> socket.socket:
        """Return a connection."""
        return self.context.wrap_socket(socket.create_connection(self.address), server_hostname=self.address[0])


@dataclass(frozen=True, slots=True)
class Between:
    """What stands there: the kubeconfig that leads to it, and whether it has answered as it pleases."""

    kubeconfig: Path
    met: threading.Event


@contextmanager
def between(kubeconfig: Path, answers: Answers, folder: Path) -> Iterator[Between]:
    """Stand before the API server of a kubeconfig; the kubeconfig that leads here comes to lie in ``folder``."""
    upstream = Upstream.of(kubeconfig)
    met = threading.Event()

    def behave(connection: socket.socket) -> None:
        head = request_head(connection)
        line = head.partition(b"\r\n")[0].decode("latin-1")
        for expression, behaviour in answers.items():
            if re.search(expression, line):
                met.set()
                with Asked(connection, head) as asked:
                    behaviour(asked)
                return
        _pass_on(connection, upstream, head)

    with server(behave) as (host, port):
        here = folder / "between.kubeconfig"
        named = {
            "clusters": [{"name": "x", "cluster": {"server": f"http://{host}:{port}"}}],
            "users": [{"name": "x", "user": upstream.user}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        }
        here.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "x", **named}))
        yield Between(here, met)


class Asked(socket.socket):
    """A connection that gives the head of a request back, so that a behaviour reads it itself."""

    def __init__(self, connection: socket.socket, head: bytes) -> None:
        """Take the connection of ``connection``, which is none afterwards."""
        super().__init__(fileno=connection.detach())
        self._unread = head

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive."""
        if self._unread:
            data, self._unread = self._unread[:bufsize], self._unread[bufsize:]
            return data
        return super().recv(bufsize, flags)


def _pass_on(connection: socket.socket, upstream: Upstream, head: bytes) -> None:
    if b"\r\nUpgrade:" not in head and b"\r\nupgrade:" not in head:
        head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    with upstream.connect() as far:
        far.sendall(head)
        up = threading.Thread(target=_copy, args=(connection, far), daemon=True)
        up.start()
        _copy(far, connection)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)

"""A web server that keeps what is posted to it."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Kept(ThreadingHTTPServer):
    """Keeps the path and the body of every request, and answers with ``status``."""

    def __init__(self, status: int = 200) -> None:
        """Listen on a free port of the loopback."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.posts: list[tuple[str, bytes]] = []
        self.gets: list[str] = []
        self.refusal = (404, "NoSuchKey")
        """What each GET is answered, as by an S3 server that has no such object."""

    @property
    def port(self) -> int:
        """Return the port."""
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Kept

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.posts.append((self.path, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"thanks"[:5])

    def do_GET(self) -> None:
        self.server.gets.append(self.path)
        status, code = self.server.refusal
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def keeping(status: int = 200, tls: ssl.SSLContext | None = None) -> Iterator[Kept]:
    """Run such a server, over TLS where it is given."""
    server = Kept(status)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

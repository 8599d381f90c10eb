"""One WebSocket session with an embedded cluster, written down frame by frame as the recordings are."""

import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from websocket import (
    ABNF,
    WebSocketBadStatusException,
    WebSocketConnectionClosedException,
    WebSocketTimeoutException,
    create_connection,
)

from tests.sandbox.shop import Client


@dataclass
class Session:
    """What happened: frames from the server, the protocol agreed on, or how it was refused."""

    frames: list[tuple[int, bytes]] = field(default_factory=list)
    agreed: str | None = None
    refused: tuple[int, str] | None = None

    def output(self, channel: int) -> bytes:
        """Return all that came on one channel."""
        return b"".join(data[1:] for opcode, data in self.frames if opcode == ABNF.OPCODE_BINARY and data[0] == channel)

    @property
    def closing(self) -> int | None:
        """The code that the server closed with; None where it did not."""
        codes = [int.from_bytes(data[:2]) for opcode, data in self.frames if opcode == ABNF.OPCODE_CLOSE]
        return codes[0] if codes else None


def converse(
    client: Client,
    path: str,
    *,
    subprotocols: list[str],
    sent: list[bytes] | None = None,
    token: str | None = None,
    seconds: float = 10.0,
    enough: int = 10_000,
) -> Session:
    """Open a session, send ``sent`` as binary messages, and collect what comes until the server closes."""
    session = Session()
    try:
        socket = create_connection(
            client.server.replace("https", "wss") + path,
            sslopt={"context": client.context},
            header=[f"Authorization: Bearer {token or client.token}"],
            subprotocols=subprotocols or None,
            timeout=seconds,
        )
    except WebSocketBadStatusException as refused:
        session.refused = (refused.status_code, (refused.resp_body or b"").decode())
        return session
    session.agreed = socket.subprotocol
    for message in sent or []:
        socket.send_binary(message)
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until and len(session.frames) < enough:
            frame: Any = socket.recv_frame()  # type: ignore[no-untyped-call]  # the library is half typed
            session.frames.append((frame.opcode, frame.data))
            if frame.opcode == ABNF.OPCODE_CLOSE:
                break
    except (WebSocketTimeoutException, WebSocketConnectionClosedException):
        pass  # what came so far is what is judged
    finally:
        socket.close()
    return session


def query(**pairs: Any) -> str:
    """Return a query string; a list gives its name several times."""
    return urllib.parse.urlencode(pairs, doseq=True)

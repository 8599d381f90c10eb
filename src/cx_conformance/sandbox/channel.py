"""How a client and its embedded cluster talk: one JSON document a message, its length in four bytes before it."""

import json
import struct
from typing import IO, Any

_LENGTH = struct.Struct("!I")


def send(stream: IO[bytes], message: Any) -> None:
    """Write one message."""
    text = json.dumps(message).encode()
    stream.write(_LENGTH.pack(len(text)) + text)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read one message; None when the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    text = stream.read(length)
    return json.loads(text) if len(text) == length else None


def parse(text: bytes) -> Any:
    """Read the document of one message whose length was read already."""
    return json.loads(text)

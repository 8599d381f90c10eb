"""How many bytes an answer may have, before and after it is unpacked."""

import zlib
from typing import Final

SMALL: Final = 1 << 20
"""An answer to a small question."""
OBJECT: Final = 4 << 20
"""One object of the API: etcd takes no more than 1.5 MiB, and base64 makes that 2."""
PAGE: Final = 32 << 20
"""One page of a list; of larger objects fewer are asked for at once."""


class TooMuch(OSError):  # noqa: N818 - what happened to the answer
    """A server sends more than its answer may have; an error of the connection to whoever knows no better."""

    def __init__(self, most: int, what: str = "") -> None:
        """Say how many bytes it may have."""
        super().__init__(f"the answer has more than {size(most)}{what}")


class NotAskedFor(OSError):  # noqa: N818 - what happened to the answer
    """A server answers in an encoding that it was not asked for."""

    def __init__(self, encoding: str) -> None:
        """Name the encoding."""
        super().__init__(f"the answer is encoded by {encoding[:40]!r}, which it was not asked for")


def size(count: int) -> str:
    """Write a number of bytes for a message: ``1 MiB``, ``16 KiB``."""
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"


class Unpacking:
    """Unpacks an answer piece by piece, as its header says, and holds it to ``most`` bytes packed and unpacked."""

    def __init__(self, encoding: str, most: int) -> None:
        """Take the value of Content-Encoding; NotAskedFor for another than gzip."""
        named = encoding.strip().lower()
        if named not in ("", "identity", "gzip", "x-gzip"):
            raise NotAskedFor(encoding)
        self._zipped = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if "gzip" in named else None
        self._most = most
        self._packed = self._unpacked = 0

    def __call__(self, piece: bytes) -> bytes:
        """Return what ``piece`` comes to; raises TooMuch, and ValueError for what cannot be unpacked."""
        self._packed += len(piece)
        room = self._most - self._unpacked
        if self._packed > self._most:
            raise TooMuch(self._most)
        if self._zipped is not None:
            try:
                piece = self._zipped.decompress(piece, room + 1)
            except zlib.error as error:
                raise ValueError(f"it is no gzip: {error}") from None
        if len(piece) > room:
            raise TooMuch(self._most, " when it is unpacked" if self._zipped is not None else "")
        self._unpacked += len(piece)
        return piece

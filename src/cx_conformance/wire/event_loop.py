"""An event loop that can be closed while a name is being looked up, which asyncio's own would wait for."""

import asyncio
from typing import Any

from cx_conformance.wire.names import begun


class Loop(asyncio.SelectorEventLoop):
    """That of asyncio, but for its look-ups."""

    async def getaddrinfo(self, host: Any, port: Any, **wished: int) -> Any:
        """Look a name up; ``wished`` are family, type, proto and flags of ``socket.getaddrinfo``."""
        return await asyncio.wrap_future(begun(host, port, **wished), loop=self)

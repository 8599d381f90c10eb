"""Stands in for a component in a container: serves what the environment variable CX_SIMULATE says.

This file is shipped into pods as it is. It needs Python 3.9 and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict  # noqa: UP035 - Python 3.9 in somebody's image reads this too

Item = Dict[str, Any]  # noqa: UP006 - likewise
"""One port: what stands in the list of CX_SIMULATE."""


def answer_for(paths: Item, target: str) -> tuple[int, str]:
    """Return status and body for a request of ``target``."""
    found = paths.get(target.split("?", 1)[0])
    return (found.get("status", 200), found.get("body", "")) if found else (404, "not simulated\n")


async def serve_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, item: Item) -> None:
    """Answer requests on one connection until the client ends it."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *fields = head.split("\r\n")
        method, target, _ = request.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        await reader.readexactly(int(headers.get("content-length", "0")))
        status, body = answer_for(item.get("paths", {}), target)
        content = body.encode()
        kind = "application/json" if body.startswith("{") else "text/html" if body.startswith("<") else "text/plain"
        writer.write(
            f"HTTP/1.1 {status} Simulated\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode()
            + (b"" if method == "HEAD" else content)
        )
        await writer.drain()


async def serve_silently(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter, _item: Item) -> None:
    """Accept, and read until the client ends the connection."""
    while await reader.read(65536):
        pass


SERVERS = {"http": serve_http, "https": serve_http, "s3": serve_http}


def handler(item: Item) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return what serves one connection to the port of ``item``."""
    serve = SERVERS.get(item["as"], serve_silently)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer, item)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # the client went away, or does not speak this protocol
        finally:
            writer.close()

    return connected


def tls_of(item: Item) -> ssl.SSLContext | None:
    """Return the server's TLS context from the mounted certificate, or None."""
    if "tls" not in item:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = Path(item["tls"])
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return context


async def main() -> None:
    """Listen on every port until the pod is asked to end."""
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    servers = []
    for item in json.loads(os.environ.get("CX_SIMULATE", "[]")):
        servers.append(await asyncio.start_server(handler(item), None, item["port"], ssl=tls_of(item)))
        print("serving", item["as"], "on port", item["port"], flush=True)  # noqa: T201 - the pod's log
    await ended.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(main())

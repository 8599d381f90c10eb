"""Looking names up by this machine's resolver, which nothing can cut off: what nobody waits for is left behind.

The resolver's own limits are 10 to 30 seconds for each name (resolv.conf(5)), and neither a signal nor a time limit
reaches a thread within it.
"""

import ipaddress
import socket
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from cx_conformance.wire.fuse import Fuse

_GRAIN_S = 0.05
"""How often a fuse is looked at that somebody else may burn."""

Found = list[tuple[Any, Any, int, str, Any]]
"""What ``socket.getaddrinfo`` returns."""


def begun(host: object, port: object, **wished: int) -> Future[Found]:
    """Begin to look ``host`` up, as ``socket.getaddrinfo`` does; the process does not wait for it in the end."""
    found: Future[Found] = Future()
    found.set_running_or_notify_cancel()

    def look_up() -> None:
        try:
            found.set_result(socket.getaddrinfo(host, port, **wished))  # type: ignore[arg-type] # the caller's own
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits
            found.set_exception(error)

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    return found


def addresses(host: str, seconds: float, fuse: Fuse) -> list[str]:
    """Return the addresses of ``host``, each once; raises gaierror, also where none came in time or the fuse burnt."""
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    found, ends = begun(host, None, type=socket.SOCK_STREAM), time.monotonic() + seconds
    while (left := min(fuse.left(), ends - time.monotonic())) > 0:
        with suppress(TimeoutError):
            return list(dict.fromkeys(str(one[4][0]) for one in found.result(min(_GRAIN_S, left))))
    raise socket.gaierror(socket.EAI_AGAIN, "DNS did not answer in time")

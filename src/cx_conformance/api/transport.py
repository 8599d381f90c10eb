"""One request over the wire: bounded in bytes, cut off in time, and large answers one at a time."""

import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock, local
from typing import TYPE_CHECKING

import urllib3
from urllib3.exceptions import HTTPError

from cx_conformance.api.allocation import give_large_buffers_back
from cx_conformance.api.request import Answer, Request
from cx_conformance.api.stream_trust import StreamTrust
from cx_conformance.outcome.looking import OutOfTime
from cx_conformance.wire.bounds import OBJECT, Unpacking
from cx_conformance.wire.connections import burning, watched
from cx_conformance.wire.fuse import Fuse, burn_all

if TYPE_CHECKING:
    from kubernetes.client import Configuration

CUT_OFF = "out of time: the run was ended before the API server had answered"
_LATE = "no answer in time"
_PIECE = 1 << 16


class Transport:
    """The connections to one API server; for any thread."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        give_large_buffers_back()
        self._lock = Lock()
        self._pool: urllib3.PoolManager | None = None
        self._given_up = False
        self._large = Lock()
        self._holding = local()

    def forget(self) -> None:
        """Make new connections from now on, for the credentials have changed."""
        self._pool = None

    @contextmanager
    def threads(self, at_once: int) -> Iterator[ThreadPoolExecutor]:
        """Give threads to ask in; where the block is left by an exception, they are cut off and not waited for."""
        with ThreadPoolExecutor(at_once, thread_name_prefix="asking") as pool:
            try:
                yield pool
            except BaseException:
                self._given_up = True
                burn_all()
                pool.shutdown(cancel_futures=True)
                self._given_up = False
                raise

    @contextmanager
    def one_page(self) -> Iterator[None]:
        """Let this thread hold a large answer while it is in the block; the others wait with theirs until it is left.

        Eight pages of 32 MiB that come at once would fill the memory.
        """
        try:
            yield
        finally:
            if getattr(self._holding, "page", False):
                self._holding.page = False
                self._large.release()

    def send(
        self,
        configuration: "Configuration",
        request: Request,
        headers: Mapping[str, str],
        *,
        connect: float,
        allowed: float,
    ) -> Answer:
        """Send once and return the whole answer, within ``allowed`` seconds.

        Raises TimeoutError, the connection's own errors, TooMuch, NotAskedFor, and OutOfTime where the run is to end.
        """
        with Fuse(allowed) as fuse, burning(fuse):
            # After the fuse is known: whoever gives up cuts it, or is seen here.
            if self._given_up and request.ends is None:
                raise OutOfTime(CUT_OFF)
            try:
                response = self._pool_manager(configuration).request(
                    request.method,
                    f"{configuration.host}{request.target}",
                    headers=headers,
                    body=request.body,
                    timeout=urllib3.Timeout(connect=min(connect, allowed), read=allowed),
                    retries=False,
                    preload_content=False,
                    redirect=False,
                )
                return self._whole(response, request.most, fuse)
            except (OSError, ValueError, HTTPError):
                if not fuse.burnt:
                    raise
                if fuse.ends > time.monotonic():
                    raise OutOfTime(CUT_OFF) from None
                raise TimeoutError(_LATE) from None

    def _pool_manager(self, configuration: "Configuration") -> urllib3.PoolManager:
        from kubernetes.client.rest import RESTClientObject

        with self._lock:
            if self._pool is None:
                pool = RESTClientObject(configuration).pool_manager
                if configuration.host.startswith("https:"):
                    _trust(pool, StreamTrust.of(configuration).context())
                self._pool = watched(pool)
            return self._pool

    def _whole(self, response: urllib3.BaseHTTPResponse, most: int, fuse: Fuse) -> Answer:
        """Read the body to its end; raises TooMuch when that is beyond ``most`` bytes."""
        body = bytearray()
        try:
            # Unpacked here, for urllib3 unpacks as much as there is.
            unpack = Unpacking(response.headers.get("content-encoding", ""), most)
            while piece := response.read1(_PIECE, decode_content=False):
                body += unpack(piece)
                if len(body) > OBJECT:
                    self._take_turn(fuse.left())
            _not_late(fuse)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status, headers=headers, body=body if len(body) > OBJECT else bytes(body))

    def _take_turn(self, seconds: float) -> None:
        if not getattr(self._holding, "page", False):
            if not self._large.acquire(timeout=max(0.0, seconds)):
                raise TimeoutError(_LATE)
            self._holding.page = True


def _trust(pool: urllib3.PoolManager, context: ssl.SSLContext) -> None:
    """Let a pool verify by ``context`` in place of one of urllib3's for each connection.

    From Python 3.13 on urllib3's refuses authorities without key identifiers, as those of EKS, which kubectl accepts:
    https://github.com/kubernetes-client/python/issues/2394
    """
    given = pool.connection_pool_kw
    for read_already in ("ca_certs", "ca_cert_data", "cert_file", "key_file"):
        given.pop(read_already, None)
    given["ssl_context"] = context


def _not_late(fuse: Fuse) -> None:
    """Raise TimeoutError where the end of an answer is that of its connection, which was cut."""
    if fuse.burnt:
        raise TimeoutError(_LATE)

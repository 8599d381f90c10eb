"""WebSockets to the Kubernetes API server, for exec and port-forward.

``websockets`` stands here instead of the official client's ``kubernetes.stream.ws_client``, because that one

* connects without a time limit (``create_websocket`` passes none), so a silent API server hangs the run;
* reads until no more frames are waiting, so endless output never comes back to look at the clock or the size;
* answers a lost connection and a program that is not there with a ``TypeError`` or ``ValueError`` of its own.

Authentication, TLS and proxies are taken from the official client's ``Configuration``, by its rules.
The file is long because a connection that is refused, slow or cut off has words for each.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import math
import random
import socket
import ssl
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidStatus, ProxyError

from cx_conformance.api.signature import USER_AGENT
from cx_conformance.api.stream_refusals import refused
from cx_conformance.api.stream_trust import StreamTrust
from cx_conformance.api.tally import Tally
from cx_conformance.api.web_socket import MESSAGE_LIMIT, WAITING_FRAMES, Connect, Connection
from cx_conformance.objects.secrecy import mask_text
from cx_conformance.outcome.looking import Unauthorized, Unreachable
from cx_conformance.wire.fuse import Fuse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from websockets.asyncio.client import ClientConnection

    from cx_conformance.api.stream_refusals import StreamTarget

_CLOSE_SECONDS = 1.0
PAUSE_SECONDS = 0.5
"""Before the second try to open a stream."""
_UNANSWERED = 6
"""So often an API server is tried that does not answer at all: of three behind one address one may be gone."""
_THROTTLED = 3
"""How many times as long as usual an API server is asked that lets no more in just now."""
_LONGEST_PAUSE_SECONDS = 5.0
_SILENT = logging.getLogger("cx_conformance.websockets")
# At DEBUG the library writes the handshake with its Authorization header.
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
_SILENT.setLevel(logging.CRITICAL)


class Throttled(Unreachable):
    """The API server lets no more in just now (429); it says when to come again, or does not."""

    def __init__(self, words: str, after: str) -> None:
        """Take the words, and its Retry-After."""
        super().__init__(words)
        self._after = float(after) if after.isdecimal() else 0.0

    def pause(self, tries: int) -> float:
        """Return the seconds to wait: as it says, else longer each time; never all at the same moment."""
        wanted = max(self._after, PAUSE_SECONDS * min(tries, 4))
        return float(min(wanted, _LONGEST_PAUSE_SECONDS)) * (1 + random.random() / 4)  # noqa: S311 - guards nothing


class Unanswered(Unreachable):
    """The API server took no connection, or broke it off before it had answered."""


class ApiStreams:
    """Opens WebSockets to the API server of one ``kubernetes.client.Configuration``; safe for several threads."""

    def __init__(
        self,
        configuration: Any,
        tally: Tally | None = None,
        renewed: Callable[[Any], Any | None] = lambda _refused: None,
    ) -> None:
        """Take the official client's ``configuration``; nothing is opened yet. ``tally`` counts what is.

        ``renewed`` returns one with newer credentials in place of one whose were refused, None where there are none.
        """
        self._configuration = configuration
        self._renewed = renewed
        self._tally = tally or Tally()
        self.relieve: Callable[[], Awaitable[None]] = _nothing
        """Makes room at an API server that lets no more in."""
        self.server: str = str(configuration.host).rstrip("/")

    def credentials(self) -> dict[str, str]:
        """Return the headers that authenticate; may run the kubeconfig's exec plug-in, which blocks."""
        settings = self._configuration.auth_settings().values()
        return {each["key"]: each["value"] for each in settings if each["in"] == "header" and each["value"]}

    async def open(
        self,
        target: StreamTarget,
        query: Sequence[tuple[str, str]],
        protocols: Sequence[str],
        headers: dict[str, str],
        seconds: float,
    ) -> ClientConnection:
        """Open a stream to ``target`` within ``seconds``.

        What may pass, as a kubelet that drops the connection, is tried a second time: nothing was begun in the pod yet.
        Where nobody answers it is tried oftener, for another API server may stand behind the same address.
        An API server that lets few in at a time is asked as it wishes, for three times as long; one that does not
        accept the credentials any more is asked once more with newer ones.
        ``headers`` are those of ``credentials()``. Raises the ``CouldNotLook`` that
        says why it was not opened.
        """
        began, tries = time.monotonic(), 0
        soon, late = began + seconds, began + _THROTTLED * seconds
        while True:
            tries += 1
            try:
                return await self._open(target, query, protocols, headers, seconds)
            except Unauthorized:
                newer = await asyncio.to_thread(self._renewed, self._configuration) if tries == 1 else None
                if newer is None:
                    raise
                self._configuration = newer
                headers = await asyncio.to_thread(self.credentials)
                pause, ends, reason = 0.0, math.inf, "401"
            except Throttled as error:
                pause, ends, reason = error.pause(tries), late, "429"
                if time.monotonic() + pause > ends:
                    raise
                await self.relieve()
            except Unreachable as error:
                pause, ends, reason = PAUSE_SECONDS, soon, target.subresource
                most = _UNANSWERED if isinstance(error, Unanswered) else 2
                if tries >= most or time.monotonic() + pause > ends:
                    raise
            await self.pause(reason, pause)
            seconds = min(seconds, max(0.1, ends - time.monotonic()))

    async def pause(self, reason: str, seconds: float = PAUSE_SECONDS) -> None:
        """Wait before what was not opened is opened again, and count that."""
        self._tally.count_retry(reason)
        await asyncio.sleep(seconds)

    async def _open(
        self,
        target: StreamTarget,
        query: Sequence[tuple[str, str]],
        protocols: Sequence[str],
        headers: dict[str, str],
        seconds: float,
    ) -> ClientConnection:
        url = "ws" + self.server.removeprefix("http") + target.path
        proxy = self._proxy()
        self._tally.count_upgrade(target.subresource)
        ways: dict[str, Any] = self._tls()
        try:
            async with asyncio.timeout(seconds):
                if proxy and proxy.startswith("socks"):
                    ways["sock"] = await asyncio.to_thread(_through_socks, proxy, self.server, seconds)
                    proxy = None
                return await Connect(
                    f"{url}?{urlencode(query)}" if query else url,
                    create_connection=partial(Connection, offered=protocols),  # type: ignore[arg-type] # it is only called
                    additional_headers=headers,
                    user_agent_header=USER_AGENT,
                    compression=None,
                    proxy=proxy,
                    open_timeout=None,
                    ping_interval=None,
                    close_timeout=_CLOSE_SECONDS,
                    max_size=MESSAGE_LIMIT,
                    max_queue=WAITING_FRAMES,
                    logger=_SILENT,
                    **ways,
                )
        except InvalidStatus as refusal:
            answer = refusal.response
            error = refused(target, answer.status_code, bytes(answer.body or b""))
            if answer.status_code == 429:
                raise Throttled(str(error), answer.headers.get("Retry-After", "")) from None
            raise error from None
        except TimeoutError:
            raise Unreachable(
                f"the API server {self.server} did not open {target.subresource} to {target} within {seconds:g} s; "
                "check the way to it (VPN, proxy, load balancer), or give it more time"
            ) from None
        except (InvalidProxy, ProxyError) as error:
            raise Unreachable(
                f"the proxy in front of the API server {self.server} does not let through: {mask_text(str(error))}"
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(
                f"the certificate of the API server {self.server} is not accepted ({error.verify_message}); "
                "check certificate-authority and tls-server-name in the kubeconfig"
            ) from None
        except (OSError, InvalidHandshake, EOFError) as error:
            said = str(error) or type(error).__name__
            raise Unanswered(
                f"the API server {self.server} cannot be reached for {target.subresource}: {said}"
            ) from None

    def _tls(self) -> dict[str, Any]:
        if not self.server.startswith("https:"):
            return {}
        context = StreamTrust.of(self._configuration).context()
        name = self._configuration.tls_server_name
        return {"ssl": context, "server_hostname": name} if name else {"ssl": context}

    def _proxy(self) -> str | None:
        configuration = self._configuration
        if not configuration.proxy:
            return None
        basic = next(
            (str(v) for k, v in (configuration.proxy_headers or {}).items() if k.lower() == "proxy-authorization"), ""
        )
        address = str(configuration.proxy)
        if basic.startswith("Basic ") and "@" not in address:
            user, _, password = base64.b64decode(basic.split()[1]).decode().partition(":")
            parts = urlsplit(address)
            address = parts._replace(
                netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"
            ).geturl()
        return address


async def _nothing() -> None:
    """Make no room: an exec holds none."""


def _through_socks(proxy: str, server: str, seconds: float) -> socket.socket:
    """Return a connection to ``server`` through a SOCKS proxy, which looks its name up; raises OSError."""
    import socks

    way, api = urlsplit(proxy), urlsplit(server)
    kind = socks.SOCKS4 if way.scheme.startswith("socks4") else socks.SOCKS5
    connection = socks.socksocket()
    user, password = (unquote(each) if each else None for each in (way.username, way.password))
    connection.set_proxy(kind, way.hostname, way.port or 1080, rdns=True, username=user, password=password)
    connection.settimeout(seconds)
    try:
        with Fuse(seconds) as fuse:  # its own limit counts anew with each byte that the proxy says
            fuse.watch(connection)
            connection.connect((api.hostname, api.port or (443 if api.scheme == "https" else 80)))
    except OSError:
        connection.close()
        raise
    return socket.socket(fileno=connection.detach())

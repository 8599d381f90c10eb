"""The API server: one object that asks, waits, asks again, counts, and says in words why it got no answer.

Authentication, exec plug-ins, client certificates, proxies and TLS come from the official client's configuration;
bodies stay raw, for its typed models cost ten times the time and memory and reject a whole list for one odd object.
The file is long because trying again is one loop, and every way in which it ends has its words.
"""

import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import orjson
from msgspec.structs import replace
from urllib3.exceptions import HTTPError

from cx_conformance.api.cautions import cautions
from cx_conformance.api.kubeconfig import Origin, Vantage, current_token, find_origin, read_configuration
from cx_conformance.api.kubeconfig_files import KubeconfigError
from cx_conformance.api.refusals import is_lasting, knows_roles, no_answer, refused, unusable
from cx_conformance.api.request import Answer, Patience, Request
from cx_conformance.api.request_path import parse_path
from cx_conformance.api.signature import USER_AGENT
from cx_conformance.api.tally import Tally
from cx_conformance.api.transport import CUT_OFF, Transport
from cx_conformance.objects.json_fields import mapping, text
from cx_conformance.outcome.looking import NotServed, OutOfTime, Unauthorized, Unreachable
from cx_conformance.wire.bounds import OBJECT, SMALL, NotAskedFor, TooMuch
from cx_conformance.wire.fuse import Fuse

if TYPE_CHECKING:
    from kubernetes.client import Configuration

__all__ = ["Answer", "Cluster", "KubeconfigError", "Patience"]

_RETRIED = frozenset({429, 500, 502, 503, 504})
_REFUSED = _RETRIED | {401, 403}
# A second refusal within this time is the server's last word, not a token that has just expired.
_CREDENTIALS_KEPT_SECONDS = 30.0
# A server that took all the time it may take for one answer is asked once more: the connection may have been dead.
_SLOW_TRIES = 2
# Of one look; an installation of 3,000 components has 25,000.
_MOST_OBJECTS = 100_000


class Cluster:
    """The API server of one cluster. Threads may ask at once; only ``write`` changes anything."""

    def __init__(
        self, configuration: "Configuration", *, origin: Origin, context: str, patience: Patience | None = None
    ) -> None:
        """Take a configuration of the official client; ``Cluster.connect`` reads one."""
        self.configuration = configuration
        self.origin = origin
        self.context = context
        self.patience = patience or Patience()
        self.tally = Tally()
        self.transport = Transport()
        self.deadline: float | None = None
        self._lock = Lock()
        self._answered = False
        self._credentials_read = time.monotonic()
        self._credentials = 0
        self._objects = 0

    @classmethod
    def connect(
        cls,
        kubeconfig: str | None = None,
        context: str | None = None,
        *,
        patience: Patience | None = None,
        seconds: float = math.inf,
    ) -> "Cluster":
        """Read the configuration as kubectl would; sends no request, waits for credentials for at most ``seconds``.

        Raises KubeconfigError; Unauthorized or OutOfTime when no credentials are to be had.
        """
        origin = find_origin(kubeconfig, context)
        configuration, name = read_configuration(origin, seconds)
        return cls(configuration, origin=origin, context=name, patience=patience)

    @property
    def server(self) -> str:
        """The address of the API server."""
        return str(self.configuration.host)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What makes its word, or the account's credentials, less safe than they should be: a sentence each."""
        return tuple(cautions(self.origin, self.configuration))

    @property
    def vantage(self) -> Vantage:
        """Whether this process stands in the cluster."""
        return self.origin.vantage

    def remaining(self) -> float | None:
        """Return the seconds until the deadline, or None without one. Raises OutOfTime when it has passed."""
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime("out of time: the run's time limit came first; give a longer --time-limit")
        return left

    def get(
        self, path: str, query: Mapping[str, str] | None = None, accept: str = "application/json", *, most: int = SMALL
    ) -> Answer:
        """GET ``path`` and return the answer: 2xx, or 400, 404, 409, 410 and the like for the caller to judge.

        Raises Unauthorized, Forbidden, Unreachable (no answer, one of more than ``most`` bytes, or 5xx and 429 to the
        end), OutOfTime.
        """
        return self._ask(Request(method="GET", path=path, query=query or {}, accept=accept, most=most))[0]

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """POST an access review, which changes nothing; raises as ``get``."""
        return self._ask(Request(method="POST", path=path, body=orjson.dumps(body)))[0]

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content_type: str = "application/json",
        seconds: float | None = None,
    ) -> Answer:
        """Create, patch or delete an object, where somebody has allowed that; raises as ``get``.

        It is sent again when the connection breaks, so that the first may have done it already: 409 or 404 then.
        ``seconds`` are its own, also beyond the deadline: what a run has made it takes away again.
        """
        ends = None if seconds is None else time.monotonic() + seconds
        sent = orjson.dumps(body) if body is not None else None
        request = Request(method=method, path=path, body=sent, content_type=content_type, ends=ends, most=OBJECT)
        return self._ask(request)[0]

    def read(
        self, path: str, query: Mapping[str, str] | None = None, accept: str = "application/json", *, most: int = OBJECT
    ) -> Any:
        """GET ``path`` as JSON; None when the named object does not exist.

        Raises NotServed when there is no such resource, else as ``get``.
        """
        request = Request(method="GET", path=path, query=query or {}, accept=accept, most=most)
        answer, found = self._ask(request, parse=True)
        if answer.status == 200:
            return found
        error = refused(self.server, "GET", path, answer.status, found)
        # The server names the object that it lacks; for a kind that it lacks the details are empty.
        if isinstance(error, NotServed) and text(mapping(found, "details"), "name"):
            return None
        raise error

    def renewed(self, refused: "Configuration") -> "Configuration | None":
        """Return a configuration with newer credentials than those that were ``refused``; None where there are none."""
        with self._lock:
            if refused is not self.configuration:
                return self.configuration
            used = self._credentials
        left = self.remaining()
        return self.configuration if self._renew_credentials(used, math.inf if left is None else left) else None

    @contextmanager
    def threads(self, at_once: int) -> Iterator[ThreadPoolExecutor]:
        """Give threads to ask in for one look; an exception in the block cuts off what they wait for."""
        self._objects = 0
        with self.transport.threads(at_once) as pool:
            yield pool

    def count_objects(self, count: int) -> None:
        """Count what was listed in this look; raises Unreachable for more than a cluster has."""
        with self._lock:
            self._objects += count
            too_many = self._objects > _MOST_OBJECTS
        if too_many:
            raise Unreachable(
                f"the API server at {self.server} lists more than {_MOST_OBJECTS:,} objects; "
                "look at what stands before it, and at what fills the cluster"
            )

    def _ask(self, request: Request, *, parse: bool = False) -> tuple[Answer, Any]:
        """Send until there is an answer worth having; every sending but the first is counted with its reason.

        Returns the answer, and its JSON when ``parse`` wants a 200 parsed (what breaks off is asked for again).
        """
        template = parse_path(request.path).template
        tries = 0
        while True:
            tries += 1
            credentials = self._credentials
            self.tally.count_request(request.method, template)
            try:
                answer = self._send(request)
                found = None
                if parse and answer.status == 200:
                    found = answer.json()
                    answer = replace(answer, body=b"")  # a page is held once
            except (TooMuch, NotAskedFor) as error:
                raise unusable(self.server, request.method, request.path, error) from None
            except (OSError, ValueError, HTTPError) as error:
                self._left(request)
                self._retry_connection(request, error, tries)
                continue
            self._answered = True
            if answer.status == 401 and self._renew_credentials(credentials, self._left(request)):
                self.tally.count_retry("401")
            elif self._passes(answer) and tries < self.patience.status_tries:
                self.tally.count_retry(str(answer.status))
                self._wait(request, tries, answer.headers.get("retry-after", ""))
            elif answer.status in _REFUSED:
                raise refused(self.server, request.method, request.path, answer.status, answer.said)
            else:
                return answer, answer.said if answer.status != 200 else found

    @staticmethod
    def _passes(answer: Answer) -> bool:
        """Whether the server may soon answer otherwise."""
        if answer.status != 403:
            return answer.status in _RETRIED
        return not knows_roles(str(answer.said))

    def _left(self, request: Request) -> float:
        """Return the seconds that a request may take, infinite without a limit. Raises OutOfTime when none are left."""
        if request.ends is None:
            of_run = self.remaining()
            return math.inf if of_run is None else of_run
        left = request.ends - time.monotonic()
        if left <= 0:
            raise OutOfTime(f"out of time: the API server at {self.server} did not answer {request.method} in time")
        return left

    def _retry_connection(self, request: Request, error: Exception, tries: int) -> None:
        """Wait before the next try, or raise: a server that never answered is more likely wrong than restarting."""
        allowed = self.patience.connection_tries if self._answered else self.patience.first_tries
        if isinstance(error, TimeoutError):
            allowed = min(allowed, _SLOW_TRIES)
        if tries >= allowed or is_lasting(error):
            raise no_answer(self.server, error, tries) from None
        self.tally.count_retry("truncated" if isinstance(error, ValueError) else "connection")
        self._wait(request, tries)

    def _send(self, request: Request) -> Answer:
        """Send once and return the whole answer. Raises the connection's own errors, and OutOfTime."""
        headers = self._headers(request)
        allowed = min(self.patience.total_seconds, self._left(request))
        return self.transport.send(
            self.configuration, request, headers, connect=self.patience.connect_seconds, allowed=allowed
        )

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Accept": request.accept, "Accept-Encoding": "gzip", "User-Agent": USER_AGENT}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        with self._lock:
            try:
                token = current_token(self.configuration, self._left(request))
            except Unauthorized as error:
                raise Unauthorized(f"{self.origin.words}: {error}") from None
        if token:
            headers["Authorization"] = token
        return headers

    def _renew_credentials(self, used: int, seconds: float = math.inf) -> bool:
        """Read the credentials again after a 401; False when those that were refused are as new as can be."""
        with self._lock:
            if used != self._credentials:
                return True
            fresh = self._credentials > 0 and time.monotonic() - self._credentials_read < _CREDENTIALS_KEPT_SECONDS
            if fresh:
                return False
            try:
                self.configuration, _ = read_configuration(self.origin, seconds)
            except (KubeconfigError, Unauthorized):
                return False
            self._credentials += 1
            self._credentials_read = time.monotonic()
            self.transport.forget()
            return True

    def _wait(self, request: Request, tries: int, asked: str = "") -> None:
        """Pause before the next try, as long as the server asks (Retry-After), but never past the deadline."""
        pause = self.patience.pause(tries)
        if asked.isdecimal():
            pause = max(pause, min(float(asked), self.patience.longest_retry_after_seconds))
        left = self._left(request)
        if left < pause:
            raise OutOfTime(
                f"out of time: the API server at {self.server} has to be asked again in {pause:.1f} s, "
                f"and {left:.1f} s of the time limit are left; give a longer --time-limit"
            )
        with Fuse(math.inf) as fuse:
            if fuse.wait(pause) and request.ends is None:
                raise OutOfTime(CUT_OFF)

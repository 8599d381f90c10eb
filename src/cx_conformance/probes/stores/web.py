"""What Keycloak, Grafana and Superset have in common: JSON over HTTP, asked by httpx."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import httpx
from msgspec import Struct
from pydantic import SecretStr

from cx_conformance.api.signature import USER_AGENT
from cx_conformance.probes.stores.notes import Notes
from cx_conformance.probes.stores.observation import Level
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.wire.bounds import SMALL, TooMuch, Unpacking
from cx_conformance.wire.json_text import parsed
from cx_conformance.wire.tracing import Tracing

_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}


class Answer(Struct, frozen=True, kw_only=True):
    """An HTTP answer: status and body; ``location`` is where a redirect leads."""

    status: int
    body: bytes
    location: str = ""

    def document(self) -> dict[str, Any]:
        """Return the JSON object of the body; an empty one when it is none."""
        try:
            value = parsed(self.body)
        except (ValueError, TooMuch):
            return {}
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def ask(  # noqa: PLR0913 - the parts of a request, by name
    notes: Notes,
    method: str,
    path: str,
    *,
    form: Mapping[str, str | SecretStr] | None = None,
    body: Mapping[str, str | bool | SecretStr] | None = None,
    basic: Credentials | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request to the promised name, wherever the socket goes; secrets are opened on the way out only.

    ``headers`` go along with, or instead of, those of every request. Redirects are not followed: a login page instead
    of an answer is an answer.
    """
    target, line = notes.target, notes.line
    scheme = "https" if target.tls is not None else "http"
    host, port = target.socket_address
    auth = None
    if basic is not None:
        auth = httpx.BasicAuth(basic.username or "", basic.password.get_secret_value() if basic.password else "")
    try:
        with (
            httpx.Client(
                verify=line.context() if target.tls is not None else False,
                timeout=httpx.Timeout(line.patience(), connect=min(target.limits.connect_s, line.remaining())),
                trust_env=False,
            ) as client,
            client.stream(
                method,
                httpx.URL(scheme=scheme, host=host, port=port, raw_path=path.encode()),
                headers=_HEADERS | {"Host": target.address, **(headers or {})},
                extensions={"sni_hostname": target.host, "trace": Tracing(line.fuse)},
                data=_opened(form) if form is not None else None,
                json=_opened(body) if body is not None else None,
                auth=auth,
            ) as response,
        ):
            location = response.headers.get("location", "")
            return Answer(status=response.status_code, body=_read(notes, response), location=location)
    except httpx.TimeoutException:
        raise line.explain(TimeoutError()) from None
    except httpx.RemoteProtocolError as error:
        ended = "disconnected" in str(error) or "closed" in str(error)
        raise line.explain(ConnectionResetError() if ended else error, Kind.ODD) from None
    except httpx.HTTPError as error:
        raise line.explain(error, Kind.ODD) from None


def _opened(fields: Mapping[str, str | bool | SecretStr]) -> dict[str, Any]:
    return {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in fields.items()}


def _read(notes: Notes, response: httpx.Response) -> bytes:
    """Return the body, as it comes; a server that drips it byte by byte meets the line's deadline."""
    unpack = Unpacking(response.headers.get("content-encoding", ""), SMALL)
    body = bytearray()
    # Unpacked here, for httpx unpacks as much as there is.
    for piece in response.iter_raw():
        body += unpack(piece)
        notes.line.remaining()
    return bytes(body)


def refusing_a_wrong_password(notes: Notes, log_in: Callable[[], str]) -> None:
    """Note whether a login as nobody is refused; where it breaks nobody can log in, and the server is not usable.

    These servers tell that they are well, or which realm they have, without their database: Superset's health asks
    nothing, and Keycloak has its realms in a cache. Whether a name is known is what only the database can tell.
    https://github.com/apache/superset/blob/master/superset/views/health.py
    https://github.com/dpgaspar/Flask-AppBuilder/blob/master/flask_appbuilder/security/api.py (login: 500 "Fatal error")
    """
    silence: list[Trouble] = []

    def patiently() -> str:
        try:
            return notes.line.tried(log_in)
        except Trouble as trouble:
            silence.extend([trouble] * trouble.believed)
            raise

    notes.refusing(Level.REFUSES_WRONG_PASSWORD, patiently, as_whom="a wrong password")
    told = notes.findings[Level.REFUSES_WRONG_PASSWORD]
    if told.ok is not None or not notes.ok(Level.USABLE) or notes.ok(Level.LOGS_IN):
        return
    if told.kind in {Kind.UNUSABLE, Kind.NOT_READY} or silence:
        why = told.words.removeprefix("could not be told: ")
        words = f"nobody can log in to {notes.target.address}; look at its own database ({why})"
        notes.failed(Level.USABLE, told.kind or Kind.UNUSABLE, words)
    elif told.kind is Kind.TIMED_OUT:
        notes.untold.append(f"whether anybody can log in {told.words}")


def unexpected(notes: Notes, path: str, answer: Answer, promised: str) -> Trouble:
    """Return the trouble of an answer that is not the promised one."""
    address = notes.target.address
    if answer.status in {502, 503, 504}:
        return Trouble(Kind.NOT_READY, f"{address}{path} answers HTTP {answer.status}; it is not ready")
    if answer.status >= 500:
        return Trouble(Kind.UNUSABLE, f"{address}{path} answers HTTP {answer.status} where {promised} is promised")
    seen = notes.said.sentence(answer.body, 80)
    return Trouble(
        Kind.WRONG_PROTOCOL, f"{address}{path} answers HTTP {answer.status} {seen} where {promised} is promised"
    )

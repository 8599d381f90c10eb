"""One session of pg8000 on a line: no socket, certificate or time limit but the line's, and refusals by their SQLSTATE.

A refused login has a SQLSTATE in every language that a server may speak, and says whether the server had let it in
before; libpq tells neither. Facts: https://www.postgresql.org/docs/current/protocol-flow.html, where AuthenticationOk
comes before the account and the database are looked at, and
https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from pg8000.core import CoreConnection
from pg8000.exceptions import InterfaceError

from cx_conformance.probes.stores.line import Line, Prelude
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.probes.stores.trouble import Kind, Trouble, chain

_ADMITTED: Final = 0
"""What AuthenticationOk says."""
_WITHOUT_PASSWORD: Final = {2: "Kerberos V5", 7: "GSSAPI", 9: "SSPI"}


class Refused(Exception):  # noqa: N818 - what the server says, which may be as it should be
    """The server's ErrorResponse: its SQLSTATE, its words, and whether the session had been let in before."""

    def __init__(self, code: str, words: str, *, admitted: bool) -> None:
        """Take what it says; the words are foreign."""
        super().__init__(words)
        self.code = code
        self.words = words
        self.admitted = admitted


class Session(CoreConnection):  # type: ignore[misc] # pg8000 publishes no types
    """A session that has logged in; leave it to end it."""

    def __init__(self, line: Line, credentials: Credentials, prelude: Prelude) -> None:
        """Open it; ``prelude`` asks for TLS where that is promised. Raises Refused, and Trouble for all else."""
        self._line = line
        self._admitted = False
        password = credentials.password.get_secret_value() if credentials.password else ""
        with _explaining(line):
            super().__init__(
                credentials.username,
                database=credentials.database or "postgres",
                password=password,
                application_name="cx-conformance",
                startup_params={"client_encoding": "UTF8"},
                ssl_context=False,
                sock=line.open(prelude),
            )

    def ask(self, statement: str) -> list[list[Any]]:
        """Return the rows that a statement comes to; raises Refused, and Trouble for all else."""
        self._line.begin()
        with _explaining(self._line):
            return self.execute_simple(statement).rows or []

    def close(self) -> None:
        """End it; a server that has said its last word need not hear of it."""
        with suppress(InterfaceError, OSError):
            super().close()

    def handle_AUTHENTICATION_REQUEST(self, data: bytes, context: Any) -> None:  # noqa: N802 - its own name
        """Answer, and remember whether nothing more was wanted."""
        wanted = int.from_bytes(data[:4])
        if method := _WITHOUT_PASSWORD.get(wanted):
            words = f"{self._line.target.address} wants a login by {method}, and takes no password"
            raise Trouble(Kind.UNAUTHORIZED, words)
        super().handle_AUTHENTICATION_REQUEST(data, context)
        self._admitted = wanted == _ADMITTED

    def handle_ERROR_RESPONSE(self, data: bytes, context: Any) -> None:  # noqa: N802 - its own name
        """Keep what the server says."""
        super().handle_ERROR_RESPONSE(data, context)
        said = context.error.args[0]
        context.error = Refused(said.get("C", ""), said.get("M", ""), admitted=self._admitted)


@contextmanager
def _explaining(line: Line) -> Iterator[None]:
    """Raise as Trouble whatever keeps a session from going on that the server has not refused."""
    try:
        yield
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a library raises is told in words
        # So pg8000 calls the end of the data.
        ended = isinstance(error, InterfaceError) and error.args == ("network error",)
        told = any(isinstance(one, OSError | Trouble) for one in chain(error))
        raise line.explain(EOFError() if ended and not told else error, Kind.ODD) from None

"""One login a run, whatever becomes of it: looked at again, judged by several processes, run anew where one crashed.

Failed logins are counted by Keycloak, and lock the account of a person who has done nothing.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final

import orjson

from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes.sign_in import Ending, Said, SignIn

_TELLING_SECONDS: Final = 45.0
"""So long another process of the run may take for it: three requests at most, each of ten seconds."""


class OneAttempt:
    """Remembers what came of the one login of a run, for all of its looks and all of its processes."""

    def __init__(self) -> None:
        """Nobody has logged in yet."""
        self.folder: Path | None = None
        """What the processes of the run share; None: there is but this one."""
        self._lock = Lock()
        self._found: SignIn | None = None

    @property
    def made(self) -> bool:
        """Whether a password was sent, so that looking again shows nothing new."""
        return self._found is not None and self._found.attempted

    def ask(self, log_in: Callable[[], SignIn]) -> SignIn:
        """Return what came of the login: now, or when it was made.

        One that sent no password may be made again by a later look. Raises NoVantage where another process of the run
        has begun to log in and does not tell what came of it.
        """
        with self._lock:
            if self._found is None or not self._found.attempted:
                self._found = self._shared(log_in) if self.folder else log_in()
            return self._found

    def _shared(self, log_in: Callable[[], SignIn]) -> SignIn:
        folder = self.folder or Path()
        begun, told = folder / "login-begun", folder / "login-told.json"
        try:
            begun.touch(exist_ok=False)
        except FileExistsError:
            return _told_by_another(told)
        found = log_in()
        if found.attempted:
            whole = told.with_suffix(".new")
            whole.write_bytes(orjson.dumps(_written(found)))
            whole.replace(told)
        else:
            begun.unlink()
        return found


def _told_by_another(told: Path) -> SignIn:
    ends = time.monotonic() + _TELLING_SECONDS
    while time.monotonic() < ends:
        with suppress(FileNotFoundError):
            return _read(orjson.loads(told.read_bytes()))
        time.sleep(0.1)
    raise NoVantage("another process of this run began to log in and did not tell what came of it; nobody tries again")


def _written(found: SignIn) -> dict[str, Any]:
    """Return words alone: nothing secret is in a finding."""
    return {name: {"ending": one.ending, "words": one.words} for name, one in _sayings(found)}


def _sayings(found: SignIn) -> tuple[tuple[str, Said], ...]:
    return ("token", found.token), ("userinfo", found.userinfo)


def _read(written: dict[str, Any]) -> SignIn:
    said = {name: Said(ending=Ending(one["ending"]), words=one["words"]) for name, one in written.items()}
    return SignIn(token=said["token"], userinfo=said["userinfo"], attempted=True)

"""One login a run, however many looks and processes ask for what came of it."""

from pathlib import Path

import pytest

from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes.sign_in import Ending, Said, SignIn
from cx_conformance.vantage import one_attempt
from cx_conformance.vantage.one_attempt import OneAttempt

REFUSED = SignIn(
    token=Said(ending=Ending.REFUSED, words="refused"),
    userinfo=Said(ending=Ending.UNTOLD, words="no token"),
    attempted=True,
)
STARTING = SignIn(
    token=Said(ending=Ending.UNTOLD, words="no realm yet"),
    userinfo=Said(ending=Ending.UNTOLD, words="no token"),
    attempted=False,
)


class Account:
    """Counts how often somebody logs in to it."""

    def __init__(self, *ends: SignIn) -> None:
        """End as told, one login after the other; the last end stays."""
        self.ends = ends
        self.asked = 0

    def log_in(self) -> SignIn:
        """Log in."""
        self.asked += 1
        return self.ends[min(self.asked, len(self.ends)) - 1]


def process(folder: Path | None) -> OneAttempt:
    """Return what one process of a run remembers."""
    made = OneAttempt()
    made.folder = folder
    return made


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "several"])
def test_a_login_is_made_once_however_often_it_is_asked_for(tmp_path: Path, *, shared: bool) -> None:
    """Each look hears the same."""
    account, attempt = Account(REFUSED), process(tmp_path if shared else None)
    assert [attempt.ask(account.log_in) for _ in range(3)] == [REFUSED] * 3
    assert (account.asked, attempt.made) == (1, True)


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "several"])
def test_one_that_sent_no_password_may_be_made_by_a_later_look(tmp_path: Path, *, shared: bool) -> None:
    """A platform that is only starting has counted nothing."""
    account, attempt = Account(STARTING, REFUSED), process(tmp_path if shared else None)
    assert attempt.ask(account.log_in) == STARTING
    assert not attempt.made
    assert attempt.ask(account.log_in) == REFUSED
    assert account.asked == 2


def test_another_process_hears_what_came_of_it(tmp_path: Path) -> None:
    """One that settles has logged in before the workers judge."""
    account = Account(REFUSED)
    process(tmp_path).ask(account.log_in)
    assert process(tmp_path).ask(account.log_in) == REFUSED
    assert account.asked == 1


def test_nobody_tries_again_after_a_process_that_did_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It crashed with the password perhaps on its way; pytest-xdist starts another in its place."""
    monkeypatch.setattr(one_attempt, "_TELLING_SECONDS", 0.2)

    def crash() -> SignIn:
        raise MemoryError

    with pytest.raises(MemoryError):
        process(tmp_path).ask(crash)
    account = Account(REFUSED)
    with pytest.raises(NoVantage, match="nobody tries again"):
        process(tmp_path).ask(account.log_in)
    assert account.asked == 0

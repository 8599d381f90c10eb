"""Tells people what changed since the last run, through Apprise: mail, chat, webhooks, by one address each.

The addresses hold secrets, so they are taken from an environment variable or a file, and are in no message.
https://appriseit.com/
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from cx_conformance.outcome.comparison import Comparison, compare
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.roots import causes_of
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.counting import of_causes, some
from cx_conformance.reports.nights import messenger
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.wire.whole_file import text_of

WHOLE_S: Final = 30.0
MOST: Final = 15
"""Lines of each list; a phone shows no more."""


class NotNotified(Exception):  # noqa: N818 - what happened to the notification
    """Nobody, or not everybody, could be told; the text says why and holds no address."""


def notify(record: RunRecord, earlier: RunRecord, reference: str, link: str = "", *, seconds: float = WHOLE_S) -> bool:
    """Tell what changed since ``earlier``, if anything did; return whether it did. Raises NotNotified.

    ``reference`` is ``env:NAME`` or ``file:PATH`` of the addresses, one a line; ``link`` is where the report is, and
    ``seconds`` is how long all of it may take.
    """
    found = compare(earlier, record)
    if not found.changed:
        return False
    addresses = addresses_of(reference)
    _send(addresses, title_of(record, found), "\n".join(body_of(record, found, link)), reference, seconds)
    return True


def _send(addresses: Sequence[SecretStr], title: str, body: str, reference: str, seconds: float) -> None:
    """Have a process of its own send it, and end that where it takes too long; raises NotNotified."""
    told = {"addresses": [one.get_secret_value() for one in addresses], "title": title, "body": body}
    try:
        done = subprocess.run(  # noqa: S603 - our own module, nothing of ours on its command line
            [sys.executable, "-m", messenger.__name__],
            input=json.dumps(told).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotNotified(f"could not notify: an address of {reference} did not answer within {seconds:g} s") from None
    except OSError as reason:
        raise NotNotified(f"could not notify: no process can be started: {reason.strerror}") from None
    if done.returncode == messenger.NOT_INSTALLED:
        raise NotNotified("could not notify: Apprise is not installed; pip install 'cx-conformance[notify]'")
    if messenger.UNKNOWN <= done.returncode < messenger.UNKNOWN + len(addresses):
        number = done.returncode - messenger.UNKNOWN + 1
        raise NotNotified(f"could not notify: address {number} of {reference} is none that Apprise knows")
    if done.returncode != messenger.SENT:
        raise NotNotified(f"could not notify: an address of {reference} did not take the message")


def addresses_of(reference: str, environment: Mapping[str, str] = os.environ) -> list[SecretStr]:
    """Return the addresses that ``reference`` leads to; raises NotNotified."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        text = environment.get(name, "")
    else:
        try:
            text = text_of(Path(name))
        except (OSError, UnicodeDecodeError) as reason:
            told = reason.strerror if isinstance(reason, OSError) else "it is not UTF-8"
            raise NotNotified(f"could not notify: {reference} cannot be read: {told}") from None
    found = [SecretStr(line.strip()) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not found:
        raise NotNotified(f"could not notify: {reference} holds no address")
    return found


def title_of(record: RunRecord, found: Comparison) -> str:
    """Return the one line that a phone shows: ``acme-production non-conformant: 2 broke, 1 fixed``."""
    numbers = (
        (len(found.broke), "broke"),
        (len(found.lost_sight), "could not be looked at"),
        (len(found.fixed) + len(found.seen_again), "fixed"),
        (len(found.let_pass), "waived"),
    )
    told = ", ".join(f"{number} {what}" for number, what in numbers if number)
    return Cleaner(Scrubber()).text(f"{record.site.name} {record.verdict}: {told}", 200)


def body_of(record: RunRecord, found: Comparison, link: str) -> Iterator[str]:
    """Yield the lines of the message: root causes first, then what broke and what healed."""
    cleaner = Cleaner(Scrubber())
    news = {one.key for one in (*found.broke, *found.lost_sight)}
    causes = [one for one in causes_of(record.outcomes) if news.intersection(each.key for each in one.outcomes)]
    if causes:
        broken = {each.key: each for one in causes for each in one.outcomes}
        yield f"{of_causes(broken.values(), Result.FAIL)}:"
    for cause in causes[:MOST]:
        waits = f", blocks {len(cause.blocked)}" if cause.blocked else ""
        words = cleaner.text(" ".join(cause.words.split()), 300)
        whose = f"{cause.outcome.check} {cleaner.text(some(cause.components), 200)}"
        yield f"- {words} ({whose}; breaks {len(cause.causes)}{waits})"
    yield from _list(cleaner, "Broke:", found.broke, said=True)
    yield from _list(cleaner, "Could no longer be looked at:", found.lost_sight, said=True)
    yield from _list(cleaner, "Fixed:", (*found.fixed, *found.seen_again))
    yield from _list(cleaner, "Waived now:", found.let_pass)
    if found.still:
        yield f"Still broken: {len(found.still)}"
    if link:
        yield f"Report: {link}"


def _list(cleaner: Cleaner, heading: str, outcomes: Iterable[Outcome], *, said: bool = False) -> Iterator[str]:
    every = list(outcomes)
    if every:
        yield heading
    for one in every[:MOST]:
        yield f"- {_told(cleaner, one) if said else _where(cleaner, one)}"
    if len(every) > MOST:
        yield f"- and {len(every) - MOST} more"


def _where(cleaner: Cleaner, outcome: Outcome) -> str:
    return cleaner.text(f"{outcome.check} {outcome.title}: {outcome.component} [{outcome.entry}]", 300)


def _told(cleaner: Cleaner, outcome: Outcome) -> str:
    message = " ".join(outcome.message.split())
    return f"{_where(cleaner, outcome)}: {cleaner.text(message, 300)}" if message else _where(cleaner, outcome)

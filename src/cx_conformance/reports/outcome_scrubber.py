"""Takes the secrets that a run has read out of its outcomes, before anybody shows them.

Messages hold none by themselves: what stores say is masked where it is heard, and values are compared as hashes. This
is for what nobody thought of, such as a store that repeats another store's password.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.outcome.outcome import Outcome
from cx_conformance.reports.scrubber import Scrubber


class OutcomeScrubber:
    """Scrubs outcomes of the secrets known so far; more become known while stores are asked."""

    def __init__(self, public: str) -> None:
        """Leave alone what stands in ``public``, the blueprint's own text: that a word of it is a password is not told.

        A password such as ``expertflow`` would else take the name of the platform out of every line.
        """
        self._public = public
        self._scrubber = Scrubber()
        self._known = 0
        self._done: dict[int, Outcome] = {}
        """What was scrubbed of all that is known, by its identity, which it keeps as long as it stands here."""

    def __call__(self, outcome: Outcome, secrets: Sequence[SecretStr]) -> Outcome:
        """Return the outcome without any of ``secrets``, which only ever grow."""
        scrubber = self.scrubber(secrets)
        if not self._known or id(outcome) in self._done:
            return outcome
        scrubbed = replace(
            outcome, message=scrubber.scrub(outcome.message), evidence=self._scrubbed(dict(outcome.evidence))
        )
        self._done[id(scrubbed)] = scrubbed
        return scrubbed

    def scrubber(self, secrets: Sequence[SecretStr]) -> Scrubber:
        """Return what takes out ``secrets``, all that are no public word."""
        if len(secrets) != self._known:
            self._known = len(secrets)
            self._done.clear()
            self._scrubber = Scrubber(one for one in secrets if one.get_secret_value() not in self._public)
        return self._scrubber

    def _scrubbed(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._scrubber.scrub(value)
        if isinstance(value, Mapping):
            return {self._scrubbed(key): self._scrubbed(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._scrubbed(one) for one in value]
        return value

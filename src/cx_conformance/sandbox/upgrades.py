"""How the API server limits upgrades, where it is told to: how many at once, for how long, by which protocol."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from msgspec import Struct, field

from cx_conformance.sandbox.annotations import UPGRADES
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.statuses import Refusal
from cx_conformance.sandbox.web import Switch, WebSocket

RETRY_AFTER_SECONDS = 1


class Upgrades(Struct):
    """Counts what is open, and refuses or cuts what is too much."""

    state: State
    _open: Counter[str] = field(default_factory=Counter)

    @property
    def old(self) -> bool:
        """Whether only the older protocol of port-forward is known."""
        return "old" in self._told()

    def limited(self, subresource: str, accept: Callable[[], Switch]) -> Switch:
        """Return what ``accept`` does, within the limits; raises a Refusal where there is no room."""
        told = self._told()
        room, seconds = told.get(f"{subresource}-at-once"), told.get(f"{subresource}-cut")
        if room is not None and self._open[subresource] >= room:
            raise Refusal(429, "TooManyRequests", "the server has too many requests, please try again later")
        switch = accept()
        return Switch(self._counted(subresource, switch.run, seconds), switch.subprotocol)

    def _counted(
        self, subresource: str, run: Callable[[WebSocket], Awaitable[None]], seconds: float | None
    ) -> Callable[[WebSocket], Awaitable[None]]:
        self._open[subresource] += 1

        async def counted(socket: WebSocket) -> None:
            try:
                async with asyncio.timeout(seconds):
                    await run(socket)
            finally:
                self._open[subresource] -= 1

        return counted

    def _told(self) -> dict[str, float]:
        system = self.state.find("v1", "Namespace", "", "kube-system") or {}
        words = system.get("metadata", {}).get("annotations", {}).get(UPGRADES, "").split()
        return {name: float(value or 0) for name, _, value in (word.partition(":") for word in words)}

"""Containers that wait for a CPU: delays drawn from a seed, so that a run can be repeated with the very same ones.

The seed stands in the environment variable ``CX_SANDBOX_STARVED`` of whoever starts the embedded cluster; without it
nothing is held up. Most delays are short, and one in ten is nearly as long as it may be: a container with a tenth of a
CPU has it for ten of every hundred milliseconds, and does without while a handshake or the start of a tool needs more.
Of the five seconds that an answer is waited for, delays take four at most together; the rest is for this machine.
"""

import asyncio
import os
import random
from collections import Counter
from enum import Enum
from typing import Final

VARIABLE: Final = "CX_SANDBOX_STARVED"


class Held(Enum):
    """What is held up, and for how many seconds at most."""

    TUNNEL = 0.4
    """The opening of a forwarded connection."""
    FIRST_WORDS = 1.8
    """What a pod says first through a tunnel: an answer, or its part of a TLS handshake."""
    SERVER = 1.7
    """What a simulated component does first with a connection."""
    EXEC = 2.0
    """The start of a program in a container."""
    LOOK_UP = 1.2
    """The answer of the cluster's DNS."""


class Starvation:
    """Draws delays; the same ones for the same seed, place and turn."""

    def __init__(self, seed: str) -> None:
        """Draw by ``seed``; empty: nothing is held up."""
        self._seed = seed
        self._turns: Counter[str] = Counter()

    def draw(self, held: Held, place: str) -> float:
        """Return for how many seconds the next of its kind is held up at ``place``."""
        if not self._seed:
            return 0.0
        # The last part of a pod's name is another one in every embedded cluster.
        key = f"{self._seed} {held.name} {place.rpartition('-')[0] or place}"
        self._turns[key] += 1
        chance = random.Random(f"{key} {self._turns[key]}")  # noqa: S311 - weather, no secret
        span = chance.choices(((0.0, 0.02), (0.02, 0.3), (0.3, 1.0)), (6, 3, 1))[0]
        return held.value * chance.uniform(*span)

    async def hold(self, held: Held, place: str) -> None:
        """Wait for as long."""
        seconds = self.draw(held, place)
        if seconds:
            await asyncio.sleep(seconds)


HERE: Final = Starvation(os.environ.get(VARIABLE, ""))
"""That of this process: an embedded cluster is a process of its own."""

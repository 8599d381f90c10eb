"""HTTP requests whose every end is told: status and body, TLS, redirects, and each way in which no answer comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cx_conformance.probes.http_observation import (
    HttpFailure,
    HttpLimits,
    HttpObservation,
    HttpRequest,
    TlsFacts,
    Trust,
)

__all__ = ["HttpFailure", "HttpLimits", "HttpObservation", "HttpRequest", "TlsFacts", "Trust", "get", "get_all"]

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def get(
    request: HttpRequest,
    limits: HttpLimits | None = None,
    *,
    good: Callable[[HttpObservation], bool] = lambda seen: seen.failure is None,
    consecutive: int = 1,
) -> HttpObservation:
    """Return what came of ``request``: the ``consecutive``-th good answer in a row, or the last try.

    An answer that is not ``good`` is asked for again until ``limits.tries`` failed ones; one that took the whole time
    limit is not, for it has been asked for twice already. Raises nothing for what a
    server does; OSError for a file of authorities that cannot be read. Blocks; for a thread that runs no event loop.
    """
    import asyncio

    return asyncio.run(_repeat(request, limits or HttpLimits(), good, consecutive))


def get_all(
    requests: Sequence[HttpRequest],
    limits: HttpLimits | None = None,
    *,
    good: Callable[[HttpObservation], bool] = lambda seen: seen.failure is None,
    consecutive: int = 1,
) -> tuple[HttpObservation, ...]:
    """Return what came of each of ``requests``, all asked at once, in their order."""
    import asyncio

    async def together() -> tuple[HttpObservation, ...]:
        asked = (_repeat(each, limits or HttpLimits(), good, consecutive) for each in requests)
        return tuple(await asyncio.gather(*asked))

    return asyncio.run(together())


async def _repeat(
    request: HttpRequest, limits: HttpLimits, good: Callable[[HttpObservation], bool], consecutive: int
) -> HttpObservation:
    import asyncio

    tries = passed = failed = 0
    while True:
        seen = await _asked(request, limits)
        tries += seen.tries
        if good(seen):
            passed += 1
        else:
            passed, failed = 0, failed + 1
        hung = seen.failure is HttpFailure.TIMED_OUT and seen.milliseconds >= limits.total_seconds * 1000
        if passed >= consecutive or failed >= limits.tries or hung:
            return replace(seen, tries=tries)
        if not passed:
            await asyncio.sleep(limits.pause_seconds)


async def _asked(request: HttpRequest, limits: HttpLimits) -> HttpObservation:
    """Return what came of one question, put once more beside the first where that is left alone for half its time.

    Silence alone is no answer: the first connection may have met a server that was starved of its CPU just then.
    """
    import asyncio

    from cx_conformance.probes.http_attempt import Attempt

    first = asyncio.create_task(Attempt(request, limits).run())
    await asyncio.wait([first], timeout=limits.patience_seconds)
    if first.done():
        return first.result()
    again = Attempt(request, replace(limits, total_seconds=limits.total_seconds - limits.patience_seconds))
    waiting = {first, asyncio.create_task(again.run())}
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                if one.result().failure is not HttpFailure.TIMED_OUT:
                    return replace(one.result(), tries=2)
        return replace(first.result(), tries=2)
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

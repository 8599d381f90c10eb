"""Watches: the changes of one resource as they happen, for as long as the client asked."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import orjson

from cx_conformance.sandbox.lists import Wanted, matcher, representation
from cx_conformance.sandbox.state import Change, Record, State
from cx_conformance.sandbox.statuses import expired
from cx_conformance.sandbox.tables import partial

DEFAULT_SECONDS = 300.0


def watch(state: State, wanted: Wanted, accept: str) -> AsyncIterator[bytes]:
    """Return the events as JSON lines.

    Raises a Refusal at once where selectors are wrong; a version too old is an ERROR event, as the API has it.
    """
    how, matches = representation(accept), matcher(wanted)
    asked = int(wanted.query.get("resourceVersion") or 0)

    def line(kind: str, record: Record) -> bytes:
        thing = partial(record.thing) if how == "metadata" else record.thing
        head = {key: thing[key] for key in ("kind", "apiVersion")}
        return orjson.dumps({"type": kind, "object": head | thing}) + b"\n"

    async def events() -> AsyncIterator[bytes]:
        if 0 < asked < state.oldest:
            refusal = expired(f"too old resource version: {asked} ({state.oldest})")
            yield orjson.dumps({"type": "ERROR", "object": refusal.status}) + b"\n"
            return
        seen = asked or state.version
        initial = wanted.query.get("sendInitialEvents") == "true"
        if initial or not asked:
            for _, record in state.records(wanted.resource, wanted.namespace):
                if matches(record.thing):
                    yield line("ADDED", record)
        if initial:
            yield _bookmark(wanted, state.version)
            seen = state.version
        async for change in _changes(state, wanted, seen):
            if matches(change.record.thing):
                yield line(change.type, change.record)

    return events()


def _bookmark(wanted: Wanted, version: int) -> bytes:
    """Return the event that ends the initial ones, for clients that list by watching."""
    metadata = {"resourceVersion": str(version), "annotations": {"k8s.io/initial-events-end": "true"}}
    thing = {"kind": wanted.resource.kind, "apiVersion": wanted.resource.api_version, "metadata": metadata}
    return orjson.dumps({"type": "BOOKMARK", "object": thing}) + b"\n"


async def _changes(state: State, wanted: Wanted, seen: int) -> AsyncIterator[Change]:
    """Yield each change after version ``seen`` until the client's time is over."""
    woken = asyncio.Event()
    stop = state.listen(woken.set)
    end = asyncio.get_running_loop().time() + float(wanted.query.get("timeoutSeconds") or DEFAULT_SECONDS)
    try:
        while True:
            for change in _new(state, wanted, seen):
                seen = change.version
                yield change
            async with asyncio.timeout_at(end):
                await woken.wait()
            woken.clear()
    except TimeoutError:
        return
    finally:
        stop()


def _new(state: State, wanted: Wanted, seen: int) -> Iterator[Change]:
    for change in state.changes(wanted.resource, seen):
        if not wanted.namespace or change.key.namespace == wanted.namespace:
            yield change

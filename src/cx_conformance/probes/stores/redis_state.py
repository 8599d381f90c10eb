"""Whether a Redis can take the components' writes: by what it says of itself, and of a write that is never run.

Within a transaction Redis judges each command when it is queued, as it would when it is run: it refuses a write for
want of memory (OOM), of a disk (MISCONF), of replicas (NOREPLICAS), of a master (READONLY) or of a node (CLUSTERDOWN).
What was queued and discarded was never run. INFO alone tells less: with a ``volatile`` policy memory is full where no
key may be evicted, and a failed save keeps writes out only where ``save`` and ``stop-writes-on-bgsave-error`` say so.
https://redis.io/docs/latest/develop/using-commands/transactions/ and processCommand in
https://github.com/redis/redis/blob/7.2.4/src/server.c
"""

from enum import StrEnum
from typing import Any, cast

import redis
from msgspec import Struct

from cx_conformance.probes.stores.notes import Notes
from cx_conformance.probes.stores.observation import Level, Value
from cx_conformance.probes.stores.target import PROBE_USER
from cx_conformance.probes.stores.trouble import Kind

_OUT_OF_MEMORY = "command not allowed when used memory"
_REFUSES_WRITES = (
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.ClusterDownError,
)
_IN_WORDS = ("MISCONF ", "NOREPLICAS ", "OOM ")


class Writing(StrEnum):
    """What becomes of a write."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNTOLD = "untold"
    """The account may not write that key, or the server knows no transactions."""


class Write(Struct, frozen=True):
    """What becomes of a write, and in whose words it is refused."""

    ends: Writing
    words: str = ""


def tried_write(client: redis.Redis) -> Write:
    """Queue a write of a key of no component, and discard it.

    It is one of a key that exists (``XX``), which this does not: a proxy that runs it at once writes nothing either.
    """
    pool = client.connection_pool
    connection = cast("Any", pool.get_connection())  # one and the same for all; redis-py's own, without types
    try:
        for command in (("MULTI",), ("SET", PROBE_USER, "", "XX"), ("DISCARD",)):
            connection.send_command(*command)
            connection.read_response()
    except redis.exceptions.ResponseError as error:
        refused = isinstance(error, _REFUSES_WRITES) or str(error).startswith(_IN_WORDS)
        return Write(Writing.REFUSED if refused else Writing.UNTOLD, str(error))
    finally:
        connection.disconnect()  # which discards it, too
        pool.release(connection)
    return Write(Writing.TAKEN)


def judge(notes: Notes, information: dict[str, object], cluster: dict[str, object], write: Write) -> None:
    """Tell from INFO, of a Redis Cluster from CLUSTER INFO, and by a write, whether it takes what components write."""
    said = notes.said
    address = notes.target.address
    notes.version = said(information.get("redis_version", ""), 40) or None
    role, policy = said(information.get("role", ""), 40), said(information.get("maxmemory_policy", ""), 40)
    used, most = number(information, "used_memory"), number(information, "maxmemory")
    faults = []
    if role != "master":
        faults.append(f"its role is {role or 'unknown'} where master is promised")
    if number(information, "loading"):
        faults.append("it is still loading its data")
    if (state := said(cluster.get("cluster_state", "ok"), 40)) != "ok":
        faults.append(f"its cluster is {state}: no node serves some of its keys (CLUSTER INFO)")
    wrong = _keeps_writes_out(information, write, used, most, policy)
    if write.ends is Writing.TAKEN:
        notes.untold += [f"{address} takes writes, although {words}" for words in wrong]
    else:
        faults += [f"{words}, so writes {'fail' if write.ends is Writing.REFUSED else 'may fail'}" for words in wrong]
        if write.ends is Writing.REFUSED and not faults:
            faults.append(f"it refuses writes (Redis says: {said.sentence(write.words)})")
    detail: dict[str, Value] = {"role": role, "used_memory": used, "maxmemory": most, "maxmemory_policy": policy}
    if faults:
        kind = Kind.NOT_READY if number(information, "loading") else Kind.UNUSABLE
        notes.failed(Level.USABLE, kind, f"{address}: " + "; ".join(faults), **detail)
    else:
        takes = ", loaded, and takes writes" if write.ends is Writing.TAKEN else " and loaded"
        notes.found(Level.USABLE, f"{address} is master{takes}", **detail)


def judge_by_write(notes: Notes, write: Write) -> bool:
    """Tell by a write alone, as where the account may not ask for INFO; returns False where that is not told either."""
    address = notes.target.address
    if write.ends is Writing.TAKEN:
        notes.found(Level.USABLE, f"{address} takes writes")
    elif write.ends is Writing.REFUSED:
        words = f"{address}: it refuses writes (Redis says: {notes.said.sentence(write.words)})"
        notes.failed(Level.USABLE, Kind.UNUSABLE, words)
    return write.ends is not Writing.UNTOLD


def _keeps_writes_out(information: dict[str, object], write: Write, used: int, most: int, policy: str) -> list[str]:
    """Return what INFO says that keeps writes out, or may."""
    wrong = []
    if _OUT_OF_MEMORY in write.words or (most and used >= most and policy == "noeviction"):
        nothing = "is noeviction" if policy == "noeviction" else f"{policy} finds no key to evict"
        wrong.append(f"its memory is full ({used} of {most} bytes) and the policy {nothing}")
    # It is told only where replicas are asked for, and how many never is.
    if information.get("min_slaves_good_slaves", 1) == 0:
        wrong.append("it has no replica that counts for min-replicas-to-write")
    if information.get("rdb_last_bgsave_status", "ok") != "ok":
        wrong.append("its last background save failed")
    if information.get("aof_last_write_status", "ok") != "ok":
        wrong.append("its last append to the AOF failed")
    return wrong


def number(information: dict[str, object], key: str) -> int:
    """Return a number of INFO; 0 where it is not told."""
    value = information.get(key)
    return value if isinstance(value, int) else 0

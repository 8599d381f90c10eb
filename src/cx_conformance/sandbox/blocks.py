"""Blocks of loopback addresses: each embedded cluster on a machine has one of its own, ``127.N.0.0/16``.

A block is held by a socket in Linux's abstract namespace: the kernel frees it with the process, however that ends.
"""

import contextlib
import socket
from collections.abc import Iterator

from msgspec import Struct

FIRST, LAST = 64, 250


class NoBlock(Exception):  # noqa: N818 - the sentence says what is wrong with the machine
    """This machine has no block of loopback addresses left, or does not answer on them."""


class Block(Struct, frozen=True):
    """The first two octets of a block, such as ``127.64``."""

    prefix: str


@contextlib.contextmanager
def take_block() -> Iterator[Block]:
    """Hold a block that no other embedded cluster on this machine has.

    Raises NoBlock when all are taken, or where the system has no such addresses (only Linux answers on all of
    127.0.0.0/8).
    """
    for number in range(FIRST, LAST + 1):
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind(f"\0cx-conformance/127.{number}")
        except OSError:
            lock.close()
            continue
        with lock:
            _require_loopback(f"127.{number}.0.1")
            yield Block(f"127.{number}")
            return
    raise NoBlock(f"all {LAST - FIRST + 1} blocks of loopback addresses are held by other clusters")


@contextlib.contextmanager
def lone() -> Iterator[Block]:
    """Give the addresses of a cluster that serves the API only: nothing else listens, so nothing can collide."""
    yield Block("127.0")


def _require_loopback(address: str) -> None:
    with socket.socket() as trial:
        try:
            trial.bind((address, 0))
        except OSError as why:
            raise NoBlock(
                f"this system does not answer on {address} ({why.strerror}): the embedded cluster needs all of "
                "127.0.0.0/8, as Linux has it; elsewhere only --static works"
            ) from why

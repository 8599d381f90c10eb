"""The addresses of a host name, by the resolver of the machine that the run stands on."""

from __future__ import annotations

import socket

from cx_conformance.outcome.looking import Unreachable
from cx_conformance.wire.names import begun

Places = list[tuple[socket.AddressFamily, tuple[str, int]]]
"""Families of addresses, and addresses with their ports."""


def addresses(host: str, seconds: float) -> tuple[str, ...]:
    """Return the addresses of ``host``, each once, none where there is no such name; Unreachable: DNS is silent."""
    found = resolved(host, seconds)
    if not isinstance(found, OSError):
        return tuple(dict.fromkeys(place[0] for _, place in found))
    silent = no_answer(host, found, seconds)
    if silent is not None:
        raise silent
    return ()


def no_answer(host: str, error: OSError, seconds: float) -> Unreachable | None:
    """Return that DNS tells nothing of ``host``, where that is what an error of ``resolved`` means; None: it told."""
    if isinstance(error, TimeoutError):
        return Unreachable(f"DNS did not answer for {host} within {seconds:g} s; look again when it does")
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return Unreachable(f"DNS does not answer for {host} just now: {error.strerror}")
    return None


def resolved(host: str, seconds: float) -> Places | OSError:
    """Return the addresses of a host, or why there are none."""
    try:
        found = begun(host, None, type=socket.SOCK_STREAM).result(seconds)
    except OSError as error:
        return error
    return [(family, (str(place[0]), 0)) for family, _, _, _, place in found]

"""Why no HTTP answer came, in words: each error of the client library is traced to what really happened."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING

from cx_conformance.probes.http_observation import HttpFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cx_conformance.probes.http_observation import HttpLimits, HttpRequest


_WRONG_SCHEME = (
    "plain http request was sent to https port",  # nginx
    "http request to an https server",  # Go
    "requires tls",  # Tomcat
    "speaking plain http to an ssl-enabled server",  # Apache
)


def says_wrong_scheme(status: int | None, text: str) -> bool:
    """Tell whether an answer is a TLS server's to a plain request, in the words of the known servers."""
    return status == 400 and any(each in text.lower() for each in _WRONG_SCHEME)


def explain(error: BaseException, request: HttpRequest, limits: HttpLimits) -> tuple[HttpFailure, str]:
    """Return what ``error`` was, and a sentence about it."""
    failure, said = _classify(error, limits)
    where = f" (through {request.connect_to[0]}:{request.connect_to[1]})" if request.connect_to else ""
    return failure, f"{request.url}{where}: {said}"


def _classify(error: BaseException, limits: HttpLimits) -> tuple[HttpFailure, str]:
    import httpx  # a static run reads no answers

    chain = tuple(_causes(error))
    for each in chain:
        if found := _root(each):
            return found
    if any(isinstance(each, httpx.ConnectTimeout) for each in chain):
        return HttpFailure.TIMED_OUT, f"no connection within {limits.connect_seconds:g} s"
    if any(isinstance(each, (httpx.TimeoutException, TimeoutError)) for each in chain):
        return HttpFailure.TIMED_OUT, f"no answer within {limits.total_seconds:g} s"
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in text:
        return HttpFailure.GARBAGE, f"what answered is not HTTP: {text}"
    if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.ConnectError)):
        return HttpFailure.CLOSED, "the connection was closed without an answer"
    return HttpFailure.OTHER, text


_ROOTS: tuple[tuple[type[BaseException], HttpFailure, str], ...] = (
    (ssl.SSLCertVerificationError, HttpFailure.CERTIFICATE, "the certificate is not accepted: {0.verify_message}"),
    (ssl.SSLEOFError, HttpFailure.CLOSED, "the connection was closed during the TLS handshake"),
    (ssl.SSLZeroReturnError, HttpFailure.CLOSED, "the connection was closed during the TLS handshake"),
    (socket.gaierror, HttpFailure.NOT_RESOLVABLE, "the name cannot be resolved: {0.strerror}"),
    (ConnectionRefusedError, HttpFailure.REFUSED, "the connection is refused: nothing listens, or a firewall rejects"),
    (ConnectionResetError, HttpFailure.RESET, "the connection was reset"),
    (BrokenPipeError, HttpFailure.RESET, "the connection was reset"),
)


def _root(error: BaseException) -> tuple[HttpFailure, str] | None:
    """Return what an error of the operating system or of TLS says; None for a wrapper."""
    if isinstance(error, (ssl.SSLWantReadError, ssl.SSLWantWriteError)):
        return None  # it waits for more; whoever ended the wait says why
    for kind, failure, words in _ROOTS:
        if isinstance(error, kind):
            return failure, words.format(error)
    if isinstance(error, ssl.SSLError):
        reason = str(error.reason or error).replace("_", " ").lower()
        if "protocol" in reason and ("unsupported" in reason or "alert" in reason):
            return HttpFailure.TLS, "the server offers no TLS 1.2 or later"
        return HttpFailure.TLS, f"the TLS handshake failed: {reason}"
    if isinstance(error, OSError) and error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        return HttpFailure.NO_ROUTE, "there is no route to it"
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error`` and what it came from, the groups of several addresses' errors opened."""
    waiting, met = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) in met:
            continue
        met.add(id(each))
        yield each
        if isinstance(each, BaseExceptionGroup):
            waiting.extend(each.exceptions)
        waiting.extend(inner for inner in (each.__cause__, each.__context__) if inner is not None)

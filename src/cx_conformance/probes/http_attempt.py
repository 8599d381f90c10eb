"""One try of an HTTP request, with the real client."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from msgspec.structs import replace

from cx_conformance.api.signature import USER_AGENT
from cx_conformance.objects.admitted import quoted
from cx_conformance.objects.certificate import Certificate
from cx_conformance.probes.http_failure import explain, says_wrong_scheme
from cx_conformance.probes.http_observation import (
    HttpFailure,
    HttpLimits,
    HttpObservation,
    HttpRequest,
    TlsFacts,
    Trust,
)
from cx_conformance.wire.written import written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Attempt:
    """One try of a request, and a second look with the other scheme where the answer hints at it."""

    def __init__(self, request: HttpRequest, limits: HttpLimits) -> None:
        """Prepare; OSError for a file of authorities that cannot be read."""
        self._request = request
        self._limits = limits
        self._seen = HttpObservation(url=request.url)
        self._https = urlsplit(request.url).scheme == "https"
        self._opened: list[Any] = []
        self._context = _context(request.trust if self._https else Trust.NOBODY)

    async def run(self) -> HttpObservation:
        """Return what came of it."""
        started = time.monotonic()
        error: BaseException | None = None
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                await self._ask()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as raised:
            # After a status, only the body did not end; what came of it is kept.
            error = raised if self._seen.status is None else None
            if isinstance(raised, (httpx.RemoteProtocolError, httpx.ReadError)):
                told = {"content-length", "transfer-encoding"} & self._seen.headers.keys()
                self._seen = replace(self._seen, broken_off=error is None and bool(told))
        finally:
            for stream in self._opened:
                await stream.aclose()  # the client leaves it open where a handshake is cut off
        self._seen = _unpacked(self._seen, self._limits.body_bytes)
        if error is not None:
            await self._explain(error)
        elif says_wrong_scheme(self._seen.status, self._seen.text) and not self._https and await self._handshake():
            self._mismatch("HTTP promised, HTTPS answered")
        return replace(self._seen, milliseconds=(time.monotonic() - started) * 1000)

    async def _ask(self) -> None:
        limits, request = self._limits, self._request
        timeout = httpx.Timeout(limits.total_seconds, connect=limits.connect_seconds)
        url, headers, extensions = _dialled(request)
        extensions["trace"] = self._trace
        method = "GET" if request.form is None else "POST"
        form = {name: value.get_secret_value() for name, value in (request.form or {}).items()} or None
        async with (
            httpx.AsyncClient(
                verify=self._context,
                timeout=timeout,
                trust_env=request.use_proxy,
                follow_redirects=False,
                headers={"User-Agent": USER_AGENT},
            ) as client,
            client.stream(method, url, data=form, headers=headers, extensions=extensions) as response,
        ):
            self._seen = replace(
                self._seen,
                status=response.status_code,
                reason=quoted(response.reason_phrase, 80),
                headers={name.lower(): value for name, value in response.headers.items()},
                tls=_tls_facts(response.extensions["network_stream"].get_extra_info("ssl_object")),
                body_is_whole=False,
            )
            if response.status_code == 101:
                return
            async for chunk in response.aiter_raw():
                body = self._seen.body + chunk
                self._seen = replace(self._seen, body=body[: limits.body_bytes])
                if len(body) > limits.body_bytes:
                    return
            self._seen = replace(self._seen, body_is_whole=True)

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._opened.append(info["return_value"])

    async def _explain(self, error: BaseException) -> None:
        failure, words = explain(error, self._request, self._limits)
        self._seen = replace(self._seen, failure=failure, words=words)
        if failure is HttpFailure.CERTIFICATE:
            self._seen = replace(self._seen, tls=await self._handshake())
        elif self._https:
            silent = failure in {HttpFailure.TLS, HttpFailure.CLOSED, HttpFailure.RESET, HttpFailure.TIMED_OUT}
            if silent and (answer := await self._plainly()):
                self._mismatch(f"HTTPS promised, HTTP answered ({answer})")
        elif failure in {HttpFailure.CLOSED, HttpFailure.RESET, HttpFailure.GARBAGE, HttpFailure.TIMED_OUT} and (
            tls := await self._handshake()
        ):
            self._mismatch("HTTP promised, HTTPS answered")
            self._seen = replace(self._seen, tls=tls)

    def _mismatch(self, words: str) -> None:
        self._seen = replace(self._seen, failure=HttpFailure.SCHEME, words=f"{self._request.url}: {words}")

    async def _plainly(self) -> str | None:
        """Return the status of the same request without TLS, if it has one."""
        plain = replace(self._request, url="http" + self._request.url.removeprefix("https"))
        port = urlsplit(self._request.url).port or 443
        if urlsplit(plain.url).port is None and plain.connect_to is None:
            plain = replace(plain, connect_to=(urlsplit(plain.url).hostname or "", port))
        url, headers, _ = _dialled(plain)
        with contextlib.suppress(httpx.HTTPError, OSError, TimeoutError):
            async with (
                asyncio.timeout(self._limits.connect_seconds),
                httpx.AsyncClient(trust_env=False, verify=self._context, headers={"User-Agent": USER_AGENT}) as client,
                client.stream("GET", url, headers=headers) as response,
            ):
                return f"{response.status_code} {quoted(response.reason_phrase, 80)}".strip()
        return None

    async def _handshake(self) -> TlsFacts | None:
        """Return the TLS of the server, whoever signed its certificate; None when it speaks none."""
        parts = urlsplit(self._request.url)
        host, port = self._request.connect_to or (parts.hostname or "", parts.port or (443 if self._https else 80))
        context = _context(Trust.NOBODY)
        with contextlib.suppress(OSError, TimeoutError, EOFError):
            async with asyncio.timeout(self._limits.connect_seconds):
                _, writer = await asyncio.open_connection(
                    host, port, ssl=context, server_hostname=self._request.server_name or parts.hostname
                )
            facts = _tls_facts(writer.get_extra_info("ssl_object"))
            writer.transport.abort()
            return facts
        return None


def _unpacked(seen: HttpObservation, most: int) -> HttpObservation:
    """Return what was seen with its body unpacked: some servers pack it although they were asked not to."""
    if seen.headers.get("content-encoding", "").strip().lower() not in ("gzip", "x-gzip"):
        return seen
    zipped = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = zipped.decompress(seen.body, most)
    except zlib.error:
        return seen
    return replace(seen, body=body, body_is_whole=seen.body_is_whole and zipped.eof)


def _dialled(request: HttpRequest) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Return the URL to dial, the headers, and the extensions that keep the name for TLS."""
    headers = {"user-agent": "cx-conformance", "accept": "*/*", "accept-encoding": "identity", **request.headers}
    parts = urlsplit(request.url)
    if request.connect_to is None and request.server_name is None:
        return request.url, headers, {}
    if request.connect_to:
        host, port = request.connect_to
        headers["host"] = parts.netloc.rpartition("@")[2]
        parts = parts._replace(netloc=f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    name = request.server_name or urlsplit(request.url).hostname
    return parts.geturl(), headers, {"sni_hostname": name}


def _context(trust: Path | Trust) -> ssl.SSLContext:
    """Return what verifies by ``trust``; OSError for a file of authorities that cannot be read."""
    if trust is Trust.NOBODY:
        return _read(trust, ())
    return _read(trust, written(ssl.get_default_verify_paths().cafile if isinstance(trust, Trust) else trust))


@lru_cache(maxsize=4)
def _read(trust: Path | Trust, _written: tuple[tuple[int, int], ...]) -> ssl.SSLContext:
    # The system's authorities take 50 ms to load, and each path, page and token of a run is asked for by itself.
    # Not create_default_context: from Python 3.13 on it refuses authorities without key identifiers, unlike browsers.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust is Trust.NOBODY:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif isinstance(trust, Trust):
        context.load_default_certs()
    else:
        context.load_verify_locations(trust)
    return context


def _tls_facts(tls: ssl.SSLObject | None) -> TlsFacts | None:
    if tls is None:
        return None
    der = tls.getpeercert(binary_form=True)
    pem = ssl.DER_cert_to_PEM_cert(der).encode() if der else None
    return TlsFacts(protocol=tls.version(), certificate=Certificate.read(pem))

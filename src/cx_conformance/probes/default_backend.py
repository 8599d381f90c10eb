"""Recognises an ingress controller that answers by itself because no rule matched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cx_conformance.probes.http_observation import HttpObservation

_MARKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("Traefik", re.compile(r"404 page not found\s*")),
    ("ingress-nginx", re.compile(r"default backend - 404\s*")),
    # ingress-nginx hides its version, an nginx in a component tells it unless it is told not to.
    ("ingress-nginx", re.compile(r"(?s).*<h1>404 Not Found</h1>.*<center>nginx</center>.*")),
    ("APISIX", re.compile(r"(?s).*404 Route Not Found.*")),
    ("Kong", re.compile(r"(?s).*no Route matched with those values.*")),
)
_FROM_BEHIND = ("x-envoy-upstream-service-time", "x-kong-upstream-latency")
"""What Envoy and Kong write into an answer that came from behind them, and not into their own: those of Envoy have no
body, and a component's 404 may have none either. Sources:
https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter and
https://developer.konghq.com/gateway/configuration/#headers."""
_NUMBER = re.compile(rb',?\s*"request_id"\s*:\s*"[^"]{0,64}"')


def default_backend(seen: HttpObservation, unknown_host: HttpObservation | None = None) -> str | None:
    """Return the controller that answered ``seen`` itself; None when something behind it answered, or nothing did.

    ``unknown_host`` is its answer for a host that no rule names: where that is a 404, only the same answer counts, so
    that a component's own 404 page is not taken for the controller's. Otherwise the known controllers' pages do.
    """
    if seen.status != 404:
        return None
    named = next((name for name, mark in _MARKS if mark.fullmatch(seen.text)), None)
    if unknown_host is not None and unknown_host.status == 404:
        if any(one in seen.headers and one not in unknown_host.headers for one in _FROM_BEHIND):
            return None
        same = _without_number(seen.body) == _without_number(unknown_host.body)
        return (named or "the ingress controller") if same else None
    return named


def _without_number(body: bytes) -> bytes:
    """Return a body without the number of its request, by which no two answers of a newer Kong are the same."""
    return _NUMBER.sub(b"", body)

"""A page as a browser opens it: redirects followed on the same host, and at the end of them something to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.probes.http import get
from cx_conformance.probes.http_observation import HttpObservation, HttpRequest, is_web_page

if TYPE_CHECKING:
    from cx_conformance.probes.ingress import EntryPoint

_MOST_REDIRECTS: Final = 5
"""Where a browser follows for longer, a person sees nothing either."""


class PageObservation(Struct, frozen=True, kw_only=True):
    """What a browser came to; ``elsewhere`` is where it was sent that is not this host, and was not followed."""

    http: HttpObservation
    elsewhere: str | None = None
    redirects: int = 0

    @property
    def opens(self) -> bool:
        """Whether people get a page: HTML with status 200, or the way to another host, such as that of a login."""
        return self.elsewhere is not None or (
            self.http.failure is None and self.http.status == 200 and is_web_page(self.http.text)
        )

    @property
    def words(self) -> str:
        """What was seen, in one sentence."""
        if self.http.failure:
            return self.http.words
        if self.elsewhere:
            return f"{self.http.url}: leads to {self.elsewhere}"
        answered = f"{self.http.url}: answered {self.http.status} {self.http.reason}".strip()
        if self.http.location:
            return f"{answered}, after {self.redirects} redirects, and leads to {self.http.location}"
        if self.http.status == 200 and not self.opens:
            return f"{answered}, with what is no page ({self.http.headers.get('content-type', 'of no known type')})"
        return answered


def open_page(entry: EntryPoint, path: str) -> PageObservation:
    """Open ``path`` as a browser does; raises Unreachable where DNS does not answer."""
    request = entry.request(path, trust=entry.trust)
    seen = entry.get(request)
    for number in range(_MOST_REDIRECTS):
        led = _led(seen)
        if led is None:
            return PageObservation(http=seen, redirects=number)
        if urlsplit(led).hostname != urlsplit(request.url).hostname:
            return PageObservation(http=seen, elsewhere=led.partition("?")[0], redirects=number)
        seen = get(_at(request, led), entry.limits)
    return PageObservation(http=seen, redirects=_MOST_REDIRECTS)


def _led(seen: HttpObservation) -> str | None:
    if not seen.location:
        return None
    try:
        led = urljoin(seen.url, seen.location)
        return led if urlsplit(led).scheme in ("http", "https") and urlsplit(led).hostname else None
    except ValueError:  # where it leads to is no URL
        return None


def _at(request: HttpRequest, url: str) -> HttpRequest:
    """Return the request for another address of the same host; over TLS, for plain HTTP would lead there as well."""
    own, led = urlsplit(request.url), urlsplit(url)
    return replace(request, url=led._replace(scheme=own.scheme, netloc=own.netloc, fragment="").geturl())

"""An entry point that nobody gets in by is found out once, not by every path."""

import socket
import threading
import time
from contextlib import closing
from typing import Any

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.looking import CouldNotLook, Unreachable
from cx_conformance.probes import door
from cx_conformance.probes.door import Door
from cx_conformance.probes.http_observation import HttpFailure, HttpRequest
from cx_conformance.vantage.entrance import USUAL, EntranceProbes
from cx_conformance.vantage.pool import ProbePool
from tests.checks.installation import Installation, blueprint
from tests.probes import targets

FQDN = "cx.example.invalid"
REQUEST = HttpRequest(url=f"https://{FQDN}/ccm")


def probes(pool: ProbePool) -> tuple[EntranceProbes, list[Any]]:
    """Return the probes of the reference installation's entry point, started, and its ingresses."""
    installation = Installation()
    plan = Plan(blueprint(), installation.site)
    entries = list(plan.entries("ingress"))
    made = EntranceProbes(Seen(installation.snapshot(plan), plan, FQDN), USUAL, pool)
    for entry in entries:
        made.start(entry)
    return made, entries


class LookedUp:
    """Counts what is looked up, and raises."""

    def __init__(self, error: OSError) -> None:
        """Raise this one."""
        self.names: list[str] = []
        self._error = error

    def __call__(self, host: str, *_: object, **__: object) -> list[Any]:
        """Look a host up in vain."""
        self.names.append(host)
        raise self._error


def test_a_name_that_does_not_resolve_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many paths, redirects and WebSockets are to be asked for; each is told the reason."""
    looked_up = LookedUp(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with closing(ProbePool()) as pool:
        entrance, entries = probes(pool)
        (seen,) = entrance.hosts().values()
        paths = [entrance.path(one) for one in entries]
        redirects = [entrance.redirect(one) for one in entries]
    assert looked_up.names == [FQDN]
    assert {one.http.failure for one in paths} == {one.seen.failure for one in redirects} == {seen.failure}
    assert seen.failure is HttpFailure.NOT_RESOLVABLE
    assert "the name cannot be resolved: Name or service not known" in seen.words


def test_dns_that_does_not_answer_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing of the platform: what rests on it is an error, never a failure."""
    looked_up = LookedUp(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with closing(ProbePool()) as pool:
        entrance, entries = probes(pool)
        with pytest.raises(CouldNotLook, match=f"DNS does not answer for {FQDN} just now"):
            entrance.hosts()
        with pytest.raises(CouldNotLook):
            entrance.path(entries[0])


def test_a_look_up_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own limits are 10 to 30 seconds."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
    try:
        with pytest.raises(Unreachable, match=r"DNS did not answer for cx.example.invalid within 0.1 s"):
            Door(0.1).shut(REQUEST, (FQDN, 443))
    finally:
        over.set()


def test_a_door_is_tried_once_by_all_who_come_together() -> None:
    """The second waits for what the first finds, and nobody connects again."""
    met: list[socket.socket] = []
    heard = threading.Event()

    def answer(peer: socket.socket) -> None:
        met.append(peer)
        heard.set()
        time.sleep(0.05)

    with targets.listening(answer) as port:
        one = Door()
        found: list[object] = []
        threads = [threading.Thread(target=lambda: found.append(one.shut(REQUEST, ("127.0.0.1", port)))) for _ in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [None] * 3
        assert heard.wait(5)  # whoever connects is through before the other side takes it up
    assert len(met) == 1


def test_a_port_that_refuses_is_shut_and_another_is_not() -> None:
    """Each port is tried by itself."""
    with targets.listening(targets.silent) as port:
        pass
    one = Door()
    seen = one.shut(REQUEST, ("127.0.0.1", port))
    assert seen is not None
    assert (seen.failure, seen.url) == (HttpFailure.REFUSED, REQUEST.url)
    assert "the connection is refused" in seen.words
    with targets.listening(targets.silent) as other:
        assert one.shut(REQUEST, ("127.0.0.1", other)) is None


def test_what_a_proxy_leads_to_is_for_the_proxy_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names outside may be known to the proxy alone; where a host is to be reached without it, they are not."""
    proxied = HttpRequest(url=REQUEST.url, use_proxy=True)
    monkeypatch.setattr(door, "resolved", lambda *_: [])
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example.invalid:3128")
    assert Door().shut(proxied, (FQDN, 443)) is None
    monkeypatch.setenv("no_proxy", "example.invalid")
    assert Door().shut(proxied, (FQDN, 443)) is not None

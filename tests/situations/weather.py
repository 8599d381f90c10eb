"""An API server in every weather: overloaded, restarting, half of it gone."""

import datetime as dt
from email.utils import format_datetime
from functools import partial

from tests.api.api_server import Reply, Request, refusal
from tests.situations.command import Done, be_patient_for
from tests.situations.situation import situation
from tests.situations.stage import Act

GROUP = "API weather"
BUSY = Reply(status=429, body={}, headers={"Retry-After": "1"})
BROKEN = refusal(500, "InternalError", "etcdserver: request timed out")
AWAY = refusal(503, "ServiceUnavailable", "the server is currently unable to handle the request")
EXPIRED = refusal(410, "Expired", "The provided continue parameter is too old")


@situation(GROUP, status=0)
def busy(act: Act) -> Done:
    """The API server asks to come again later (429 with Retry-After), twice."""
    server = act.server()
    server.api.once(BUSY, "/deployments", times=2)
    return server.look()


@situation(GROUP, status=3)
def busy_for_ever(act: Act) -> Done:
    """The API server never stops asking to come later (429)."""
    server = act.server()
    server.api.always(lambda _request: BUSY, ".*")
    return server.look()


@situation(GROUP, status=0)
def broken_once(act: Act) -> Done:
    """One answer is 500."""
    server = act.server()
    server.api.once(BROKEN, "/services")
    return server.look()


@situation(GROUP, status=3)
def broken_list(act: Act) -> Done:
    """The list of one kind always ends with 500."""
    server = act.server()
    server.api.always(lambda _request: BROKEN, r".*/configmaps")
    return server.look()


@situation(GROUP, status=3)
def away(act: Act) -> Done:
    """Every answer is 503."""
    server = act.server()
    server.api.always(lambda _request: AWAY, ".*")
    return server.look()


@situation(GROUP, status=0)
def dropped(act: Act) -> Done:
    """A connection is dropped without an answer."""
    server = act.server()
    server.api.once(Reply(drop=True), "/pods")
    return server.look()


@situation(GROUP, status=0)
def reset_midway(act: Act) -> Done:
    """A connection is reset in the middle of an answer."""
    server = act.server()
    server.api.once(Reply(body={"kind": "List", "items": []}, cut=10), "/pods")
    return server.look()


@situation(GROUP, status=3)
def always_cut(act: Act) -> Done:
    """The list of one kind always breaks off in the middle."""
    server = act.server()
    server.api.always(lambda _request: Reply(body={"kind": "List", "items": []}, cut=10), r".*/configmaps")
    return server.look()


@situation(GROUP, status=0)
def truncated_once(act: Act) -> Done:
    """One answer is JSON that breaks off."""
    server = act.server()
    server.api.once(Reply(raw=b'{"items": [{"metadata": {"name": "we'), "/services")
    return server.look()


@situation(GROUP, status=3)
def maintenance(act: Act) -> Done:
    """A proxy answers everything with its maintenance page (503, HTML)."""
    server = act.server()
    server.api.always(lambda _request: Reply(status=503, raw=b"<html>maintenance</html>"), ".*")
    return server.look()


@situation(GROUP, status=3)
def dripping(act: Act) -> Done:
    """The answers of one kind drip, byte by byte."""
    server = act.server()
    server.api.always(lambda _request: Reply(raw=b" " * 1000, drip=0.01), r".*/configmaps")
    return server.look(bend=partial(be_patient_for, seconds=3, tries=2))


@situation(GROUP, status=0)
def expired_page(act: Act) -> Done:
    """A page of a long list has expired (410)."""
    server = act.server()
    server.api.once(EXPIRED, "/services")
    return server.look()


@situation(GROUP, status=3)
def always_expired(act: Act) -> Done:
    """Pages of one list always expire (410)."""
    server = act.server()
    server.api.always(lambda _request: EXPIRED, r".*/services")
    return server.look()


@situation(GROUP, status=0)
def restarting(act: Act) -> Done:
    """The API server restarts in the middle of the look."""
    server = act.server()
    asked = []

    def restart(request: Request) -> Reply | None:
        asked.append(request.path)
        return Reply(drop=True) if 4 < len(asked) <= 14 else None

    server.api.weather.append(restart)
    return server.look()


@situation(GROUP, status=3)
def gone_midway(act: Act) -> Done:
    """The API server goes away in the middle of the look, for good."""
    server = act.server()

    def gone(request: Request) -> Reply | None:
        return Reply(drop=True) if not request.path.endswith(("/version", "/namespaces", "/nodes")) else None

    server.api.weather.append(gone)
    return server.look()


@situation(GROUP, status=0)
def aggregated_api_down(act: Act) -> Done:
    """An aggregated API is down (503 of metrics.k8s.io)."""
    server = act.server()
    server.api.always(lambda _request: AWAY, r"/apis/metrics\.k8s\.io.*|/apis")
    return server.look()


@situation(GROUP, status=3)
def not_served(act: Act) -> Done:
    """The cluster is too old to serve a kind (404 of EndpointSlices)."""
    server = act.server()
    missing = refusal(404, "NotFound", "the server could not find the requested resource")
    server.api.always(lambda _request: missing, r"/apis/discovery\.k8s\.io/.*")
    return server.look()


@situation(GROUP, status=0)
def clock_skew(act: Act) -> Done:
    """The API server's clock is an hour ahead of this machine's."""
    server = act.server()
    ahead = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), usegmt=True)
    server.api.once(Reply(body=server.api.version, headers={"Date": ahead}), "/version")
    return server.look()

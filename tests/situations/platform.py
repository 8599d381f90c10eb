"""What is found of the platform, and what the site has accepted."""

import datetime as dt
from typing import Any

from tests.api.api_server import forbidden
from tests.checks.installation import Installation, Object
from tests.situations.command import Done
from tests.situations.situation import situation
from tests.situations.stage import FEW, Act

GROUP = "Platform and waivers"


def _without_ccm() -> Installation:
    installation = Installation(site=dict(FEW))
    installation.remove("Deployment", "ef-ccm")
    return installation


def _waiver(days: int, **more: Any) -> dict[str, Any]:
    expires = (dt.datetime.now(dt.UTC) + dt.timedelta(days=days)).date()
    return (
        {"check": "CX101", "component": "ccm", "reason": "comes next week", "owner": "J. Smith"}
        | more
        | {"expires": expires.isoformat()}
    )


@situation(GROUP, status=0)
def kept(act: Act) -> Done:
    """Every promise is kept."""
    return act.run("--snapshot", act.snapshot())


@situation(GROUP, status=1)
def one_missing(act: Act) -> Done:
    """One component was never installed."""
    return act.run("--snapshot", act.snapshot(_without_ccm()), "--site", act.site())


@situation(GROUP, status=1)
def one_namespace_missing(act: Act) -> Done:
    """One namespace does not exist."""
    return act.run("--snapshot", act.snapshot(_only(lambda one: "ef-external" not in _places(one))))


@situation(GROUP, status=1)
def nothing_installed(act: Act) -> Done:
    """Nothing is installed: the namespaces do not exist."""
    return act.run("--snapshot", act.snapshot(_only(lambda _one: False)))


@situation(GROUP, status=1)
def empty_namespaces(act: Act) -> Done:
    """Nothing is installed: the namespaces are empty."""
    return act.run("--snapshot", act.snapshot(_only(lambda one: one["kind"] == "Namespace")))


@situation(GROUP, status=0)
def waived(act: Act) -> Done:
    """A broken promise is waived."""
    return act.run("--snapshot", act.snapshot(_without_ccm()), "--site", act.site(waivers=[_waiver(30)]))


@situation(GROUP, status=1)
def expired_waiver(act: Act) -> Done:
    """The waiver has expired."""
    return act.run("--snapshot", act.snapshot(_without_ccm()), "--site", act.site(waivers=[_waiver(-3)]))


@situation(GROUP, status=0)
def unneeded_waiver(act: Act) -> Done:
    """A waiver is no longer needed."""
    snapshot = act.snapshot(Installation(site=dict(FEW)))
    return act.run("--snapshot", snapshot, "--site", act.site(waivers=[_waiver(30)]))


@situation(GROUP, status=0)
def waiver_of_nothing(act: Act) -> Done:
    """A waiver matches nothing."""
    snapshot = act.snapshot(Installation(site=dict(FEW)))
    return act.run("--snapshot", snapshot, "--site", act.site(waivers=[_waiver(30, entry="ef-ccm-old")]))


@situation(GROUP, status=3)
def waiver_of_an_error(act: Act) -> Done:
    """What is waived could not be looked at."""
    server = act.server()
    server.api.always(lambda request: forbidden(request.path), r".*/configmaps")
    path = act.kubeconfig(server.address)
    site = act.site(waivers=[_waiver(30, check="CX301")])
    return act.run("--kubeconfig", path, "--static", "--site", site, "--only", "CX301,CX302")


@situation(GROUP, status=0)
def partial(act: Act) -> Done:
    """Only some checks were asked for."""
    return act.run("--snapshot", act.snapshot(), "--only", "services")


@situation(GROUP, status=1)
def hostile(act: Act) -> Done:
    """Names, labels and messages of the cluster's objects attack the terminal and the report."""
    evil = "\x1b[2J\x1b]0;owned\x07]]><script>alert(1)</script>\u202e\x00%s{0}\nVerdict: conformant"
    installation = Installation(site=dict(FEW))

    def waits(pod: Object) -> None:
        status = pod["status"]["containerStatuses"][0]
        status["state"] = {"waiting": {"reason": "ImagePullBackOff", "message": evil}}
        status["ready"] = False

    installation.live("Pod", "ef-ccm", waits)
    return act.run("--snapshot", act.snapshot(installation), "--site", act.site())


def _only(keep: Any) -> Installation:
    installation = Installation()
    installation.manifests = [one for one in installation.manifests if keep(one)]
    return installation


def _places(one: Object) -> tuple[str, str]:
    return one["metadata"]["name"], one["metadata"].get("namespace", "")

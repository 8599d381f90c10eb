"""What the vendor's charts get wrong is told once, as a note, where an installation shows it; it breaks no promise."""

from collections.abc import Callable
from typing import Final

import orjson
import pytest

from cx_conformance.blueprint.erratum import ChartErratum
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation, Object, notes
from tests.releases import from_facts
from tests.releases.installed import installed, promised

pytestmark = from_facts.needed

STATIC: Final = [one.id for one in all_checks() if not one.live]
Change = Callable[[Installation], object]


def mistaken(release: str, about: str, says: str = "") -> ChartErratum:
    """Return what the release knows of it."""
    known = promised(release).chart_errata
    return next(one for one in known if one.about == about and says in one.says)


def told(installation: Installation) -> list[str]:
    """Return what is told of the charts, by CX013."""
    ended = installation.outcome("CX013", "platform")
    assert ended.result is Result.PASS
    return notes(ended)


def told_of(erratum: ChartErratum, every: list[str]) -> list[str]:
    """Return the notes on one mistake."""
    return [one for one in every if erratum.about in one and f" {erratum.says}: {erratum.why}" in one]


def variable_twice(installation: Installation) -> None:
    """Say a variable twice, as no facts file can that has them by name."""
    spec = installation.find("Deployment", "cx-channels-connect360")["spec"]["template"]["spec"]
    spec["containers"][0].setdefault("env", []).extend([{"name": "MASKING_LAYOUT_CLASS", "value": "a"}] * 2)


def gateway_elsewhere(installation: Installation) -> None:
    """Move APISIX into a namespace of its own."""
    for one in installation.manifests:
        if "apisix" in one["metadata"]["name"] and one["metadata"].get("namespace") == "ef-external":
            one["metadata"]["namespace"] = "ef-bi"


SHOWN_ONLY_BY: Final[dict[str, Change]] = {
    "MASKING_LAYOUT_CLASS": variable_twice,
    "CCM_URL": gateway_elsewhere,
}
"""Mistakes that the facts alone do not show, by what they are about, and what shows them."""


@pytest.mark.parametrize("release", from_facts.FILES)
def test_each_known_mistake_of_a_release_is_told_once_and_breaks_nothing(release: str) -> None:
    """All that the facts show; no outcome but one says anything of them."""
    ended = installed(release).all_outcomes(STATIC)
    assert [one.message for one in ended if one.result not in (Result.PASS, Result.NOT_APPLICABLE)] == []
    every = [(one.check, note) for one in ended for note in notes(one)]
    assert {check for check, note in every if "the vendor's charts" in note} == {"CX013"}
    for erratum in promised(release).chart_errata:
        found = told_of(erratum, [note for _, note in every])
        assert len(found) == (erratum.about not in SHOWN_ONLY_BY), (erratum, found)
        assert all(one.endswith("; so the vendor's charts have it") for one in found)


@pytest.mark.parametrize("about", SHOWN_ONLY_BY)
def test_a_mistake_that_shows_under_a_condition_is_told_then(about: str) -> None:
    """A field that the facts leave out, and an address that is right where the guide is followed."""
    installation = installed("4.9")
    SHOWN_ONLY_BY[about](installation)
    assert len(told_of(mistaken("4.9", about), told(installation))) == 1


def service(name: str, namespace: str, port: int) -> Object:
    """Return a Service that a site may have made."""
    about = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"ports": [{"port": port}]}}


def vault(installation: Installation) -> None:
    """Install Vault, in a namespace that is not looked at."""
    installation.manifests.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vault"}})


def no_port(installation: Installation) -> None:
    """Take the port away that leads nowhere."""
    spec = installation.find("Service", "ef-cx-conversation-manager-svc")["spec"]
    spec["ports"] = [one for one in spec["ports"] if one["port"] != 5000]


def own_pods(installation: Installation) -> None:
    """Tell the CronJob's pods apart."""
    template = installation.find("CronJob", "ef-cx-team-announcement")["spec"]["jobTemplate"]["spec"]["template"]
    template["metadata"]["labels"] = {"app.kubernetes.io/name": "cron"}


def other_class(installation: Installation) -> None:
    """Let the claim name another class."""
    installation.find("PersistentVolumeClaim", "cx-tenant-pvc")["spec"]["storageClassName"] = "longhorn"


def for_many_nodes(installation: Installation) -> None:
    """Let pods of several nodes mount the claim."""
    installation.find("PersistentVolumeClaim", "cx-tenant-pvc")["spec"]["accessModes"] = ["ReadWriteMany"]


MENDED: Final[dict[str, tuple[str, str, str, Change]]] = {
    "the Service is there": (
        "4.10",
        "CONTROLLER_URL",
        "",
        lambda i: i.manifests.append(service("ef-cx-conversation-controller-svc", "expertflow", 5000)),
    ),
    "Vault is there": ("4.10", "VAULT_URI", "", vault),
    "the site's own database": (
        "4.10",
        "DATASOURCE_URL",
        "",
        lambda i: _told(i, "ef-cx-realtime-reports", DATASOURCE_URL="jdbc:mysql://10.1.2.3:3306/reports"),
    ),
    "the port is gone": ("4.10", "5000", "", no_port),
    "the CronJob's pods have labels of their own": ("4.10", "ef-cx-team-announcement-svc", "", own_pods),
    "the claim names another class": ("5.0", "cx-tenant-pvc", "openebs", other_class),
    "the claim is for many nodes": ("5.0", "cx-tenant-pvc", "cx-tenant", for_many_nodes),
    "the chart of Eleveo is installed": (
        "5.1",
        "/eleveo-connector-api/*",
        "",
        lambda i: i.manifests.append(service("cx-eleveo-eleveo-api-svc", "expertflow", 8080)),
    ),
}


def _told(installation: Installation, name: str, **values: str) -> None:
    container = installation.find("Deployment", name)["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [one for one in container["env"] if one["name"] not in values]
    container["env"] += [{"name": name, "value": value} for name, value in values.items()]


@pytest.mark.parametrize("name", MENDED)
def test_a_mistake_that_a_site_has_mended_is_not_told(name: str) -> None:
    """Only that one: the others are."""
    release, about, says, mend = MENDED[name]
    installation = installed(release)
    before = told(installation)
    mend(installation)
    gone = [one for one in before if one not in told(installation)]
    assert gone == told_of(mistaken(release, about, says), before)
    assert len(gone) == 1


def test_a_running_pod_of_the_cron_job_behind_the_service_breaks_nothing() -> None:
    """It serves no port by that name; calls do not reach it."""
    installation = installed("4.10")
    installation.change_live(_with_a_running_pod)
    ended = installation.all_outcomes(["CX206", "CX207"])
    assert [_words(one) for one in ended if one.component == "team-announcement"] == [Result.PASS, Result.PASS]


def _with_a_running_pod(objects: list[Object]) -> None:
    job = next(one for one in objects if one["kind"] == "CronJob" and one["metadata"]["name"].startswith("ef-cx-team"))
    like = next(one for one in objects if one["kind"] == "Pod" and one["metadata"]["name"].startswith("ef-cx-team"))
    template = job["spec"]["jobTemplate"]["spec"]["template"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "ef-cx-team-announcement-29000000", "controller": True}
    about: Object = {"name": "ef-cx-team-announcement-29000000-abcde", "namespace": "expertflow", "uid": "cron"}
    about |= {"labels": dict(template["metadata"]["labels"]), "ownerReferences": [owner | {"uid": "job"}]}
    objects.append(
        {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": template["spec"], "status": like["status"]}
    )


def _words(outcome: Outcome) -> Result | str:
    return outcome.message or outcome.result


@pytest.mark.parametrize("release", ["4.10", "5.1"])
def test_a_mistake_is_known_under_another_release_of_helm_and_in_another_namespace(release: str) -> None:
    """The charts write both into addresses and names."""
    text = orjson.dumps(from_facts.manifests(release)).decode()
    renamed = text.replace("ef-cx-", "prod-").replace('"ef-cx"', '"prod"').replace("expertflow.svc", "cc.svc")
    renamed = renamed.replace('"namespace":"expertflow"', '"namespace":"cc"').replace(
        '"name":"expertflow"', '"name":"cc"'
    )
    site = {"fqdn": from_facts.FQDN, "namespaces": {"expertflow": "cc"}}
    installation = Installation(site, renamed.encode(), promised=promised(release))
    own = {one.why for one in promised(release).chart_errata if one.kind in ("variable", "selector")}
    documented, here = (
        {why for why in own if any(why in note for note in told(one))} for one in (installed(release), installation)
    )
    assert documented == here
    ended = [one for check in ("CX207", "CX310") for one in installation.outcomes(check)]
    assert [one.message for one in ended if one.result is Result.FAIL] == []


@pytest.mark.timeout(30)
def test_names_of_many_releases_that_hold_the_guides_are_tried_once_each() -> None:
    """An application of Argo CD for each workload bears its name, which holds that of the vendor's release."""
    installation = installed("4.7")
    for one in installation.manifests:
        one["metadata"].setdefault("labels", {})["app.kubernetes.io/instance"] = one["metadata"]["name"]
    assert installation.outcome("CX013", "platform").evidence["notes"] == notes(
        installed("4.7").outcome("CX013", "platform")
    )


def test_the_same_port_of_another_component_is_no_mistake_of_the_charts() -> None:
    """What is known is known of one component; the rest is this installation's own."""
    installation = installed("4.10")
    ports = installation.find("Service", "ef-cx-ccm-svc")["spec"]["ports"]
    ports.append({"name": "more", "port": 5000, "targetPort": "http-co-ct-5000"})
    words = "port 5000 leads to targetPort http-co-ct-5000, which no container has"
    assert words in notes(installation.outcome("CX207", "ccm"))

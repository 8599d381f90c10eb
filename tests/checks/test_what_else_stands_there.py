import copy
import datetime as dt
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.promise import Severity
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.coverage import owners_in
from cx_conformance.objects.workload import CronJob
from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, blueprint, notes
from tests.releases.from_facts import helm_secret

Object = dict[str, Any]


def stranger(**spec: Any) -> Object:
    """Return a Deployment that no promise knows."""
    labels = {"app": "stranger"}
    container = {"name": "stranger", "image": "registry.example.com/stranger:1", "ports": [{"containerPort": 8080}]}
    pod = {"containers": [container | spec.pop("container", {})], **spec.pop("pod", {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "stranger", "namespace": "expertflow", "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            **spec,
        },
    }


def made_by_helm(installation: Installation, *revisions: Object) -> Outcome:
    """Judge Helm's releases, with an object that Helm made."""
    installation.manifests += revisions
    return installation.outcome("CX010", "platform")


def others(installation: Installation) -> Outcome:
    """Judge what no promise knows."""
    return installation.outcome("CX012", "platform")


def test_helm_is_no_matter_where_it_installed_nothing() -> None:
    """An installation from manifests has no releases."""
    assert made_by_helm(Installation()).result is Result.NOT_APPLICABLE


def test_every_helm_release_that_is_deployed_is_kept() -> None:
    """Older revisions are superseded; that is how it should be."""
    outcome = made_by_helm(
        Installation(),
        helm_secret("ef-cx", "expertflow", status="superseded", version=9),
        helm_secret("ef-cx", "expertflow", version=10),
        helm_secret("mongo", "ef-external"),
    )
    assert outcome.result is Result.PASS
    assert outcome.evidence["found"] == "2 releases, all deployed"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("failed", "revision 2 failed"),
        ("pending-upgrade", "revision 2 is still being upgraded, or broke off there"),
        ("pending-install", "revision 2 is still being installed, or broke off there"),
        ("superseded", "revision 2 is superseded, and no revision came after it"),
        ("odd", "revision 2 has status odd"),
    ],
)
def test_a_helm_release_whose_last_revision_is_not_deployed_is_broken(status: str, words: str) -> None:
    """The message says what to do, and to which revision it can be rolled back."""
    outcome = made_by_helm(
        Installation(),
        helm_secret("ef-cx", "expertflow", status="superseded"),
        helm_secret("ef-cx", "expertflow", status=status, version=2),
    )
    assert (outcome.result, outcome.severity) == (Result.FAIL, Severity.MAJOR)
    way = "helm history ef-cx -n expertflow, helm rollback ef-cx 1 -n expertflow"
    assert outcome.message == f"release ef-cx in expertflow: {words} ({way})"


def test_a_first_installation_that_was_cut_off_is_to_be_uninstalled() -> None:
    """Helm upgrades nothing that is pending, and there is no revision to roll back to (helm/helm#10599)."""
    told = made_by_helm(Installation(), helm_secret("ef-cx", "expertflow", status="pending-install"))
    assert told.message.endswith("(helm history ef-cx -n expertflow, helm uninstall ef-cx -n expertflow)")
    failed = made_by_helm(Installation(), helm_secret("ef-cx", "expertflow", status="failed"))
    assert failed.message.endswith("(helm history ef-cx -n expertflow)")
    assert "where it is pending Helm refuses that" in told.remedy


def test_an_uninstalled_helm_release_is_only_noted() -> None:
    """Its history was kept, its objects are gone; whether they are missed others say."""
    outcome = made_by_helm(Installation(), helm_secret("old", "expertflow", status="uninstalled"))
    assert outcome.result is Result.PASS
    assert notes(outcome) == ["old in expertflow was uninstalled; its history was kept"]


def test_components_of_one_release_are_kept_and_one_of_another_is_a_minor_finding() -> None:
    """The page's own installation has tags of the vendor's only where somebody set them."""
    installation = Installation()
    assert installation.outcome("CX011", "platform").result is Result.PASS
    container = installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]["containers"][0]
    container["image"] = "gitimages.expertflow.com/cim/ccm:4.9.1"
    outcome = installation.outcome("CX011", "platform")
    assert (outcome.result, outcome.severity) == (Result.FAIL, Severity.MINOR)
    assert outcome.message == "mixed releases: installed is 4.5.3, and of another release are ccm (4.9.1)"


def test_where_everything_is_promised_there_is_nothing_else_to_look_at() -> None:
    """The reference installation holds what the blueprint promises, and no more."""
    assert others(Installation()).result is Result.NOT_APPLICABLE


def test_a_stranger_that_is_well_is_told_as_not_covered() -> None:
    """Somebody may want to describe it."""
    installation = Installation()
    installation.manifests.append(stranger())
    outcome = others(installation)
    assert outcome.result is Result.PASS
    assert notes(outcome) == [
        "not covered: Deployment expertflow/stranger; `cx-conformance capture` describes them",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"pod": {"volumes": [{"name": "gone", "persistentVolumeClaim": {"claimName": "gone"}}]}},
            "claim gone does not exist",
        ),
        (
            {"container": {"envFrom": [{"configMapRef": {"name": "gone"}}]}},
            "ConfigMap gone does not exist (envFrom in stranger)",
        ),
        (
            {"container": {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "a"}}}]}},
            "Secret gone does not exist (env in stranger)",
        ),
    ],
)
def test_a_stranger_that_lacks_something_is_broken(change: Object, words: str) -> None:
    """It is told what lacks, before what follows from it."""
    installation = Installation()
    installation.manifests.append(stranger(**change))
    outcome = others(installation)
    assert (outcome.result, outcome.severity) == (Result.FAIL, Severity.MAJOR)
    assert outcome.message.startswith(f"1 that no promise knows: Deployment expertflow/stranger: {words}")


def test_a_service_of_a_stranger_that_leads_nowhere_is_broken() -> None:
    """Its named target is in no container."""
    installation = Installation()
    ports = [{"name": "http", "port": 80, "targetPort": "nowhere"}]
    about = {"name": "stranger", "namespace": "expertflow"}
    spec = {"selector": {"app": "stranger"}, "ports": ports}
    installation.manifests += [
        stranger(),
        {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec},
    ]
    outcome = others(installation)
    assert outcome.result is Result.FAIL
    assert "Service stranger port 80 leads to nowhere, which no container has" in outcome.message
    strangers = "Deployment expertflow/stranger, Service expertflow/stranger"
    assert notes(outcome) == [f"not covered: {strangers}; `cx-conformance capture` describes them"]


def test_a_service_of_two_strangers_of_which_one_has_the_port_leads_there() -> None:
    """A worker bears the labels that the Service selects, and serves nothing: the slices hold the other's address."""
    installation = Installation()
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    about = {"name": "stranger", "namespace": "expertflow"}
    web = stranger(container={"ports": [{"name": "http", "containerPort": 8080}]})
    worker = stranger()
    worker["metadata"]["name"] = "worker"
    for one, part in ((web, "web"), (worker, "worker")):
        one["spec"]["selector"] = {"matchLabels": {"app": "stranger", "part": part}}
        one["spec"]["template"]["metadata"]["labels"] = {"app": "stranger", "part": part}
    spec = {"selector": {"app": "stranger"}, "ports": ports}
    installation.manifests += [
        web,
        worker,
        {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec},
    ]
    outcome = others(installation)
    assert (outcome.result, outcome.message) == (Result.PASS, "")


@pytest.mark.parametrize(("minutes", "result"), [(0, Result.PASS), (10, Result.FAIL)])
def test_a_stranger_is_judged_by_the_moment_of_the_look(minutes: int, result: Result) -> None:
    """Its old pod had its grace period then; that it is over when a saved look is read says nothing."""
    installation = Installation()
    installation.manifests.append(stranger())
    looked = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)

    def replaced(objects: list[Object]) -> None:
        (pod,) = (one for one in objects if one["kind"] == "Pod" and one["metadata"]["name"].startswith("stranger-"))
        old = copy.deepcopy(pod)
        end = looked + dt.timedelta(seconds=20) - dt.timedelta(minutes=minutes)
        old["metadata"] |= {"name": "stranger-old", "uid": "old", "deletionTimestamp": end.isoformat()}
        objects.append(old)

    installation.change_live(replaced)
    installation.change_seen(partial(replace, taken_at=looked))
    assert others(installation).result is result


def backup(*runs: Object, **spec: Any) -> Installation:
    """Return the reference installation with a nightly backup that nobody promises, and how its runs ended."""
    container = {"name": "backup", "image": "registry.example.com/backup:1"}
    pod = {"containers": [container], "restartPolicy": "Never"}
    about = {"name": "backup", "namespace": "expertflow"}
    made = about | {"creationTimestamp": (NIGHT - dt.timedelta(days=9)).isoformat()}
    installation = Installation()
    installation.manifests += [
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": made,
            "spec": {"schedule": "0 1 * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}, **spec},
        },
    ]
    installation.add_live(*runs)
    return installation


NIGHT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)


def test_a_backup_whose_every_run_fails_is_broken() -> None:
    """Its pods are gone when it gives up; the Job says so."""
    owner = {"kind": "CronJob", "name": "backup", "controller": True, "uid": "b"}
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}
    run = {
        "kind": "Job",
        "metadata": {"name": "backup-29540220", "namespace": "expertflow", "ownerReferences": [owner]},
        "status": {"startTime": NIGHT.isoformat(), "conditions": [failed]},
    }
    assert others(backup()).result is Result.PASS
    assert others(backup(run, suspend=True)).result is Result.PASS
    installation = backup(run)
    assert owners_in(installation.snapshot(Plan(blueprint(), Site()))) == (CronJob,)
    outcome = others(installation)
    assert outcome.result is Result.FAIL
    assert "CronJob expertflow/backup: its last run, Job backup-29540220 of 2026-03-02" in outcome.message


def test_a_pod_that_belongs_to_no_workload_is_only_noted() -> None:
    """Somebody made it by hand, or for a look; nobody is promised it."""
    installation = Installation()
    container = {"name": "lone", "image": "registry.example.com/lone:1"}
    about = {"name": "lone", "namespace": "expertflow"}
    spec = {"containers": [container | {"envFrom": [{"secretRef": {"name": "gone"}}]}]}
    installation.manifests.append({"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": spec})
    outcome = others(installation)
    assert outcome.result is Result.PASS
    told = "no workload is known that pod expertflow/lone belongs to, and it is not well: "
    assert [one for one in notes(outcome) if one.startswith(told)] != []


def test_a_stranger_that_is_scaled_to_zero_is_only_noted() -> None:
    """Nobody said how many there should be."""
    installation = Installation()
    installation.manifests.append(stranger(replicas=0))
    outcome = others(installation)
    assert outcome.result is Result.PASS
    assert "Deployment expertflow/stranger is scaled to zero" in notes(outcome)


def test_another_name_for_a_promised_workload_is_no_stranger() -> None:
    """A second Service before the same pods is covered by what it leads to."""
    installation = Installation()
    known = installation.find("Service", "ef-ccm-svc")
    spec = {"selector": known["spec"]["selector"], "ports": [{"port": 8081}]}
    about = {"name": "ccm-too", "namespace": "expertflow"}
    installation.manifests += [stranger(), {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec}]
    assert "ccm-too" not in str(notes(others(installation)))

"""What is told of volumes, claims and classes."""

import copy
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.vantage.insides import PodMount
from tests.checks.installation import Installation, Object, blueprint, notes
from tests.checks.test_breaking import another_node

PROVIDERS = "Longhorn, GlusterFS, NFS, openEBS, AWS, GCE, hostpath, Rook-Ceph"


def installed(*changes: Callable[[Installation], Any]) -> Installation:
    """Return the reference installation with changes."""
    installation = Installation()
    for change in changes:
        change(installation)
    return installation


def without_claim(kind: str, name: str) -> Callable[[Installation], Any]:
    """Let a workload's data live and die with its pod."""

    def change(installation: Installation) -> None:
        spec = installation.find(kind, name)["spec"]
        spec.pop("volumeClaimTemplates", None)
        pod = spec["template"]["spec"]
        for one in pod.get("volumes", []):
            if one.pop("persistentVolumeClaim", None):
                one["emptyDir"] = {}
        names = {one["name"] for one in pod.get("volumes", [])}
        for one in pod["containers"]:
            one["volumeMounts"] = [mount for mount in one.get("volumeMounts", []) if mount["name"] in names]

    return change


def test_a_claim_without_a_documented_path_is_told_by_its_name() -> None:
    """The page names a size for PostgreSQL and Keycloak, and no path."""
    ended = Installation().outcome("CX401", "postgresql")
    assert ended.result is Result.PASS
    assert ended.evidence == {
        "found": ["data-ef-postgresql-0"],
        "promised": {"volume": "any", "at": "any"},
        "object": "StatefulSet ef-external/ef-postgresql",
    }


def mounting(*containers: dict[str, Any]) -> Outcome:
    """Judge the claim of PostgreSQL, whose own container mounts nothing, beside these containers."""

    def change(installation: Installation) -> None:
        spec = installation.find("StatefulSet", "ef-postgresql")["spec"]["template"]["spec"]
        spec["containers"][0]["volumeMounts"] = []
        spec["containers"] += containers

    return installed(change).outcome("CX401", "postgresql")


def test_a_claim_that_no_container_mounts_is_found() -> None:
    """The data go elsewhere; which container mounts it, and where, the page does not say."""
    assert mounting().message == (
        "StatefulSet ef-external/ef-postgresql claims data-ef-postgresql-0, and no container mounts it: "
        "the data go elsewhere"
    )
    other = {"name": "other", "image": "x", "volumeMounts": [{"name": "x", "mountPath": "/x"}]}
    assert mounting(other).result is Result.FAIL
    other["volumeMounts"] = [{"name": "data", "mountPath": "/x"}]
    assert mounting(other).result is Result.PASS


def test_a_claim_that_is_not_there_is_found_unless_the_site_may_do_without() -> None:
    """The charts claim none for Keycloak, whose data are in PostgreSQL; the size is judged alike."""
    lost = installed(without_claim("StatefulSet", "ef-postgresql"))
    ended = lost.outcome("CX401", "postgresql")
    assert ended.message == "StatefulSet ef-external/ef-postgresql claims no volume, promised is one of 32Gi"
    assert ended.evidence["found"] == "no claim"
    accepted = installed(without_claim("Deployment", "keycloak"))
    words = "n/a: no volume claimed, which is accepted: the page names no mount point and the charts claim no volume"
    for check in ("CX401", "CX403"):
        assert accepted.outcome(check, "keycloak").message.startswith(words)
        assert Installation().outcome(check, "keycloak").result is Result.PASS


def test_a_volume_under_another_name_is_found() -> None:
    """What is promised by name and by path must be both."""

    def rename(installation: Installation) -> None:
        spec = installation.find("Deployment", "ef-conversation-controller")["spec"]["template"]["spec"]
        for one in (*spec["volumes"], *spec["containers"][0]["volumeMounts"]):
            if one["name"] == "ef-conversation-controller-utils":
                one["name"] = "other"

    ended = installed(rename).outcome("CX401", "conversation-controller", "ef-conversation-controller-utils")
    assert ended.message == (
        "Deployment expertflow/ef-conversation-controller mounts other at /app/actions/utils "
        "of promised ef-conversation-controller-utils"
    )
    assert ended.evidence["promised"] == {"volume": "ef-conversation-controller-utils", "at": "/app/actions/utils"}


def minio_mounts(*paths: str) -> Callable[[Installation], Any]:
    """Let MinIO mount its volume there, and nothing else."""

    def change(installation: Installation) -> None:
        container = installation.find("Deployment", "minio")["spec"]["template"]["spec"]["containers"][0]
        container["volumeMounts"] = [{"name": "minio", "mountPath": path} for path in paths]

    return change


def test_a_trailing_slash_makes_no_other_path() -> None:
    """The kubelet mounts it there all the same; the size is that of the claim behind it."""
    for check in ("CX401", "CX403"):
        assert installed(minio_mounts("/data/")).outcome(check, "minio").result is Result.PASS


def test_a_container_that_mounts_nothing_is_told_so() -> None:
    """Another path is told, and no other container is named where none mounts it."""
    ended = installed(minio_mounts()).outcome("CX401", "minio")
    assert ended.message == "Deployment ef-external/minio mounts nothing at /data in container minio; it mounts none"
    elsewhere = installed(minio_mounts("/", "/other")).outcome("CX401", "minio")
    assert elsewhere.message.endswith("in container minio; it mounts minio at /, minio at /other")


def test_of_a_kept_mount_the_mount_itself_is_found() -> None:
    """Not all the others of the container: each has a promise of its own."""
    kept = installed(minio_mounts("/other", "/data")).outcome("CX401", "minio")
    assert kept.evidence["found"] == ["minio at /data"]


def test_of_two_containers_the_one_that_serves_is_named() -> None:
    """It declares the promised port; the other only bears the component's name."""

    def change(installation: Installation) -> None:
        minio_mounts()(installation)
        containers = installation.find("Deployment", "minio")["spec"]["template"]["spec"]["containers"]
        containers[0]["name"] = "server"
        containers.insert(0, {"name": "minio", "image": "backup"})

    ended = installed(change).outcome("CX401", "minio")
    assert ended.message == "Deployment ef-external/minio mounts nothing at /data in container server; it mounts none"


def test_a_container_beside_it_is_named_where_it_mounts_the_path() -> None:
    """One that mounts something else is not."""

    def change(installation: Installation) -> None:
        minio_mounts("/other")(installation)
        containers = installation.find("Deployment", "minio")["spec"]["template"]["spec"]["containers"]
        for name, path in (("first", "/data"), ("second", "/elsewhere")):
            mounts = [{"name": "minio", "mountPath": path}]
            containers.append({"name": name, "image": "x", "volumeMounts": mounts})

    ended = installed(change).outcome("CX401", "minio")
    assert "in container minio; container first does; it mounts minio at /other" in ended.message


def pending(installation: Installation, name: str, storage_class: str | None = None) -> None:
    """Let a claim wait, of this class or of the one it has."""

    def change(claim: Object) -> None:
        claim["status"].update(phase="Pending")
        if storage_class is not None:
            claim["spec"].update(storageClassName=storage_class)

    installation.live("PersistentVolumeClaim", name, change)


def test_claims_that_wait_are_told_with_the_class_that_does_not_exist() -> None:
    """It is the cause they share; of one that exists nothing is blamed."""
    ended = installed(lambda i: pending(i, "minio", "fast")).outcome("CX402", "minio")
    assert ended.message == ("claim ef-external/minio is Pending of promised Bound: storage class fast does not exist")
    assert ended.evidence["cause"] == "claims are not bound: storage class fast does not exist"
    for existing in (None, ""):
        plain = installed(partial(pending, name="minio", storage_class=existing)).outcome("CX402", "minio")
        assert plain.message == "claim ef-external/minio is Pending of promised Bound"
        assert "cause" not in plain.evidence
        assert plain.evidence["found"] == {"minio": "Pending"}


def redis_of_two(installation: Installation) -> None:
    """Let Redis have two pods, each with its claim."""
    installation.find("StatefulSet", "redis")["spec"]["replicas"] = 2


def test_a_claim_that_has_lost_its_volume_names_it() -> None:
    """Its Event says so for an hour only."""

    def lose(claim: Object) -> None:
        claim["status"] = {"phase": "Lost"}

    outcome = installed(lambda i: i.live("PersistentVolumeClaim", "data-redis-", lose)).outcome("CX402", "redis")
    assert outcome.result is Result.FAIL
    assert "is Lost of promised Bound: volume " in outcome.message
    assert outcome.message.endswith(", which it was bound to, does not exist any more")


def test_several_claims_of_one_component_are_each_told() -> None:
    """Their cause is named where it is one; one that does not exist keeps its own words."""
    both = installed(redis_of_two, lambda i: pending(i, "data-redis-", "fast")).outcome("CX402", "redis")
    assert both.evidence["cause"] == "claims are not bound: storage class fast does not exist"
    assert both.message.count("storage class fast") == 2
    other = installed(
        redis_of_two, lambda i: pending(i, "data-redis-0", "fast"), lambda i: pending(i, "data-redis-1", "slow")
    ).outcome("CX402", "redis")
    assert "cause" not in other.evidence
    gone = installed(
        redis_of_two,
        lambda i: pending(i, "data-redis-0", "fast"),
        lambda i: i.live("PersistentVolumeClaim", "data-redis-1", lambda one: one["metadata"].update(name="other")),
    ).outcome("CX402", "redis")
    assert gone.message == (
        "claim ef-external/data-redis-0 is Pending of promised Bound: storage class fast does not exist; "
        "claim ef-external/data-redis-1 does not exist"
    )
    assert gone.evidence["found"] == {"data-redis-0": "Pending", "data-redis-1": "absent"}
    assert "cause" not in gone.evidence


def test_a_claim_that_does_not_exist_has_no_cause_but_itself() -> None:
    """Nobody shares it; a component without a claim has nothing to be bound."""
    gone = installed(
        lambda i: i.live("PersistentVolumeClaim", "minio", lambda one: one["metadata"].update(name="other"))
    ).outcome("CX402", "minio")
    assert gone.message == "claim ef-external/minio does not exist"
    assert "cause" not in gone.evidence
    assert Installation().outcome("CX402", "ccm").message == "n/a: its pods claim no volume"


def resized(size: str | None) -> Callable[[Installation], Any]:
    """Let MinIO's claim have this size."""

    def change(claim: Object) -> None:
        claim["status"].pop("capacity", None)
        claim["spec"]["resources"] = {"requests": {"storage": size}} if size else {}

    return lambda installation: installation.live("PersistentVolumeClaim", "minio", change)


@pytest.mark.parametrize(
    ("size", "result"),
    [("8Gi", Result.PASS), ("9Gi", Result.PASS), ("8589934591", Result.FAIL), (None, Result.FAIL), ("x", Result.FAIL)],
)
def test_a_claim_is_as_large_as_promised_or_larger(size: str | None, result: Result) -> None:
    """One whose size is not told, or cannot be read, is not."""
    ended = installed(resized(size)).outcome("CX403", "minio")
    assert (ended.result, ended.evidence["found"]) == (result, {"minio": str(size)})
    if result is Result.FAIL:
        assert ended.message == f"claim in ef-external too small: minio {size} of promised 8Gi"


@pytest.mark.parametrize(
    ("requested", "conditions", "said"),
    [
        (
            "8Gi",
            [{"type": "FileSystemResizePending", "status": "True", "message": "Waiting for a restart"}],
            ", though it asks for 8Gi: its volume has not grown yet (FileSystemResizePending: Waiting for a restart)",
        ),
        ("8Gi", [], ", though it asks for 8Gi: its volume has not grown yet (nothing says why)"),
        ("4Gi", [], ""),
    ],
)
def test_a_claim_that_asks_for_enough_and_has_not_got_it_yet_is_told_so(
    requested: str, conditions: list[Object], said: str
) -> None:
    """To ask for more once more would not help."""

    def change(claim: Object) -> None:
        claim["spec"]["resources"] = {"requests": {"storage": requested}}
        claim["status"] |= {"capacity": {"storage": "4Gi"}, "conditions": conditions}

    installation = Installation()
    installation.live("PersistentVolumeClaim", "minio", change)
    ended = installation.outcome("CX403", "minio")
    assert ended.message == f"claim in ef-external too small: minio 4Gi of promised 8Gi{said}"


def test_a_volume_without_a_promised_size_is_not_applicable() -> None:
    """The page promises none for ConfigMaps and folders."""
    ended = Installation().outcome("CX403", "conversation-controller", "ef-conversation-controller-utils")
    assert ended.message == "n/a: no size is promised"


def test_only_the_claim_that_stands_behind_the_path_counts() -> None:
    """Another volume of the pod may be large; without a claim the data die with the pod."""

    def change(installation: Installation) -> None:
        spec = installation.find("Deployment", "minio")["spec"]["template"]["spec"]
        spec["volumes"].append({"name": "scratch", "emptyDir": {}})
        mounts = spec["containers"][0]["volumeMounts"]
        next(one for one in mounts if one["mountPath"] == "/data")["name"] = "scratch"
        mounts.append({"name": "minio", "mountPath": "/elsewhere"})

    ended = installed(change).outcome("CX403", "minio")
    assert ended.message == ("Deployment ef-external/minio: no claim stands behind /data, promised is one of 8Gi")
    assert ended.evidence["found"] == "no claim: the volume lives and dies with the pod"


def another_class(name: str, provisioner: str, *, default: bool = False) -> Object:
    """Return a StorageClass."""
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": annotations},
        "provisioner": provisioner,
    }


def test_two_default_classes_are_named() -> None:
    """So are all that there are where none is the default, or that there are none."""
    two = installed(lambda i: i.add_live(another_class("second", "x", default=True))).outcome("CX404", "platform")
    assert two.message == "2 StorageClasses are the default of promised one: longhorn, second"
    assert two.evidence["found"] == ["longhorn", "second"]
    neither = installed(
        lambda i: i.live("StorageClass", "", lambda one: one["metadata"].pop("annotations")),
        lambda i: i.add_live(another_class("second", "x")),
    ).outcome("CX404", "platform")
    assert neither.message == "no StorageClass is the default of promised one; there are: longhorn, second"
    none = installed(
        lambda i: i.change_live(
            lambda objects: objects.__setitem__(slice(None), [o for o in objects if o["kind"] != "StorageClass"])
        )
    ).outcome("CX404", "platform")
    assert none.message == "no StorageClass is the default of promised one; there are: none"


def provisioner(text: str) -> Callable[[Installation], Any]:
    """Let the default class be of another provisioner."""
    return lambda installation: installation.live("StorageClass", "", lambda one: one.update(provisioner=text))


@pytest.mark.parametrize(
    ("text", "found", "noted"),
    [
        ("nfs.csi.k8s.io", "NFS, not tested", ["NFS is on the page's list, as supported and not tested"]),
        (
            "ebs.csi.aws.com",
            "AWS, unstated",
            ["AWS is on the page's list, which does not say how well it is supported"],
        ),
        ("a.b/c", "not listed", ["a.b/c is not on the page's list, which allows any other that is dynamic"]),
        ("driver.longhorn.io", "Longhorn, tested", []),
    ],
)
def test_how_well_a_provider_is_supported_is_noted(text: str, found: str, noted: list[str]) -> None:
    """One that is tested is no news."""
    ended = installed(provisioner(text)).outcome("CX405", "platform")
    assert (ended.result, notes(ended)) == (Result.PASS, noted)
    assert ended.evidence["found"] == {"longhorn": f"{text}: {found}"}


def test_only_classes_that_are_used_are_judged() -> None:
    """The default, and those of the installation's own claims."""
    by_hand = another_class("by-hand", "kubernetes.io/no-provisioner")

    def claim(namespace: str) -> Object:
        metadata = {"name": "other", "namespace": namespace}
        return {"kind": "PersistentVolumeClaim", "metadata": metadata, "spec": {"storageClassName": "by-hand"}}

    for unused in (installed(lambda i: i.add_live(by_hand)), installed(lambda i: i.add_live(by_hand, claim("else")))):
        ended = unused.outcome("CX405", "platform")
        assert (ended.result, [*ended.evidence["found"]]) == (Result.PASS, ["longhorn"])
    used = installed(lambda i: i.add_live(by_hand, claim("ef-external"))).outcome("CX405", "platform")
    assert used.message == (
        "StorageClass by-hand (kubernetes.io/no-provisioner) is of no provider that the page supports; it supports "
        f"{PROVIDERS}, or any other that makes volumes on demand"
    )
    strange = claim("ef-external")
    strange["spec"]["storageClassName"] = "gone"
    assert installed(lambda i: i.add_live(strange)).outcome("CX405", "platform").result is Result.PASS


def test_a_disk_of_the_node_will_do_where_there_is_one_node() -> None:
    """With a second one it is found; a provider that is for several is not."""
    local = provisioner("rancher.io/local-path")
    one = installed(local).outcome("CX406", "platform")
    assert (one.result, one.evidence["found"]) == (
        Result.PASS,
        {"nodes": 1, "on the node": ["longhorn (rancher.io/local-path)"]},
    )
    two = installed(local, lambda i: i.add_live(another_node())).outcome("CX406", "platform")
    assert (
        two.message
        == "StorageClass longhorn (rancher.io/local-path) keeps data on the node, and there are 2 nodes of promised one"
    )
    assert installed(lambda i: i.add_live(another_node())).outcome("CX406", "platform").result is Result.PASS
    unknown = installed(provisioner("a.b/c"), lambda i: i.add_live(another_node())).outcome("CX406", "platform")
    assert unknown.result is Result.PASS


def volume(name: str, node: str | None, namespace: str = "ef-external", phase: str = "Bound") -> Object:
    """Return a volume that can be used on one node only."""
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
    pinned = {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}} if node else {}
    return {
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {"claimRef": {"namespace": namespace, "name": "data"}, **pinned},
        "status": {"phase": phase},
    }


def test_a_volume_on_a_node_that_is_gone_is_found_if_it_is_the_platforms_and_bound() -> None:
    """Not those of others, nor one that was released, nor one on a node that is there, by whichever of its names."""
    host = another_node()
    host["metadata"]["labels"] = {"kubernetes.io/hostname": "host-2"}
    fine = (
        host,
        volume("of-another", "lost", "elsewhere"),
        volume("released", "lost", phase="Released"),
        volume("anywhere", None),
        volume("here", "node-1"),
        volume("by-hostname", "host-2"),
    )
    assert installed(lambda i: i.add_live(*fine)).outcome("CX407", "platform").result is Result.PASS
    ended = installed(lambda i: i.add_live(*fine, volume("gone", "lost"))).outcome("CX407", "platform")
    assert ended.message == "bound to a node that does not exist: gone of claim ef-external/data on lost"


def test_a_volume_that_no_container_is_to_mount_is_not_looked_for() -> None:
    """Of those that are not mounted each is told."""

    def seen_from_inside(*mounts: Any) -> Outcome:
        installation = Installation()
        installation.probes["inside_probes"] = SimpleNamespace(mounts=lambda _: mounts)
        return installation.outcome("CX408", "minio")

    assert seen_from_inside().message == "n/a: no container of its pods is to mount it"
    pod = SimpleNamespace(name="minio-0", where="ef-external/minio-0")
    shown = partial(PodMount, cast("Any", pod), "minio", mounted=False, shows_mounts=True)
    ended = seen_from_inside(shown(path="/b"), shown(path="/a"))
    assert ended.message == "; ".join(
        f"pod ef-external/minio-0 container minio has nothing mounted at {path}" for path in ("/b", "/a")
    )
    assert ended.evidence["promised"] == "mounted at /a, /b"


def test_a_blueprint_that_allows_no_other_storage_finds_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its list is all there is then."""
    platform = blueprint().platform.model_copy(update={"any_storage": False})
    changed = blueprint().model_copy(update={"platform": platform})
    monkeypatch.setattr("tests.checks.installation.blueprint", lambda: changed)
    ended = installed(provisioner("a.b/c")).outcome("CX405", "platform")
    assert ended.message == (
        f"StorageClass longhorn (a.b/c) is of no provider that the page supports; it supports {PROVIDERS}"
    )


def template(installation: Installation, kind: str, name: str) -> Object:
    """Return what a workload stamps its pods from."""
    found: Object = installation.find(kind, name)["spec"]["template"]["spec"]
    return found


def read_only(spec: Object, path: str) -> None:
    """Let the containers only read what is mounted at a path."""
    for one in spec["containers"]:
        for mount in one["volumeMounts"]:
            if mount["mountPath"] == path:
                mount["readOnly"] = True


def test_a_volume_for_data_may_be_written_to() -> None:
    """A store whose volume is mounted for reading alone keeps nothing."""
    installation = Installation()
    read_only(template(installation, "StatefulSet", "mongo-mongodb"), "/bitnami/mongodb")
    ended = installation.outcome("CX401", "mongo", "/bitnami/mongodb")
    assert ended.message == (
        "StatefulSet ef-external/mongo-mongodb mounts data at /bitnami/mongodb read-only: no data can be written there"
    )


@pytest.mark.parametrize(("component", "path"), [("minio", "/data"), ("keycloak", "/var/lib/keycloak")])
def test_a_claim_that_is_used_for_reading_alone_is_found_whatever_its_mounts_say(component: str, path: str) -> None:
    """Also where the page promises no place to mount it at."""
    installation = Installation()
    for one in template(installation, "Deployment", component)["volumes"]:
        if "persistentVolumeClaim" in one:
            one["persistentVolumeClaim"]["readOnly"] = True
    (ended,) = (one for one in installation.outcomes("CX401") if one.result is Result.FAIL)
    assert (ended.component, f"at {path} read-only" in ended.message) == (component, True)


def test_a_second_container_may_read_what_the_first_one_writes() -> None:
    """And what is no data, as a ConfigMap, is read anyway."""
    installation = Installation()
    spec = template(installation, "Deployment", "minio")
    reading = copy.deepcopy(spec["containers"][0]) | {"name": "metrics"}
    spec["containers"].append(reading)
    read_only({"containers": [reading]}, "/data")
    read_only(template(installation, "Deployment", "ef-conversation-controller"), "/app/actions/utils")
    assert {one.result for one in installation.outcomes("CX401")} <= {Result.PASS, Result.NOT_APPLICABLE}

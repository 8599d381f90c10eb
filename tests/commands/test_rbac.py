"""``cx-conformance rbac`` prints what can be applied, and says what it cannot know."""

from typing import Any

import pytest
import yaml

from cx_conformance.__main__ import main


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[list[dict[str, Any]], str]:
    """Run the command and return its documents, and its text."""
    assert main(["rbac", *arguments]) == 0
    text = capsys.readouterr().out
    return list(yaml.safe_load_all(text)), text


def test_it_prints_an_account_and_a_role_for_each_namespace(capsys: pytest.CaptureFixture[str]) -> None:
    """One ServiceAccount, one ClusterRole, and a Role with its binding in each namespace of the plan."""
    objects, _ = printed(capsys)

    places = [(one["kind"], one["metadata"].get("namespace")) for one in objects]
    assert places[:3] == [("ServiceAccount", "expertflow"), ("ClusterRole", None), ("ClusterRoleBinding", None)]
    assert [place for kind, place in places if kind == "Role"] == ["expertflow", "ef-external", "ef-bi"]
    assert [place for kind, place in places if kind == "RoleBinding"] == ["expertflow", "ef-external", "ef-bi"]


def test_it_says_that_the_blueprint_does_not_know_every_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Until somebody looks at the cluster."""
    assert "--from-cluster" in printed(capsys, "--static")[1]


def test_from_a_cluster_it_knows_the_secrets_and_the_namespaces(capsys: pytest.CaptureFixture[str]) -> None:
    """Secrets that pods and Ingresses refer to are named; a namespace that is not there gets no Role.

    MinIO's certificate is looked for there too: whether there is a stale copy of it.
    """
    objects, text = printed(capsys, "--static", "--from-cluster", "--sandbox=")

    roles = {one["metadata"]["namespace"]: one for one in objects if one["kind"] == "Role"}
    assert sorted(roles) == ["ef-external", "expertflow"]
    named = [rule["resourceNames"] for rule in roles["expertflow"]["rules"] if rule["resources"] == ["secrets"]]
    assert named == [["ef-ingress-tls-secret", "expertflow-reg-cred", "minio-crt"]]
    assert "--from-cluster" not in text


def test_it_binds_whom_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    """A ServiceAccount of another namespace, or a group."""
    account, _ = printed(capsys, "--service-account", "monitoring/nightly")
    group, _ = printed(capsys, "--group", "auditors")

    assert account[0]["metadata"] == {"name": "nightly", "namespace": "monitoring"}
    subjects = [subject for one in group for subject in one.get("subjects", [])]
    assert {(subject["kind"], subject["name"]) for subject in subjects} == {("Group", "auditors")}


def rules_of_pods(objects: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Return the verbs that the platform's own namespace gets on pods and what is below them."""
    (role,) = (one for one in objects if one["kind"] == "Role" and one["metadata"]["namespace"] == "expertflow")
    found: dict[str, set[str]] = {}
    for rule in role["rules"]:
        for resource in rule["resources"]:
            if resource.partition("/")[0] == "pods":
                found.setdefault(resource, set()).update(rule["verbs"])
    return found


def test_what_probe_pods_and_debug_containers_take_is_granted_only_where_they_are_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without the options the account can change nothing; each brings its own verbs."""
    looks = {"pods": {"list"}, "pods/exec": {"get", "create"}, "pods/portforward": {"get", "create"}}
    follows = {"pods": {"list", "get"}, "pods/log": {"get"}}
    plain, _ = printed(capsys)
    probe, text = printed(capsys, "--allow-probe-pods", "x")
    debug, _ = printed(capsys, "--allow-debug-containers", "x")

    assert rules_of_pods(plain) == looks
    assert rules_of_pods(probe) == looks | follows | {"pods": {"list", "get", "create", "delete"}}
    assert rules_of_pods(debug) == looks | follows | {"pods/ephemeralcontainers": {"patch"}}
    assert "run --allow-probe-pods` needs" in text


def test_logs_are_granted_only_where_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A log may tell what no check needs to know."""
    plain, _ = printed(capsys)
    with_logs, _ = printed(capsys, "--with-logs")

    assert rules_of_pods(with_logs) == rules_of_pods(plain) | {"pods/log": {"get"}}


def test_secrets_are_listed_for_helms_sake_only_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever may list Secrets may read them all; a run goes on without."""

    def lists_secrets(documents: list[dict[str, Any]]) -> set[str]:
        return {
            one["metadata"]["namespace"]
            for one in documents
            if one["kind"] == "Role"
            for rule in one["rules"]
            if "secrets" in rule["resources"] and "list" in rule["verbs"]
        }

    plain, _ = printed(capsys)
    with_helm, _ = printed(capsys, "--with-helm")

    assert lists_secrets(plain) == set()
    assert {"expertflow", "ef-external"} <= lists_secrets(with_helm)


def test_names_of_secrets_that_could_not_be_seen_are_not_left_out_silently(capsys: pytest.CaptureFixture[str]) -> None:
    """Where pods may not be listed, some Secrets stay unknown: nothing is printed."""
    assert main(["rbac", "--from-cluster", "--sandbox=list-forbidden:pods"]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "may not list pods" in shown.err


@pytest.mark.parametrize("account", ["nightly", "a/b/c", "/x"])
def test_half_an_account_is_wrong_usage(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message shows how it is written."""
    with pytest.raises(SystemExit) as ended:
        main(["rbac", "--service-account", account])

    assert ended.value.code == 2
    assert "NAMESPACE/NAME" in capsys.readouterr().err

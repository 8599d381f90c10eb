"""The permissions of a run, and the Roles that grant them: exact, Secrets by name, streams only where needed."""

from collections.abc import Iterable
from typing import Any

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.rights import EXEC, PORT_FORWARD, Right, rights
from cx_conformance.cluster.rights_before import rights_before, rights_to_try
from cx_conformance.cluster.roles import Subject, role_objects, rules
from cx_conformance.sandbox.catalogue import Attributes
from cx_conformance.sandbox.rbac import decide, service_account
from cx_conformance.sandbox.state import State
from tests.checks.installation import blueprint

ACCOUNT = Subject(kind="ServiceAccount", name="auditor", namespace="expertflow")


def plan(**site: Any) -> Plan:
    """Return the shipped blueprint as such a site has it."""
    return Plan(blueprint(), Site.model_validate(site))


def allowed(objects: Iterable[dict[str, Any]], right: Right) -> bool:
    """Tell whether these objects let the account do that, by the rules of Kubernetes."""
    resource, _, subresource = right.resource.partition("/")
    asked = Attributes(
        verb=right.verb,
        group=right.group,
        resource=resource,
        subresource=subresource,
        namespace=right.namespace or "",
        name=right.name,
    )
    return decide(State(list(objects)), service_account("expertflow", "auditor"), asked).allowed


def test_the_roles_grant_every_right() -> None:
    """What a live run needs is allowed."""
    needed = rights(plan(), static=False, referred=[("expertflow", "registry")])
    objects = role_objects(needed, ACCOUNT)

    assert [one.words for one in needed if not allowed(objects, one)] == []


@pytest.mark.parametrize(
    "right",
    [
        Right(verb="list", resource="secrets", namespace="expertflow"),
        Right(verb="get", resource="secrets", namespace="expertflow", name="registry"),
        Right(verb="get", resource="secrets", namespace="ef-external", name="redis"),
        Right(verb="list", resource="pods", namespace="kube-system"),
        Right(verb="list", resource="pods", namespace=None),
        Right(verb="delete", resource="pods", namespace="expertflow"),
        Right(verb="create", resource=EXEC, namespace="expertflow"),
        Right(verb="get", resource=PORT_FORWARD, namespace="ef-external"),
        Right(verb="watch", resource="pods", namespace="expertflow"),
    ],
    ids=lambda right: right.words,
)
def test_the_roles_of_a_static_run_grant_nothing_else(right: Right) -> None:
    """No list of Secrets, no Secret that a login reads, no stream, no write, no other namespace."""
    assert not allowed(role_objects(rights(plan(), static=True), ACCOUNT), right)


def test_streams_need_get_and_create() -> None:
    """The handshake is a GET; from Kubernetes 1.35 ``create`` is asked for too."""
    verbs = {(one.resource, one.verb) for one in rights(plan(), static=False) if "/" in one.resource}

    assert verbs == {(EXEC, "get"), (EXEC, "create"), (PORT_FORWARD, "get"), (PORT_FORWARD, "create")}


def test_exec_is_needed_only_where_somebody_looks_from_inside() -> None:
    """A site without the stores has nothing to exec into where they would live."""
    only = {"only": ["ccm", "unified-admin"]}
    places = {one.namespace for one in rights(plan(components=only), static=False) if one.resource == EXEC}

    assert places == {"expertflow"}


def test_inside_the_cluster_no_port_forward_is_needed() -> None:
    """Pods are reached directly there."""
    assert not [one for one in rights(plan(), static=False, inside=True) if one.resource == PORT_FORWARD]


def test_secrets_are_named_one_by_one() -> None:
    """Every right on Secrets is a get of one name: promised, referred to, or read by a login."""
    found = [one for one in rights(plan(), static=False, referred=[("expertflow", "r")]) if one.resource == "secrets"]

    assert {(one.verb, bool(one.name)) for one in found} == {("get", True)}
    named = {(one.namespace, one.name) for one in found}
    assert ("ef-external", "ef-grafana-dashboard-provider-secret") in named
    assert ("expertflow", "r") in named
    assert ("ef-external", "redis") in named
    assert ("ef-external", "keycloak") in named, "copies of its password are compared with it"


def test_the_sites_own_credentials_take_the_place_of_the_charts() -> None:
    """What the site names is read, the charts' Secret no longer."""
    password = {"secret": "vault-redis", "key": "p", "namespace": "expertflow"}
    found = rights(plan(credentials={"redis": {"login": {"password": password}, "tls": {}}}), static=False)

    named = {(one.namespace, one.name) for one in found if one.resource == "secrets"}
    assert ("expertflow", "vault-redis") in named
    assert ("ef-external", "redis") not in named


def test_the_account_for_reports_is_read_wherever_it_is() -> None:
    """In a namespace that the platform has no part in, too; what the environment holds needs no right."""
    account = {
        "endpoint": "https://s3.example",
        "accessKey": {"env": "KEY"},
        "secretKey": {"secret": "audits", "key": "secret", "namespace": "backup"},
        "ca": {"configMap": "trust", "key": "ca.crt", "namespace": "backup"},
    }
    found = rights(plan(publish=account), static=True)

    assert {(one.verb, one.resource, one.name) for one in found if one.namespace == "backup"} == {
        ("get", "secrets", "audits"),
        ("get", "configmaps", "trust"),
    }


def test_a_persons_account_is_read_wherever_it_is() -> None:
    """By a run that logs in; a static one reads nothing of it."""
    account = {"username": "agent1", "password": {"secret": "agents", "key": "agent1", "namespace": "acceptance"}}
    live, static = rights(plan(login=account), static=False), rights(plan(login=account), static=True)
    assert [(one.verb, one.name) for one in live if one.namespace == "acceptance"] == [("get", "agents")]
    assert [one for one in static if one.namespace == "acceptance"] == []


def test_a_look_before_an_installation_reads_only_and_pods_are_granted_where_they_are_asked_for() -> None:
    """All in the platform's first namespace that exists; elsewhere nothing may be made."""
    assert {one.verb for one in rights_before(plan())} == {"list"}
    granted = rights_to_try(plan(), ["ef-external", "default"])
    assert {one.namespace for one in granted} == {"ef-external"}
    assert {(one.verb, one.resource) for one in granted} == {
        *((verb, what) for verb in ("create", "get", "delete") for what in ("pods", "persistentvolumeclaims")),
        ("get", "pods/log"),
    }
    assert rights_to_try(plan(), ["default"]) == ()


def test_an_account_for_reports_names_its_namespace() -> None:
    """It belongs to no store, so there is none to take it from."""
    reference = {"secret": "audits", "key": "secret"}
    with pytest.raises(ValueError, match="needs its namespace here"):
        plan(publish={"endpoint": "https://s3.example", "accessKey": reference, "secretKey": reference})


def test_a_namespace_that_does_not_exist_gets_no_role() -> None:
    """A Role cannot be made in a namespace that is not there."""
    needed = rights(plan(), static=True, namespaces=["expertflow", "default"])

    assert {one.namespace for one in needed} == {None, "expertflow"}


def test_a_mapped_namespace_is_the_sites() -> None:
    """Rights are for where the site has the components."""
    needed = rights(plan(namespaces={"expertflow": "cx-prod"}), static=True)

    assert {one.namespace for one in needed if one.namespace} == {"cx-prod", "ef-external", "ef-bi"}


def test_rules_that_differ_only_in_the_resource_are_one() -> None:
    """A Role is short enough to be read."""
    listed = [Right(verb="list", resource=name, namespace="a") for name in ("services", "pods")]
    named = [Right(verb="get", resource="secrets", namespace="a", name=name) for name in ("two", "one")]

    assert rules([*listed, *named]) == [
        {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one", "two"], "verbs": ["get"]},
    ]


def test_a_user_is_bound_and_not_made() -> None:
    """Users and groups come from the cluster's authentication."""
    objects = role_objects(rights(plan(), static=True), Subject(kind="User", name="ann"))

    assert "ServiceAccount" not in {one["kind"] for one in objects}
    subjects = [subject for one in objects for subject in one.get("subjects", [])]
    assert {subject["name"] for subject in subjects} == {"ann"}
    assert all(subject["apiGroup"] == "rbac.authorization.k8s.io" for subject in subjects)

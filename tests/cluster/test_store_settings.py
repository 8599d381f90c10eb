"""What the components of the reference installation are told about stores."""

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import replica_set, told
from tests.checks.installation import Installation, blueprint


def look(prefix: str = "", **values: str) -> tuple[Seen, Plan]:
    """Look at the reference installation, with these values in the connection ConfigMap; ccm reads it so prefixed."""
    installation = Installation()
    own = installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]["containers"][0]
    own["envFrom"][1] |= {"prefix": prefix} if prefix else {}
    installation.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"].update(values)
    plan = Plan(blueprint(), installation.site)
    return Seen(installation.snapshot(plan), plan), plan


def test_a_replica_set_counts_where_it_is_switched_on() -> None:
    """Its name alone says nothing."""
    for switch, name in (("true", "expertflow"), ("false", None)):
        seen, plan = look(MONGODB_REPLICASET_ENABLED=switch, MONGODB_REPLICASET="expertflow")
        mongo = next(one for one in plan.entries("store") if one.component == "mongo")

        assert replica_set(seen, mongo) == name


def test_a_setting_names_its_readers() -> None:
    """Every component that takes the whole ConfigMap reads it; a variable of its own comes first."""
    seen, plan = look()
    mongo = next(one for one in plan.entries("store") if one.component == "mongo")
    (host,) = told(seen, mongo, "host")

    assert host.where == "MONGODB_HOST in ConfigMap expertflow/ef-connection-env-cm"
    assert "ccm" in host.readers
    assert "mongo" not in host.readers


def test_a_variable_of_the_pod_template_comes_before_the_config_map() -> None:
    """Of callers of the store alone: elsewhere the same name may mean something else."""
    installation = Installation()
    for name in ("ef-ccm", "ef-web-widget"):
        spec = installation.find("Deployment", name)["spec"]["template"]["spec"]
        spec["containers"][0]["env"].append({"name": "MONGODB_HOST", "value": " elsewhere "})
    plan = Plan(blueprint(), installation.site)
    seen = Seen(installation.snapshot(plan), plan)
    mongo = next(one for one in plan.entries("store") if one.component == "mongo")
    shared, own = told(seen, mongo, "host")

    assert "ccm" not in shared.readers
    assert (own.where, own.value, own.readers) == (
        "MONGODB_HOST in Deployment expertflow/ef-ccm",
        "elsewhere",
        ("ccm",),
    )


def test_a_prefix_makes_variables_of_other_names() -> None:
    """Who takes the ConfigMap by envFrom with a prefix does not read the documented variable."""
    seen, plan = look(prefix="CX_")
    mongo = next(one for one in plan.entries("store") if one.component == "mongo")
    (host,) = told(seen, mongo, "host")

    assert "ccm" not in host.readers
    assert "bot-framework" in host.readers

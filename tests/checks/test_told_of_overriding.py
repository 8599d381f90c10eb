"""What containers are told of a store by the last of several ConfigMaps that they take wholly."""

from typing import Any

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, Object

OTHER = "mongo.staging.svc"


def container(installation: Installation) -> Object:
    """Return ccm's container."""
    found: Object = installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]["containers"][0]
    return found


def overridden(*sources: Object, env: tuple[Object, ...] = (), **data: str) -> Outcome:
    """Judge Mongo's settings where ccm takes a ConfigMap ``site`` with ``data``, and these ``sources`` after it."""
    installation = Installation()
    meta = {"name": "site", "namespace": "expertflow"}
    installation.manifests.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data})
    own = container(installation)
    own["envFrom"] += [{"configMapRef": {"name": "site"}}, *sources]
    own["env"] += list(env)
    return installation.outcome("CX308", "mongo")


def test_a_later_configmap_leads_a_component_to_another_store() -> None:
    """The documented one still leads to the promised store, and ccm does not read it any more."""
    ended = overridden(MONGODB_HOST=OTHER)
    assert (ended.result, ended.message) == (
        Result.FAIL,
        (
            "MONGODB_HOST in ConfigMap expertflow/site says mongo.staging.svc: mongo.staging.svc names no Service that "
            "was seen; promised is mongo-mongodb.ef-external.svc; it is read by ccm"
        ),
    )


def test_what_leads_to_the_store_may_stand_anywhere() -> None:
    """In short, too, with another setting beside."""
    assert overridden(MONGODB_HOST="mongo-mongodb.ef-external", OTHER="x").result is Result.PASS


def test_what_comes_before_the_documented_configmap_counts_for_nothing() -> None:
    """The last one decides."""
    last: dict[str, Any] = {"configMapRef": {"name": "ef-connection-env-cm"}}
    assert overridden(last, MONGODB_HOST=OTHER).result is Result.PASS


def test_a_variable_of_its_own_comes_before_all() -> None:
    """Whatever ConfigMaps say."""
    own = {"name": "MONGODB_HOST", "value": "mongo-mongodb.ef-external.svc"}
    assert overridden(env=(own,), MONGODB_HOST=OTHER).result is Result.PASS


def test_a_secret_that_comes_later_may_tell_another() -> None:
    """What it holds is not looked at."""
    assert overridden({"secretRef": {"name": "minio-crt", "optional": True}}, MONGODB_HOST=OTHER).result is Result.PASS


def test_what_bears_another_name_is_another_variable() -> None:
    """By a prefix of envFrom."""
    installation = Installation()
    meta = {"name": "site", "namespace": "expertflow"}
    told = {"MONGODB_HOST": OTHER}
    installation.manifests.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": told})
    container(installation)["envFrom"].append({"configMapRef": {"name": "site"}, "prefix": "OLD_"})
    assert installation.outcome("CX308", "mongo").result is Result.PASS

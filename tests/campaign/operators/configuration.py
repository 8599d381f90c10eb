"""ConfigMaps and Secrets."""

import copy

from cx_conformance.blueprint.component import ConfigMap
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object

BOTH = ("config_maps.name", "secrets.name")


def _object(fact: Fact, ground: Ground) -> Object:
    if fact.of(ConfigMap).optional if isinstance(fact.holders[-1], ConfigMap) else False:
        raise Inapplicable("it may be absent")
    return ground.find(_kind(fact), fact.value, ground.component(fact).namespace.name)


def _kind(fact: Fact) -> str:
    return "Secret" if fact.area == "secrets" else "ConfigMap"


@breaks(*BOTH, how="absent")
def configuration_absent(fact: Fact, ground: Ground) -> None:
    """It was never created."""
    ground.manifests.remove(_object(fact, ground))


@breaks(*BOTH, how="renamed")
def configuration_renamed_everywhere(fact: Fact, ground: Ground) -> None:
    """Another name, and the pods refer to that one."""
    _object(fact, ground)["metadata"]["name"] = f"{fact.value}-2"
    text = ground.pod(fact)
    _replace(text, fact.value, f"{fact.value}-2")


def _replace(source: object, name: str, other: str) -> None:
    if isinstance(source, dict):
        for key, value in source.items():
            if value == name and key in {"name", "secretName"}:
                source[key] = other
            _replace(value, name, other)
    elif isinstance(source, list):
        for one in source:
            _replace(one, name, other)


@breaks(*BOTH, how="wrong namespace")
def configuration_in_another_namespace(fact: Fact, ground: Ground) -> None:
    """It stands in the other namespace of the platform."""
    made = _object(fact, ground)
    made["metadata"]["namespace"] = {"expertflow": "ef-external"}.get(made["metadata"]["namespace"], "expertflow")


@breaks(*BOTH, how="wrong kind")
def configuration_of_the_other_kind(fact: Fact, ground: Ground) -> None:
    """A Secret in place of the ConfigMap, or the other way round, under the same name."""
    made = _object(fact, ground)
    made["kind"] = {"ConfigMap": "Secret"}.get(made["kind"], "ConfigMap")


@breaks(*BOTH, how="wrong reference")
def configuration_not_used(fact: Fact, ground: Ground) -> None:
    """It is there, and the pods read something else."""
    _object(fact, ground)
    ground.unused(fact, fact.value)


@breaks(*BOTH, how="wrong reference")
def configuration_used_by_an_ended_job_only(fact: Fact, ground: Ground) -> None:
    """The pods do not read it; a pod that has ended did."""
    namespace = ground.component(fact).namespace.name
    _object(fact, ground)
    ground.unused(fact, fact.value)
    source = {"secretRef" if _kind(fact) == "Secret" else "configMapRef": {"name": fact.value}}
    job: Object = {
        "kind": "Pod",
        "metadata": {"name": f"{ground.pod_name(fact)}job", "namespace": namespace, "labels": {"job": "yes"}},
        "spec": {"containers": [{"name": "job", "image": "job", "envFrom": [source]}]},
        "status": {"phase": "Succeeded"},
    }
    ground.add_live(copy.deepcopy(job))

import re
import shlex
from typing import Any

import pytest

from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.page.sheet.kubectl import command
from tests.reports import made_up


def of(object_: str, **evidence: Any) -> str:
    """Return the command for a broken promise of this object."""
    return command(made_up.outcome(Result.FAIL, message="", evidence={"object": object_, **evidence}))


@pytest.mark.parametrize(
    ("object_", "promised"),
    [
        ("Service expertflow/ef-ccm-svc port 8081", "kubectl -n expertflow describe service ef-ccm-svc"),
        ("PersistentVolumeClaim ef-external/minio", "kubectl -n ef-external describe persistentvolumeclaim minio"),
        ("Namespace ef-external", "kubectl describe namespace ef-external"),
        ("redis-master.ef-external.svc:6379", ""),
        ("https://cx.example.com/ccm", ""),
    ],
)
def test_the_object_is_described(object_: str, promised: str) -> None:
    """And where no object is named there is no command."""
    assert of(object_) == promised


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_of_what_holds_values_there_are_the_keys(kind: str) -> None:
    """A password may stand in either; the command's output goes into tickets."""
    words = shlex.split(of(f"{kind} expertflow/ef-ccm"))
    assert words[:6] == ["kubectl", "-n", "expertflow", "get", kind.lower(), "ef-ccm"]
    assert words[6:] == ["-o", "go-template={{range $key, $value := .data}}{{println $key}}{{end}}"]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "CronJob", "Pod", "pod"])
def test_of_what_has_containers_there_are_state_and_events(kind: str) -> None:
    """`kubectl describe` would print the values of its variables."""
    told = of(f"{kind} expertflow/ef-ccm")
    assert "describe" not in told
    selected = f"involvedObject.kind={kind[0].upper()}{kind[1:]},involvedObject.name=ef-ccm"
    assert re.search("get .* -o wide; kubectl -n expertflow get events --field-selector ", told)
    assert told.endswith(selected), "kubectl events is not known to clients before 1.26"


def test_the_cause_comes_before_the_object_that_was_looked_at() -> None:
    """A Deployment that misses a ConfigMap is not what is wrong."""
    told = of("Deployment expertflow/ef-ccm", cause="key X of ConfigMap expertflow/ef-ccm-cm does not exist")
    assert "get configmap ef-ccm-cm" in told


def test_a_message_is_read_where_the_evidence_names_no_object() -> None:
    """Its first object is what it is about."""
    one = made_up.outcome(Result.FAIL, message="Ingress expertflow/ef-ccm lacks /ccm", evidence={"found": "/"})
    assert command(one, "acme production") == (
        "kubectl --context 'acme production' -n expertflow describe ingress ef-ccm"
    )


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("no StorageClass is the default of promised one; there are: longhorn", ""),
        (
            "claim ef-external/redis-data-0 is Pending of promised Bound",
            "kubectl -n ef-external describe persistentvolumeclaim redis-data-0",
        ),
        (
            "release ef-cx in expertflow: revision 2 failed (helm history ef-cx -n expertflow)",
            "helm -n expertflow history ef-cx",
        ),
    ],
)
def test_what_the_message_is_about_is_shown(message: str, told: str) -> None:
    """No word of a sentence is taken for a name, and the workload's Events do not say why its claim is not bound."""
    evidence = {"object": "StatefulSet ef-external/redis"} if message.startswith("claim") else {}
    assert command(made_up.outcome(Result.FAIL, message=message, evidence=evidence)) == told


@pytest.mark.parametrize("name", ["a;reboot", "$(reboot)", "-o/yaml", "a b", "../x"])
def test_what_is_no_name_of_an_object_becomes_no_command(name: str) -> None:
    """Whoever names an object in a report does not write the command that an engineer pastes."""
    told = of(f"Service {name}/{name}")
    assert "reboot" not in told
    assert "yaml" not in told
    assert ".." not in told

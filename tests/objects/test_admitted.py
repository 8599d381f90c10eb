"""What is handed on of objects, sentences and logs: none of many planted secrets, and what support needs."""

import json

import pytest

from cx_conformance.objects.admitted import Admission
from cx_conformance.objects.json_fields import Json
from cx_conformance.objects.log_lines import without_secrets
from tests.planted_forms import PLANTED, TRACES


def traces(shown: object) -> list[str]:
    """Return which of the planted secrets are in it."""
    text = json.dumps(shown, ensure_ascii=False)
    return [one for one in TRACES if one in text]


def pod(text: str) -> Json:
    """Return a Pod, a ConfigMap and a workload in one, with a text wherever somebody may write one."""
    return {
        "metadata": {
            "name": "ccm-0",
            "annotations": {"note": text, "checksum/config": text},
            "labels": {"app": "ccm", "odd": text},
            "managedFields": [{"x": text}],
        },
        "data": {"application.properties": text, "TOKEN": text, "PORT": text},
        "binaryData": {"key.jks": text},
        "spec": {
            "containers": [
                {
                    "name": "ccm",
                    "image": "gitimages/ccm:4.5.3",
                    "env": [{"name": "PORT", "value": text}, {"name": "AUTH", "value": text}],
                    "command": ["sh", "-c", text],
                    "args": [text],
                    "livenessProbe": {
                        "exec": {"command": [text]},
                        "httpGet": {"path": text, "port": 80, "httpHeaders": [{"name": "X-Probe", "value": text}]},
                    },
                    "lifecycle": {"preStop": {"exec": {"command": [text]}}},
                }
            ],
            "volumes": [{"name": "x", "csi": {"driver": "d", "volumeAttributes": {"opt": text}}}],
            "externalName": text,
        },
        "status": {
            "conditions": [{"type": "Ready", "message": text, "reason": "Broken"}],
            "containerStatuses": [{"state": {"terminated": {"exitCode": 1, "message": text}}}],
        },
    }


@pytest.mark.parametrize("text", PLANTED)
def test_no_planted_secret_is_handed_on(text: str) -> None:
    """In no field of any object, in no sentence, in no log; also where a broken promise is about the setting."""
    admission = Admission()
    shown = [
        admission.admitted(pod(text), ("PORT", "AUTH", "application.properties", "note")),
        admission.sentence(f"Readiness probe failed: {text}"),
        [admission.sentence(line) for line in without_secrets(f"started\n{text}\nended").splitlines()],
    ]
    assert traces(shown) == []


def test_the_planted_forms_are_enough() -> None:
    """And the search finds each where nothing is left out."""
    assert len(PLANTED) >= 66
    assert all(traces(text) for text in PLANTED)


def test_what_support_needs_is_handed_on() -> None:
    """Names, image, states, ports; keys of settings; a value that a broken promise is about, where it is harmless."""
    source = pod("x")
    source["data"] = {"DB_HOST": "ef-postgresql.ef-external.svc", "PORT": "8080", "OTHER": "8080", "DB_PASSWORD": "1"}
    shown = Admission().admitted(source, ("PORT", "DB_HOST", "DB_PASSWORD"))
    assert shown["data"]["DB_HOST"] == "ef-postgresql.ef-external.svc"
    assert shown["data"]["PORT"] == "8080"
    assert shown["data"]["OTHER"].startswith("(left out: 4 characters, ")
    assert shown["data"]["DB_PASSWORD"].startswith("(left out")
    (container,) = shown["spec"]["containers"]
    assert (container["name"], container["image"]) == ("ccm", "gitimages/ccm:4.5.3")
    assert container["livenessProbe"]["httpGet"]["port"] == 80
    assert shown["status"]["conditions"][0]["reason"] == "Broken"


def test_equal_values_have_equal_marks_within_one_pack_only() -> None:
    """So that copies can be compared, and none can be guessed by trying."""
    one, other = Admission(), Admission()
    assert one.mark("hunter2") == one.mark("hunter2")
    assert one.mark("hunter2") != one.mark("hunter3")
    assert one.mark("hunter2") != other.mark("hunter2")


@pytest.mark.parametrize(
    "said",
    [
        "Back-off restarting failed container ccm in pod ccm-0",
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "0/3 nodes are available: 3 Insufficient memory.",
        "Liveness probe failed: dial tcp 10.1.2.3:8080: connect: connection refused",
        'Failed to pull image "gitimages/ccm:4.5.3": not found',
        "Error: secret not found",
        "at com.expertflow.ccm.Application.main(Application.java:12)",
        "terminated: OOMKilled, exit code 137",
    ],
)
def test_the_cluster_s_own_sentences_stay(said: str) -> None:
    """They are why support asks for the pack."""
    admission = Admission()
    admission.admitted(pod("x"))
    assert admission.sentence(said) == said

"""A mounted volume holds the Secret or ConfigMap that the release's charts put there."""

from typing import Any

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import notes
from tests.releases.test_own_image import installed

Volume = dict[str, Any]
CHART, GENERATED, ANOTHER = "redis-crt", "redis-crt-7c5h9m2bkt", "mongo-mongodb-ca"


def mounted(held: Volume) -> Outcome:
    """Judge what the broker has where its charts mount the Secret of Redis."""
    installation = installed("5.1")
    volumes = installation.find("StatefulSet", "activemq")["spec"]["template"]["spec"]["volumes"]
    volumes[:] = [{"name": "redis-crt"} | held if one["name"] == "redis-crt" else one for one in volumes]
    return installation.outcome("CX401", "activemq", "redis-crt")


def test_another_secret_at_the_promised_place_is_found() -> None:
    """It exists, and may have the same keys, so that nothing else looks wrong before the first handshake."""
    ended = mounted({"secret": {"secretName": ANOTHER}})
    assert (ended.result, ended.message) == (
        Result.FAIL,
        "StatefulSet ef-external/activemq mounts Secret mongo-mongodb-ca at /redis of promised Secret redis-crt",
    )


@pytest.mark.parametrize(
    "held",
    [
        {"secret": {"secretName": CHART}},
        {"secret": {"secretName": GENERATED}},
        {"projected": {"sources": [{"secret": {"name": CHART}}, {"secret": {"name": ANOTHER}}]}},
        {"csi": {"driver": "secrets-store.csi.k8s.io", "readOnly": True}},
    ],
    ids=["as the charts have it", "as kustomize generates it", "beside another", "by a driver"],
)
def test_what_may_stand_in_its_place_does(held: Volume) -> None:
    """What cannot be told by a name is not held against it."""
    assert mounted(held).result is Result.PASS


def agent_manager(change: Volume, held: Volume | None = None) -> Outcome:
    """Judge the one file that agent-manager has of a ConfigMap, mounted in other ways, or of another volume."""
    installation = installed("5.1")
    spec = installation.find("Deployment", "ef-cx-agent-manager")["spec"]["template"]["spec"]
    mount = next(one for one in spec["containers"][0]["volumeMounts"] if one["mountPath"] == "/sensitive.js")
    del mount["subPath"]
    mount |= change
    if held:
        spec["volumes"] = [
            {"name": one["name"], **held} if one["name"] == mount["name"] else one for one in spec["volumes"]
        ]
    return installation.outcome("CX401", "agent-manager", "sensitive-config")


def test_a_folder_in_the_place_of_a_file_is_found() -> None:
    """Without its subPath the whole ConfigMap is mounted, and who reads the file reads a folder."""
    ended = agent_manager({})
    assert ended.result is Result.FAIL
    assert ended.message == (
        "Deployment expertflow/ef-cx-agent-manager mounts sensitive-config at /sensitive.js without a subPath: "
        "a folder stands there of promised file sensitive.js"
    )
    projected = {"projected": {"sources": [{"configMap": {"name": "ef-node-logback-cm"}}]}}
    assert agent_manager({}, projected).result is Result.FAIL


@pytest.mark.parametrize(
    ("mount", "held"),
    [
        ({"subPath": "sensitive.js"}, {}),
        ({"subPath": "sensitive.js/"}, {}),
        ({"subPath": "of-this-site.js"}, {}),
        ({"subPathExpr": "$(MASKED)"}, {}),
        ({"subPath": "sensitive.js"}, {"projected": {"sources": []}}),
        ({}, {"csi": {"driver": "secrets-store.csi.k8s.io"}}),
        ({}, {"hostPath": {"path": "/etc/sensitive.js", "type": "File"}}),
    ],
)
def test_a_file_may_be_had_in_other_ways(mount: Volume, held: Volume) -> None:
    """By another key, whose own check says whether it is there, or from where nothing tells what it is."""
    assert agent_manager(mount, held).result is Result.PASS


def logback(sub_path: str, items: list[Volume] | None = None) -> Outcome:
    """Judge the folder that ccm has of a ConfigMap, mounted by a part of it."""
    installation = installed("5.1")
    spec = installation.find("Deployment", "ef-cx-ccm")["spec"]["template"]["spec"]
    next(one for one in spec["containers"][0]["volumeMounts"] if one["mountPath"] == "/logback")["subPath"] = sub_path
    volume = next(one for one in spec["volumes"] if one["name"] == "ef-logback")
    volume["configMap"] |= {"items": items} if items else {}
    return installation.outcome("CX401", "ccm", "ef-logback")


def test_a_file_in_the_place_of_a_folder_is_found() -> None:
    """What is read below it is not there."""
    ended = logback("logback-spring.xml")
    assert ended.result is Result.FAIL
    assert ended.message == (
        "Deployment expertflow/ef-cx-ccm mounts ef-logback at /logback by subPath logback-spring.xml alone: "
        "a file, or nothing, stands there of promised folder"
    )
    assert logback("content", [{"key": "content", "path": "content"}]).result is Result.FAIL


def test_a_folder_of_a_volume_may_be_mounted_by_its_name() -> None:
    """Keys may be shown at paths of several parts; a file of the place's own name may be all that is wanted there."""
    assert logback("spring", [{"key": "content", "path": "spring/logback-spring.xml"}]).result is Result.PASS
    assert logback("logback", [{"key": "content", "path": "logback"}]).result is Result.PASS


def translations(*mounts: Volume) -> Outcome:
    """Judge the folder of the agents' translations, mounted in other ways."""
    installation = installed("5.1")
    spec = installation.find("Deployment", "cx-agent-desk-unified-agent")["spec"]["template"]["spec"]
    (own,) = (one for one in spec["containers"][0]["volumeMounts"] if one["mountPath"].endswith("/i18n/"))
    spec["containers"][0]["volumeMounts"].remove(own)
    spec["containers"][0]["volumeMounts"].extend({"name": own["name"], **one} for one in mounts)
    return installation.outcome("CX401", "unified-agent", own["name"])


I18N = "/usr/share/nginx/html/assets/i18n"


def test_single_files_of_a_folder_may_be_mounted() -> None:
    """The image's own stay beside them; which those are is noted."""
    ended = translations({"mountPath": f"{I18N}/de.json", "subPath": "de.json"})
    assert (ended.result, notes(ended)) == (Result.PASS, [f"single files of it are mounted: {I18N}/de.json"])


def test_what_is_mounted_elsewhere_is_found_as_ever() -> None:
    """Below as a folder, as a file in another folder, or of another object."""
    assert translations({"mountPath": f"{I18N}/more"}).result is Result.FAIL
    assert translations({"mountPath": "/assets/de.json", "subPath": "de.json"}).result is Result.FAIL
    other = {"name": "ef-crm-service", "mountPath": f"{I18N}/de.json", "subPath": "de.json"}
    assert translations(other).result is Result.FAIL
    assert translations().result is Result.FAIL

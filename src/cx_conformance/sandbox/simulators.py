"""Which simulated server stands behind each port of a pod.

The pod's annotation ``cx-conformance/simulate`` says it, as the reference installation writes it: a JSON list of
``{"port": 8443, "as": "https", "paths": {...}, "tls": "/folder", "usernameEnv": ..., "passwordEnv": ...}``. A pod
without it accepts connections on every TCP port that its containers declare, and says nothing.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import Struct, field

from cx_conformance.sandbox import pods
from cx_conformance.sandbox.annotations import LARGEST, PROCESS, SIMULATE
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.credentials import KeyPair
from cx_conformance.sandbox.state import State
from cx_conformance.wire.discreet import Discreet

STORES = ("activemq", "mongo", "postgresql", "redis", "s3")
"""Kinds that a real store, or a stand-in that speaks its protocol, serves."""


class Account(Discreet, frozen=True):
    """What a simulated store accepts."""

    hidden: ClassVar[frozenset[str]] = frozenset({"secret"})
    username: str = ""
    secret: str = ""
    """The password, in plain, for the server that is to accept it."""


class Simulated(Struct, frozen=True):
    """What one port of a pod answers; ``behaviour`` is how it misbehaves, empty when it does not."""

    port: int
    speaks: str
    paths: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    behaviour: str = ""
    tls: KeyPair | None = None
    account: Account = field(default_factory=Account)
    settings: Mapping[str, Any] = field(default_factory=dict)


def simulated(state: State, pod: Object) -> list[Simulated]:
    """Return what each port of a pod answers, as long as one of its containers runs."""
    running = [c for c in pod["spec"]["containers"] if pods.is_running(pod, c["name"])]
    if not running:
        return []
    annotation = pod["metadata"].get("annotations", {}).get(SIMULATE)
    if annotation is not None:
        environment = pods.environment(state, pod, running[0])
        return [_described(state, pod, item, environment) for item in json.loads(annotation)]
    own = pod["metadata"].get("annotations", {}).get(PROCESS)
    node = state.find("v1", "Node", "", pod["spec"].get("nodeName", "")) or {"metadata": {}}
    led = {"address": own, "largest": int(node["metadata"].get("annotations", {}).get(LARGEST, 0))} if own else {}
    return [
        Simulated(int(port["containerPort"]), "process" if own else "tcp", settings=led)
        for container in running
        for port in container.get("ports", [])
        if port.get("protocol", "TCP") == "TCP"
    ]


def _described(state: State, pod: Object, item: Object, environment: Mapping[str, str]) -> Simulated:
    account = Account(
        environment.get(item.get("usernameEnv", ""), ""), environment.get(item.get("passwordEnv", ""), "")
    )
    return Simulated(
        port=int(item["port"]),
        speaks=item["as"],
        paths=item.get("paths", {}),
        behaviour=item.get("behaviour", ""),
        tls=_certificate(state, pod, folder) if (folder := item.get("tls") or item.get("certificate")) else None,
        account=account,
        settings={key: item[key] for key in ("bucket", "databases", "webSocket") if key in item},
    )


def _certificate(state: State, pod: Object, folder: str) -> KeyPair | None:
    """Return the certificate that is mounted at ``folder``; None where no Secret is."""
    for container in pod["spec"]["containers"]:
        for mount in container.get("volumeMounts", []):
            if mount["mountPath"] == folder:
                return _mounted(state, pod, mount["name"])
    return None


def _mounted(state: State, pod: Object, volume_name: str) -> KeyPair | None:
    for volume in pod["spec"].get("volumes", []):
        if volume["name"] == volume_name and "secret" in volume:
            secret = pods.data(state, pod["metadata"]["namespace"], "Secret", volume["secret"]["secretName"])
            if {"tls.crt", "tls.key"} <= secret.keys():
                return KeyPair(
                    secret["tls.crt"].encode(), secret["tls.key"].encode(), secret.get("ca.crt", "").encode()
                )
    return None

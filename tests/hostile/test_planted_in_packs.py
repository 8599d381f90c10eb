"""No form of a secret is in any file of a pack, wherever somebody wrote it: objects, answers, output, refusals."""

import itertools
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.api.port_channel import SINGLE
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint
from tests.hostile import runs, servers, streams
from tests.hostile.between import Answers, between
from tests.hostile.servers import Behaviour
from tests.hostile.streams import frame
from tests.hostile.test_full_runs import EXEC, FORWARD
from tests.planted import texts
from tests.planted_forms import PLANTED, TRACES

FAULTS = (
    "crash-loop:ccm",
    "dangling-target-port:bot-framework",
    "wrong-limits:routing-engine",
    "sample-host:unified-admin",
)
"""So that there is evidence of something."""
STATUS = b'\x03{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}'
"""Of an exec whose program has failed."""


def with_planted(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the installation with every planted form in settings, variables, annotations and probes of everything."""
    for one in objects:
        one["metadata"].setdefault("annotations", {}).update({f"planted/{at}": it for at, it in enumerate(PLANTED)})
        if one["kind"] == "ConfigMap":
            one.setdefault("data", {}).update({f"planted-{at}.conf": it for at, it in enumerate(PLANTED)})
        template = one.get("spec", {}).get("template", {})
        for container in template.get("spec", {}).get("containers", ()):
            planted = [{"name": f"{name}_{at}", "value": it} for at, it in enumerate(PLANTED) for name in ("AUTH", "X")]
            container["env"] = [*container.get("env", ()), *planted]
    return objects


@pytest.fixture(scope="module")
def leaking() -> Iterator[Path]:
    """Keep an installation up that is broken in some places, and full of secrets in all."""
    with EmbeddedCluster(with_planted(reference_installation(blueprint())), FAULTS) as cluster:
        cluster.settle()
        yield cluster.kubeconfig


def in_turn(*every: Behaviour) -> Behaviour:
    """Behave as each in turn, one a connection."""
    turns = itertools.cycle(every)

    def behave(connection: socket.socket) -> None:
        next(turns)(connection)

    return behave


def answered(text: str) -> bytes:
    """Return what a pod answers that leaks: a status of failure, in its reason, a header and its body."""
    words = " ".join(text.split())
    lines = (f"HTTP/1.1 500 {words}", f"Set-Cookie: {words}", f"Location: {words}", "Connection: close")
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + text.encode()


def forwarded(text: str) -> Behaviour:
    """Return what a pod does that leaks, seen by port-forward: it answers whatever it is asked first."""
    begin, said = frame(b"\0\x50\0") + frame(b"\1\x50\0"), frame(b"\0" + answered(text))

    def behave(connection: socket.socket) -> None:
        streams.grant(connection, SINGLE)
        connection.sendall(begin)
        connection.recv(65536)
        connection.sendall(said + frame(b"", streams.CLOSE))
        connection.recv(65536)

    return behave


def refused(text: str) -> Behaviour:
    """Return what an API server answers that leaks: a refusal in words."""
    body = json.dumps({"kind": "Status", "status": "Failure", "message": text, "reason": "Forbidden"}).encode()

    def behave(connection: socket.socket) -> None:
        servers.request_head(connection)
        servers.say(servers.head(status="403 Forbidden"), body)(connection)

    return behave


def printed(text: str) -> Behaviour:
    """Return what a container prints that leaks, on both its streams."""
    told = text.encode() + b"\n"
    return streams.granting(servers.drip(frame(b"\1" + told) + frame(b"\2" + told) + frame(STATUS), b""))


LEAKS: dict[str, Answers] = {
    "objects": {},
    "answers of pods": {FORWARD: in_turn(*map(forwarded, PLANTED))},
    "output of containers": {EXEC: in_turn(*map(printed, PLANTED))},
    "refusals of streams": {f"{EXEC}|{FORWARD}": in_turn(*map(refused, PLANTED))},
    "refusals of lists": {r"/(pods|events|secrets|configmaps|ingresses|nodes)[/?]": in_turn(*map(refused, PLANTED))},
}


@pytest.mark.parametrize(
    "leak",
    [pytest.param(one, marks=pytest.mark.long if number > 1 else (), id=one) for number, one in enumerate(LEAKS)],
)
def test_no_planted_secret_is_in_any_file_of_a_pack(leak: str, leaking: Path, tmp_path: Path) -> None:
    """Nor in anything that is shown."""
    with (
        between(leaking, LEAKS[leak], tmp_path) as here,
        runs.begun(here.kubeconfig, tmp_path, "--time-limit=60", "--evidence-logs", "-v") as run,
    ):
        took = run.ended(120)
    assert "Traceback" not in took.output, took.output
    runs.whole_report(tmp_path)
    shown = [("output", took.output), *texts(tmp_path / "report")]
    leaks = [(name, f"...{text[at - 120 : at + 30]}") for name, text in shown for at in places(text)]
    assert leaks == []


def places(text: str) -> Iterator[int]:
    """Yield where a trace of a secret is in a text."""
    for trace in TRACES:
        yield from (one.start() for one in re.finditer(re.escape(trace), text))

"""The script that simulated pods run, asked by the very probes that ask a real platform."""

import ast
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.manifests import reference_installation, simulator
from cx_conformance.blueprint.manifests.certificates import Authority, KeyPair
from cx_conformance.blueprint.manifests.simulation import ANNOTATION
from cx_conformance.probes.stores import activemq, grafana, keycloak, mongo, postgresql, redis_store, s3, superset
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.target import Credentials, Target, TlsExpectation

GOOD = Credentials(username="sa", password=SecretStr("planted-password"))
BAD = Credentials(username="sa", password=SecretStr("another-password"))
ACCOUNT = {"usernameEnv": "STORE_USERNAME", "passwordEnv": "STORE_PASSWORD"}
START_SECONDS = 20


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def simulated() -> Iterator[Callable[..., int]]:
    """Start the script as a pod would, with one item, and give the port that it serves."""
    with ExitStack() as stack:

        def start(speaks: str, **more: Any) -> int:
            port = free_port()
            environment = {
                "CX_ADDRESS": "127.0.0.1",
                "CX_SIMULATE": json.dumps([{"port": port, "as": speaks, **ACCOUNT, **more}]),
                "STORE_USERNAME": "sa",
                "STORE_PASSWORD": "planted-password",
                "PATH": os.environ["PATH"],
            }
            process = subprocess.Popen(
                [sys.executable, "-u", simulator.__file__], env=environment, stdout=subprocess.PIPE, text=True
            )
            stack.callback(process.wait, START_SECONDS)
            stack.callback(process.terminate)
            assert process.stdout is not None
            stack.callback(process.stdout.close)
            lines = iter(process.stdout.readline, "")
            assert "ready\n" in lines
            return port

        yield start


def target(port: int, tls: TlsExpectation | None = None) -> Target:
    """Return where the script serves."""
    return Target(host="127.0.0.1", port=port, tls=tls)


def test_http_answers_documented_paths_and_404_elsewhere(simulated: Callable[..., int]) -> None:
    """On one connection, as clients reuse them."""
    port = simulated("http", paths={"/health": {"status": 200, "body": '{"status": "UP"}'}})
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.get("/health?deep=1").json() == {"status": "UP"}
        assert client.get("/other").status_code == 404
        assert client.head("/health").text == ""


def test_a_websocket_is_opened_where_the_reference_installation_promises_one(
    simulated: Callable[..., int], blueprint: Blueprint
) -> None:
    """Behind a real ingress controller its agents' and chats' paths lead to one; a path without has none."""
    objects = reference_installation(blueprint, fqdn="cx.example.com", seed=1)
    items = {one["metadata"]["name"]: json.loads(_annotation(one)) for one in objects if _annotation(one)}
    promised = {f"ef-{name}" for name, one in blueprint.components.items() if one.ingress and one.ingress.web_socket}
    opened = set()
    for name in (*promised, "ef-ccm"):
        (item,) = items[name]
        port = simulated("http", **{key: value for key, value in item.items() if key not in {"port", "as"}})
        url = f"ws://127.0.0.1:{port}/socket.io/?transport=websocket"
        with suppress(InvalidStatus), connect(url, proxy=None, close_timeout=0.1):  # it answers no farewell
            opened.add(name)
    assert promised == {"ef-agent-manager", "ef-web-channel-manager"} == opened


def _annotation(made: dict[str, Any]) -> str:
    template = made.get("spec", {}).get("template", {})
    return str(template.get("metadata", {}).get("annotations", {}).get(ANNOTATION, ""))


def test_https_shows_the_mounted_certificate(simulated: Callable[..., int], tmp_path: Path) -> None:
    """It verifies against the installation's authority, under the Service's name."""
    pair = write(Authority(1).sign("localhost", ["localhost"]), tmp_path)
    port = simulated("https", paths={"/api/SystemInfo": {"body": "{}"}}, tls=f"{tmp_path}")
    context = ssl.create_default_context(cadata=pair.ca)
    assert httpx.get(f"https://localhost:{port}/api/SystemInfo", verify=context).status_code == 200


def write(pair: KeyPair, folder: Path) -> KeyPair:
    """Put a certificate where a pod mounts it."""
    (folder / "tls.crt").write_text(pair.certificate)
    (folder / "tls.key").write_text(pair.key.get_secret_value())
    return pair


Ask = Callable[[Target, Credentials], StoreObservation]
STORES: dict[str, tuple[Ask, dict[str, Any]]] = {
    "redis": (lambda where, who: redis_store.observe(where, Credentials(password=who.password)), {}),
    "mongo": (mongo.observe, {}),
    "activemq": (activemq.observe, {}),
    "postgresql": (
        lambda where, who: postgresql.observe(
            where, Credentials(username=who.username, password=who.password, database="licenseManager")
        ),
        {"databases": ["licenseManager", "keycloak_db"]},
    ),
    "s3": (s3.observe, {"bucket": "default", "paths": {"/minio/health/live": {"status": 200, "body": "ok"}}}),
}


@pytest.mark.parametrize("store", STORES)
def test_a_store_lets_the_account_in_and_nobody_else(store: str, simulated: Callable[..., int]) -> None:
    """Reachable, speaks its protocol, logs in, usable; refuses a wrong password and anonymous access."""
    ask, more = STORES[store]
    seen = ask(target(simulated(store, **more)), GOOD)
    asked = {level: finding for level, finding in seen.findings.items() if finding.ok is not None}
    assert {level: finding.words for level, finding in asked.items() if not finding.ok} == {}
    wanted = {Level.REACHABLE, Level.SPEAKS, Level.LOGS_IN, Level.USABLE, Level.REFUSES_WRONG_PASSWORD}
    assert wanted | {Level.REFUSES_ANONYMOUS} <= set(asked)


@pytest.mark.parametrize("store", STORES)
def test_a_store_refuses_another_password(store: str, simulated: Callable[..., int]) -> None:
    """A changed password is seen."""
    ask, more = STORES[store]
    seen = ask(target(simulated(store, **more)), BAD)
    assert seen.findings[Level.LOGS_IN].ok is False


def test_the_broker_passes_a_message_through_a_temporary_queue(simulated: Callable[..., int]) -> None:
    """And greets as OpenWire does on the port of that."""
    seen = activemq.observe(target(simulated("activemq")), GOOD, allow_writes=True)
    assert seen.findings[Level.USABLE].ok
    assert simulator.OPENWIRE_GREETING[5:13] == b"ActiveMQ"


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("keycloak", lambda where: keycloak.observe(where, GOOD, fqdn="cx.example.com")),
        ("grafana", grafana.observe),
        ("superset", superset.observe),
    ],
)
def test_the_reference_installation_answers_as_its_http_stores_do(
    name: str, ask: Callable[[Target], StoreObservation], blueprint: Blueprint, simulated: Callable[..., int]
) -> None:
    """What their pods are annotated with satisfies the probes of Keycloak, Grafana and Superset."""
    objects = reference_installation(blueprint, seed=1, fqdn="cx.example.com")
    (template,) = [
        each["spec"]["template"]
        for each in objects
        if each["kind"] == "Deployment" and each["metadata"]["name"] == name
    ]
    item = json.loads(template["metadata"]["annotations"][ANNOTATION])[0]
    seen = ask(target(simulated("http", paths=item["paths"])))
    wrong = {level: finding.words for level, finding in seen.findings.items() if finding.ok is False}
    assert wrong == {}
    assert seen.findings[Level.USABLE].ok


def test_an_unknown_kind_accepts_connections(simulated: Callable[..., int]) -> None:
    """As a plain TCP listener."""
    with socket.create_connection(("127.0.0.1", simulated("tcp")), timeout=5) as sock:
        sock.sendall(b"hello")


def test_garbage_ends_a_connection_and_not_the_server(simulated: Callable[..., int]) -> None:
    """The next client is served."""
    port = simulated("mongo")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(b"\xff" * 64)
        assert sock.recv(16) == b""
    assert mongo.observe(target(port), GOOD).findings[Level.LOGS_IN].ok


def test_the_script_needs_python_3_9_and_its_standard_library_alone() -> None:
    """It runs in somebody's image, where nothing can be installed."""
    tree = ast.parse(Path(simulator.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names

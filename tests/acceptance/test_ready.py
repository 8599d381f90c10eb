"""``cx-conformance ready`` on an embedded cluster on which nothing is installed yet."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.blueprint.manifests import embedded_installation, made_beforehand
from cx_conformance.sandbox.cluster import EmbeddedCluster, WayIn
from cx_conformance.sandbox.listeners import bridge
from tests.checks.test_ready import release
from tests.run.test_run import command, outcomes

RELAY = "127.0.0.19"


def broken(folder: Path) -> dict[str, str]:
    """Return what a report tells as broken or not looked at, by check."""
    return {one["check"]: one["message"] for one in outcomes(folder) if one["outcome"] in ("fail", "error")}


def ready(folder: Path, *options: str) -> tuple[int, dict[str, str], str]:
    """Run it; return the exit status, what is broken, and what was shown."""
    done = command("ready", "--release", "5.1", "--report", "r", "--no-pdf", *options, cwd=folder)
    return done.returncode, broken(folder / "r"), done.stdout + done.stderr


def test_a_prepared_cluster_is_ready(tmp_path: Path) -> None:
    """The host name leads to its node; every report is written."""
    status, told, shown = ready(tmp_path, "--sandbox")
    assert (status, told) == (0, {}), shown
    assert "could not write" not in shown
    (host_name,) = (one for one in outcomes(tmp_path / "r") if one["check"] == "CX918")
    assert host_name["outcome"] == "pass"


def test_a_host_name_that_leads_elsewhere_is_told(tmp_path: Path) -> None:
    """With where it leads, and where it should."""
    status, told, shown = ready(tmp_path, "--sandbox=host-name-elsewhere")
    assert (status, set(told)) == (1, {"CX918"}), shown
    assert "cx.example.com leads to 127.0.0.9" in told["CX918"]
    assert "(node node-1)" in told["CX918"]


@contextmanager
def relayed(way: WayIn) -> Iterator[None]:
    """Pass on what comes to another address, as a load balancer outside of the cluster does."""
    loop = asyncio.new_event_loop()
    listener = socket.create_server((RELAY, way.https_port))
    server = loop.run_until_complete(asyncio.start_server(bridge([(way.address, way.https_port)]), sock=listener))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:

        def stop() -> None:
            server.close()
            loop.stop()

        loop.call_soon_threadsafe(stop)
        thread.join()
        with suppress(RuntimeError):
            loop.close()


@pytest.fixture(scope="module")
def prepared() -> Iterator[EmbeddedCluster]:
    """Keep a prepared cluster up."""
    objects: list[dict[str, Any]] = made_beforehand(embedded_installation(release()), release())
    with EmbeddedCluster(objects) as cluster:
        yield cluster


def test_a_load_balancer_outside_that_leads_to_the_cluster_is_known_by_the_certificate(
    prepared: EmbeddedCluster, tmp_path: Path
) -> None:
    """No object of the cluster tells of its address."""
    way = prepared.way_in
    assert way is not None
    options = ("--kubeconfig", str(prepared.kubeconfig), "--fqdn", way.fqdn, "--only", "CX918")
    with relayed(way):
        status, told, shown = ready(tmp_path, *options, "--resolve", f"{way.fqdn}:{way.https_port}:{RELAY}")
    assert (status, told) == (0, {}), shown
    assert f"{RELAY} is no address that this cluster tells of" in " ".join(shown.split())

"""Clusters that do not answer as they should, and inventories of them."""

import datetime as dt
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from cx_conformance.sandbox.credentials import Authority, server_context


def kubeconfig(path: Path, port: int, authority: bytes | None = None) -> Path:
    """Write a kubeconfig of an API server at that port of the loopback."""
    from cx_conformance.sandbox.credentials import kubeconfig as text

    made = json.loads(text(f"https://127.0.0.1:{port}", authority or Authority().certificate, "a-token"))
    path.write_text(json.dumps(made))
    return path


@contextmanager
def hanging() -> Iterator[int]:
    """Take connections, read what comes and never answer; give the port."""
    with listening(lambda connection: connection.recv(65536)) as port:
        yield port


@contextmanager
def expired(authority: Authority, folder: Path) -> Iterator[int]:
    """Answer TLS with a certificate that ended a day ago; give the port."""
    pair = authority.issue(["127.0.0.1"], valid_for=dt.timedelta(days=-1))
    context = server_context(pair, folder)

    def greet(connection: socket.socket) -> None:
        with suppress(ssl.SSLError, OSError), context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1)

    with listening(greet) as port:
        yield port


@contextmanager
def listening(serve: Any) -> Iterator[int]:
    """Serve every connection by ``serve`` until the block ends, in threads that end with it; give the port."""
    taken: list[socket.socket] = []

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            taken.append(connection)
            threading.Thread(target=answered, args=(connection,), daemon=True).start()

    def answered(connection: socket.socket) -> None:
        with suppress(OSError):
            serve(connection)
            while connection.recv(65536):
                pass

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        thread = threading.Thread(target=accept, args=(listener,), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in taken:
                connection.close()
            thread.join()


@contextmanager
def refusing() -> Iterator[int]:
    """Give a port that nobody listens at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def troubled(folder: Path, *, hang: int, refuse: int, outdated: int) -> Iterator[Mapping[str, Path]]:
    """Give the kubeconfigs of so many clusters of each kind, by name."""
    authority = Authority()
    with ExitStack() as stack:
        found: dict[str, Path] = {}
        for kind, number, server in (
            ("hangs", hang, hanging),
            ("refuses", refuse, refusing),
            ("expired", outdated, lambda: expired(authority, folder)),
        ):
            for index in range(1, number + 1):
                name = f"{kind}-{index}"
                path = folder / f"{name}.kubeconfig"
                found[name] = kubeconfig(path, stack.enter_context(server()), authority.certificate)
        yield found


def stuck(path: Path) -> Path:
    """Write a kubeconfig whose credential plug-in stops the run, never ends, and listens to nobody who asks it to."""
    script = path.with_suffix(".sh")
    script.write_text("#!/bin/sh\ntrap '' TERM INT\nkill -STOP $PPID\nwhile :; do sleep 1; done\n")
    script.chmod(0o755)
    made = json.loads(kubeconfig(path, 1).read_text())
    plug_in = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script), "interactiveMode": "Never"}
    made["users"][0]["user"] = {"exec": plug_in}
    path.write_text(json.dumps(made))
    return path


def inventory(folder: Path, clusters: Mapping[str, Path], **limits: float) -> Path:
    """Write the inventory of these kubeconfigs, each with a site file of its own.

    ``limits`` are seconds by the first word of a cluster's name.
    """
    listed = []
    for name, path in clusters.items():
        (folder / f"{name}.site.yaml").write_text(json.dumps({"site": {"name": name}}))
        one: dict[str, Any] = {"name": name, "kubeconfig": str(path), "site": f"{name}.site.yaml"}
        if name.partition("-")[0] in limits:
            one["timeLimit"] = limits[name.partition("-")[0]]
        listed.append(one)
    made = folder / "inventory.yaml"
    made.write_text(json.dumps({"fleet": "customers", "clusters": listed}))
    return made

"""The embedded cluster, as its users start it: a context manager around a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from threading import Lock
from types import TracebackType
from typing import Any, Self, cast

from msgspec import Struct

from cx_conformance.sandbox import channel
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.faults import parse

STOP_SECONDS = 20.0
"""A store that is just starting takes its time to stop."""


class SandboxFailed(Exception):  # noqa: N818 - the sentence is what matters
    """The embedded cluster could not start, or could not do what it was told; the text says why and what to do."""


class Finished(Struct, frozen=True):
    """How a container's command ended: exit code and outputs."""

    code: int
    stdout: str
    stderr: str


class WayIn(Struct, frozen=True):
    """How the platform is reached from outside."""

    fqdn: str
    """The host name that its Ingresses serve; no DNS knows it."""
    address: str
    """Where that name leads."""
    https_port: int
    http_port: int
    authority: Path
    """The PEM file of whoever signed the host's certificate."""


class EmbeddedCluster:
    """A Kubernetes API, and what is behind it, on this machine's loopback addresses.

    It starts in the background: entering the context costs a few milliseconds, and the first use of ``kubeconfig``
    waits until everything listens.
    """

    def __init__(
        self, objects: Iterable[Object], faults: Sequence[str] = (), *, static: bool = False, recorded: bool = False
    ) -> None:
        """Hold ``objects``, completed as the controllers of a cluster would, with ``faults`` injected by name.

        ``static`` starts the API only: nothing listens for the pods. ``recorded`` serves the objects just as they are.
        Raises UnknownFault for a name that is none.
        """
        for name in faults:
            parse(name)
        self._order = {"objects": list(objects), "faults": list(faults), "static": static, "recorded": recorded}
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: Object | None = None
        self._lock = Lock()

    def __enter__(self) -> Self:
        """Start the process and hand it its objects."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cx_conformance.sandbox.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": _python_path()},
            start_new_session=True,  # Ctrl-C at the terminal is for the client, which then ends this one
        )
        with suppress(BrokenPipeError):
            channel.send(cast("Any", self._process.stdin), self._order)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the process and wait until it is gone."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            if self._ready is not None:
                rmtree(self._ready["folder"], ignore_errors=True)
        process.stdout.close()
        self._process = None

    @property
    def kubeconfig(self) -> Path:
        """The path of the kubeconfig of an account that may do everything.

        Raises SandboxFailed where the cluster could not start.
        """
        return Path(self._started()["kubeconfig"])

    @property
    def way_in(self) -> WayIn | None:
        """How users reach the platform; None where nothing serves them, as in a static cluster."""
        told = self._started().get("entrance")
        if told is None:
            return None
        ports = told["ports"]
        return WayIn(told["fqdn"], told["address"], int(ports["443"]), int(ports["80"]), Path(told["ca"]))

    @property
    def objects(self) -> list[Object]:
        """Every object that the API holds now."""
        return cast("list[Object]", self._ask(do="objects"))

    def token_for(self, service_account: str) -> str:
        """Return a bearer token of ``namespace/name``, a ServiceAccount that the cluster holds."""
        namespace, _, name = service_account.rpartition("/")
        return str(self._ask(do="token", namespace=namespace or "default", name=name))

    def run(self, pod: str, entrypoint: Sequence[str], environment: Mapping[str, str] | None = None) -> Finished:
        """Run the command of ``namespace/name``, a Pod that the cluster holds, to its end, and return what came of it.

        It runs on this machine's files with the pod's volumes, names and environment; ``entrypoint`` and
        ``environment`` are what the image would bring. The pod's status stays what it is.
        """
        namespace, _, name = pod.rpartition("/")
        told = self._ask(
            do="run", namespace=namespace, name=name, entrypoint=list(entrypoint), environment=dict(environment or {})
        )
        return Finished(**told)

    def inject(self, fault: str) -> None:
        """Break something now, by the name that ``sandbox faults`` lists."""
        self._ask(do="inject", fault=fault)

    def replace(self, objects: Iterable[Object]) -> None:
        """Hold other objects from now on."""
        self._ask(do="replace", objects=list(objects))

    def requests(self) -> list[Object]:
        """Return every request so far: ``method``, ``path`` with its query, ``user`` and ``status``."""
        return cast("list[Object]", self._ask(do="requests"))

    def visits(self) -> list[str]:
        """Return what was asked of the way in over TLS so far, in order: method and path."""
        return cast("list[str]", self._ask(do="visits"))

    def settle(self) -> list[str]:
        """Wait until every store answers; return what is amiss, such as a server that is not installed."""
        return cast("list[str]", self._ask(do="settle"))

    def forget_history(self) -> None:
        """Make older versions and page tokens answer 410."""
        self._ask(do="compact")

    def revoke_tokens(self) -> None:
        """Make every token issued so far answer 401; ``token_for`` then gives new ones."""
        self._ask(do="revoke")

    def _started(self) -> Object:
        with self._lock:
            if self._ready is None:
                self._ready = cast("Object", self._receive())
            return self._ready

    def _ask(self, **order: Any) -> Any:
        self._started()
        with self._lock:
            if self._process is None or self._process.stdin is None:
                raise SandboxFailed("the embedded cluster is not running")
            channel.send(self._process.stdin, order)
            return self._receive()

    def _receive(self) -> Any:
        if self._process is None or self._process.stdout is None:
            raise SandboxFailed("the embedded cluster is not running: use it as a context manager")
        answer = channel.receive(self._process.stdout)
        if answer is None:
            code = self._process.wait()
            raise SandboxFailed(f"the embedded cluster's process ended with exit status {code}; its words are above")
        if "error" in answer:
            raise SandboxFailed(answer["error"])
        return answer["ok"]


def _python_path() -> str:
    """Return a PYTHONPATH by which the process finds this very package, wherever it was imported from."""
    own = str(Path(__file__).parents[2])
    given = os.environ.get("PYTHONPATH", "")
    return f"{own}{os.pathsep}{given}" if given else own

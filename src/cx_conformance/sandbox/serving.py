"""One embedded cluster at work: its parts on one event loop, and the orders of its client.

The file is long because the parts begin and end together, in an order.
"""

import asyncio
import contextlib
import resource
import shutil
import signal
import socket
import ssl
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cx_conformance.sandbox import channel, container, faults
from cx_conformance.sandbox.api_socket import BACKLOG, api_socket
from cx_conformance.sandbox.blocks import Block, NoBlock, lone, take_block
from cx_conformance.sandbox.bootstrap import bootstrap
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.confinement import CannotConfine, Confinement
from cx_conformance.sandbox.controllers import reconcile
from cx_conformance.sandbox.credentials import Authority, Tokens, kubeconfig, server_context
from cx_conformance.sandbox.entrance import Entrance, bound
from cx_conformance.sandbox.isolation import may_listen, move_out
from cx_conformance.sandbox.object_writes import ObjectWrites
from cx_conformance.sandbox.places import CannotListen, cannot_listen
from cx_conformance.sandbox.pod_writes import PodWrites
from cx_conformance.sandbox.rbac import User, service_account
from cx_conformance.sandbox.rbac_defaults import ADMINS
from cx_conformance.sandbox.runtime import Runtime
from cx_conformance.sandbox.server import ApiServer
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.volumes import Volumes
from cx_conformance.sandbox.web import serve as web_server
from cx_conformance.sandbox.world import Addresses, World

if TYPE_CHECKING:
    from cx_conformance.sandbox.network import Network

INSIDE_PORT = 443
DNS_PORT = 53


class Serving:
    """All parts of one embedded cluster; made and used on its event loop."""

    def __init__(
        self, order: Object, folder: Path, block: Block, listener: socket.socket, ways_in: dict[int, socket.socket]
    ) -> None:
        """Build the state: objects installed, then faults injected. ``ways_in`` are the sockets of the entrance."""
        self._block = block
        self._folder = folder
        self._authority = Authority()
        self._tokens = Tokens()
        self._confinement = Confinement(folder / "pods")
        self._world = World(Addresses(block.prefix))
        self._recorded = bool(order["recorded"])
        self._network = None if order["static"] else self._made_network()
        self._state = self._installed(order["objects"], order["faults"])
        self._listener = listener
        self._entrance = Entrance(self._state, folder, ways_in, self._authority.issue)
        self._server: asyncio.Server | None = None
        self._for_pods: asyncio.Server | None = None
        self._notes: list[str] = []
        self._api: ApiServer | None = None
        self._runtime: Runtime | None = None

    async def start(self) -> Path:
        """Open every listener; return the path of the kubeconfig."""
        host, port = self._listener.getsockname()
        addresses = self._world.addresses
        if self._network is not None:
            await self._network.follow(self._state)
        self._api = ApiServer(
            self._state,
            self._tokens,
            self._confinement,
            f"{host}:{port}",
            addresses.nameserver,
            self._world.processes,
            self._made_writes(),
            None if self._recorded else ObjectWrites(self._state, self._world, self._changed),
        )
        names = [
            host,
            addresses.api_server,
            "localhost",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ]
        context = server_context(self._authority.issue(names), self._folder)
        self._server = await asyncio.start_server(
            web_server(self._api.handle), sock=self._listener, ssl=context, backlog=BACKLOG
        )
        if self._network is not None:
            await self._serve_pods(self._api, context)
        token = self._tokens.issue(User("sandbox", (ADMINS, "system:authenticated")))
        path = self._folder / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(kubeconfig(f"https://{host}:{port}", self._authority.certificate, token))
        return path

    async def open_entrance(self) -> Object | None:
        """Let users in, and return how; None where no host name is served, or nothing listens."""
        if self._network is None:
            return None
        await self._entrance.start()
        name = self._entrance.fqdn
        if name is None:
            return None
        authority = self._folder / "entrance-ca.pem"
        authority.write_text(self._entrance.authority)
        ports = {str(usual): port for usual, port in self._entrance.ports.items()}
        address = self._entrance.led_to or self._world.addresses.node
        return {"fqdn": name, "address": address, "ports": ports, "ca": str(authority)}

    async def _serve_pods(self, api: ApiServer, context: ssl.SSLContext) -> None:
        """Listen where Service ``default/kubernetes`` says that the API is; pods alone look for it there."""
        place = (self._world.addresses.api_server, INSIDE_PORT)
        try:
            self._for_pods = await asyncio.start_server(web_server(api.handle), *place, ssl=context, backlog=BACKLOG)
        except OSError as why:
            self._notes.append(f"pods cannot reach the API: {cannot_listen(place, why)}")

    def begin(self) -> None:
        """Start what takes its time: the stores."""
        if self._network is not None:
            self._network.begin()

    async def obey(self, order: Object) -> Any:
        """Carry out one order of the client and return what it asked for."""
        doing: dict[str, Any] = {
            "token": self._token,
            "inject": self._inject,
            "replace": self._replace,
            "objects": lambda _: self._state.objects(),
            "requests": lambda _: self._api.requests if self._api else [],
            "visits": lambda _: self._entrance.visits,
            "compact": lambda _: self._state.compact(),
            "revoke": lambda _: self._tokens.revoke(),
        }
        if order["do"] == "settle":
            if self._network is not None:
                await self._network.settled()
            return [*self._notes, *(self._network.notes if self._network else [])]
        if order["do"] == "run":
            return await self._run(order)
        answer = doing[order["do"]](order)
        if self._network is not None and order["do"] in ("inject", "replace"):
            await self._network.follow(self._state)
        return answer

    async def stop(self) -> None:
        """End every process and close every listener."""
        if self._runtime is not None:
            await self._runtime.close()
        await self._confinement.close()
        for server in (self._server, self._for_pods, self._entrance):
            if server is not None:
                server.close()
        if self._network is not None:
            await self._network.close()

    def _made_network(self) -> "Network":
        from cx_conformance.sandbox.network import Network  # a static cluster does without it

        return Network(self._world.addresses, self._authority, self._folder)

    def _made_writes(self) -> PodWrites | None:
        """Return what takes writes; None for a cluster without a network, whose containers could reach nobody."""
        if self._network is None:
            return None
        nameserver = self._world.addresses.nameserver
        self._runtime = Runtime(
            self._state,
            self._world.processes,
            self._confinement,
            nameserver,
            volumes=self._volumes,
            changed=self._changed,
        )
        return PodWrites(self._state, self._world, self._runtime, self._changed)

    async def _changed(self) -> None:
        """Let the controllers follow a change of the manifests, then the network."""
        self._state.settle()
        if self._network is not None:
            await self._network.follow(self._state)

    def _installed(self, objects: list[Object], names: list[str]) -> State:
        if self._recorded:
            return State(objects)
        admitted = bootstrap(objects, self._world)
        for name in names:
            admitted = faults.parse(name).apply(admitted)
        certificate = self._authority.certificate.decode()
        return State(admitted, lambda manifests: reconcile(manifests, self._world, certificate))

    async def _run(self, order: Object) -> Object:
        pod = self._state.find("v1", "Pod", order["namespace"], order["name"])
        if pod is None:
            raise LookupError(f"there is no Pod {order['name']} in namespace {order['namespace']}")
        image = container.Image(order["entrypoint"], order["environment"])
        nameserver = self._world.addresses.nameserver
        ended = await container.run(self._confinement, self._volumes, pod, nameserver, image)
        return {"code": ended.code, "stdout": ended.stdout.decode(), "stderr": ended.stderr.decode()}

    @property
    def _volumes(self) -> Volumes:
        return Volumes(self._state, self._folder / "volumes", self._token_of)

    def _token_of(self, pod: Object) -> str:
        account = {"namespace": pod["metadata"]["namespace"], "name": pod["spec"]["serviceAccountName"]}
        return self._token(account)

    def _token(self, order: Object) -> str:
        namespace, name = order["namespace"], order["name"]
        account = self._state.find("v1", "ServiceAccount", namespace, name)
        if account is None:
            raise LookupError(f"there is no ServiceAccount {name} in namespace {namespace}")
        return self._tokens.issue(service_account(namespace, name, account["metadata"]["uid"]))

    def _inject(self, order: Object) -> None:
        self._state.replace(faults.parse(order["fault"]).apply(self._state.manifests))

    def _replace(self, order: Object) -> None:
        self._state.replace(bootstrap(order["objects"], self._world))


def serve(order: Object, orders: IO[bytes], answers: IO[bytes]) -> int:
    """Serve until ``orders`` closes; every answer goes to ``answers``. Return the exit status."""
    _lift_file_limit()
    folder = Path(tempfile.mkdtemp(prefix="cx-conformance-"))
    folder.chmod(0o711)  # a store that runs as another user must reach its own folder in it
    (folder / "pods").mkdir()
    (folder / "volumes").mkdir()
    tempfile.tempdir = str(folder)
    try:
        with lone() if order["static"] else take_block() as block:
            listener = api_socket(block.prefix)
            ways_in = {} if order["static"] else bound(Addresses(block.prefix).node)
            if not order["static"] and not may_listen(f"{block.prefix}.0.10", DNS_PORT):
                # Where this is not allowed either, the port that cannot be opened is told.
                move_out()
            asyncio.run(_serve(Serving(order, folder, block, listener, ways_in), orders, answers))
    except (NoBlock, CannotListen, faults.UnknownFault, faults.CannotApply) as why:
        channel.send(answers, {"error": str(why)})
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


async def _serve(serving: Serving, orders: IO[bytes], answers: IO[bytes]) -> None:
    loop = asyncio.get_running_loop()
    try:
        path = await serving.start()
        entrance = await serving.open_entrance()
        channel.send(answers, {"ok": {"kubeconfig": str(path), "folder": str(path.parent), "entrance": entrance}})
        serving.begin()
        stopped = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stopped.set)
        obeying = asyncio.ensure_future(_obey(serving, orders, answers))
        stopping = asyncio.ensure_future(stopped.wait())
        await asyncio.wait((obeying, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        obeying.cancel()
    finally:
        await serving.stop()


async def _obey(serving: Serving, orders: IO[bytes], answers: IO[bytes]) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), orders)
    with contextlib.suppress(asyncio.IncompleteReadError):
        while True:
            length = int.from_bytes(await reader.readexactly(4))
            order = channel.parse(await reader.readexactly(length))
            try:
                answer = {"ok": await serving.obey(order)}
            except (LookupError, ValueError, CannotListen, CannotConfine) as why:
                answer = {"error": str(why)}
            channel.send(answers, answer)


def _lift_file_limit() -> None:
    """Allow as many open files as may be: a thousand pods have some three thousand listeners."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

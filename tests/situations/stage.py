"""What situations are acted out with: a small installation, a server of it in any weather, files, and the command."""

import itertools
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.cluster.snapshot import save
from tests.api.api_server import ApiServer, serving, write_kubeconfig
from tests.checks.installation import Installation, Object, blueprint
from tests.situations.command import Bend, Done, Running

FEW: Mapping[str, Any] = {"components": {"only": ["ccm", "agent-manager", "redis"]}}
"""A site with three components: what is said of the API server is the same, and sooner."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One situation's own folder, and what can be done in it."""

    folder: Path
    opened: ExitStack = field(repr=False)

    def write(self, name: str, content: str | bytes | Mapping[str, Any]) -> Path:
        """Write a file; a mapping as JSON, which is YAML too."""
        path = self.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content, default=str))
        return path

    def site(self, **more: Any) -> Path:
        """Write the site file of the few components."""
        return self.write("site.yaml", {**FEW, **more})

    def snapshot(self, installation: Installation | None = None) -> Path:
        """Save what a look at an installation shows."""
        made = installation or Installation()
        path = self.folder / "snapshot.json"
        save(made.snapshot(Plan(blueprint(), made.site)), path)
        return path

    def server(self, *, tls: ssl.SSLContext | None = None, installation: Installation | None = None) -> "Server":
        """Serve an installation, by default the conformant one."""
        api = ApiServer()
        api.objects = by_path(installation.objects()) if installation else conformant()
        return Server(api=api, address=self.opened.enter_context(serving(api, tls)), act=self)

    def kubeconfig(self, server: str, **more: Any) -> Path:
        """Write a kubeconfig for an address; ``user`` and ``cluster`` as ``write_kubeconfig`` takes them."""
        return write_kubeconfig(self.folder / "kubeconfig", server, **more)

    def start(self, *arguments: str | Path, env: Mapping[str, str] | None = None, bend: Bend | None = None) -> Running:
        """Start the command in the folder; whatever comes of it, a JUnit file is asked for."""
        return Running(arguments, self.folder, env or {}, bend)

    def command(self, *arguments: str | Path, env: Mapping[str, str] | None = None, bend: Bend | None = None) -> Done:
        """Run the command to its end."""
        return self.start(*arguments, env=env, bend=bend).end()

    def run(self, *arguments: str | Path, env: Mapping[str, str] | None = None, bend: Bend | None = None) -> Done:
        """Run ``cx-conformance run`` with a JUnit file."""
        return self.command("run", "--junitxml", "junit.xml", *arguments, env=env, bend=bend)

    def look(self, server: str, *arguments: str | Path, bend: Bend | None = None, **kubeconfig: Any) -> Done:
        """Look at what is served at an address, statically, for the few components."""
        path = self.kubeconfig(server, **kubeconfig)
        return self.run("--kubeconfig", path, "--site", self.site(), "--static", *arguments, bend=bend)


@dataclass(frozen=True, kw_only=True)
class Server:
    """An API server that can be given weather."""

    api: ApiServer
    address: str
    act: Act

    def look(self, *arguments: str | Path, bend: Bend | None = None, **kubeconfig: Any) -> Done:
        """Let the command look at it."""
        return self.act.look(self.address, *arguments, bend=bend, **kubeconfig)


class Stage:
    """A folder for each situation, and what is started for one is ended with all."""

    def __init__(self, folder: Path) -> None:
        """Act in ``folder``."""
        self._folder = folder
        self._numbers = itertools.count(1)

    @contextmanager
    def act(self) -> Iterator[Act]:
        """Give a new situation its place; what it opened is closed at its end."""
        place = self._folder / f"situation-{next(self._numbers)}"
        place.mkdir()
        with ExitStack() as opened:
            yield Act(folder=place, opened=opened)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; every situation has closed what it opened."""


def by_path(objects: list[Object]) -> dict[str, list[Object]]:
    """Return objects by the path of their list."""
    paths = {kind.name: kind.path() for kind in KINDS.values()} | {"Secret": "/api/v1/secrets"}
    found: dict[str, list[Object]] = {path: [] for path in paths.values()}
    for one in objects:
        if one["kind"] in paths:
            found[paths[one["kind"]]].append(one)
    return found


@cache
def conformant() -> dict[str, list[Object]]:
    """Return the conformant installation; nobody may change it."""
    return by_path(Installation().objects())

"""The recorded shop: its objects as they were, and as its author applied them; and how to ask an embedded cluster."""

import base64
import gzip
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cx_conformance.sandbox.defaults import admitted
from cx_conformance.sandbox.rbac_defaults import rbac_defaults
from cx_conformance.sandbox.world import World
from tests.objects.recordings import recorded_cluster

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def recorded_objects() -> list[dict[str, Any]]:
    """Return every recorded object, whole, and the RBAC defaults that the recording left out."""
    world = World()
    lists = recorded_cluster()["objects"].values()
    things = [
        {"kind": each["kind"].removesuffix("List"), "apiVersion": each["apiVersion"], **item}
        for each in lists
        for item in each["items"]
    ]
    return [*things, *(admitted(default, world) for default in rbac_defaults())]


def applied_objects() -> list[dict[str, Any]]:
    """Return the shop as its author applied it: without what controllers made of it."""
    annotations = (thing["metadata"].get("annotations", {}) for thing in recorded_objects())
    return [json.loads(each[_APPLIED]) for each in annotations if _APPLIED in each]


def recorded_sessions(name: str) -> dict[str, Any]:
    """Return the recorded WebSocket sessions of that file, ``exec`` or ``portforward``, by what each shows."""
    file = Path(__file__).parents[1] / "data" / "recordings" / f"{name}.json.gz"
    sessions: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return sessions


@dataclass(frozen=True, slots=True)
class Reply:
    """What an API server answered."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        """The body, parsed where it is one JSON document."""
        try:
            return json.loads(self.text)
        except json.JSONDecodeError:
            return self.text


@dataclass(frozen=True, slots=True)
class Client:
    """A plain HTTPS client of one embedded cluster, by its kubeconfig."""

    server: str
    token: str
    context: ssl.SSLContext

    @classmethod
    def of(cls, kubeconfig: Path) -> "Client":
        """Read server, token and authority from a kubeconfig."""
        config = yaml.safe_load(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        context = ssl.create_default_context(cadata=_decoded(cluster["certificate-authority-data"]))
        return cls(cluster["server"], config["users"][0]["user"]["token"], context)

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        token: str | None = "",
        headers: dict[str, str] | None = None,
        body: Any = None,
    ) -> Reply:
        """Send one request; an empty token means the kubeconfig's, None means anonymous."""
        request = urllib.request.Request(self.server + path, method=method, headers=headers or {})  # noqa: S310 - https
        if token is not None:
            request.add_header("Authorization", f"Bearer {token or self.token}")
        if body is not None:
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=20) as answer:  # noqa: S310 - https
                return Reply(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Reply(refused.code, {k.lower(): v for k, v in refused.headers.items()}, refused.read().decode())


def _decoded(data: str) -> str:
    return base64.b64decode(data).decode()

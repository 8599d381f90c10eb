"""What kubeconfig files say, put together by the rules of kubectl, where the official client has others.

Of several files kubectl takes each thing from the first one that has it, the current context too, and a path is
relative to the file that it stands in:
https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
The client takes the last one's context, and would look at another cluster; it looks for a user's certificates beside
the file of the cluster, runs credential plug-ins there, reads no JSON that is indented by tabs, and names what a user
lacks by all that the user has, secrets included.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from cx_conformance.api.kubeconfig_shape import wrong_shape
from cx_conformance.wire.whole_file import NobodyWrites, TooLarge, text_of

_PATHS: Final = {"cluster": ("certificate-authority",), "user": ("client-certificate", "client-key", "tokenFile")}
"""The fields that are paths; what stands in ``-data`` comes before a file, unless it is empty."""


class KubeconfigError(ValueError):
    """The kubeconfig cannot be used; the text names the file, what is wrong with it, and what to do."""


class Part(Struct, frozen=True):
    """The name and the fields of a cluster, a user or a context."""

    name: str
    fields: dict[str, Any]


def read_files(files: str) -> dict[str, Any]:
    """Return what the existing ones of ``files`` say, a list as in KUBECONFIG, as one kubeconfig with whole paths.

    Raises KubeconfigError where all are empty or one is no text, OSError, yaml's errors, TypeError and the like for
    what is none.
    """
    found: dict[str, dict[str, Any]] = {"cluster": {}, "user": {}, "context": {}}
    current = ""
    said = False
    for path in _existing(files):
        content = _content(_text(path))
        if content is None:
            continue
        if wrong := wrong_shape(content):
            raise KubeconfigError(f"kubeconfig {path} is not a kubeconfig: {wrong}")
        said = True
        for kind, known in found.items():
            for one in content.get(f"{kind}s") or ():
                known.setdefault(one["name"], _with_whole_paths(kind, one.get(kind), path.absolute().parent))
        current = current or content.get("current-context") or ""
    if not said:
        raise KubeconfigError(f"kubeconfig {files}: the file is empty")
    parts = {f"{kind}s": [{"name": name, kind: one} for name, one in known.items()] for kind, known in found.items()}
    return {"current-context": current, **parts}


def cluster_and_user(kubeconfig: dict[str, Any], context: str) -> tuple[Part, Part]:
    """Return the cluster and the user of a context; without fields where there are none."""
    chosen = _part(kubeconfig, "context", context).fields
    return _part(kubeconfig, "cluster", chosen.get("cluster")), _part(kubeconfig, "user", chosen.get("user"))


def is_there(path: Path) -> bool:
    """Whether there is such a file, or may be: in a folder that one may not enter, as another account's home.

    A pipe serves as it does kubectl: ``--kubeconfig <(ssh node cat /etc/rancher/k3s/k3s.yaml)``.
    """
    try:
        return path.is_file() or path.is_fifo()
    except PermissionError:
        return True


def _existing(files: str) -> Iterator[Path]:
    for part in files.split(os.pathsep):
        if part and is_there(path := Path(part).expanduser()):
            yield path


def _text(path: Path) -> str:
    try:
        return text_of(path)
    except (TooLarge, NobodyWrites) as reason:
        raise KubeconfigError(f"kubeconfig {path}: {reason.strerror}") from None
    except UnicodeDecodeError as reason:
        byte = reason.object[reason.start]
        raise KubeconfigError(f"kubeconfig {path}: byte 0x{byte:02x} is not UTF-8; give a kubeconfig as text") from None


def _content(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError:
        return yaml.safe_load(text)  # which tells where it breaks off to the column


def _with_whole_paths(kind: str, fields: Any, folder: Path) -> Any:
    """Return the fields of a part; ``folder`` is that of its file."""
    if not isinstance(fields, dict):
        return fields
    whole = {name: value for name, value in fields.items() if value or not name.endswith("-data")}
    for name in _PATHS.get(kind, ()):
        if whole.get(name):
            whole[name] = str(folder / whole[name])
    plug_in = whole.get("exec")
    # One without a slash is looked for in PATH: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#ExecConfig
    if isinstance(plug_in, dict) and os.sep in str(plug_in.get("command")):
        whole["exec"] = plug_in | {"command": str(folder / plug_in["command"])}
    return whole


def _part(kubeconfig: dict[str, Any], kind: str, name: str | None) -> Part:
    parts: Iterable[dict[str, Any]] = kubeconfig[f"{kind}s"]
    return Part(str(name), next((one[kind] or {} for one in parts if one["name"] == name), {}))

"""What kubeconfig files say, where the official client reads them otherwise than kubectl.

Of several files kubectl takes each thing from the first one that has it, the current context too:
https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
The client takes the last one's context, and would look at another cluster.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct


class KubeconfigFile(Struct, frozen=True):
    """One file that exists, and what is in it."""

    path: Path
    content: Any


class Part(Struct, frozen=True):
    """The name and the fields of a cluster, a user or a context, and the folder that paths in them begin at."""

    name: str
    fields: dict[str, Any]
    folder: Path


def read_files(files: str) -> tuple[KubeconfigFile, ...]:
    """Read the existing ones of ``files``, a list as in KUBECONFIG; empty ones say nothing and are left out.

    Where all are empty they are kept, for that is all there is. Raises OSError, ValueError, and yaml's errors.
    """
    paths = [path for part in files.split(os.pathsep) if part and (path := Path(part).expanduser()).is_file()]
    found = tuple(KubeconfigFile(path, _content(path.read_text())) for path in paths)
    return tuple(each for each in found if each.content is not None) or found


def _content(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError:
        return yaml.safe_load(text)  # which tells where it breaks off to the column


def current_context(files: Iterable[KubeconfigFile]) -> str:
    """Return the context that is current; empty where no file names one."""
    named = (each.content.get("current-context") for each in files if isinstance(each.content, dict))
    return next((str(name) for name in named if name), "")


def cluster_and_user(files: Iterable[KubeconfigFile], context: str) -> tuple[Part, Part]:
    """Return the cluster and the user of a context; without fields where there are none."""
    files = tuple(files)
    chosen = _part(files, "context", context).fields
    return _part(files, "cluster", chosen.get("cluster")), _part(files, "user", chosen.get("user"))


def _part(files: Iterable[KubeconfigFile], kind: str, name: str | None) -> Part:
    for each in files:
        for one in each.content.get(f"{kind}s") or ():
            if one.get("name") == name:
                return Part(str(name), one.get(kind) or {}, each.path.absolute().parent)
    return Part(str(name), {}, Path())

"""The programs of a container: all of this machine's, or only those that the pod's annotations leave it."""

import shutil
from pathlib import Path

from cx_conformance.sandbox.annotations import PROGRAMS, SHELL
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.confinement import PATH

RESTART = "restart"
"""The shell's misbehaviour that ends the session without a status, as when the container restarts."""

_SHELLS = {
    "garbage": "while :; do printf '\\377\\376\\000\\033[31m<garbage>\\n'; done | head -c 20000",
    "flood": "head -c 10000000 /dev/zero | tr '\\0' x",
    "forge": "for at in 0 1 2 3; do printf '%032d %s connects 1 bash getent 127.0.0.1\\n' 0 $at; done",
    "hang": "exec sleep 3600",
    RESTART: 'exec /bin/sh "$@"',
}


def misbehaviour(pod: Object) -> str:
    """Return how the pod's shell misbehaves; empty when it does not."""
    return str(pod["metadata"].get("annotations", {}).get(SHELL, ""))


def search_path(pod: Object, folder: Path, usual: str) -> str:
    """Return the PATH that a container of the pod has: ``usual``, or folders below ``folder`` that are made here.

    Raises ValueError for a misbehaviour that is not known.
    """
    annotations = pod["metadata"].get("annotations", {})
    left, misbehaving = annotations.get(PROGRAMS), annotations.get(SHELL)
    if misbehaving is not None:
        if misbehaving not in _SHELLS:
            raise ValueError(f"a shell misbehaves in one of these ways: {', '.join(_SHELLS)}; not {misbehaving!r}")
        made = folder / f"shell-{misbehaving}"
        _write_shell(made, _SHELLS[misbehaving])
        return f"{made}:{usual}"
    if left is None:
        return usual
    made = folder / f"programs-{pod['metadata']['uid']}"
    made.mkdir(exist_ok=True)
    for name in left.split():
        program = shutil.which(name, path=PATH)
        if program is not None and not (made / name).is_symlink():
            (made / name).symlink_to(program)
    return str(made)


def startable(program: str, pod: Object, path: str) -> bool:
    """Tell whether a container of the pod has that program."""
    left = pod["metadata"].get("annotations", {}).get(PROGRAMS)
    if left is not None and "/" in program:
        return Path(program).name in left.split() and shutil.which(program) is not None
    return shutil.which(program, path=path) is not None


def _write_shell(folder: Path, script: str) -> None:
    folder.mkdir(exist_ok=True)
    shell = folder / "sh"
    shell.write_text(f"#!/bin/sh\nPATH={PATH}\n{script}\n")
    shell.chmod(0o755)

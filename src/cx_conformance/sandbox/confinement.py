"""A process that sees the machine as a container would: the pod's name, hosts and resolver files.

It runs in mount, UTS and PID namespaces of its own (util-linux ``unshare``), on this machine's file system. Ending it
ends all that it started, and it cannot outlive the embedded cluster: the kernel kills it with its parent.
"""

import asyncio
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_NAMESPACES = ("--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")
_FILES = ("hosts", "resolv.conf", "hostname", "nsswitch.conf")
_NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"

# The shell stays as the namespace's first process, so that a program that kills itself ends as it would elsewhere;
# its own remarks ("Killed") are kept out of the program's standard error.
_ENTER = """
set -e
files=$1 path=$2; shift 2
read -r name <"$files/hostname"
{ echo "$name" > /proc/sys/kernel/hostname; } 2>/dev/null || hostname "$name" 2>/dev/null || :
mount --all --fstab "$files/fstab"
set +e
exec 3>&2 2>/dev/null
PATH=$path
( exec 2>&3 3>&- && exec "$@" )
exit $?
"""


class CannotConfine(Exception):  # noqa: N818 - the sentence says what is wrong with the machine
    """This machine does not let the embedded cluster make namespaces; the text says what to do."""


class Confinement:
    """Starts processes as pods see the world; one for a whole embedded cluster."""

    def __init__(self, folder: Path) -> None:
        """Keep the pods' files below ``folder``, which the caller removes in the end."""
        self.folder = folder
        self._wrapper: tuple[str, ...] | None = None
        self._running: set[Process] = set()

    async def start(
        self, pod: str, files: Mapping[str, str], argv: Sequence[str], environment: Mapping[str, str], *, stdin: bool
    ) -> Process:
        """Start ``argv`` for the pod named ``pod`` (unique in the cluster) with the given files of ``/etc``.

        Raises CannotConfine where namespaces are not to be had.
        """
        wrapper = self._wrapper or await self._find_wrapper()
        folder = self._written(pod, files)
        process = await asyncio.create_subprocess_exec(
            *wrapper,
            "/bin/sh",
            "-c",
            _ENTER,
            "sh",
            str(folder),
            environment.get("PATH", PATH),
            *argv,
            stdin=PIPE if stdin else DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env={**environment, "PATH": PATH},
            cwd="/",
            start_new_session=True,
        )
        self._running.add(process)
        return process

    async def end(self, process: Process) -> int:
        """Kill the process if it still runs, with all it started; return its exit code as a shell would."""
        if process.returncode is None:
            process.kill()
        # For asyncio a process has ended only when its pipes are read to their end:
        # https://github.com/python/cpython/issues/119710
        for output in (1, 2):
            pipe = process._transport.get_pipe_transport(output)  # type: ignore[attr-defined]  # noqa: SLF001 - no other way
            if pipe is not None:
                pipe.close()
        code = await process.wait()
        self._running.discard(process)
        return code if code >= 0 else 128 - code

    async def close(self) -> None:
        """End every process that still runs."""
        for process in tuple(self._running):
            await self.end(process)

    def _written(self, pod: str, files: Mapping[str, str]) -> Path:
        folder = self.folder / pod
        folder.mkdir(exist_ok=True)
        # One call of mount for all of them; each program that starts takes longer than what is asked in many a pod.
        bound = (name for name in _FILES if Path("/etc", name).exists())
        table = "".join(f"{_in_fstab(folder / name)} /etc/{name} none bind 0 0\n" for name in bound)
        for name, text in {"nsswitch.conf": _NSSWITCH, **files, "fstab": table}.items():
            file = folder / name
            # What runs in the pod already reads them, and would find an empty one while it is written.
            if not file.exists() or file.read_text() != text:
                file.write_text(text)
        return folder

    async def _find_wrapper(self) -> tuple[str, ...]:
        unshare, setpriv = shutil.which("unshare"), shutil.which("setpriv")
        if unshare is None or setpriv is None:
            raise CannotConfine("exec needs the programs unshare and setpriv: install util-linux (2.32 or later)")
        said = b""
        for own_user in ((), ("--user", "--map-root-user")):
            wrapper = (setpriv, "--pdeathsig", "KILL", unshare, *own_user, *_NAMESPACES)
            process = await asyncio.create_subprocess_exec(*wrapper, "true", stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
            _, said = await process.communicate()
            if process.returncode == 0:
                self._wrapper = wrapper
                return wrapper
        raise CannotConfine(
            "exec needs root or unprivileged user namespaces, and this machine gave neither: "
            f"{said.decode(errors='replace').strip()}; run as root, or allow them "
            "(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)"
        )


def _in_fstab(path: Path) -> str:
    """Write a path as fstab(5) wants it, which keeps its fields apart by blanks."""
    return re.sub(r"[\s\\]", lambda found: f"\\{ord(found[0]):03o}", str(path))

"""A container that runs its own command to the end, as the kubelet starts one: volumes, environment, read-only root.

Exec looks into containers that are there already and leaves this machine's file system as it is; here the process has
a root of its own: this machine's files below a layer that vanishes with the process, the volumes in their places, and
no way to write elsewhere where the manifest says so.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from cx_conformance.sandbox import pods
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.confinement import CannotConfine, Confinement
from cx_conformance.sandbox.volumes import Mount, Volumes

# Mount points are made in the layer, never on this machine. /run stays the container's own: it is where the account's
# token is mounted, and this machine's sockets are none of its business.
_ROOT = """
set -e
folder=$1 volumes=$2 read_only=$3; shift 3
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/layer" "$folder/work" "$folder/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/layer,workdir=$folder/work" "$folder/root"
while read -r _ point _; do
  case $point in
    /|/run|/run/*|"$folder"|"$folder"/*) ;;
    *) if [ -d "$point" ]; then mkdir -p "$folder/root$point"; else : > "$folder/root$point"; fi
       mount --bind "$point" "$folder/root$point" ;;
  esac
done < /proc/self/mounts
mount -t tmpfs tmpfs "$folder/root/run"
mkdir "$folder/root/run/volumes"
mount --bind "$volumes" "$folder/root/run/volumes"
exec chroot "$folder/root" /bin/sh -c '
  set -e
  read_only=$1 count=$2; shift 2
  while [ "$count" -gt 0 ]; do
    mkdir -p "$2"; mount --bind "/run/volumes/$1" "$2"
    if [ "$3" = ro ]; then mount -o remount,bind,ro "$2"; fi
    shift 3; count=$((count - 1))
  done
  umount -l /run/volumes
  if [ "$read_only" = ro ]; then mount -o remount,bind,ro /; mount -o remount,bind,ro /run; fi
  exec "$@"
' sh "$read_only" "$@"
"""


class Ended(Struct, frozen=True):
    """What came of a container's command."""

    code: int
    stdout: bytes
    stderr: bytes


class Image(Struct, frozen=True):
    """What a container's image brings, which the embedded cluster cannot know."""

    entrypoint: Sequence[str]
    environment: Mapping[str, str]


async def run(confinement: Confinement, volumes: Volumes, pod: Object, nameserver: str, image: Image) -> Ended:
    """Run the command of the pod's first container until it ends.

    Raises CannotMount, and CannotConfine where this machine gives no namespaces or this is not root: only root may put
    a layer over the whole file system.
    """
    container = pod["spec"]["containers"][0]
    metadata = pod["metadata"]
    argv = [*(container.get("command") or image.entrypoint), *container.get("args", [])]
    environment = pods.environment(volumes.state, pod, container, image.environment)
    name = f"{metadata['namespace']}_{metadata['name']}"
    steps = mounted(confinement, volumes, pod, container, argv)
    process = await confinement.start(name, pods.etc(pod, nameserver), steps, environment, stdin=False)
    try:
        out, err = await process.communicate()
    finally:
        code = await confinement.end(process)
    return Ended(code, out, err)


def mounted(
    confinement: Confinement, volumes: Volumes, pod: Object, container: Object, argv: Sequence[str]
) -> list[str]:
    """Return the command that runs ``argv`` with the container's volumes in their places; raises as ``run``."""
    if os.geteuid() != 0:
        raise CannotConfine("running a pod's command needs root: run the embedded cluster as root")
    read_only = bool(container.get("securityContext", {}).get("readOnlyRootFilesystem"))
    metadata = pod["metadata"]
    root = confinement.folder / f"{metadata['namespace']}_{metadata['name']}_root"
    root.mkdir(exist_ok=True)
    made = volumes.mounts(pod, container)
    return [*_root(root, volumes.folder, made, read_only=read_only), *argv]


def _root(root: Path, volumes: Path, mounts: Sequence[Mount], *, read_only: bool) -> list[str]:
    words = ["/bin/sh", "-c", _ROOT, "sh", str(root), str(volumes), "ro" if read_only else "rw", str(len(mounts))]
    for mount in mounts:
        words += [str(mount.source.relative_to(volumes)), mount.path, "ro" if mount.read_only else "rw"]
    return words

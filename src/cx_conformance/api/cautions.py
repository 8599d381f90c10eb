"""What makes the word of the API server, or the account's credentials, less safe than they should be."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cx_conformance.api.kubeconfig import Origin

if TYPE_CHECKING:
    from kubernetes.client import Configuration


def cautions(origin: Origin, configuration: "Configuration") -> Iterator[str]:
    """Yield a sentence for each; kubectl takes all of it without a word, helm warns of files that others can read."""
    if configuration.host.startswith("http://"):
        yield "the API server is asked without TLS: whoever stands in between could have answered for it"
    elif not configuration.verify_ssl:
        yield (
            "the certificate of the API server is not checked (insecure-skip-tls-verify): whoever stands in between "
            "could have answered for it; name its certificate-authority instead"
        )
    for part in (origin.files or "").split(os.pathsep):
        yield from _readable(Path(part).expanduser()) if part else ()


def _readable(path: Path) -> Iterator[str]:
    try:
        file = path.stat()
    except OSError:
        return
    mode = file.st_mode
    # A file of a mounted Secret is root's; the pod's account reads it by the group that the mount is for.
    by_group = mode & stat.S_IRGRP and file.st_uid == os.geteuid()
    if by_group or mode & stat.S_IROTH:
        who = "everybody on this machine" if mode & stat.S_IROTH else f"the group of {path}"
        yield f"kubeconfig {path} can be read by {who} (mode {stat.S_IMODE(mode):04o}); chmod 600 keeps it to you"

"""Places on the cluster's network, and what is said where one cannot be opened."""

import errno

Place = tuple[str, int]
"""An address and a port."""


class CannotListen(Exception):  # noqa: N818 - the sentence says what is wrong with the machine
    """A port of the cluster cannot be opened on this machine; the text says which, why, and what to do."""


def cannot_listen(place: Place, why: OSError) -> CannotListen:
    """Return what to say of a port that cannot be opened."""
    address, port = place
    said = f"the embedded cluster cannot listen on {address}:{port} ({why.strerror})"
    if why.errno == errno.EADDRINUSE:
        return CannotListen(f"{said}: a program on this machine listens on port {port} of all addresses; stop it")
    if why.errno in (errno.EACCES, errno.EPERM):
        return CannotListen(
            f"{said}: ports below 1024 need root, or 'sysctl net.ipv4.ip_unprivileged_port_start=0'; "
            "--static needs none of them"
        )
    return CannotListen(said)

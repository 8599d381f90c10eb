"""A real Redis server, from Debian's package ``redis-server``."""

import shutil
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.running import ServerProcess, accepts

PORTS = {"redis": 6379}


def available() -> str | None:
    """Return None, or why it cannot run here."""
    return None if shutil.which("redis-server") else "redis-server is not installed (Debian package redis-server)"


def start(  # noqa: PLR0913 - a server's settings, all by name
    address: str,
    ports: Mapping[str, int] = PORTS,
    *,
    password: SecretStr | None = None,
    tls: CertificateFiles | None = None,
    settings: Sequence[str] = (),
    sentinel: bool = False,
) -> ServerProcess:
    """Start Redis on ``ports["redis"]``, TLS only where certificates are given.

    ``settings`` are lines of redis.conf; a ``sentinel`` watches the master that they name.
    The password stands in the configuration file, which only this user can read, never in the command line.
    """
    port = ports["redis"]
    server = ServerProcess("redis", lambda: accepts(address, port))
    lines = [f"bind {address}", f"dir {server.folder}", "daemonize no", "logfile ''", *settings]
    lines += [] if sentinel else ['save ""']
    if password is not None:
        lines.append(f'requirepass "{password.get_secret_value()}"')
    if tls is None:
        lines += [f"port {port}", "protected-mode no"]
    else:
        lines += [
            "port 0",
            f"tls-port {port}",
            f"tls-cert-file {tls.certificate}",
            f"tls-key-file {tls.key}",
            f"tls-ca-cert-file {tls.client_ca or tls.ca}",
            f"tls-auth-clients {'yes' if tls.client_ca else 'no'}",
        ]
    configuration = server.folder / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text("\n".join(lines) + "\n")
    server.launch(["redis-server", str(configuration), *(["--sentinel"] if sentinel else [])])
    return server

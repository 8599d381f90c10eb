"""A real PostgreSQL server, from Debian's package ``postgresql``.

``initdb`` takes seconds, so its result is kept as a template for this version and user and copied for each server.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.running import NotStarted, ServerProcess

PORTS = {"postgresql": 5432}
_DEBIAN = Path("/usr/lib/postgresql")


def _programs() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


def _user() -> str | None:
    """Return whom to run as: PostgreSQL refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


def available() -> str | None:
    """Return None, or why it cannot run here."""
    if _programs() is None:
        return "PostgreSQL is not installed (Debian package postgresql)"
    if os.geteuid() == 0 and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        return "PostgreSQL does not run as root, and there is no user postgres to run it as"
    return None


def start(  # noqa: PLR0913 - a server's settings, all by name
    address: str,
    ports: Mapping[str, int] = PORTS,
    *,
    username: str = "sa",
    password: SecretStr | None = None,
    tls: CertificateFiles | None = None,
    databases: Sequence[str] = ("licenseManager", "keycloak_db"),
    settings: Sequence[str] = (),
    rules: Sequence[str] = (),
    whence: str = "all",
    standby: bool = False,
) -> ServerProcess:
    """Start PostgreSQL with one superuser and these databases; without a password everybody is trusted.

    With certificates only connections over TLS are let in. ``settings`` are lines of postgresql.conf,
    ``rules`` of pg_hba.conf before its own, which lets in from ``whence``; a ``standby`` stays in recovery, as one
    that waits for its primary does.
    """
    programs, port = _programs(), ports["postgresql"]
    if programs is None:
        raise NotStarted(available() or "PostgreSQL is not installed")
    server = ServerProcess("postgresql", lambda: _is_ready(data), signal.SIGINT)
    data = server.folder / "data"
    shutil.copytree(_template(programs), data)
    lines = [
        f"listen_addresses = '{address}'",
        f"port = {port}",
        "unix_socket_directories = ''",
        "fsync = off",
        "shared_buffers = 16MB",
        "max_connections = 30",
        "logging_collector = off",
        *settings,
    ]
    method = "trust" if password is None else "scram-sha-256"
    if tls is not None:
        lines += ["ssl = on", *_certificates(data, tls)]
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write("\n".join(lines) + "\n")
    certificate = " clientcert=verify-ca" if tls is not None and tls.client_ca is not None else ""
    access = [*rules, f"{'hostssl' if tls else 'host'} all all {whence} {method}{certificate}"]
    (data / "pg_hba.conf").write_text("\n".join(access) + "\n")
    _own(server.folder)
    _prepare(programs, data, _statements(username, password, databases))
    if standby:
        (data / "standby.signal").touch()
    server.launch([str(programs / "postgres"), "-D", str(data)], user=_user())
    return server


def _is_ready(data: Path) -> bool:
    """Tell by the postmaster's own word, the last line of its file: it takes connections before it can serve them."""
    try:
        return (data / "postmaster.pid").read_text().split()[-1] == "ready"
    except (OSError, IndexError):
        return False


def _statements(username: str, password: SecretStr | None, databases: Sequence[str]) -> str:
    secret = "password '" + password.get_secret_value().replace("'", "''") + "'" if password else ""
    lines = [f'create role "{username}" superuser login {secret}']
    lines += [f'create database "{name}"' for name in databases]
    return "\n\n".join(f"{line};" for line in lines) + "\n"


def _prepare(programs: Path, data: Path, statements: str) -> None:
    """Run statements in single-user mode, on standard input: the password never stands in a command line."""
    _run([str(programs / "postgres"), "--single", "-j", "-D", str(data), "postgres"], statements)


def _certificates(data: Path, tls: CertificateFiles) -> list[str]:
    lines = []
    wanted = {"ssl_cert_file": tls.certificate, "ssl_key_file": tls.key, "ssl_ca_file": tls.client_ca}
    for setting, source in wanted.items():
        if source is not None:
            copied = data / f"{setting}.pem"
            shutil.copyfile(source, copied)
            copied.chmod(0o600)
            lines.append(f"{setting} = '{copied.name}'")
    return lines


def _template(programs: Path) -> Path:
    """Return a data directory fresh from initdb, made once for this version and user."""
    version = programs.parent.name
    cache = Path(tempfile.gettempdir()) / f"cx-conformance-initdb-{os.geteuid()}"
    cache.mkdir(mode=0o755, exist_ok=True)
    if cache.stat().st_uid != os.geteuid():
        raise NotStarted(f"{cache} belongs to another user; remove it")
    made = cache / version
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = cache / f"{version}.new"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(mode=0o700)
            _own(making)
            _run([str(programs / "initdb"), "-D", str(making), "--no-sync", "-E", "UTF8", "--locale=C", "-U", "initdb"])
            making.rename(made)
    return made


def _run(command: Sequence[str], given: str = "") -> None:
    user = _user()
    as_whom = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--"] if user else []
    done = subprocess.run(  # noqa: S603 - the commands are this module's own
        [*as_whom, *command], input=given, capture_output=True, text=True, cwd="/", check=False
    )
    if done.returncode:
        raise NotStarted(f"{command[0]} failed: {done.stderr[-1000:]}")


def _own(folder: Path) -> None:
    """Give a folder and all in it to the user whom the server runs as."""
    if user := _user():
        entry = pwd.getpwnam(user)
        for place in (folder, *folder.rglob("*")):
            os.chown(place, entry.pw_uid, entry.pw_gid)

"""Which workloads are stores, by their image, name and port, and with which account they were started.

Accounts are told by reference only: to the key of the Secret that a variable or a file of the container is read from.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct
from pydantic import ValidationError

from cx_conformance.blueprint.component import Service
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.store import Login, Protocol, Reference, Store, StoreTls
from cx_conformance.objects.pod_spec import Container, EnvVar
from cx_conformance.objects.secrecy import MASK
from cx_conformance.objects.workload import Workload


class _Known(Struct, frozen=True):
    """How a store is recognised: by a word of its image or name and a usual port, or by the port alone."""

    protocol: Protocol
    words: str
    ports: tuple[int, ...]
    unmistakable: bool = False
    users: tuple[str, ...] = ()
    """Patterns of variables that hold the account's name, the likeliest first; so are the others."""
    passwords: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()


_KNOWN: Final = (
    _Known(
        Protocol.MONGO,
        r"mongo|mongod|mongodb|mongodb-community-server|percona-server-mongodb",
        (27017,),
        unmistakable=True,
        users=(
            "MONGO_INITDB_ROOT_USERNAME",
            "MONGODB_ROOT_USER",
            r"\w*USER(?:NAME)?",
        ),
        passwords=(
            "MONGO_INITDB_ROOT_PASSWORD",
            "MONGODB_ROOT_PASSWORD",
            r"\w*PASSWORD",
        ),
    ),
    _Known(
        Protocol.REDIS,
        r"redis|redis-stack|redis-stack-server|valkey|keydb",
        (6379,),
        unmistakable=True,
        # Without ACL users every login is of the user "default", whatever else its variables name.
        users=("REDIS_USER(?:NAME)?", "VALKEY_USER(?:NAME)?"),
        passwords=(
            "REDIS_PASSWORD",
            "VALKEY_PASSWORD",
            r"\w*PASSWORD",
        ),
    ),
    _Known(
        Protocol.ACTIVEMQ,
        r"activemq|activemq-classic|activemq-artemis|ef-amq|amq|artemis",
        (61613,),
        unmistakable=True,
        users=(
            r"ACTIVEMQ_\w*(?:USER|LOGIN)\w*",
            "ARTEMIS_USER",
            r"\w*USER(?:NAME)?",
        ),
        passwords=(
            r"ACTIVEMQ_\w*PASSWORD",
            "ARTEMIS_PASSWORD",
            r"\w*PASSWORD",
        ),
    ),
    _Known(
        Protocol.POSTGRESQL,
        r"postgres|postgresql|postgis|timescaledb|timescaledb-ha",
        (5432,),
        unmistakable=True,
        users=(
            "POSTGRES_USER",
            "POSTGRESQL_USERNAME",
            r"\w*USER(?:NAME)?",
        ),
        passwords=(
            "POSTGRES_PASSWORD",
            "POSTGRESQL_PASSWORD",
            r"\w*PASSWORD",
        ),
        databases=(
            "POSTGRES_DB",
            "POSTGRESQL_DATABASE",
        ),
    ),
    _Known(
        Protocol.S3,
        r"minio|seaweedfs",
        (9000, 8333),
        users=(
            "MINIO_ROOT_USER",
            "MINIO_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            r"\w*USER(?:NAME)?",
        ),
        passwords=(
            "MINIO_ROOT_PASSWORD",
            "MINIO_SECRET_KEY",
            "AWS_SECRET_ACCESS_KEY",
            r"\w*PASSWORD",
        ),
    ),
    _Known(Protocol.KEYCLOAK, r"keycloak|keycloakx|keycloak-x", (8080, 80, 8443, 443)),
    _Known(
        Protocol.GRAFANA,
        r"grafana|grafana-oss|grafana-enterprise",
        (3000, 80),
        users=(
            "GF_SECURITY_ADMIN_USER",
            r"\w*USER(?:NAME)?",
        ),
        passwords=(
            "GF_SECURITY_ADMIN_PASSWORD",
            r"\w*PASSWORD",
        ),
    ),
    _Known(
        Protocol.SUPERSET,
        r"superset|apache-superset",
        (8088, 80),
        users=("ADMIN_USERNAME",),
        passwords=("ADMIN_PASSWORD",),
    ),
)
_AUTHORITIES: Final = (r"\w*(?:CA|CA_CERT|CACERT|ROOT_CERT)",)
"""Patterns of variables whose file (``NAME_FILE``) holds the authorities of the store's certificate."""
_BESIDE: Final = re.compile(r"exporter|operator|proxy|haproxy|sentinel|commander|insight|express|admin|backup|job")
"""Words of images that speak with a store, and are none."""


def store(workload: Workload, service: Service | None) -> Store | None:
    """Return what the workload is asked as a store; None: it is none that is known."""
    if service is None or workload.kind == "CronJob":
        return None
    numbers = {port.port for port in service.ports}
    # What is named by its image, or by the workload, is not what one of its further ports would make of it.
    for recognise in (_by_image, _by_name, _by_port):
        for known in _KNOWN:
            port = next((number for number in known.ports if number in numbers), None)
            container = recognise(workload, known) if port is not None else None
            if port is not None and container is not None:
                return _store(workload, known, port, container)
    return None


def _store(workload: Workload, known: _Known, port: int, container: Container) -> Store:
    certificates = next(_references(_AUTHORITIES, container, workload), None)
    return Store(
        protocol=known.protocol,
        port=port,
        login=_login(known, container, workload),
        tls=StoreTls(ca=certificates, source=Source.CAPTURED) if certificates else None,
        databases=_databases(known, container),
        health_path="/minio/health/live" if "minio" in (*workload.name.split("-"), _image(container)) else None,
        source=Source.CAPTURED,
    )


def _candidates(workload: Workload) -> list[Container]:
    return [one for one in workload.template.spec.containers if not _BESIDE.search(_image(one))]


def _by_image(workload: Workload, known: _Known) -> Container | None:
    return next((one for one in _candidates(workload) if re.fullmatch(known.words, _image(one))), None)


def _by_name(workload: Workload, known: _Known) -> Container | None:
    named = re.search(rf"(?:^|-)(?:{known.words})(?:$|-)", workload.name) and not _BESIDE.search(workload.name)
    return next(iter(_candidates(workload)), None) if named else None


def _by_port(workload: Workload, known: _Known) -> Container | None:
    if not known.unmistakable or _BESIDE.search(workload.name):
        return None
    declaring = (one for one in _candidates(workload) if any(port.number in known.ports for port in one.ports))
    return next(declaring, next(iter(_candidates(workload)), None))


def _image(container: Container) -> str:
    """Return an image's own name: ``docker.io/bitnami/mongodb:8.0`` is ``mongodb``."""
    return container.image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()


def _login(known: _Known, container: Container, workload: Workload) -> Login | None:
    password = next(_references(known.passwords, container, workload), None)
    if password is None:
        return None
    username = next((one.value for one in _matching(known.users, container) if _is_shown(one)), None)
    user = next(_references(known.users, container, workload), None) if username is None else None
    database = next((one.value for one in _matching(known.databases, container) if _is_shown(one)), None)
    try:
        return Login(
            username=username, username_from=user, password=password, database=database, source=Source.CAPTURED
        )
    except ValidationError:
        return None


def _databases(known: _Known, container: Container) -> tuple[str, ...]:
    return tuple(one.value for one in _matching(known.databases, container)[:1] if one.value and _is_shown(one))


def _matching(names: Iterable[str], container: Container) -> list[EnvVar]:
    """Return the variables of these names, those that are named first before others."""
    ranked = [(rank, one) for rank, name in enumerate(names) for one in container.env if re.fullmatch(name, one.name)]
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


def _is_shown(variable: EnvVar) -> bool:
    return bool(variable.value) and MASK not in (variable.value or "") and "$(" not in (variable.value or "")


def _references(names: Sequence[str], container: Container, workload: Workload) -> Iterator[Reference]:
    """Yield the Secret's key behind each variable of these names, or behind the file that ``NAME_FILE`` says."""
    for one in _matching(names, container):
        if one.reference is not None and one.reference.key:
            kind = {"Secret": "secret", "ConfigMap": "config_map"}[one.reference.kind]
            yield Reference.model_validate({kind: one.reference.name, "key": one.reference.key})
    for one in _matching([f"(?:{name})_FILE" for name in names], container):
        yield from _in_file(one.value or "", container, workload)


def _in_file(path: str, container: Container, workload: Workload) -> Iterator[Reference]:
    file = PurePosixPath(path)
    mounted = next((one for one in container.volume_mounts if PurePosixPath(one.mount_path) == file.parent), None)
    for volume in workload.template.spec.volumes:
        if mounted is not None and volume.name == mounted.name:
            for one in volume.references:
                if one.kind == "Secret" and (one.key is None or one.path == file.name):
                    yield Reference(secret=one.name, key=one.key or file.name)

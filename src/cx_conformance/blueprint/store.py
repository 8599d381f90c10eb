"""A store: an external component that is asked in its own protocol, and how the components log in to it."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from cx_conformance.blueprint.names import DnsLabel, DnsSubdomain, HttpPath, PortNumber
from cx_conformance.blueprint.promise import Model, Promise


class Protocol(StrEnum):
    """What a store speaks."""

    MONGO = "mongo"
    REDIS = "redis"
    ACTIVEMQ = "activemq"
    S3 = "s3"
    POSTGRESQL = "postgresql"
    KEYCLOAK = "keycloak"
    GRAFANA = "grafana"
    SUPERSET = "superset"


class Reference(Model):
    """Where a value is read from; never the value of a secret itself."""

    secret: DnsSubdomain | None = None
    """Name of a Secret; with ``key``."""
    config_map: DnsSubdomain | None = None
    """Name of a ConfigMap; with ``key``."""
    key: str | None = None
    """Key in the Secret or ConfigMap."""
    namespace: DnsLabel | None = None
    """Namespace of the Secret or ConfigMap; None: the store's own."""
    env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Name of an environment variable of the run."""
    file: str | None = None
    """Path of a file on the machine of the run; one trailing line break is dropped."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = [name for name in ("secret", "config_map", "env", "file") if getattr(self, name) is not None]
        if len(places) != 1:
            raise ValueError("a reference names exactly one of secret, configMap, env, file")
        if (self.secret or self.config_map) and not self.key:
            raise ValueError("a reference to a Secret or a ConfigMap needs its key")
        return self

    def words(self, namespace: str) -> str:
        """Return how messages name the place, in ``namespace`` where it names none; never what is there."""
        if self.env:
            return f"environment variable {self.env}"
        if self.file:
            return f"file {self.file}"
        kind, name = ("Secret", self.secret) if self.secret else ("ConfigMap", self.config_map)
        return f"{self.key} in {kind} {self.namespace or namespace}/{name}"


class Login(Promise):
    """The account that the components use."""

    username: str | None = None
    """The account's name, where it is no secret."""
    username_from: Reference | None = None
    """Where the account's name is read from."""
    password: Reference | None = None
    """Where the password is read from; never the password itself."""
    database: str | None = None
    """Mongo: the authentication database; PostgreSQL: the database to connect to."""


class StoreTls(Promise):
    """Certificates of the store; which of them apply is seen from what the server speaks."""

    required: bool = False
    """Whether the store's port speaks nothing but TLS."""
    ca: Reference | None = None
    """The CA that the components verify the server with."""
    client_certificate: Reference | None = None
    """What the components show the server, where it asks for a certificate."""
    client_key: Reference | None = None
    """The key of that certificate, where it is not in the same file."""


class Settings(Promise):
    """Where the components' shared configuration names this store: keys of the connection ConfigMap."""

    config_map: DnsSubdomain
    """The documented name of the ConfigMap."""
    aliases: tuple[DnsSubdomain, ...] = ()
    """Its other names, tried in this order."""
    host: str | None = None
    """Key that holds the host name."""
    port: str | None = None
    """Key that holds the port."""
    username: str | None = None
    """Key that holds the account's name."""
    password: str | None = None
    """Key that holds the password."""
    tls: str | None = None
    """Key that says whether TLS is used."""
    url: str | None = None
    """Key that holds the address as a whole."""
    also: dict[str, str] = Field(default_factory=dict)
    """Further keys about this store, with the value that a documented installation gives them."""
    also_values: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Other values of those keys that real installations have; accepted with a note."""


class Store(Promise):
    """What is asked of a store, beyond an open port."""

    protocol: Protocol
    """What it speaks."""
    port: PortNumber
    """The Service port that speaks it."""
    login: Login | None = None
    """The account that the components use."""
    tls: StoreTls | None = None
    """Its certificates."""
    settings: tuple[Settings, ...] = ()
    """Where the components are told about it."""
    databases: tuple[str, ...] = ()
    """PostgreSQL: databases that exist."""
    bucket: str | None = None
    """S3: the bucket that exists."""
    realm: str | None = None
    """Keycloak: the realm that is imported."""
    health_path: HttpPath | None = None
    """S3: the liveness endpoint."""

    @property
    def speaks_on_all_ports(self) -> bool:
        """Whether each of its ports speaks a protocol that can be asked: those of a broker do."""
        return self.protocol is Protocol.ACTIVEMQ

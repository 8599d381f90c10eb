"""ConfigMaps, and what may be known of Secrets: that they exist, and the certificate of a TLS Secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cx_conformance.cluster.json_fields import Json, mapping, text_map
from cx_conformance.cluster.metadata import ApiObject, metadata
from cx_conformance.cluster.secrecy import mask_value


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigMap(ApiObject):
    """A ConfigMap. ``keys`` are those of data and binaryData; values are masked where they look secret."""

    keys: tuple[str, ...]
    values: Mapping[str, str] = field(repr=False)

    def value(self, key: str) -> str | None:
        """Return the text under ``key``, secret-looking parts left out; None when absent or binary."""
        return self.values.get(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretMetadata(ApiObject):
    """A Secret that exists; neither its values nor its keys are looked at."""


def config_map(source: Json) -> ConfigMap:
    """Read a ConfigMap; secret-looking values are masked here, so that nothing further on can show them."""
    values = text_map(source, "data")
    return ConfigMap(
        **metadata(source),
        keys=(*values, *mapping(source, "binaryData")),
        values={key: mask_value(key, value) for key, value in values.items()},
    )


def secret_metadata(source: Json) -> SecretMetadata:
    """Read a Secret, or its PartialObjectMetadata."""
    return SecretMetadata(**metadata(source))

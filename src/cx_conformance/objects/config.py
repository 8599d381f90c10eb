"""ConfigMaps, and what may be known of Secrets: that they exist, and the certificate of a TLS Secret."""

import re
from collections.abc import Mapping
from typing import ClassVar

from cx_conformance.objects.apisix_standalone import Standalone, is_standalone, standalone
from cx_conformance.objects.json_fields import Json, mapping, text_map
from cx_conformance.objects.metadata import ApiObject, metadata
from cx_conformance.objects.secrecy import mask_value

# A generator of kustomize names what it makes of its contents too: a dash and ten letters of its own alphabet, so that
# a change makes a new name (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/configmapgenerator/).
_GENERATED = re.compile(r"-[2456789bcdfghkmt]{10}")


class ConfigMap(ApiObject, frozen=True, kw_only=True):
    """A ConfigMap. ``keys`` are those of data and binaryData; values are masked where they look secret.

    ``gateways`` are APISIX's configurations in it, by key: what masks a secret may break the text around it.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"values", "gateways"})
    keys: tuple[str, ...]
    values: Mapping[str, str]
    gateways: Mapping[str, Standalone] = {}

    def value(self, key: str) -> str | None:
        """Return the text under ``key``, secret-looking parts left out; None when absent or binary."""
        return self.values.get(key)


class SecretMetadata(ApiObject, frozen=True, kw_only=True):
    """A Secret that exists; neither its values nor its keys are looked at."""


def is_generated_from(name: str, plain: str) -> bool:
    """Whether ``name`` is that of a ConfigMap or Secret which kustomize generates under the name ``plain``."""
    return name.startswith(plain) and _GENERATED.fullmatch(name, len(plain)) is not None


def without_generated_end(name: str) -> str:
    """Return the name of which kustomize made ``name``, or ``name`` itself where it did not."""
    plain = name[:-11]
    return plain if plain and _GENERATED.fullmatch(name, len(plain)) else name


def config_map(source: Json) -> ConfigMap:
    """Read a ConfigMap; secret-looking values are masked here, so that nothing further on can show them."""
    values = text_map(source, "data")
    return ConfigMap(
        **metadata(source),
        keys=(*values, *mapping(source, "binaryData")),
        values={key: mask_value(key, value) for key, value in values.items()},
        gateways={key: standalone(value) for key, value in values.items() if is_standalone(key, value)},
    )


def secret_metadata(source: Json) -> SecretMetadata:
    """Read a Secret, or its PartialObjectMetadata."""
    return SecretMetadata(**metadata(source))

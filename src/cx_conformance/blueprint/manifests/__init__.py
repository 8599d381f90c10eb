"""The reference installation: a conformant platform as plain Kubernetes objects, from the blueprint alone.

Its pods run a small simulator in place of the vendor's images, so that a real cluster, or the embedded one, can hold a
platform that keeps every promise.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.manifests.configuration import config_maps, secrets
from cx_conformance.blueprint.manifests.gateway import gateway
from cx_conformance.blueprint.manifests.installation import (
    INGRESS_TLS_SECRET,
    Installation,
    certificate_secret,
    make_accounts,
    metadata,
    service_names,
)
from cx_conformance.blueprint.manifests.mistakes import as_shipped
from cx_conformance.blueprint.manifests.routes import ingresses, service
from cx_conformance.blueprint.manifests.workloads import SIMULATOR_CONFIG_MAP, SIMULATOR_FILE, claims, workload
from cx_conformance.blueprint.promise import Source

if TYPE_CHECKING:
    from cx_conformance.blueprint.manifests.certificates import KeyPair

DEFAULT_IMAGE: Final = "python:3.12-alpine"
"""Any image with ``python3`` (3.9 or later) and ``sh`` does."""
DEFAULT_FQDN: Final = "cx.example.com"


def reference_installation(  # noqa: PLR0913 - each is a choice of its own, all by keyword
    blueprint: Blueprint,
    *,
    image: str | None = DEFAULT_IMAGE,
    fqdn: str = DEFAULT_FQDN,
    namespaces: Mapping[str, str] | None = None,
    simulate: bool = True,
    passwords: Mapping[str, SecretStr] | None = None,
    seed: int | None = None,
) -> list[dict[str, Any]]:
    """Return the objects of a conformant installation, in the order in which they are to be applied.

    ``namespaces`` maps documented namespaces to those used; ``passwords`` are the stores' by component id, the others
    are made up. With ``simulate`` the pods run the simulator, else the image's own command. With a ``seed`` the same
    objects come out on the same day; without one passwords and keys are random. Without an ``image`` each component
    has the vendor's own, of the blueprint's version: nobody can pull them, the embedded cluster need not.
    """
    made = Installation(
        blueprint=blueprint,
        image=image,
        fqdn=fqdn,
        simulate=simulate,
        namespaces=namespaces or {},
        accounts=make_accounts(blueprint, passwords or {}, seed),
        certificates={},
    )
    made = replace(made, certificates=_certificates(made, seed))
    return [*_namespaces(made), *secrets(made), *config_maps(made), *_simulators(made), *_components(made)]


def made_beforehand(objects: Iterable[dict[str, Any]], blueprint: Blueprint) -> list[dict[str, Any]]:
    """Return those of an installation's objects that the guides have made before anything is installed."""
    wanted = {(one.kind, one.name) for one in blueprint.prerequisites}
    return [one for one in objects if one["kind"] == "Namespace" or (one["kind"], one["metadata"]["name"]) in wanted]


def embedded_installation(blueprint: Blueprint) -> list[dict[str, Any]]:
    """Return the reference installation as the embedded cluster holds it.

    By the image tags its release is seen; what the charts of a release get wrong is in it.
    """
    is_release = blueprint.blueprint.source is Source.RELEASE
    made = reference_installation(blueprint, image=None if is_release else DEFAULT_IMAGE)
    return as_shipped(made, blueprint) if is_release else made


def _certificates(made: Installation, seed: int | None) -> "dict[tuple[str, str], KeyPair]":
    """Sign one certificate for the ingress and whatever has none of its own, and one for each of the others."""
    from cx_conformance.blueprint.manifests.certificates import Authority

    authority = Authority(seed)
    own: dict[tuple[str, str], list[str]] = {}
    shared: list[str] = [made.fqdn]
    for component in made.blueprint.components.values():
        namespace, secret = made.namespace(component), certificate_secret(component)
        if secret == INGRESS_TLS_SECRET:
            shared += service_names(component, namespace)
        elif secret:
            own.setdefault((namespace, secret), []).extend(service_names(component, namespace))
    ingress = authority.sign(made.fqdn, shared)
    signed = {place: authority.sign(names[0], names) for place, names in own.items()}
    signed |= _copies(made, {name: pair for (_, name), pair in signed.items()})
    return signed | {(namespace, INGRESS_TLS_SECRET): ingress for namespace in made.used_namespaces()}


def _copies(made: Installation, known: "Mapping[str, KeyPair]") -> "dict[tuple[str, str], KeyPair]":
    """Return the stores' certificates for every namespace whose components mount them: a pod reads its own alone."""
    return {
        (made.namespace(component), promised.name): known[promised.name]
        for component in made.blueprint.components.values()
        for promised in component.secrets
        if promised.name in known
    }


def _namespaces(made: Installation) -> Iterator[dict[str, Any]]:
    for name in made.used_namespaces():
        about = {"name": name, "labels": {"ef": "expertflow"}}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": about}


def _simulators(made: Installation) -> Iterator[dict[str, Any]]:
    if not made.simulate:
        return
    script = resources.files(__package__).joinpath(SIMULATOR_FILE).read_text(encoding="utf-8")
    for namespace in made.used_namespaces():
        about = metadata(namespace, SIMULATOR_CONFIG_MAP)
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": {SIMULATOR_FILE: script}}


def _components(made: Installation) -> Iterator[dict[str, Any]]:
    """Give claims, Services, workloads, Ingresses: services before workloads, as the vendor's guide warns."""
    components = made.blueprint.components.items()
    for name, component in components:
        yield from claims(name, component, made)
    for name, component in components:
        for promised in (component.service, *component.further_services):
            if promised:
                yield service(name, component, promised, made)
    for name, component in components:
        yield workload(name, component, made)
    yield from gateway(made) if made.blueprint.platform.entrance == "apisix" else _ingresses(made)


def _ingresses(made: Installation) -> Iterator[dict[str, Any]]:
    for name, component in made.blueprint.components.items():
        if component.ingress:
            yield from ingresses(name, component, component.ingress, made)

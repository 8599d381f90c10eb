"""What goes wrong with Ingresses and their certificates."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import CannotApply, Installation, paths


@fault("CX501", "ccm")
def absent_ingress(installation: Installation, component: str) -> None:
    """The component's Ingress was never applied."""
    installation.remove(installation.ingress(component))


@fault("CX501", "ccm")
def wrong_ingress_backend(installation: Installation, component: str) -> None:
    """The component's path leads to another Service."""
    for path in paths(installation.ingress(component)):
        path["backend"]["service"]["name"] = "ef-other-svc"


@fault("CX501", "ccm")
def wrong_ingress_path(installation: Installation, component: str) -> None:
    """The Ingress serves another path than documented."""
    for path in paths(installation.ingress(component)):
        path["path"] = f"/new{path['path']}"


@fault("CX502", "nginx")
def absent_ingress_class(installation: Installation, name: str) -> None:
    """The IngressClass that the Ingresses name does not exist."""
    installation.remove(installation.named("IngressClass", name))


@fault("CX503", "expertflow")
def absent_tls_secret(installation: Installation, namespace: str) -> None:
    """The TLS Secret of the Ingresses was never created in the namespace."""
    names = [s["metadata"]["name"] for s in _tls_secrets(installation) if s["metadata"]["namespace"] == namespace]
    if not names:
        raise CannotApply(f"no Ingress of namespace {namespace!r} names a TLS Secret that exists")
    installation.remove(installation.named("Secret", names[0], namespace))


@fault("CX504")
def certificate_expired(installation: Installation, _: str) -> None:
    """The Ingresses' certificate expired a week ago."""
    _renew(installation, valid_days=-7)


@fault("CX504", found_as="note")
def certificate_expiring(installation: Installation, _: str) -> None:
    """The Ingresses' certificate expires in a week."""
    _renew(installation, valid_days=7)


@fault("CX503")
def certificate_of_another_host(installation: Installation, _: str) -> None:
    """The Ingresses' certificate is for another host name."""
    _renew(installation, names=["another.example.com"])


@fault("CX306", "ccm")
def sample_ingress_host(installation: Installation, component: str) -> None:
    """The Ingress still has the vendor's sample host name."""
    for rule in installation.ingress(component)["spec"]["rules"]:
        rule["host"] = "devops.ef.com"


def _renew(installation: Installation, *, names: list[str] | None = None, valid_days: int = 365) -> None:
    """Renew the certificate once, and copy it everywhere, as the guide says."""
    from cx_conformance.sandbox.faults.certificates import renew

    secrets = _tls_secrets(installation)
    if not secrets:
        raise CannotApply("no Ingress names a TLS Secret that exists")
    copied = {secret["metadata"]["name"] for secret in secrets}
    first = secrets[0]
    renew(first, names=names, valid_days=valid_days)
    for secret in installation.of("Secret"):
        if secret["metadata"]["name"] in copied:
            secret["data"] = dict(first["data"])


def _tls_secrets(installation: Installation) -> list[Object]:
    named = {
        (ingress["metadata"]["namespace"], tls.get("secretName"))
        for ingress in installation.of("Ingress")
        for tls in ingress["spec"].get("tls", [])
    }
    return [s for s in installation.of("Secret") if (s["metadata"]["namespace"], s["metadata"]["name"]) in named]


FAULTS = (
    absent_ingress,
    wrong_ingress_backend,
    wrong_ingress_path,
    absent_ingress_class,
    absent_tls_secret,
    certificate_expired,
    certificate_expiring,
    certificate_of_another_host,
    sample_ingress_host,
)

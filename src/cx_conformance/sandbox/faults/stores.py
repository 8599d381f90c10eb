"""What goes wrong with stores, while their pods look fine."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import CannotApply, Installation

_PASSWORD = "STORE_PASSWORD"  # noqa: S105 - the name of an environment variable


@fault("stores", "redis")
def store_password_changed(installation: Installation, component: str) -> None:
    """The store's password was changed in the store only: its Secret has the old one."""
    for variable in installation.container(component).get("env", []):
        if variable["name"] == _PASSWORD:
            variable.pop("valueFrom", None)
            variable["value"] = "changed-in-one-place-only"
            return
    raise CannotApply(f"component {component!r} is no store with a password")


@fault("stores", "redis")
def store_refuses(installation: Installation, component: str) -> None:
    """The store's pod is Ready, but its port refuses connections."""
    installation.misbehave(component, "closed")


@fault("stores", "redis")
def store_hangs(installation: Installation, component: str) -> None:
    """The store accepts connections and says nothing."""
    installation.misbehave(component, "hang")


@fault("stores", "redis")
def store_talks_garbage(installation: Installation, component: str) -> None:
    """Something else listens on the store's port, and speaks no protocol."""
    installation.misbehave(component, "garbage")


@fault("stores", "mongo")
def stale_store_password(installation: Installation, component: str) -> None:
    """The store's password was changed everywhere but in the ConfigMap that the components read."""
    _tell(installation, component, "MONGODB_PASSWORD", "changed-everywhere-but-here")


@fault("stores", "mongo")
def store_tls_expected(installation: Installation, component: str) -> None:
    """The components are told to use TLS with a store that does not speak it."""
    _tell(installation, component, "MONGODB_ENABLE_SSL", "true")


def _tell(installation: Installation, component: str, key: str, value: str) -> None:
    if component != "mongo":
        raise CannotApply(f"component {component!r} is not mongo, whose settings this fault knows")
    installation.named("ConfigMap", "ef-connection-env-cm", "expertflow")["data"][key] = value


FAULTS = (
    store_password_changed,
    store_refuses,
    store_hangs,
    store_talks_garbage,
    stale_store_password,
    store_tls_expected,
)

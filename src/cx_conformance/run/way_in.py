"""How a run reaches the platform from outside: as options say, or by the embedded cluster's own way."""

from typing import TYPE_CHECKING

from cx_conformance.run.options import Options

if TYPE_CHECKING:
    from cx_conformance.sandbox.cluster import EmbeddedCluster
    from cx_conformance.vantage.entrance import Entrance


def refuse_wrong(options: Options) -> None:
    """Raise ValueError for a ``--resolve`` or a ``--ca`` that cannot be used."""
    from cx_conformance.vantage.entrance import entrance

    entrance(options.resolve, options.ca)


def refuse_faults(embedded: "EmbeddedCluster") -> None:
    """Wait until the embedded cluster has started; raise ValueError where its faults cannot be injected."""
    from cx_conformance.sandbox.cluster import SandboxFailed

    try:
        _ = embedded.kubeconfig
    except SandboxFailed as why:
        raise ValueError(f"--sandbox: {why}") from None


def own_name(embedded: "EmbeddedCluster | None") -> str | None:
    """Return the host name of the embedded cluster, which no DNS knows; None where the run looks at another."""
    way = embedded.way_in if embedded is not None else None
    return way.fqdn if way else None


def entrance_of(options: Options, embedded: "EmbeddedCluster | None", fqdn: str | None) -> "Entrance":
    """Return how the entry point for ``fqdn`` is reached; the embedded cluster brings address and authority."""
    from cx_conformance.vantage.entrance import entrance, through

    usual = entrance(options.resolve, options.ca)
    way = embedded.way_in if embedded is not None else None
    if way is None or options.ca or fqdn != way.fqdn:
        return usual
    return through(usual, way.fqdn, way.address, (way.https_port, way.http_port), way.authority)

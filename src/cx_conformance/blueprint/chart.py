"""Which of the vendor's Helm charts installs a component."""

from cx_conformance.blueprint.names import DnsLabel
from cx_conformance.blueprint.promise import Model


class Chart(Model):
    """The vendor's Helm chart that installs the component."""

    release: DnsLabel
    """The release that holds it when the site names no other."""
    name: DnsLabel | None = None
    """The chart's name of it (`app.kubernetes.io/name`), where that differs from the component's id."""
    version: str | None = None
    """The version of the chart as it ships with this release (`helm.sh/chart`), where that tells releases apart."""

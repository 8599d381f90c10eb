"""The page ``docs/releases.md``: what each release promises, counted from its own data, and how that was learnt."""

# ruff: noqa: E501 - the text of a page, as it stands there

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.releases import KNOWN, load_release

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "docs" / "releases.md"

_HEAD: Final = """\
# Releases

Written by `python -m tests.releases.page` from the releases' own data. 4.5.3 is the vendor's page, installed from manifests; the
others are what the vendor's Helm charts install. Their files stand in `src/cx_conformance/blueprint/releases/`, each written as a
difference from the one before it; `cx-conformance show --release 5.1` shows one whole, `--since 4.10` what is new in it.

What lies between (4.8, 5.2) is judged by the nearest release before it. Of 4.6 no charts are described: where charts are
recognised, 4.7 is the first.

## What each promises
"""
_LEARNT: Final = """\
## How it was learnt

| release | from |
| --- | --- |
| 4.5.3 | the vendor's page "Expertflow CX Components Blueprint on Kubernetes", the same for 4.4 to 4.10; each cell that is cut off or wrong is an erratum |
| 4.7 | the charts of 4.7.3 as they render by default; business-calendar, which is new in 4.8, may be absent |
| 4.9 | the charts of 4.9.6; APISIX from the Bitnami chart of that release |
| 4.10 | the charts of 4.10.4; the dashboards that 4.10.0 lacks may be absent, what 4.10.6 adds is not promised, and either role for Vault serves |
| 5.0 | the charts of 5.0.4, a candidate |
| 5.1 | the charts of 5.1.0, a candidate |

- Campaigns and surveys are charts that few install: their ports, Services and addresses are known, and a site may leave them out.
- Health endpoints are those of the vendor's page "Health-Check API for CX Components": from 4.7 on `/health/readiness` and
  `/health/liveness`. The charts ship no probe on the vendor's own components.
- The charts set no requests and limits on the vendor's own components, and none are promised; what they set on those of others
  is minor where it differs, for a site may choose.
- ClamAV, Vault, QM, Eleveo, Metabase and what a tenant runs in a namespace of its own are not described.
- A tenant's namespace (5.0 on) is looked at where the site file names it under `tenants`: it must exist, and its workloads, pods,
  claims, references and Services must be well, as all that no promise knows (CX012). One that nobody names is told as not covered.
- The charts' StatefulSets activemq, conversation-studio, survey-studio and campaign-studio have `spec.strategy`, which is no field of
  one: Helm 3 drops it, Helm 4 refuses it. The API server keeps nothing of it, so that no check can see it.
- A Secret of which only an init container mounts the volume is asked for as a prerequisite, not as one that is used.

## What the vendor's charts get wrong

CX013 notes each once, where this installation shows it; it breaks nothing.
"""


def page() -> str:
    """Return the page."""
    releases = {name: load_release(name, ROOT / "blueprint.yaml").document for name in KNOWN}
    return "\n".join([_HEAD, *_counts(releases), "", _LEARNT, *_errata(releases), ""])


def _counts(releases: dict[str, Blueprint]) -> Iterator[str]:
    yield f"| | {' | '.join(releases)} |"
    yield f"| --- |{' --- |' * len(releases)}"
    columns = [_of(one) for one in releases.values()]
    for what in columns[0]:
        yield f"| {what} | {' | '.join(f'{one[what]}' for one in columns)} |"


def _of(release: Blueprint) -> dict[str, int]:
    every = release.components.values()
    services = [one for each in every for one in (each.service, *each.further_services) if one]
    return {
        "components": len(every),
        "of them a site may leave out": sum(one.optional for one in every),
        "Services": len(services),
        "Service ports": sum(len(one.ports) for one in services),
        "container ports": sum(len(one.container_ports) for one in every),
        "ConfigMaps that are read": sum(len(one.config_maps) for one in every),
        "Secrets that are read": sum(len(one.secrets) for one in every),
        "volumes and mounts": sum(len(one.volumes) for one in every),
        "claims with a size": sum(volume.size is not None for one in every for volume in one.volumes),
        "call edges": sum(len(one.calls) for one in every),
        "variables that say them": sum(len(call.via) for one in every for call in one.calls),
        "paths from outside": sum(1 + len(one.ingress.paths) for one in every if one.ingress),
        "health endpoints": sum(len(one.health) for one in every),
        "stores asked in their protocol": sum(one.store is not None for one in every),
        "prerequisites made by hand": len(release.prerequisites),
        "errata of the charts": len(release.chart_errata),
        "errata of the page": len(release.errata),
    }


def _errata(releases: dict[str, Blueprint]) -> Iterator[str]:
    found: dict[tuple[str, ...], list[str]] = {}
    for name, release in releases.items():
        for one in release.chart_errata:
            key = (one.component or "every component", f"{one.kind} {one.about}", one.says, one.why)
            found.setdefault(key, []).append(name)
    yield "| component | about | the charts say | what is wrong | releases |"
    yield "| --- | --- | --- | --- | --- |"
    for (component, about, says, why), names in found.items():
        yield f"| {component} | {about} | `{says}` | {why} | {', '.join(names)} |"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")

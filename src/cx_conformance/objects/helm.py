"""What Helm says of its own releases: the labels of the Secrets that it keeps them in, and nothing of their content.

https://helm.sh/docs/topics/advanced/#storage-backends
"""

from typing import Final

from cx_conformance.objects.json_fields import Json, whole
from cx_conformance.objects.metadata import ApiObject, metadata

_CHART: Final = "helm.sh/chart"
_MANAGED: Final = "app.kubernetes.io/managed-by"
_RELEASE_NAME: Final = "meta.helm.sh/release-name"


class HelmRevision(ApiObject, frozen=True, kw_only=True):
    """One revision of one of Helm's releases; ``namespace`` is where it was installed.

    ``status`` is Helm's word: deployed, failed, superseded, uninstalled, uninstalling, pending-install,
    pending-upgrade, pending-rollback, unknown.
    """

    release: str
    revision: int
    status: str


def helm_revision(source: Json) -> HelmRevision:
    """Read the metadata of one of Helm's Secrets; a revision that is no number counts as the first."""
    about = metadata(source)
    labels = about["labels"]
    told = whole(labels.get("version"))
    return HelmRevision(
        **about,
        release=labels.get("name", about["name"]),
        revision=1 if told is None else told,
        status=labels.get("status", "unknown"),
    )


def by_helm(live: ApiObject) -> bool:
    """Whether Helm made an object, by its labels and annotations."""
    return _CHART in live.labels or live.labels.get(_MANAGED) == "Helm" or _RELEASE_NAME in live.annotations

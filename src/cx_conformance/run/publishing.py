"""The account by which a run's pack is published to a bucket."""

import time
from typing import TYPE_CHECKING, Final

from cx_conformance.outcome.looking import CouldNotLook

if TYPE_CHECKING:
    from cx_conformance.reports.nights.bucket import Access
    from cx_conformance.run.run import Run

_FOR_CREDENTIALS: Final = 10.0
"""Seconds beyond the time limit in which the account for publishing may be read."""


def bucket_access(run: "Run") -> "Access":
    """Return what leads to the bucket of ``--publish``; BucketRefused says what lacks.

    What the site file refers to may be asked for although the time limit has passed: a night that ended early is
    published as well.
    """
    from cx_conformance.cluster.references import References
    from cx_conformance.reports.nights.bucket import BucketRefused, access_of_environment, access_of_site

    given = run.plan.site.publish
    if given is None:
        return access_of_environment()
    try:
        cluster = None if run.options.snapshot else run.cluster
    except CouldNotLook as reason:
        raise BucketRefused(str(reason)) from None
    if cluster is not None and cluster.deadline is not None:
        cluster.deadline = max(cluster.deadline, time.monotonic() + _FOR_CREDENTIALS)
    return access_of_site(given, References(cluster, run.looks.folder))

"""Pushes a run's metrics to a Prometheus Pushgateway.

By POST, which leaves families alone that the run does not send: when the platform was last conformant stays.
https://github.com/prometheus/pushgateway#api
"""

import base64
from typing import Final
from urllib.parse import quote

from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.nights.metrics import metrics_text

JOB: Final = "cx-conformance"
_LIMIT_S: Final = 10.0
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class NotPushed(Exception):  # noqa: N818 - what happened to the metrics
    """The metrics did not arrive; the text says why."""


def push(record: RunRecord, address: str) -> None:
    """Push the run's metrics to the gateway at ``address``, in a group of its site; raises NotPushed."""
    import httpx

    # base64 takes any name of a site, one with a slash too; the gateway writes an empty value as ``=``.
    site = base64.urlsafe_b64encode(record.site.name.encode()).decode() or "="
    url = f"{address.rstrip('/')}/metrics/job/{quote(JOB)}/site@base64/{site}"
    try:
        answer = httpx.post(
            url, content=metrics_text(record).encode(), headers={"Content-Type": _TYPE}, timeout=_LIMIT_S
        )
    except (httpx.HTTPError, httpx.InvalidURL) as reason:
        told = str(reason) or type(reason).__name__
        raise NotPushed(f"could not push the metrics to {address}: {told}; see that the address is right") from None
    if not answer.is_success:
        said = " ".join(answer.text[:300].split())
        raise NotPushed(f"could not push the metrics to {address}: it answered {answer.status_code} {said}")

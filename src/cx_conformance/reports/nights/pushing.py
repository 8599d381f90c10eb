"""Pushes a run's metrics to a Prometheus Pushgateway.

By POST, which leaves families alone that the run does not send: when the platform was last conformant stays.
https://github.com/prometheus/pushgateway#api
"""

import base64
from typing import Final
from urllib.parse import quote

from cx_conformance.api.signature import USER_AGENT
from cx_conformance.objects.secrecy import mask_line
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.nights.metrics import metrics_text
from cx_conformance.wire.authorities import trusting
from cx_conformance.wire.fuse import Fuse
from cx_conformance.wire.tracing import Tracing

JOB: Final = "cx-conformance"
WHOLE_S: Final = 10.0
_SHOWN: Final = 300
"""Bytes of a refusal that are read."""
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class NotPushed(Exception):  # noqa: N818 - what happened to the metrics
    """The metrics did not arrive; the text says why."""


def push(record: RunRecord, address: str, *, seconds: float = WHOLE_S) -> None:
    """Push the run's metrics to the gateway at ``address``, in a group of its site, within ``seconds``.

    Raises NotPushed.
    """
    import httpx

    # base64 takes any name of a site, one with a slash too; the gateway writes an empty value as ``=``.
    site = base64.urlsafe_b64encode(record.site.name.encode()).decode() or "="
    url = f"{address.rstrip('/')}/metrics/job/{quote(JOB)}/site@base64/{site}"
    content = metrics_text(record).encode()
    headers = {"Content-Type": _TYPE, "User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    with Fuse(seconds) as fuse:
        try:
            with (
                httpx.Client(timeout=seconds, verify=trusting(None)) as client,
                client.stream(
                    "POST", url, content=content, headers=headers, extensions={"trace": Tracing(fuse)}
                ) as answer,
            ):
                said = "" if answer.is_success else next(answer.iter_raw(_SHOWN), b"").decode("utf-8", "replace")
        except Exception as reason:  # noqa: BLE001 - whatever comes of a gateway's answer is told in words
            told = str(reason) or type(reason).__name__
            if fuse.burnt:
                told = f"it did not answer within {seconds:g} s"
            raise NotPushed(f"could not push the metrics to {address}: {told}; see that the address is right") from None
    if not answer.is_success:
        shown = mask_line(said)[:_SHOWN]
        raise NotPushed(f"could not push the metrics to {address}: it answered {answer.status_code} {shown}")

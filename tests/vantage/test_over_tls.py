"""What a store comes to that did not tell in time whether it speaks TLS."""

import pytest

from cx_conformance.probes.stores.observation import Finding, Level, StoreObservation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.vantage.over_tls import AskedOverTls, either_way


def seen(**levels: Finding) -> StoreObservation:
    """Return an observation with these findings."""
    unasked = Finding(ok=None, words="not asked")
    return StoreObservation(
        store="s3", address="minio:9000", findings={one: levels.get(one.value, unasked) for one in Level}
    )


SILENT = Finding(ok=False, words="says nothing", kind=Kind.TIMED_OUT)
HUNG_UP = Finding(ok=False, words="closed the connection", kind=Kind.CLOSED)


@pytest.mark.parametrize(
    "tls",
    [Finding(ok=True, words="a good certificate"), Finding(ok=False, words="it expired", kind=Kind.TLS)],
    ids=["accepted", "refused"],
)
def test_a_handshake_that_came_after_all_counts(tls: Finding) -> None:
    """A certificate was seen, so that it speaks TLS, whatever came of it in plain."""
    secured = AskedOverTls(seen(tls=tls), secure_after_all=True)
    assert either_way(seen(speaks=HUNG_UP), secured) is secured


def test_a_store_that_is_silent_both_ways_is_silent() -> None:
    """That is an answer: whoever calls it waits in vain."""
    plain = seen(speaks=SILENT)
    assert either_way(plain, AskedOverTls(seen(tls=SILENT))).observation is plain


@pytest.mark.parametrize("tls", [SILENT, HUNG_UP], ids=["silent", "hung up"])
def test_what_was_not_told_fails_nobody(tls: Finding) -> None:
    """It hung up in plain, and was too slow over TLS: what it speaks is not known, and both ways are told."""
    speaks = either_way(seen(speaks=HUNG_UP), AskedOverTls(seen(tls=tls))).observation.speaks
    assert (speaks.ok, speaks.kind) == (None, Kind.GAVE_UP)
    assert "whether minio:9000 speaks TLS was not known in time; in plain: closed the connection" in speaks.words

"""A bucket, a gateway, a chat that mean harm: each ends in words, in its time and within its memory."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.nights.bucket import Access, Bucket, BucketRefused
from cx_conformance.reports.nights.bucket_place import Place
from cx_conformance.reports.nights.notifying import NotNotified, notify
from cx_conformance.reports.nights.pushing import NotPushed, push
from tests.hostile import servers as hostile
from tests.hostile.servers import ANSWERS, DRIPS, MIB
from tests.reports.made_up import outcome, record

SHORT = 0.4


def bucket(server: str, seconds: float = 10.0) -> Bucket:
    """Return a bucket of a server."""
    secret = SecretStr("x" * 20)
    access = Access(endpoint=server, access_key=secret, secret_key=secret, region="us-east-1")
    return Bucket(Place.parse("s3://reports/acme"), access, seconds)


def said(ask: Callable[[], object], refusal: type[Exception], otherwise: str) -> str:
    """Return the words of a refusal, or ``otherwise`` where there is none."""
    try:
        ask()
    except refusal as told:
        return str(told)
    return otherwise


BROKEN = {
    "no XML": b"hello",
    "XML that breaks off": b"<ListBucketResult><Contents>",
    "XML in XML": b"<a>" * 300_000,
    "no time": b"<ListBucketResult><Name>x</Name>"
    b"<Contents><Key>acme/x</Key><LastModified>never</LastModified></Contents>"
    b"</ListBucketResult>",
    "laughs": b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
    + b"".join(b'<!ENTITY c%d "%s">' % (i, (b"&c%d;" % (i - 1)) * 10 if i else b"&b;" * 10) for i in range(9))
    + b"]><a>&c8;</a>",
}


@pytest.mark.parametrize("answer", [*ANSWERS, *BROKEN])
def test_no_answer_of_a_bucket_fills_the_memory(answer: str, tmp_path: Path) -> None:
    """Whatever is asked of it ends in words that name the place, or in nothing."""
    given = ANSWERS[answer]() if answer in ANSWERS else hostile.say(hostile.head(), BROKEN[answer])
    (tmp_path / "x").write_text("x")
    with hostile.web(given) as server, hostile.memory(100 * MIB):
        asked = bucket(server)
        for ask in (asked.names, lambda: asked.store(tmp_path / "x", "x"), lambda: asked.read("x")):
            assert "s3://reports/acme" in said(ask, BucketRefused, "s3://reports/acme")


def test_names_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page says that there is another."""
    monkeypatch.setattr("cx_conformance.reports.nights.bucket._MOST_NAMES", 1_000)
    entry = b"<Contents><Key>acme/x</Key><LastModified>2026-11-23T02:00:00.000Z</LastModified></Contents>"
    page = b"<ListBucketResult><Name>x</Name><IsTruncated>true</IsTruncated>"
    page += b"<NextContinuationToken>x</NextContinuationToken>"
    body = page + entry * 300 + b"</ListBucketResult>"
    with hostile.web(hostile.say(hostile.head(), body)) as server, pytest.raises(BucketRefused, match="than 1,000"):
        bucket(server).names()


@pytest.mark.parametrize("part", DRIPS)
def test_a_bucket_that_drips_is_cut_off(part: str) -> None:
    """Its seconds are for all of it."""
    with hostile.web(DRIPS[part]()) as server:
        began = time.monotonic()
        with pytest.raises(BucketRefused, match=r"the 0.4 s are over"):
            bucket(server, SHORT).names()
    assert time.monotonic() - began < SHORT + 2


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_of_a_gateway_fills_the_memory(answer: str) -> None:
    """Of a refusal the beginning is read, of a success nothing."""
    with hostile.web(ANSWERS[answer]()) as server, hostile.memory(32 * MIB):
        assert server in said(lambda: push(record(outcome()), server), NotPushed, server)


@pytest.mark.parametrize("part", [part for part in DRIPS if part not in ("body", "chunks")])
def test_a_gateway_that_drips_is_cut_off(part: str) -> None:
    """Its seconds are for all of it."""
    with hostile.web(DRIPS[part]()) as server:
        began = time.monotonic()
        with pytest.raises(NotPushed, match=r"it did not answer within 0.4 s"):
            push(record(outcome()), server, seconds=SHORT)
    assert time.monotonic() - began < SHORT + 2


@pytest.mark.parametrize("answer", [hostile.flood(hostile.head()), DRIPS["headers"]()])
def test_a_chat_that_means_harm_is_ended(answer: hostile.Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise runs in a process of its own, whose time and memory are bounded."""
    with hostile.web(answer) as server:
        monkeypatch.setenv("ADDRESSES", server.replace("http", "json"))
        began = time.monotonic()
        with hostile.memory(32 * MIB), pytest.raises(NotNotified):
            notify(record(outcome(Result.FAIL)), record(outcome()), "env:ADDRESSES", seconds=3.0)
    assert time.monotonic() - began < 5

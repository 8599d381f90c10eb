"""Who is told what, and when."""

import json
from pathlib import Path

import pytest

from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.nights.notifying import NotNotified, addresses_of, notify
from tests.reports.made_up import outcome, record
from tests.reports.nights.gateway import keeping

PASS, FAIL, ERROR, BLOCKED = Result.PASS, Result.FAIL, Result.ERROR, Result.BLOCKED


def test_what_broke_and_what_healed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root causes first, and where the report is; one message."""
    old = record(outcome(), outcome(FAIL, component="redis"), outcome(component="mongo"))
    new = record(outcome(FAIL), outcome(PASS, component="redis"), outcome(BLOCKED, component="mongo", root="CX203 ccm"))
    with keeping() as server:
        monkeypatch.setenv("ADDRESSES", f"# chat\njson://127.0.0.1:{server.port}/secret-token\n")
        assert notify(new, old, "env:ADDRESSES", "https://reports.example/1")

    ((_, body),) = server.posts
    told = json.loads(body)
    assert told["title"] == "acme-production non-conformant: 1 broke, 1 fixed"
    broken = "CX203 Service type: ccm [ef-ccm-svc]: Service expertflow/ef-ccm-svc has type NodePort, promised ClusterIP"
    assert told["message"].splitlines() == [
        "1 cause breaks 1 promise of 1 component:",
        f"- {broken.partition(': ')[2].partition(': ')[2]} (CX203 ccm; breaks 1, blocks 1)",
        "Broke:",
        f"- {broken}",
        "Fixed:",
        "- CX203 Service type: redis [ef-ccm-svc]",
        "Report: https://reports.example/1",
    ]


@pytest.mark.parametrize("result", [PASS, FAIL, ERROR])
def test_nobody_is_told_that_nothing_changed(result: Result) -> None:
    """Nor are the addresses looked at."""
    assert not notify(record(outcome(result)), record(outcome(result)), "env:NOT_SET_ANYWHERE")


def test_a_long_list_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says by how much."""
    new = record(*(outcome(FAIL, entry=f"e{number}") for number in range(40)))
    with keeping() as server:
        monkeypatch.setenv("ADDRESSES", f"json://127.0.0.1:{server.port}")
        notify(new, record(), "env:ADDRESSES")

    message = json.loads(server.posts[0][1])["message"]
    assert message.splitlines()[-1] == "- and 25 more"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no address"),
        ("nonsense://hush-hush", "address 1 of env:ADDRESSES is none that Apprise knows"),
        ("json://127.0.0.1:1/hush-hush", "an address of env:ADDRESSES did not take the message"),
    ],
)
def test_what_cannot_be_sent_is_said_without_the_address(
    text: str, told: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The address holds a secret."""
    monkeypatch.setenv("ADDRESSES", text)
    with pytest.raises(NotNotified, match=told) as raised:
        notify(record(outcome(FAIL)), record(), "env:ADDRESSES")
    assert "hush-hush" not in str(raised.value)


def test_addresses_come_from_a_file(tmp_path: Path) -> None:
    """One a line, masked; a file that is missing is named."""
    path = tmp_path / "addresses"
    path.write_text("json://one\n\n# two\njson://two\n")
    found = addresses_of(f"file:{path}")
    assert len(found) == 2
    assert "json" not in repr(found)
    with pytest.raises(NotNotified, match="missing cannot be read: No such file"):
        addresses_of(f"file:{tmp_path / 'missing'}")

"""What stands in the place of the API server may hurt nobody: bounds in bytes and in seconds."""

import json
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cx_conformance.api.client import Cluster, Patience
from cx_conformance.api.listing import read_list
from cx_conformance.cluster.snapshot import take
from cx_conformance.outcome.looking import CouldNotLook, OutOfTime, Unreachable
from cx_conformance.wire.fuse import burn_all
from tests.api.api_server import ApiServer, Reply, Request, serving, write_kubeconfig
from tests.hostile import servers as hostile
from tests.hostile.servers import ANSWERS, DRIPS, MIB

PODS = "/api/v1/pods"
HASTY = Patience(first_pause_seconds=0.0, connect_seconds=2.0, total_seconds=20.0, status_tries=1, first_tries=1)


def client(server: str, folder: Path, patience: Patience = HASTY) -> Cluster:
    """Return a client of a server."""
    return Cluster.connect(str(write_kubeconfig(folder / "kubeconfig", server)), patience=patience)


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_fills_the_memory(answer: str, tmp_path: Path) -> None:
    """Whatever comes on a list or on a small question ends in words, or is read."""
    with hostile.web(ANSWERS[answer]()) as server:
        cluster = client(server, tmp_path)
        with hostile.memory():
            for ask in (lambda: cluster.get("/version"), lambda: read_list(cluster, PODS, lambda item: item, page=5)):
                try:
                    ask()
                except Unreachable as told:
                    assert server in str(told)  # noqa: PT017 - an answer within the bound is fine too


def test_what_is_too_large_is_told_with_its_bound(tmp_path: Path) -> None:
    """An engineer learns what was asked and how much came, and that is all that is lost."""
    much = "no usable answer to GET /version: the answer has more than 1 MiB; look"
    with hostile.web(hostile.flood(hostile.head())) as server, pytest.raises(Unreachable, match=much):
        client(server, tmp_path).get("/version")
    unasked = "the answer is encoded by 'br', which it was not asked for"
    coded = hostile.say(hostile.head("Content-Encoding: br"), b"x")
    with hostile.web(coded) as server, pytest.raises(Unreachable, match=unasked):
        client(server, tmp_path).get("/version")


@pytest.mark.parametrize("part", DRIPS)
def test_what_drips_is_cut_off_at_the_deadline(part: str, tmp_path: Path) -> None:
    """Whichever part of the answer comes byte by byte."""
    with hostile.web(DRIPS[part]()) as server:
        cluster = client(server, tmp_path)
        cluster.deadline = time.monotonic() + 0.3
        with pytest.raises(OutOfTime):
            cluster.get("/version")
        assert time.monotonic() < cluster.deadline + 2


def test_eight_large_lists_at_once_fit_into_memory(tmp_path: Path) -> None:
    """Each of all lists has a page of 30 MiB: only one of them is held at a time."""
    items = [{"metadata": {"name": f"x{i}", "namespace": "shop"}, "data": {"text": "x" * MIB}} for i in range(30)]
    raw = json.dumps({"kind": "List", "metadata": {}, "items": items}).encode()
    api = ApiServer()
    api.always(lambda _request: Reply(raw=raw), r"/api.*/(pods|configmaps|services|deployments|nodes|ingresses)")
    with serving(api) as server, hostile.memory():
        seen = take(client(server, tmp_path), ["shop"], groups=False)
    assert seen.identity.version == "v1.36.2"


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(tmp_path: Path) -> None:
    """A namespace of large ConfigMaps is no fault: all of them are read."""
    api = ApiServer()
    every = [{"metadata": {"name": f"x{i}"}, "data": {"text": "x" * MIB}} for i in range(60)]

    def page(request: Request) -> Reply:
        start, limit = int(request.query.get("continue", 0)), int(request.query["limit"])
        rest = str(start + limit) if start + limit < len(every) else ""
        return Reply(body={"items": every[start : start + limit], "metadata": {"continue": rest}})

    api.always(page, ".*/configmaps")
    with serving(api) as server:
        cluster = client(server, tmp_path)
        found = read_list(cluster, "/api/v1/configmaps", lambda item: item["metadata"]["name"])
    assert len(found) == 60
    assert cluster.tally.retries == {"too large": 2}


def test_pages_without_end_are_given_up(tmp_path: Path) -> None:
    """Each page promises another."""
    api = ApiServer()
    items = [{"metadata": {"name": "x"}}] * 30_000

    def page(request: Request) -> Reply:
        return Reply(body={"items": items, "metadata": {"continue": str(int(request.query.get("continue", "0")) + 1)}})

    api.always(page, PODS)
    with serving(api) as server, pytest.raises(Unreachable, match="lists more than 100,000 objects"):
        read_list(client(server, tmp_path), PODS, lambda _item: None)


def test_whoever_gives_up_does_not_wait_for_answers(tmp_path: Path) -> None:
    """A look that is left, as by Ctrl-C, cuts off what its threads wait for, and begins nothing more."""
    with hostile.web(DRIPS["headers"]()) as server:
        cluster = client(server, tmp_path)
        began = time.monotonic()
        with suppress(KeyboardInterrupt), cluster.threads(4) as pool:
            asked = [pool.submit(cluster.get, "/version") for _ in range(20)]
            time.sleep(0.2)
            raise KeyboardInterrupt
        assert time.monotonic() - began < 2
        assert all(one.cancelled() or isinstance(one.exception(), OutOfTime) for one in asked)


def test_a_pause_that_a_server_asks_for_ends_too(tmp_path: Path) -> None:
    """429 with Retry-After does not hold a run that is to end."""
    api = ApiServer()
    api.always(lambda _request: Reply(status=429, body={}, headers={"Retry-After": "60"}), ".*")
    with serving(api) as server:
        cluster = client(server, tmp_path, Patience())
        threading.Timer(0.2, burn_all).start()
        with pytest.raises(CouldNotLook, match="the run was ended"):
            cluster.get("/version")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb'"a\ud800b"', "a\ufffdb"),
        (rb'"\udc00"', "\ufffd"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\\ud800 \ud800"', "\\ud800 \ufffd"),
        (b'"\xff"', "\ufffd"),
    ],
)
def test_one_text_that_is_none_does_not_cost_a_list(written: bytes, read: str, tmp_path: Path) -> None:
    """Half of a surrogate pair, or a byte that is no UTF-8, is replaced."""
    api = ApiServer()
    api.once(Reply(raw=b'{"items": [{"text": ' + written + b"}]}"), PODS)
    with serving(api) as server:
        assert read_list(client(server, tmp_path), PODS, lambda item: item["text"]) == (read,)

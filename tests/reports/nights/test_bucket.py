"""Reports are stored in a bucket of a real S3 server, night by night, and what keeps them from it is said."""

import datetime as dt
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr

from cx_conformance.__main__ import main
from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.fleet.source import InBucket
from cx_conformance.reports.fleet.standing import standings
from cx_conformance.reports.formats.json_report import read_json
from cx_conformance.reports.nights.bucket import Access, Bucket, BucketRefused, access_of_environment
from cx_conformance.reports.nights.bucket_place import Place
from cx_conformance.reports.nights.kept_nights import store_pack
from cx_conformance.reports.pack.directory import write_report
from cx_conformance.reports.pack.verifying import verify
from cx_conformance.run.nightly import Nightly
from cx_conformance.run.options import Options
from cx_conformance.sandbox.stores import s3_server
from cx_conformance.sandbox.stores.running import free_port
from tests.reports.made_up import STARTED, outcome, record
from tests.reports.nights.gateway import keeping
from tests.sandbox.stores.wanted import wanted

PLACE = Place.parse("s3://audits/acme/production")


@pytest.fixture(scope="module")
def access() -> Iterator[Access]:
    """Run a real S3 server with a bucket that takes objects."""
    wanted(s3_server.available())
    port, secret = free_port(), SecretStr("hush-hush")
    with s3_server.start("127.0.0.1", {"s3": port}, password=secret, bucket="audits", writable=True).wait(60):
        yield Access(endpoint=f"http://127.0.0.1:{port}", access_key=SecretStr("minio"), secret_key=secret)


def night(folder: Path, day: int, access: Access, result: Result = Result.PASS) -> list[str]:
    """Do what a run does at its end; return what could not be done."""
    folder.mkdir(exist_ok=True)
    options = Options(report=folder / "report", publish=PLACE, keep=2, history=folder / "history.sqlite")
    nightly = Nightly(options, lambda: access)
    run = record(outcome(result), started=STARTED + dt.timedelta(days=day))
    run = nightly.remember(run)
    write_report(run, folder / "report", paper=False, last_conformant=nightly.last_conformant)
    nightly.keep(run)
    nightly.publish(run)
    return nightly.notes


def test_the_last_nights_are_kept(tmp_path: Path, access: Access) -> None:
    """Whole packs in the bucket, JUnit files in the folder; the latest under names that stay; strangers stay too.

    The history goes along where nothing here keeps it: each night starts with an empty folder, and yet knows the last.
    """
    bucket = Bucket(PLACE, access)
    bucket.write(b"not ours", "nights/keep-me/notes.txt")
    bucket.write(b"old", "latest/report.pdf")
    bucket.write(b"old", "latest/evidence/ccm/logs.txt")
    for day in range(3):
        assert night(tmp_path / f"pod-{day}", day, access, Result.FAIL if day == 2 else Result.PASS) == []

    names = set(bucket.names())
    assert bucket.folders() == ["latest", "nights"]
    assert {name.split("/")[1] for name in names if name.startswith("nights/")} == {
        "2026-11-24T020005Z",
        "2026-11-25T020005Z",
        "keep-me",
    }
    assert not {"latest/report.pdf", "latest/evidence/ccm/logs.txt"} & names
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in (one for one in names if one.startswith("latest/")):
        (copy / Path(name).name).write_bytes(bucket.read(name) or b"")
    assert verify(copy).problems == []
    assert "last_conformant_timestamp_seconds{" in (copy / "metrics.prom").read_text()
    history = read_json(copy / "report.json").extra["history"]
    assert [one["started"][:10] for one in history["nights"]] == ["2026-11-23", "2026-11-24", "2026-11-25"]


def test_the_folder_keeps_the_junit_files_of_the_last_runs(tmp_path: Path, access: Access) -> None:
    """By the hour in which each began; the pack is whole all the same, and says nothing of them."""
    for day in range(3):
        night(tmp_path, day, access)

    kept = sorted(path.name for path in (tmp_path / "report" / "nights").iterdir())
    assert kept == ["2026-11-24T020005Z.xml", "2026-11-25T020005Z.xml"]
    found = verify(tmp_path / "report")
    assert (found.problems, [one for one in found.remarks if "nights" in one]) == ([], [])


def test_a_history_that_could_not_be_read_is_not_written_over(tmp_path: Path, access: Access) -> None:
    """What lies in the bucket stays; the night is remembered here only, which is said."""
    bucket = Bucket(PLACE, access)
    bucket.write(b"the nights before", "history.sqlite")
    wrong = Access(endpoint=access.endpoint, access_key=access.access_key, secret_key=SecretStr("wrong"))

    notes = night(tmp_path, 0, wrong)

    assert [note.partition(":")[0] for note in notes] == [
        "could not fetch the history of the nights before",
        "could not publish the report",
    ]
    assert "SignatureDoesNotMatch" in notes[0]
    assert bucket.read("history.sqlite") == b"the nights before"
    assert sqlite3.connect(tmp_path / "history.sqlite").execute("SELECT count(*) FROM night").fetchone() == (1,)


@pytest.mark.parametrize("region", [None, "eu-central-1"])
def test_an_account_that_may_not_ask_for_the_region_is_told_of_that(region: str | None) -> None:
    """Amazon grants that by a right of its own, which is easily left out; with a region it is not asked for."""
    with keeping() as server:
        server.refusal = (403, "AccessDenied")
        access = Access(
            endpoint=f"http://127.0.0.1:{server.port}",
            access_key=SecretStr("key"),
            secret_key=SecretStr("hush-hush"),
            region=region,
        )
        with pytest.raises(BucketRefused, match="AccessDenied: no") as told:
            Bucket(PLACE, access).read("history.sqlite")
    hint = "the account needs s3:GetBucketLocation, or name the region (AWS_REGION, or `region` under `publish`)"
    asked, hinted = server.gets == ["/audits?location="], hint in str(told.value)
    assert (asked, hinted) == (region is None, region is None)


def test_a_server_that_refuses_costs_a_sentence(tmp_path: Path) -> None:
    """It names the place, and no secret."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # nobody listens
        endpoint = f"http://127.0.0.1:{bound.getsockname()[1]}"
        refused = Access(endpoint=endpoint, access_key=SecretStr("key"), secret_key=SecretStr("hush-hush"))
        notes = night(tmp_path, 0, refused)

    assert len(notes) == 2
    assert "could not store s3://audits/acme/production/nights/2026-11-23T020005Z/" in notes[1]
    assert "Connection refused" in notes[1]
    assert "hush-hush" not in "".join(notes)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "the environment lacks AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "k"}, "the environment lacks AWS_SECRET_ACCESS_KEY;"),
        (
            {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "hush-hush", "AWS_CA_BUNDLE": "/nowhere/ca.pem"},
            "AWS_CA_BUNDLE names /nowhere/ca.pem",
        ),
    ],
)
def test_what_the_environment_lacks_is_named(environment: dict[str, str], told: str) -> None:
    """And what to do about it."""
    with pytest.raises(BucketRefused, match=told) as raised:
        access_of_environment(environment)
    assert "hush-hush" not in str(raised.value)


def test_the_environment_says_where_and_as_whom() -> None:
    """By the names that every S3 client reads; the address for S3 comes before the general one."""
    given = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "hush-hush",
        "AWS_ENDPOINT_URL": "https://everything.example",
        "AWS_ENDPOINT_URL_S3": "https://minio.ef-external.svc:9000",
        "AWS_REGION": "eu-central-1",
    }
    found = access_of_environment(given)
    assert (found.endpoint, found.region) == ("https://minio.ef-external.svc:9000", "eu-central-1")
    assert found.secret_key.get_secret_value() == given["AWS_SECRET_ACCESS_KEY"]
    assert "hush-hush" not in repr(found)


@pytest.mark.parametrize("text", ["audits/acme", "https://audits", "s3://", "s3://key:hush-hush@audits", "s3://a?b=c"])
def test_what_is_no_place_is_refused_and_not_repeated(text: str) -> None:
    """It may hold a secret."""
    with pytest.raises(ValueError, match="--publish: not a valid place s3://BUCKET/PREFIX") as raised:
        Options.read(object(), {"CX_CONFORMANCE_PUBLISH": text, "CX_CONFORMANCE_REPORT": "r"})
    assert "hush-hush" not in str(raised.value)


def test_a_fleet_is_read_from_the_bucket(tmp_path: Path, access: Access) -> None:
    """Each cluster's latest report below its name; a visit that left none is told with why."""
    fleet = Place.parse("s3://audits/fleet")
    write_report(record(outcome(Result.FAIL)), tmp_path, paper=False)
    store_pack(Bucket(fleet.below("acme"), access), tmp_path, STARTED, None)
    bucket = Bucket(fleet, access)
    later = STARTED + dt.timedelta(hours=1)
    bucket.write(orjson.dumps({"started": later.isoformat(), "words": "it hangs"}), "globex/unreported.json")

    acme, globex, nobody = standings(["globex", "acme", "nobody"], InBucket(bucket), later)

    assert (acme.cluster, acme.verdict, acme.page) == ("acme", "non-conformant", "acme/latest/report.html")
    assert (globex.verdict, globex.words) == (None, "it hangs")
    assert nobody.words == "it has not been looked at"


def test_the_fleets_page_is_stored_beside_the_reports(
    tmp_path: Path, access: Access, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under the account that the environment names; it says where the page is."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access.access_key.get_secret_value())
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", access.secret_key.get_secret_value())
    monkeypatch.setenv("AWS_ENDPOINT_URL", access.endpoint)
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text("clusters: [{name: nobody, site: nobody.yaml}]")

    assert main(["fleet", "report", str(inventory), "--reports", "s3://audits/pages"]) == 3

    assert "stored as s3://audits/pages/fleet.html" in capsys.readouterr().out
    kept = Bucket(Place.parse("s3://audits/pages"), access).read("fleet.json") or b""
    assert [one["name"] for one in orjson.loads(kept)["clusters"]] == ["nobody"]

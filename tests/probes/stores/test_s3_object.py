"""An object through a real S3 server and out again, and what is left of it when something fails."""

from collections.abc import Iterator

import minio
import pytest
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig
from pydantic import SecretStr

from cx_conformance.probes.stores import s3
from cx_conformance.probes.stores.s3_object import FOLDER
from cx_conformance.probes.stores.target import Credentials, Limits
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import s3_server
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import StandIn
from tests.probes.stores.asking import target
from tests.probes.stores.faults import losing_answers
from tests.sandbox.stores.wanted import wanted

LIMITS = Limits(connect_s=10, answer_s=10, total_s=60, tries=1)


@pytest.fixture(scope="module")
def port(password: SecretStr) -> Iterator[int]:
    """Give the port of an S3 server that objects can be stored in."""
    wanted(s3_server.available())
    chosen = free_port()
    with s3_server.start("127.0.0.1", {"s3": chosen}, password=password, writable=True).wait(60):
        yield chosen


@pytest.fixture
def login(password: SecretStr) -> Credentials:
    """Give the components' access key."""
    return Credentials(username="minio", password=password)


@pytest.fixture
def client(port: int, password: SecretStr) -> minio.Minio:
    """Give a client of the tests' own, past every probe."""
    return minio.Minio(f"127.0.0.1:{port}", access_key="minio", secret_key=password.get_secret_value(), secure=False)


def left(client: minio.Minio) -> list[str | None]:
    """Return the suite's objects in the bucket, every version of them."""
    return [one.object_name for one in client.list_objects("default", prefix=f"{FOLDER}/", include_version=True)]


def test_an_object_goes_in_and_out_and_away(port: int, login: Credentials, client: minio.Minio) -> None:
    """It is stored, read and deleted, and what was written is told."""
    seen = s3.observe(target("s3", port), login, allow_writes=True)
    assert "stores, returns and deletes an object in bucket default" in seen.usable.words
    (written,) = seen.writes
    assert written.startswith("minio.ef-external.svc:9000: object cx-conformance/")
    assert written.endswith("in bucket default: stored, read, deleted")
    assert left(client) == []


@pytest.mark.parametrize("lost", [b"PUT /default/cx-", b"GET /default/cx-"])
def test_a_lost_answer_leaves_no_object(port: int, login: Credentials, client: minio.Minio, lost: bytes) -> None:
    """Whether it was stored or not, it is deleted, and the store is not usable."""
    through = free_port()
    with StandIn("127.0.0.1", {through: losing_answers(port, lost)}).wait():
        seen = s3.observe(target("s3", through, limits=LIMITS), login, allow_writes=True)
    assert seen.usable.kind is Kind.CLOSED
    assert "deleted" in seen.writes[0]
    assert left(client) == []


def test_an_object_that_cannot_be_deleted_is_named(port: int, login: Credentials, client: minio.Minio) -> None:
    """The engineer is told which one to delete."""
    through = free_port()
    with StandIn("127.0.0.1", {through: losing_answers(port, b"DELETE", passed_on=False)}).wait():
        seen = s3.observe(target("s3", through, limits=LIMITS), login, allow_writes=True)
    (name,) = left(client)
    assert f"may still hold object {name} in bucket default" in seen.usable.words
    assert "perhaps left there" in seen.writes[0]
    client.remove_object("default", name or "")


@pytest.mark.parametrize("lost", [b"nothing", b"PUT /versioned/cx-"])
def test_no_version_is_left_where_a_bucket_keeps_versions(
    port: int, login: Credentials, client: minio.Minio, lost: bytes
) -> None:
    """Deleting there only puts a marker upon the object, unless its version is named."""
    if not client.bucket_exists("versioned"):
        client.make_bucket("versioned")
        client.set_bucket_versioning("versioned", VersioningConfig(ENABLED))
    through = free_port()
    with StandIn("127.0.0.1", {through: losing_answers(port, lost)}).wait():
        s3.observe(target("s3", through, limits=LIMITS), login, bucket="versioned", allow_writes=True)
    assert [one.object_name for one in client.list_objects("versioned", recursive=True, include_version=True)] == []


def test_nothing_is_stored_without_time_to_delete_it(port: int, login: Credentials, client: minio.Minio) -> None:
    """A run that is nearly out of time writes nothing."""
    hurried = Limits(connect_s=2, answer_s=2, total_s=3.5, tries=1)
    seen = s3.observe(target("s3", port, limits=hurried), login, allow_writes=True)
    assert seen.usable.ok is None
    assert seen.writes == ()
    assert left(client) == []

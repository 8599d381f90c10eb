"""Servers of an authority of one's own are trusted by any Python, as other programs trust them."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores.target import TlsExpectation
from cx_conformance.probes.stores.tls import client_context
from cx_conformance.reports.nights.bucket import Access, Bucket
from cx_conformance.reports.nights.bucket_place import Place
from cx_conformance.reports.nights.pushing import push
from tests.api.test_client_tls import Pair, make_pair, server_context
from tests.reports.made_up import record
from tests.reports.nights.gateway import keeping

COMMENT = "# Főtanúsítvány\n"
"""As ca-bundle.crt of RHEL names an authority of Hungary."""


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let any Python do as 3.13: https://docs.python.org/3/whatsnew/3.13.html#ssl."""
    given = ssl.create_default_context

    def of_3_13(*arguments: Any, **named: Any) -> ssl.SSLContext:
        context = given(*arguments, **named)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", of_3_13)


@pytest.fixture
def authority(tmp_path: Path) -> Pair:
    """Return an authority without key identifiers."""
    return make_pair(tmp_path, "authority")


@pytest.mark.usefixtures("strict")
def test_a_bucket_is_asked_over_tls(tmp_path: Path, authority: Pair) -> None:
    """Its authority may lack key identifiers, and stand in a bundle whose comments are not in ASCII."""
    bundle = COMMENT + authority.certificate.read_text()
    with keeping(tls=server_context(make_pair(tmp_path, "server", issuer=authority))) as server:
        access = Access(
            endpoint=f"https://127.0.0.1:{server.port}",
            access_key=SecretStr("a"),
            secret_key=SecretStr("b"),
            ca_pem=bundle,
            region="us-east-1",
        )
        bucket = Bucket(Place.parse("s3://audits"), access)
        assert bucket.read("history.sqlite") is None


@pytest.mark.usefixtures("strict")
def test_metrics_are_pushed_over_tls(tmp_path: Path, authority: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the authorities of the system, and no list of the library's own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with keeping(tls=server_context(make_pair(tmp_path, "server", issuer=authority))) as gateway:
        push(record(), f"https://127.0.0.1:{gateway.port}")
    assert len(gateway.posts) == 1


def test_a_stores_authority_may_be_named_in_other_characters(authority: Pair) -> None:
    """The bundle was told as one that holds no readable certificate."""
    context = client_context(TlsExpectation(ca_pem=COMMENT + authority.certificate.read_text()))
    assert len(context.get_ca_certs()) == 1

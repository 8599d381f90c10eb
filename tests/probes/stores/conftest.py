"""Certificates, credentials and real servers for the tests of the stores."""

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores.target import TlsExpectation
from cx_conformance.sandbox.stores.certificates import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Give the CA that the components trust."""
    return Authority()


@pytest.fixture(scope="session")
def password() -> SecretStr:
    """Give a password with everything that needs quoting somewhere, planted to be found where it must not be."""
    return SecretStr("Pl4nted+Secret/=&? %ü")


@pytest.fixture(scope="session")
def trust(authority: Authority) -> TlsExpectation:
    """Give TLS as a component expects it that shows no certificate of its own."""
    return TlsExpectation(ca_pem=authority.ca_pem)


@pytest.fixture(scope="session")
def mutual(authority: Authority) -> TlsExpectation:
    """Give TLS as a component expects it that shows a client certificate."""
    client = authority.issue("ef-ccm")
    return TlsExpectation(
        ca_pem=authority.ca_pem, certificate_pem=client.certificate_pem, key_pem=SecretStr(client.key_pem)
    )

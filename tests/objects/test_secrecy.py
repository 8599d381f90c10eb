"""What is left out because it looks secret, and what stays because it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_conformance.objects.secrecy import MASK, looks_secret, mask_arguments, mask_text, mask_value


@pytest.mark.parametrize(
    "key",
    [
        "REDIS_PASSWORD",
        "redisPassword",
        "spring.datasource.password",
        "MONGODB_PASSWD",
        "DB_PWD",
        "dbPwd",
        "API_TOKEN",
        "accessToken",
        "api-key",
        "AWS_SECRET_ACCESS_KEY",
        "MINIO_ACCESS_KEY",
        "clientSecret",
        "keycloak.credentials.secret",
        "privateKey",
        "TLS_KEYSTORE_PASSPHRASE",
        "--requirepass",
    ],
)
def test_a_key_that_names_a_secret_looks_secret(key: str) -> None:
    """In the spellings that configurations use."""
    assert looks_secret(key)
    assert mask_value(key, "planted") == MASK


@pytest.mark.parametrize(
    "key",
    [
        "REDIS_HOST",
        "CCM_URL",
        "KEYCLOAK_TOKEN_URL",
        "SECRET_NAME",
        "PASSWORD_FILE",
        "TOKEN_EXPIRATION",
        "compass",
        "USERNAME",
        "KEYSTORE_PATH",
        "PASSTHROUGH",
        "primaryKeyColumn",
    ],
)
def test_a_key_that_names_none_stays(key: str) -> None:
    """Where a secret is, how long it lives, and words that only look alike."""
    assert mask_value(key, "planted") == "planted"


def test_an_empty_password_stays_empty() -> None:
    """That it is empty is a finding."""
    assert mask_value("REDIS_PASSWORD", "") == ""


@pytest.mark.parametrize(
    "written",
    [
        "mongodb://root:planted@mongo:27017/db",
        "url: amqp://user:planted@amq:61616",
        "spring.user=root\nspring.datasource.password=planted\nspring.x=y",
        "password: planted",
        "password: 'planted'",
        '{"host": "redis", "password": "planted", "port": 6379}',
        "export DB_PASSWORD=planted",
        "curl -H 'x' --token=planted http://ccm",
        "-----BEGIN RSA PRIVATE KEY-----\nplanted\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nplanted",
    ],
)
def test_a_secret_inside_a_text_is_left_out(written: str) -> None:
    """In addresses, properties, YAML, JSON, command lines, keys; the rest stays legible."""
    shown = mask_text(written)
    assert "planted" not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "written",
    [
        "https://devops.ef.com/unified-admin",
        "http://ef-ccm-svc:8081/ccm?x=1",
        "spring.data.mongodb.uri=mongodb://mongo:27017",
        '{"host": "redis", "port": 6379}',
        "level=INFO\ncolour=blue",
    ],
)
def test_a_text_without_secrets_stays_as_it_is(written: str) -> None:
    """Checks look for host names and addresses in it."""
    assert mask_text(written) == written


def test_the_value_after_a_secret_flag_is_left_out() -> None:
    """Command lines of Redis and the like."""
    given_line = ("redis-server", "--requirepass", "planted", "--port", "6379", "--masterauth=planted")
    shown = mask_arguments(given_line)
    assert "planted" not in " ".join(shown)
    assert shown[:2] == ("redis-server", "--requirepass")
    assert shown[3:5] == ("--port", "6379")


@given(st.text(), st.text())
def test_any_text_can_be_masked(key: str, value: str) -> None:
    """Never a traceback."""
    assert isinstance(mask_value(key, value), str)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["a", "a=", "://a:", "password", "a.b-", '"', "-----BEGIN PRIVATE KEY-----"])
def test_a_megabyte_can_be_masked(unit: str) -> None:
    """It takes a second at most; a regular expression that backtracks over all of it would never end."""
    assert isinstance(mask_text(unit * ((1 << 20) // len(unit))), str)

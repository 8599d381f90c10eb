"""Spring's health bodies name what is not well."""

from __future__ import annotations

import json

import pytest

from cx_conformance.probes.actuator import failing_parts


def told(health: object) -> list[str]:
    """Return the failing parts of ``health`` in words."""
    return [str(each) for each in failing_parts(json.dumps(health).encode())]


def test_the_failing_part_is_named_with_its_error() -> None:
    """Spring Boot 2.2 and later."""
    mongo = {"status": "DOWN", "details": {"error": "com.mongodb.MongoTimeoutException:\n timed out"}}
    assert told({"status": "DOWN", "components": {"mongo": mongo, "ping": {"status": "UP"}}}) == [
        "mongo is DOWN (com.mongodb.MongoTimeoutException: timed out)"
    ]


def test_nested_parts_are_named_by_their_path() -> None:
    """The innermost part is what an engineer looks for."""
    inner = {"status": "OUT_OF_SERVICE", "details": {"message": "no quorum"}}
    health = {
        "status": "DOWN",
        "components": {"stores": {"status": "DOWN", "components": {"redis": inner}}, "jms": {"status": "DOWN"}},
    }
    assert told(health) == ["stores/redis is OUT_OF_SERVICE (no quorum)", "jms is DOWN"]


def test_the_older_form_is_read() -> None:
    """Spring Boot 2.0 has ``details`` where later ones have ``components``."""
    assert told({"status": "DOWN", "details": {"redis": {"status": "DOWN", "details": {"error": "refused"}}}}) == [
        "redis is DOWN (refused)"
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"[]",
        b"null",
        b'{"status":"UP"}',
        b'{"status":"DOWN","components":7}',
        b'{"components":{"a":1}}',
        b"\xff",
    ],
)
def test_other_bodies_name_nothing(body: bytes) -> None:
    """What is no actuator's body, or is well, names no part."""
    assert failing_parts(body) == ()


def test_a_body_of_deep_nesting_ends() -> None:
    """A hostile body costs no recursion without end."""
    health: dict[str, object] = {"status": "DOWN"}
    for _ in range(200):
        health = {"status": "DOWN", "components": {"a": health}}
    assert len(told(health)) == 1

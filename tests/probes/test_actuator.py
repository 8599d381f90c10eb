"""Spring's health bodies name what is not well."""

from __future__ import annotations

import json

import pytest

from cx_conformance.probes.actuator import failing_parts, own_status


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


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"status":"UP"}', None),
        (b'{"status":"DOWN"}', "DOWN"),
        (b'{"status":"out_of_service"}', "out_of_service"),
        (b'{"status":"down","mongo":"disconnected"}', "down"),
        (b'{"status":"error","error":{"mongo":{"status":"down"}}}', "error"),
        (b'{"status":"Fail"}', "Fail"),
        (b'{"status":"ok"}', None),
        (b'{"status":"warn"}', None),
        (b'{"status":500}', None),
        (b'{"status":"down","components":{"a":"cut', "down"),
    ],
)
def test_a_component_says_that_it_is_not_well_in_capitals_or_small_letters(body: bytes, status: str | None) -> None:
    """Spring's own words, those of the draft of a common format, and those of Node's libraries; a warning is none."""
    assert own_status(body) == status


def test_a_part_that_is_well_in_small_letters_is_not_told() -> None:
    """NestJS's Terminus tells of all its parts, in one list too."""
    assert told({"status": "error", "details": {"mongo": {"status": "up"}, "redis": {"status": "down"}}}) == [
        "redis is down"
    ]


def test_a_body_of_deep_nesting_ends() -> None:
    """A hostile body costs no recursion without end."""
    health: dict[str, object] = {"status": "DOWN"}
    for _ in range(200):
        health = {"status": "DOWN", "components": {"a": health}}
    assert len(told(health)) == 1

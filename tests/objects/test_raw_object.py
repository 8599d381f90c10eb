import json

import pytest

from cx_conformance.objects.raw_object import presentable, presentable_text

SECRET = "s3cr3t-of-the-shop"


@pytest.mark.parametrize(
    "source",
    [
        {"spec": {"containers": [{"env": [{"name": "MONGODB_PASSWORD", "value": SECRET}]}]}},
        {"data": {"redisPassword": SECRET}},
        {"data": {"application.properties": f"spring.redis.password={SECRET}\n"}},
        {"data": {"MONGO_URL": f"mongodb://root:{SECRET}@mongo:27017"}},
        {"spec": {"args": ["--requirepass", SECRET]}},
        {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET}}},
        {"metadata": {"managedFields": [{"manager": SECRET}]}},
        {"metadata": {"annotations": {"shop/api-token": SECRET}}},
        {"binaryData": {"keystore": SECRET}},
        {"status": {"containerStatuses": [{"state": {"waiting": {"message": f"password={SECRET}"}}}]}},
    ],
    ids=lambda source: next(iter(source)),
)
def test_what_looks_secret_is_not_handed_on(source: dict[str, object]) -> None:
    """Wherever it stands in an object."""
    assert SECRET not in json.dumps(presentable(source))


def test_all_else_stays_as_it_is() -> None:
    """Support reads the object, not an extract."""
    source = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "labels": {"app": "a"}},
        "spec": {"containers": [{"name": "a", "env": [{"name": "PORT", "value": "80"}], "args": ["--port", "80"]}]},
        "status": {"ready": True, "restarts": 3, "none": None},
    }
    assert presentable(source) == source


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer abcdefghijklmnop",
        "got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl from Keycloak",
        "key AKIAABCDEFGHIJKLMNOP used",
    ],
)
def test_tokens_of_a_log_are_not_handed_on(line: str) -> None:
    """By their shape, for a log names no key."""
    shown = presentable_text(line)
    assert "left out" in shown
    assert not any(word in shown for word in ("abcdefghij", "eyJ", "AKIA"))

"""What is handed on of objects, sentences and logs: none of many planted secrets, and what support needs."""

import base64
import json

import pytest

from cx_conformance.objects.admitted import Admission
from cx_conformance.objects.json_fields import Json
from cx_conformance.objects.log_lines import without_secrets

S = "Zq7-tR9x_Kp2v"
B64 = base64.b64encode(f"root:{S}".encode()).decode()
KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ"
PLANTED = (
    f"requirepass {S}",
    f"masterauth {S}",
    f"user default on >{S} ~* +@all",
    f"ACL SETUSER app on >{S}",
    f"password: {S}",
    f"password: |\n  {S}",
    f"password: >-\n  {S}\n",
    f"credentials:\n  user: root\n  pass: {S}",
    f"- name: DB_PASSWORD\n  value: {S}",
    f"<password>{S}</password>",
    f'<user name="root" password="{S}"/>',
    f'<property name="pwd" value="{S}"/>',
    f'<authenticationUser username="root" password="{S}" groups="users"/>',
    f"db.local:5432:keycloak_db:sa:{S}",
    f"machine store login root password {S}",
    f"mysql -u root -p {S}",
    f"mysql -uroot -p{S}",
    f"redis-cli -a {S} ping",
    f"curl -u root:{S} https://x",
    f"curl --user root:{S} https://x",
    f"mongosh -u root -p {S}",
    f"--password={S}",
    f"--requirepass {S}",
    f"PGPASSWORD={S} psql",
    f"export TOKEN='{S}'",
    f"jdbc:postgresql://db/x?user=sa&password={S}",
    f"jdbc:sqlserver://db;user=sa;password={S};encrypt=true",
    f"Server=db;Uid=sa;Pwd={S};",
    f"postgres://sa:{S}@db:5432/x",
    f"postgres://sa:ab/{S}@db:5432/x",
    f"mongodb://root:{S}@mongo:27017/?authSource=admin",
    f"mongodb+srv://root:a@b{S}@mongo/x",
    f"redis://:{S}@redis:6379/0",
    f"rediss://default:{S}@redis:6380",
    f"amqp://root:{S}@mq:5672/%2f",
    f"stomp://root:{S}@mq:61613",
    f"smtp://root:{S}@mail:25",
    f"https://root:{S}@host/path",
    f"https://host/path?token={S}",
    f"https://host/hook/{S}",
    f"https://hooks.slack.com/services/T000/B000/{S}",
    f"Cookie: session={S}",
    f"Set-Cookie: JSESSIONID={S}; Path=/",
    f"Authorization: Bearer {S}",
    f"Authorization: Basic {B64}",
    f"X-Api-Key: {S}",
    f"Proxy-Authorization: Basic {B64}",
    f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\n{KEY}",
    f"-----BEGIN OPENSSH PRIVATE KEY-----\\n{KEY}\\n-----END OPENSSH PRIVATE KEY-----",
    f"AGE-SECRET-KEY-1{S}",
    f"ghp_{S.replace('-', '')}0123456789abcdefghij",
    f"glpat-{S}abcdefg",
    f"xoxb-123456789012-{S}",
    f"AKIA{'ABCDEFGH23456789'}",
    f"AIza{S}abcdefghijklmnopqrstu",
    f"sk_live_{S}abcdefghijklmnop",
    f"SG.{S}.{S}abcdefghijklmnop",
    f"npm_{S}abcdefghijklmnop",
    f"hvs.{S}abcdefghijklmnop",
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{S}",
    f"AUTH={S}",
    f"JWT={S}",
    f"SALT={S}",
    f"PASSWORD_SALT: {S}",
    f"KEYCLOAK_CLIENT_SECRET={S}",
    f"encryption.key={S}",
    f"signing_key = {S}",
    f"spring.datasource.password={S}",
    f"ENC({S})",
    f"{{cipher}}{S}",
    f'{{"password": "{S}"}}',
    f"{{'auths': {{'r': {{'auth': '{B64}'}}}}}}",
    f"htpasswd root:$apr1${S}$abc",
    f"$2b$12${S}",
    f"{S}",
)
TRACES = (S, KEY, B64, S.replace("-", ""), "ABCDEFGH23456789")


def traces(shown: object) -> list[str]:
    """Return which of the planted secrets are in it."""
    text = json.dumps(shown, ensure_ascii=False)
    return [one for one in TRACES if one in text]


def pod(text: str) -> Json:
    """Return a Pod, a ConfigMap and a workload in one, with a text wherever somebody may write one."""
    return {
        "metadata": {
            "name": "ccm-0",
            "annotations": {"note": text, "checksum/config": text},
            "labels": {"app": "ccm", "odd": text},
            "managedFields": [{"x": text}],
        },
        "data": {"application.properties": text, "TOKEN": text, "PORT": text},
        "binaryData": {"key.jks": text},
        "spec": {
            "containers": [
                {
                    "name": "ccm",
                    "image": "gitimages/ccm:4.5.3",
                    "env": [{"name": "PORT", "value": text}, {"name": "AUTH", "value": text}],
                    "command": ["sh", "-c", text],
                    "args": [text],
                    "livenessProbe": {
                        "exec": {"command": [text]},
                        "httpGet": {"path": text, "port": 80, "httpHeaders": [{"name": "X-Probe", "value": text}]},
                    },
                    "lifecycle": {"preStop": {"exec": {"command": [text]}}},
                }
            ],
            "volumes": [{"name": "x", "csi": {"driver": "d", "volumeAttributes": {"opt": text}}}],
            "externalName": text,
        },
        "status": {
            "conditions": [{"type": "Ready", "message": text, "reason": "Broken"}],
            "containerStatuses": [{"state": {"terminated": {"exitCode": 1, "message": text}}}],
        },
    }


@pytest.mark.parametrize("text", PLANTED)
def test_no_planted_secret_is_handed_on(text: str) -> None:
    """In no field of any object, in no sentence, in no log; also where a broken promise is about the setting."""
    admission = Admission()
    shown = [
        admission.admitted(pod(text), ("PORT", "AUTH", "application.properties", "note")),
        admission.sentence(f"Readiness probe failed: {text}"),
        [admission.sentence(line) for line in without_secrets(f"started\n{text}\nended").splitlines()],
    ]
    assert traces(shown) == []


def test_the_planted_forms_are_enough() -> None:
    """And the search finds each where nothing is left out."""
    assert len(PLANTED) >= 66
    assert all(traces(text) for text in PLANTED)


def test_what_support_needs_is_handed_on() -> None:
    """Names, image, states, ports; keys of settings; a value that a broken promise is about, where it is harmless."""
    source = pod("x")
    source["data"] = {"DB_HOST": "ef-postgresql.ef-external.svc", "PORT": "8080", "OTHER": "8080", "DB_PASSWORD": "1"}
    shown = Admission().admitted(source, ("PORT", "DB_HOST", "DB_PASSWORD"))
    assert shown["data"]["DB_HOST"] == "ef-postgresql.ef-external.svc"
    assert shown["data"]["PORT"] == "8080"
    assert shown["data"]["OTHER"].startswith("(left out: 4 characters, ")
    assert shown["data"]["DB_PASSWORD"].startswith("(left out")
    (container,) = shown["spec"]["containers"]
    assert (container["name"], container["image"]) == ("ccm", "gitimages/ccm:4.5.3")
    assert container["livenessProbe"]["httpGet"]["port"] == 80
    assert shown["status"]["conditions"][0]["reason"] == "Broken"


def test_equal_values_have_equal_marks_within_one_pack_only() -> None:
    """So that copies can be compared, and none can be guessed by trying."""
    one, other = Admission(), Admission()
    assert one.mark("hunter2") == one.mark("hunter2")
    assert one.mark("hunter2") != one.mark("hunter3")
    assert one.mark("hunter2") != other.mark("hunter2")


@pytest.mark.parametrize(
    "said",
    [
        "Back-off restarting failed container ccm in pod ccm-0",
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "0/3 nodes are available: 3 Insufficient memory.",
        "Liveness probe failed: dial tcp 10.1.2.3:8080: connect: connection refused",
        'Failed to pull image "gitimages/ccm:4.5.3": not found',
        "Error: secret not found",
        "at com.expertflow.ccm.Application.main(Application.java:12)",
        "terminated: OOMKilled, exit code 137",
    ],
)
def test_the_cluster_s_own_sentences_stay(said: str) -> None:
    """They are why support asks for the pack."""
    admission = Admission()
    admission.admitted(pod("x"))
    assert admission.sentence(said) == said

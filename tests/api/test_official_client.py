"""Of the official client no more is imported than is used, and all of it is there for whoever wants it."""

import subprocess
import sys

import pytest

READS = "from cx_conformance.api.official_client import prepare; prepare()\nfrom kubernetes import config\nimport sys\n"


def said(program: str) -> str:
    """Run ``program`` in a process of its own and return what it prints."""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_reading_a_kubeconfig_imports_no_oauth_and_no_dynamic_client() -> None:
    """Nor what they bring along."""
    heavy = {"oauthlib", "requests", "requests_oauthlib", "kubernetes.dynamic", "kubernetes.stream", "jsonschema"}
    assert said(f"{READS}print(sorted(set(sys.modules) & {heavy!r}))") == "[]"


@pytest.mark.parametrize(
    "wanted",
    [
        "import kubernetes; kubernetes.watch.Watch",
        "from kubernetes import dynamic; dynamic.DynamicClient",
        "import requests_oauthlib; requests_oauthlib.OAuth2Session",
        "from kubernetes.config import kube_config as k; k.OAuth2Session(client_id='x', token={}).get",
        "from kubernetes.config import kube_config as k; k.oauthlib.oauth2.rfc6749.errors.InvalidClientIdError.error",
    ],
)
def test_whoever_wants_the_rest_gets_it(wanted: str) -> None:
    """As where the client was imported whole."""
    assert said(f"{READS}{wanted}\nprint('there')") == "there"

"""The real kubectl works against the embedded cluster."""

import subprocess

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster


def kubectl(cluster: EmbeddedCluster, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run kubectl with the cluster's kubeconfig."""
    command = ["kubectl", "--kubeconfig", str(cluster.kubeconfig), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("get", "pods", "-n", "shop"), "db-0 1/1 Running"),
        (("get", "pods", "-A", "-o", "wide"), "node-1"),
        (("get", "deploy,sts,svc,ing,pvc", "-n", "shop"), "deployment.apps/web 2/2"),
        (("get", "deployment", "web", "-n", "shop", "-o", "yaml"), "readyReplicas: 2"),
        (("get", "pods", "-n", "shop", "-l", "app=web", "-o", "name"), "pod/web-"),
        (("get", "nodes"), "node-1 Ready"),
        (("get", "events", "-n", "shop"), 'secret "not-there" not found'),
        (("describe", "pod", "db-0", "-n", "shop"), "Controlled By: StatefulSet/db"),
        (("describe", "service", "web-svc", "-n", "shop"), "TargetPort: http-web-8080/TCP"),
        (("describe", "ingress", "web", "-n", "shop"), "shop-tls terminates shop.example.test"),
        (("get", "--raw", "/version"), '"minor":"36"'),
        (("api-resources",), "deployments deploy apps/v1 true Deployment"),
        (("logs", "db-0", "-n", "shop"), "simulated by the embedded cluster"),
        (("rollout", "status", "deployment/web", "-n", "shop"), "successfully rolled out"),
        (("wait", "pod/db-0", "-n", "shop", "--for", "condition=Ready", "--timeout=5s"), "pod/db-0 condition met"),
        (("auth", "can-i", "list", "pods", "-n", "shop"), "yes"),
        (("auth", "whoami"), "sandbox"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_kubectl_reads(applied_shop: EmbeddedCluster, arguments: tuple[str, ...], said: str) -> None:
    """Each command succeeds, and says what it says of a real cluster."""
    ran = kubectl(applied_shop, *arguments)

    assert ran.returncode == 0, ran.stderr
    assert said in " ".join(ran.stdout.split())


def test_kubectl_exec_passes_streams_and_exit_code(applied_shop: EmbeddedCluster) -> None:
    """Standard input, both outputs and the exit code come through."""
    script = "cat; echo to-stderr >&2; exit 3"
    ran = kubectl(applied_shop, "exec", "-i", "-n", "shop", "db-0", "--", "sh", "-c", script, stdin="to-stdin\n")

    assert ran.stdout == "to-stdin\n"
    assert "to-stderr" in ran.stderr
    assert ran.returncode == 3


def test_kubectl_exec_tells_of_a_program_that_is_not_there(applied_shop: EmbeddedCluster) -> None:
    """The runtime's words arrive."""
    ran = kubectl(applied_shop, "exec", "-n", "shop", "db-0", "--", "no-such-program")

    assert ran.returncode != 0
    assert "executable file not found in $PATH" in ran.stderr


def test_what_is_not_implemented_says_so(applied_shop: EmbeddedCluster) -> None:
    """A write is answered by 501 in words, never by a made-up success."""
    ran = kubectl(applied_shop, "annotate", "deployment", "web", "-n", "shop", "tried=true")

    assert ran.returncode != 0
    assert "the embedded cluster does not implement PATCH on deployments.apps" in ran.stderr

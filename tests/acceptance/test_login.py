"""A person's login in a whole run: its ends are told apart, it is made once, and nothing of it is left behind."""

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.manifests.simulation import TOKEN
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.faults import Fault, catalogue
from tests.acceptance.test_secrecy_of_runs import CHATTY
from tests.checks.installation import blueprint
from tests.commands.test_watch import said, watching
from tests.planted import found, texts
from tests.run.test_run import command, outcomes

SITE = """
login:
  username: admin
  password: {secret: keycloak, key: admin-password, namespace: ef-external}
"""
PLANTED = SecretStr("Pl4nted person+Secret/=&? %ü<'\">")
OBJECTS = reference_installation(blueprint(), seed=1)
PASSWORD = SecretStr(
    base64.b64decode(
        next(one for one in OBJECTS if (one["kind"], one["metadata"]["name"]) == ("Secret", "keycloak"))["data"][
            "admin-password"
        ]
    ).decode()
)
pytestmark = pytest.mark.xdist_group("login")
"""One installation for all of them."""

BRIEF = {"account-password-changed", "account-disabled"}
"""Of the faults: what is tried every time."""
FAULTS = [one for one in catalogue() if one.check.startswith("CX85")]
EXPLAINED = {
    "account-password-changed": "the password is wrong, or there is no such account, or it is locked by failed logins",
    "account-disabled": "an administrator switched it off",
    "account-not-set-up": "an action is left to its owner",
    "client-without-direct-grants": 'name a client with "Direct access grants" switched on',
    "login-breaks": "answered 500 to a login",
    "token-not-accepted": "does not accept the token",
    "page-without-content": "with what is no page",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedCluster]:
    """Keep one embedded cluster up for all of them."""
    with EmbeddedCluster(OBJECTS) as embedded:
        embedded.settle()
        yield embedded


@pytest.fixture(autouse=True)
def _well(cluster: EmbeddedCluster) -> None:
    cluster.replace(OBJECTS)


def options(cluster: EmbeddedCluster) -> list[str]:
    """Return the options by which a run finds the cluster and its entrance."""
    way = cluster.way_in
    assert way is not None
    assert way.https_port == 443, "the tests need the usual ports of a loopback address"
    return [
        *("--kubeconfig", str(cluster.kubeconfig), "--site", "site.yaml", "--fqdn", way.fqdn),
        *("--resolve", f"{way.fqdn}:443:{way.address}", "--ca", str(way.authority)),
    ]


def logged_in(
    cluster: EmbeddedCluster, folder: Path, *more: str, site: str = SITE
) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]], int]:
    """Run the checks of the login; return how it ended, the outcomes, and how many passwords were sent."""
    (folder / "site.yaml").write_text(site)
    before = sent(cluster)
    arguments = ("--only", "login", "--report", "r", "--no-pdf", *more)
    done = command("run", *options(cluster), *arguments, cwd=folder, env={"PLANTED": PLANTED.get_secret_value()})
    return done, outcomes(folder / "r"), sent(cluster) - before


def sent(cluster: EmbeddedCluster) -> int:
    """Count the requests for a token that came by the entrance."""
    return cluster.visits().count("POST /auth/realms/expertflow/protocol/openid-connect/token")


def test_a_person_gets_a_token_and_the_pages_open(cluster: EmbeddedCluster, tmp_path: Path) -> None:
    """With one request for a token, and a logout at the end."""
    done, told, passwords = logged_in(cluster, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {(one["check"], one["component"], one["outcome"]) for one in told} == {
        ("CX850", "keycloak", "pass"),
        ("CX851", "keycloak", "pass"),
        ("CX852", "unified-agent", "pass"),
        ("CX852", "unified-admin", "pass"),
    }
    assert passwords == 1
    assert cluster.visits().count("POST /auth/realms/expertflow/protocol/openid-connect/logout") >= 1


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, marks=() if one.name in BRIEF else pytest.mark.long, id=one.name) for one in FAULTS],
)
def test_what_keeps_a_person_out_is_found_explained_and_tried_once(
    cluster: EmbeddedCluster, tmp_path: Path, fault: Fault
) -> None:
    """By the check that the fault names, and no other."""
    cluster.inject(fault.name)
    done, told, passwords = logged_in(cluster, tmp_path)
    (ended,) = (one for one in told if one["outcome"] in ("fail", "error"))
    assert (ended["check"], ended["outcome"]) == (fault.check, fault.found_as), done.stdout
    assert EXPLAINED[fault.name] in ended["message"]
    assert passwords == 1


def test_several_looks_and_processes_send_one_password(cluster: EmbeddedCluster, tmp_path: Path) -> None:
    """A run that settles by one process and judges by two others, with an account that is refused."""
    cluster.inject("account-disabled")
    done, told, passwords = logged_in(cluster, tmp_path, "--settle", "8", "-n", "2")
    assert [one["check"] for one in told if one["outcome"] == "fail"] == ["CX850"], done.stdout + done.stderr
    assert passwords == 1


@pytest.mark.long
def test_looking_again_does_not_log_in_again(cluster: EmbeddedCluster, tmp_path: Path) -> None:
    """Nor is a login waited for that was made; a page without content is looked at again."""
    for fault in ("account-disabled", "page-without-content"):
        cluster.inject(fault)
    done, told, passwords = logged_in(cluster, tmp_path, "--settle", "5")
    (token,) = (one for one in told if one["check"] == "CX850")
    assert token["evidence"]["settle"]["looks"] > 1, done.stdout
    assert "once, whatever comes of it" in token["evidence"]["settle"]["not waited for"]
    assert passwords == 1


def test_nobody_logs_in_where_that_is_said(cluster: EmbeddedCluster, tmp_path: Path) -> None:
    """As ``watch`` says for each of its looks."""
    _, told, passwords = logged_in(cluster, tmp_path, "--no-login")
    assert {one["message"] for one in told} == {"n/a: nobody logs in as a person in this run (--no-login)"}
    assert passwords == 0


@pytest.mark.long
def test_a_watch_logs_nobody_in(cluster: EmbeddedCluster, tmp_path: Path) -> None:
    """Each of its looks is a run of its own: a wrong password would lock the account within minutes."""
    (tmp_path / "site.yaml").write_text(SITE)
    before = sent(cluster)
    with watching(*options(cluster), "--every", "0.2", "--only", "login,CX000", cwd=tmp_path) as process:
        lines = said(process)
        verdicts = [next(line for line in lines if "conformant" in line) for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    assert len(verdicts) == 2
    assert sent(cluster) == before


@pytest.fixture(scope="module")
def leftovers(cluster: EmbeddedCluster, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Run with the right password and with a wrong one, and plain pytest at its chattiest; return the folders."""
    cluster.replace(OBJECTS)
    folders = {name: tmp_path_factory.mktemp(name) for name in ("right", "wrong", "chatty")}
    more = ("--evidence-logs", "--junitxml", "junit.xml", "--history", "history.json", "-v")
    wrong = "login: {username: admin, password: {env: PLANTED}}\n"
    for name, site in (("right", SITE), ("wrong", wrong)):
        done, told, _ = logged_in(cluster, folders[name], *more, site=site)
        (folders[name] / "output").write_text(done.stdout + done.stderr)
        (token,) = (one for one in told if one["check"] == "CX850")
        assert token["outcome"] == ("pass" if name == "right" else "fail")
    (folders["chatty"] / "site.yaml").write_text(wrong)
    pytest_alone = ["-m", "pytest", str(suite_root() / "checks"), "-c", str(suite_root() / "tox.ini"), *CHATTY]
    environment = {**os.environ, "PYTHONPATH": str(suite_root() / "src"), "PLANTED": PLANTED.get_secret_value()}
    done = subprocess.run(
        [sys.executable, *pytest_alone, *options(cluster), "--only", "login"],
        cwd=folders["chatty"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    (folders["chatty"] / "output").write_text(done.stdout + done.stderr)
    assert "account admin of realm expertflow is refused" in done.stdout
    return folders


@pytest.mark.parametrize("way", ["right", "wrong", "chatty"])
def test_nothing_of_password_or_token_is_left_behind(leftovers: Mapping[str, Path], way: str) -> None:
    """In no report, page, evidence, history, log or output, in any form."""
    secrets = {"password": PASSWORD, "planted": PLANTED, "token": SecretStr(TOKEN)}
    leaks = [(name, leaked) for name, text in texts(leftovers[way]) if (leaked := found(text, secrets.items()))]
    assert leaks == []

"""What a kubeconfig should not have: a login in its address is shown nowhere, and what others could read is told."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from cx_conformance.__main__ import main
from tests.api.api_server import ApiServer, serving, write_kubeconfig
from tests.run.test_run import command

LOGIN = "auditor:geheim-und-lang"


def test_a_login_in_the_servers_address_is_in_no_report_and_what_is_unsafe_is_in_all(tmp_path: Path) -> None:
    """The server gets it; header, page, report.json and all other files say who could read it."""
    api = ApiServer()
    with serving(api) as server:
        address = server.replace("http://", f"http://{LOGIN}@")
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", address, user={})
        kubeconfig.chmod(0o644)
        done = command("run", "--static", "--no-pdf", "--kubeconfig", kubeconfig, "--report", "report", cwd=tmp_path)
    header = f"Basic {base64.b64encode(LOGIN.encode()).decode()}"
    assert {one.headers.get("Authorization") or one.headers.get("authorization") for one in api.requests} == {header}
    files = [path for path in (tmp_path / "report").rglob("*") if path.is_file()]
    assert len(files) > 5
    for text in (done.stdout, done.stderr, *(path.read_text() for path in files)):
        assert "geheim" not in text
        assert base64.b64encode(LOGIN.encode()).decode() not in text
    cautions = json.loads((tmp_path / "report" / "report.json").read_bytes())["run"]["cluster"]["cautions"]
    assert [one.split(":")[0].split(" (")[0] for one in cautions] == [
        "the API server is asked without TLS",
        f"kubeconfig {kubeconfig} can be read by everybody on this machine",
    ]
    for words in cautions:
        assert "".join(words.split()) in "".join(done.stdout.split())
        assert words in (tmp_path / "report" / "report.html").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("preflight",),
        ("rbac", "--from-cluster"),
        ("snapshot", "-o", "{folder}/snapshot.json.gz"),
        ("capture",),
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("answers", [True, False])
def test_no_command_shows_a_login_in_the_servers_address(
    words: tuple[str, ...], answers: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether the server answers or not."""
    with serving(ApiServer()) as server:
        address = (server if answers else "https://127.0.0.1:9").replace("://", f"://{LOGIN}@")
        path = write_kubeconfig(tmp_path / "kubeconfig", address)
        main([*(one.format(folder=tmp_path) for one in words), "--kubeconfig", str(path)])
    told = capsys.readouterr()
    assert told.out + told.err
    assert "geheim" not in told.out + told.err
    for saved in tmp_path.glob("*.gz"):
        assert b"geheim" not in gzip.decompress(saved.read_bytes())

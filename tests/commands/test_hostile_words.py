"""What a server says reaches the terminal as words: no escape sequence of its own moves a cursor or hides a line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cx_conformance.__main__ import main
from tests.api.api_server import ApiServer, refusal, serving, write_kubeconfig
from tests.run.test_run import command

EVIL = "\x1b[2J\x1b[1;1Has it was written\r\x07\u202e\x9b31m"
UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]")
COMMANDS = (
    ("preflight",),
    ("rbac", "--from-cluster"),
    ("snapshot", "-o", "{folder}/snapshot.json.gz"),
    ("capture",),
    ("verify", "{folder}/\x1b[2Jpack"),
    ("render", "{folder}/\x1b[2Jpack"),
    ("compare", "{folder}/\x1b[2Ja", "{folder}/b"),
    ("sign", "{folder}/\x1b[2Jpack", "--key", "{folder}/\x1b[2Jkey"),
    ("explain", "\x1b[2J"),
    ("show", "\x1b[2J"),
)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    """Yield the kubeconfig of an API server that refuses everything, in words that are not only words."""
    api = ApiServer()
    api.version["gitVersion"] = f"v1.36.2{EVIL}"
    api.always(lambda _request: refusal(403, f"Forbidden{EVIL}", f"{EVIL} may not"), "/api.*")
    with serving(api) as server:
        yield write_kubeconfig(tmp_path / "kubeconfig", server)


@pytest.mark.parametrize("words", COMMANDS, ids=[words[0] for words in COMMANDS])
def test_no_command_prints_what_moves_a_cursor(
    words: tuple[str, ...], kubeconfig: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard output and standard error, whatever a server says and whatever a file is called."""
    given = [one.format(folder=tmp_path) for one in words]
    asks = words[0] in ("preflight", "rbac", "snapshot", "capture")
    status = main([*given, *(["--kubeconfig", str(kubeconfig)] if asks else [])])
    said = capsys.readouterr()
    assert UNSHOWN.search(said.out + said.err) is None
    assert said.out + said.err
    assert status in (0, 1, 2, 3)


@pytest.mark.parametrize("words", [("run",), ("run", "--static", "-v"), ("ready",)], ids=" ".join)
def test_no_run_prints_or_writes_what_moves_a_cursor(words: tuple[str, ...], kubeconfig: Path, tmp_path: Path) -> None:
    """Nor do its reports hold it."""
    done = command(*words, "--kubeconfig", kubeconfig, "--report", "report", "--no-pdf", cwd=tmp_path)
    assert done.returncode in (1, 3)
    texts = [done.stdout, done.stderr]
    texts += [path.read_text() for path in (tmp_path / "report").rglob("*") if path.is_file()]
    assert len(texts) > 8
    assert any("as it was written" in text for text in texts)
    for text in texts:
        assert UNSHOWN.search(text) is None

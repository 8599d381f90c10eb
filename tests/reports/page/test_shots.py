"""The pictures in the documentation show the page and the paper of today."""

import json

import pytest

from tests.reports.page.shots import FOLDER, NOTE, digest, sources


def test_no_picture_is_older_than_what_it_shows() -> None:
    """`tox -e screenshots` takes them anew."""
    pytest.importorskip("graphlay")
    noted = json.loads(NOTE.read_text(encoding="utf-8"))
    shows = sources()
    assert set(noted) == set(shows) == {path.name for path in FOLDER.glob("*.png")}
    stale = [name for name, text in shows.items() if noted[name]["shows"] != digest(text.encode())]
    assert stale == [], "older than what they show: take them anew by `tox -e screenshots`"
    other = [name for name in shows if noted[name]["picture"] != digest((FOLDER / name).read_bytes())]
    assert other == [], "not the pictures that were taken: take them anew by `tox -e screenshots`"

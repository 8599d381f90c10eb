from tests.releases.page import FILE, page


def test_the_page_of_the_releases_is_written_from_their_data() -> None:
    """``python -m tests.releases.page`` writes it anew."""
    assert FILE.read_text(encoding="utf-8") == page()

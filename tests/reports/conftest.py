from collections.abc import Iterator

import pytest

from tests.reports.page.browser import Browser, axe_core, chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Give one window of headless Chromium to all tests."""
    driver = chromium(tmp_path_factory.mktemp("chromium"))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def axe(pytestconfig: pytest.Config) -> str:
    """Give the script of axe-core, the accessibility checker."""
    assert pytestconfig.cache is not None
    return axe_core(pytestconfig.cache.mkdir("axe-core"))

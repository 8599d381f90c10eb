"""Headless Chromium with the network off, as the pages' readers have it."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

ALL_SERVERS = "CX_CONFORMANCE_ALL_SERVERS"
DEADLINE_S = 20


class Browser:
    """One window; looks for elements by CSS, and fails with what the page said in its console."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        """Drive ``driver``."""
        self.driver = driver

    def open(self, path: Path, fragment: str = "", width: int = 1280, height: int = 900, **media: str) -> None:
        """Load a file in a window of this size; ``media`` sets features such as ``prefers_color_scheme``."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get("about:blank")
        self.driver.get(path.resolve().as_uri() + (f"#{fragment}" if fragment else ""))

    def all(self, css: str) -> list[WebElement]:
        """Return the elements that ``css`` selects."""
        return list(self.driver.find_elements(By.CSS_SELECTOR, css))

    def one(self, css: str) -> WebElement:
        """Return the first element that ``css`` selects."""
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, script: str) -> Any:
        """Wait until a JavaScript expression is truthy; return it."""
        return WebDriverWait(self.driver, DEADLINE_S).until(lambda driver: driver.execute_script(f"return {script}"))

    def console(self) -> list[str]:
        """Return what the console said since it was last asked: errors, refusals of the page's policy."""
        return [str(line["message"]) for line in self.driver.get_log("browser")]  # type: ignore[no-untyped-call] # selenium's


def wanted(missing: str) -> None:
    """Skip the test with the reason, or fail where every server is wanted."""
    if os.environ.get(ALL_SERVERS) == "1":
        pytest.fail(f"{missing}, and {ALL_SERVERS}=1 wants it")
    pytest.skip(missing)


def chromium(profile: Path) -> webdriver.Chrome:
    """Start Chromium without any network; skips where Debian's packages are absent."""
    binary = shutil.which("chromium") or shutil.which("google-chrome") or ""
    driver = shutil.which("chromedriver") or ""
    if not binary or not driver:
        wanted("chromium and chromedriver are not installed (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))


def axe_core(folder: Path) -> str:
    """Return axe-core's script, fetched once into ``folder`` by npm; skips where that cannot be."""
    script = folder / "package" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            wanted("npm is not installed: axe-core cannot be fetched")
        packed = subprocess.run(
            [str(npm), "pack", "axe-core@4", "--pack-destination", str(folder)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        archives = sorted(folder.glob("axe-core-*.tgz"))
        if packed.returncode != 0 or not archives:
            wanted("npm could not fetch axe-core")
        shutil.unpack_archive(archives[-1], folder, filter="data")
    return script.read_text(encoding="utf-8")

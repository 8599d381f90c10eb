"""What a Sonobuoy plug-in hands to the worker beside it: progress while it runs, then a tarball and the file ``done``.

The worker waits for ``done`` in the results' folder, reads a path from it and sends that file on; so ``done`` comes
last. Progress is posted to its port on the pod's loopback. https://sonobuoy.io/docs/main/plugins/
"""

import http.client
import json
import os
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Self

from cx_conformance.reports.file_names import JUNIT
from cx_conformance.reports.writing import replacing

RESULTS: Final = "SONOBUOY_RESULTS_DIR"
RESULTS_DEFAULT: Final = Path("/tmp/sonobuoy/results")  # noqa: S108 - where Sonobuoy mounts it
PORT: Final = "SONOBUOY_PROGRESS_PORT"
DONE: Final = "done"
TARBALL: Final = "cx-conformance.tar.gz"
_PAUSE_S: Final = 1.0
_LIMIT_S: Final = 5.0
_MOST_FAILURES: Final = 50
"""Names that an update holds; the worker keeps the last update in an annotation, which has to stay small."""


class Progress:
    """Posts how far the run is, at most once a second, from a thread of its own; what is not taken is not missed."""

    def __init__(self, port: int) -> None:
        """Post to that port of the loopback."""
        self._port = port
        self._update: dict[str, object] = {}
        self._failures: list[str] = []
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._post_all, name="sonobuoy", daemon=True)
        self._thread.start()

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        """Return one where Sonobuoy names its port; None elsewhere."""
        port = environment.get(PORT, "")
        return cls(int(port)) if port.isdecimal() else None

    def checked(self, number: int, total: int, failed: str = "") -> None:
        """Say how many of how many promises were looked at, and which was just found broken."""
        if failed and len(self._failures) < _MOST_FAILURES:
            self._failures = [*self._failures, failed]
        self._update = {"msg": "checking", "completed": number, "total": total, "failures": self._failures}
        self._changed.set()

    def close(self) -> None:
        """Post the last update, if it has not been posted."""
        self._ended.set()
        self._changed.set()
        self._thread.join(2 * _LIMIT_S)

    def _post_all(self) -> None:
        while not self._ended.is_set():
            self._changed.wait()
            self._changed.clear()
            self._post()
            self._ended.wait(_PAUSE_S)
        if self._changed.is_set():
            self._post()

    def _post(self) -> None:
        update = self._update
        if not update:
            return
        with (
            suppress(OSError, http.client.HTTPException),
            closing(http.client.HTTPConnection("localhost", self._port, timeout=_LIMIT_S)) as connection,
        ):
            connection.request("POST", "/progress", json.dumps(update), {"Content-Type": "application/json"})
            connection.getresponse().read()


def results_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the worker waits for ``done``."""
    return Path(environment.get(RESULTS) or RESULTS_DEFAULT)


def hand_over(report: Path, folder: Path, why: str) -> Path:
    """Pack the report into a tarball, name it in ``done``, and return its path; raises OSError, ReportNotWritten.

    Where there is no report, ``why`` stands in its place as one error: Sonobuoy must not take silence for a pass.
    """
    report.mkdir(parents=True, exist_ok=True)
    if not (report / JUNIT).exists():
        (report / JUNIT).write_text(_error(why), encoding="utf-8")
    tarball = folder / TARBALL
    import tarfile  # beside Sonobuoy alone

    with replacing(tarball) as file, tarfile.open(fileobj=file, mode="w:gz") as packed:
        packed.add(report, arcname=".")
    with replacing(folder / DONE) as file:
        file.write(str(tarball).encode())
    return tarball


def _error(why: str) -> str:
    """Return a JUnit file with one error."""
    from xml.sax.saxutils import quoteattr

    from cx_conformance.reports.formats.junit import SUITE

    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<testsuites name="{SUITE}" tests="1" failures="0" errors="1">'
        f'<testsuite name="{SUITE}" tests="1" failures="0" errors="1" skipped="0" time="0">'
        f'<testcase classname="{SUITE}" name="run" time="0"><error message={quoteattr(why)}/></testcase>'
        "</testsuite></testsuites>\n"
    )

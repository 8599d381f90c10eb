"""One mutant in a process of its own, forked from one that has everything imported: no second is lost at its start."""

import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Final

LIMIT_SECONDS: Final = 300.0
"""A mutant that takes longer runs for ever."""


class _Mutated(importlib.abc.MetaPathFinder):
    """Gives one module from a text instead of its file."""

    def __init__(self, name: str, source: str, file: Path) -> None:
        self._name, self._source, self._file = name, source, file

    def find_spec(
        self, fullname: str, _path: object = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Claim the one module."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._file, loader=_Text(self._source, str(self._file)))


class _Text(importlib.abc.Loader):
    def __init__(self, source: str, file: str) -> None:
        self._source, self._file = source, file

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        """Leave it to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the text."""
        exec(compile(self._source, self._file, "exec"), module.__dict__)  # noqa: S102 - a mutant of the project's own file


def survives(name: str, file: Path, source: str, passes: Callable[[], bool]) -> bool:
    """Tell whether ``passes`` holds with module ``name`` replaced by ``source``; a mutant that hangs does not."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        code = 1
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                sys.meta_path.insert(0, _Mutated(name, source, file))
                sys.modules.pop(name, None)
                code = 0 if passes() else 1
        finally:
            os._exit(code)
    until = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False

"""A process that has imported what a run needs, and becomes a run by dividing itself: half of a static run is imports.

It has one thread, without which dividing would not be safe, and is told what to run on its standard input: a line of
JSON for each run, which it answers by the process that runs, and once more when that has ended. What runs is as much by
itself as a process that was started: it hangs, fails and is killed alone.
"""

import json
import os
import select
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

WARM: Final = "--warm"
"""The one argument of a process that is to be one; for ``fleet run`` alone."""
_IMPORTED: Final = (
    "pytest",
    "cryptography.x509",
    "jinja2",
    "cx_conformance.plugin.hooks",
    "cx_conformance.plugin.reporting",
    "cx_conformance.run.run",
    "cx_conformance.run.nightly",
    "cx_conformance.api.client",
    "cx_conformance.cluster.snapshot",
    "cx_conformance.cluster.recognition",
    "cx_conformance.vantage.entrance",
    "cx_conformance.reports.terminal.summary",
    "cx_conformance.reports.terminal.progress",
    "cx_conformance.reports.pack.directory",
)
"""What most runs need; what only some need each imports for itself."""


def serve(command: Callable[[Sequence[str]], int]) -> int:
    """Run ``command`` with the arguments that are ordered, until the orders end."""
    events = os.dup(1)
    os.dup2(2, 1)  # what is imported may print
    _import()
    ended, told = os.pipe()
    for end in (ended, told):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is told to each run in good order
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    running: dict[int, int] = {}
    came = b""
    while True:
        ready, _, _ = select.select([0, ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
            _tell_ended(running, events)
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                return 0
            *orders, came = (came + data).split(b"\n")
            for order in orders:
                wanted = json.loads(order)
                process = os.fork()
                if process == 0:
                    signal.set_wakeup_fd(-1)
                    for end in (events, ended, told):
                        os.close(end)
                    _become(command, wanted)
                running[process] = wanted["number"]
                _tell(events, number=wanted["number"], process=process)


def _import() -> None:
    from cx_conformance.api.official_client import prepare

    prepare()
    for name in (*_IMPORTED, "kubernetes.config", "kubernetes.client.configuration", "kubernetes.client.rest"):
        with suppress(ImportError):
            import_module(name)
    import gc

    gc.collect()
    gc.freeze()  # a look for garbage would copy what is shared


def _tell_ended(running: dict[int, int], events: int) -> None:
    for process in tuple(running):
        with suppress(ChildProcessError):
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                _tell(events, number=running.pop(process), status=os.waitstatus_to_exitcode(status))


def _tell(events: int, **said: int) -> None:
    with suppress(BrokenPipeError):
        os.write(events, json.dumps(said).encode() + b"\n")


def _become(command: Callable[[Sequence[str]], int], wanted: dict[str, Any]) -> None:
    """Run the command in this process, which is a new one, and end it."""
    status = 3
    try:
        os.setsid()
        log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for end, stream in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(end, stream)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        sys.argv[1:] = wanted["arguments"]
        status = command(wanted["arguments"])
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 2
    except BaseException:  # noqa: BLE001 - told in the log; nothing of it may reach the process this one was
        import traceback

        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)

"""Stores for the embedded cluster and for tests: real servers where a package brings one, else stand-ins that say so.

Each module has ``available() -> str | None`` (None, or why the server cannot run here) and
``start(address, ports, ...) -> Running``.
"""

"""Stores, asked in their own protocol by their real clients.

Each module has ``observe(target, credentials, ...) -> StoreObservation`` and never raises for what a server does:
what went wrong is told in the observation's findings. Each client library is imported in its own module only.
"""

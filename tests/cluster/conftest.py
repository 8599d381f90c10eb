"""The tests' own API server, for what is seen through it."""

from tests.api.conftest import address, api, cluster

__all__ = ["address", "api", "cluster"]

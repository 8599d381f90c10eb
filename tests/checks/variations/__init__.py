"""What real clusters look like, in ways that keep every promise; ``FIELD`` holds each by its name."""

from tests.checks.variations import distributions, gateway, network, pods, storage
from tests.checks.variations.vary import Vary

FIELD: dict[str, Vary] = {
    **distributions.VARIATIONS,
    **pods.VARIATIONS,
    **network.VARIATIONS,
    **gateway.VARIATIONS,
    **storage.VARIATIONS,
}

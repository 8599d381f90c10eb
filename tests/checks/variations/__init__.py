"""What real clusters look like, in ways that keep every promise; ``FIELD`` holds each by its name."""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Final

import pytest
from _pytest.mark.structures import ParameterSet

from cx_conformance.blueprint.releases import PAGE
from tests.checks.variations import distributions, gateway, network, pods, storage
from tests.checks.variations.vary import Vary

FIELD: dict[str, Vary] = {
    **distributions.VARIATIONS,
    **pods.VARIATIONS,
    **network.VARIATIONS,
    **gateway.VARIATIONS,
    **storage.VARIATIONS,
}

CHARTED: Final = "5.1"
"""The release by charts that is varied beside the page."""
OF_THE_PAGE: Final = frozenset(
    {
        # Names of the page's own manifests, and other spellings of them.
        "ActiveMQ by the chart's name",
        "Redis by the chart's name",
        "Keycloak as charted",
        "Twilio spelt right",
        "a Deployment with a name of Redis's",
        "bot-framework's ConfigMap spelt right",
        "calendar's ConfigMap spelt right",
        "calendar's Service spelt right",
        "Grafana's provider in a ConfigMap",
        "Superset in ef-bi",
        "immutable ConfigMaps, and one of bytes",
        "Services that select by Helm's labels",
        # An Ingress for each component, where the charts have one to APISIX; by port name APISIX finds Services.
        "APISIX in a namespace of its own",
        "anchored paths",
        "regular expressions by one Ingress for all",
        "rewritten paths, anything",
        "rewritten paths, below a folder",
        "rewritten paths, one group",
        "rewritten paths, optional slash",
        "routes as objects of APISIX",
        "unnamed Service ports",
        # What the charts of a release write in every one of its patches.
        "no settings of stores",
    }
)
"""What may be so on the page's installation alone."""


def by_release(names: Iterable[str]) -> list[ParameterSet]:
    """Return each variation's name with the page, and each two that a release by charts may have with that release.

    Two at once take half the time, and an alarm names what it is about. How servers and nodes of a vendor look is no
    matter of the release, and is looked at once.
    """
    every, once = list(names), OF_THE_PAGE | distributions.VARIATIONS.keys()
    charted = [one for one in every if one not in once]
    half = (len(charted) + 1) // 2  # neighbours are about the same thing
    pairs = [(*first, *second) for first, second in zip_longest(zip(charted[:half]), zip(charted[half:]), fillvalue=())]
    return [
        *(pytest.param(PAGE, (one,), id=one) for one in every),
        *(pytest.param(CHARTED, pair, id=f"{CHARTED} with {' and '.join(pair)}") for pair in pairs),
    ]

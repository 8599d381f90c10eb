"""By what an installation is told to be of a release: names of the charts, image tags, objects that only some have.

Learnt from the vendor's charts of 4.6.0 to 5.1.0, rendered. What is no use is left out on purpose: the label
``app.kubernetes.io/version`` says 4.5.3 in nearly every chart of every release.
"""

import re
from typing import Final

from msgspec import Struct

PAGE: Final = "4.5.3"
"""The release that the page documents, and the only one installed from manifests that is described."""
FIRST_CHARTED: Final = "4.7"
"""The first release whose charts are described."""
CHARTED: Final = ("4.7", "4.8", "4.9", "4.10", "5.0", "5.1")
"""The releases whose charts differ in structure, each learnt from at least one of its patches."""

OWN: Final = frozenset(
    {
        "360-connector",
        "agent-manager",
        "bot-framework",
        "business-calendar",
        "ccm",
        "cim-customer",
        "connect360",
        "conversation-manager",
        "conversation-monitor",
        "conversation-studio",
        "customer-widget",
        "cx-load-hub",
        "cx-tenant",
        "email-connector",
        "facebook-connector",
        "file-engine",
        "google-playstore-connector",
        "historical-reports",
        "instagram-connector",
        "license-manager",
        "linkedin-connector",
        "ms-email-connector",
        "otp-manager",
        "realtime-reports",
        "routing-engine",
        "smpp-connector",
        "state-events-logger",
        "team-announcement",
        "telegram-connector",
        "twilio-connector",
        "twitter-connector",
        "unified-admin",
        "unified-agent",
        "viber-connector",
        "web-channel-manager",
        "whatsapp-connector",
        "youtube-connector",
    }
)
"""The vendor's own components whose image tags follow the release, by the charts' names (of manifests: the page's)."""

LEFT_BEHIND: Final[dict[str, dict[str, str]]] = {
    "4.10": {"business-calendar": "4.9"},
    "5.1": {"file-engine": "5.0"},
}
"""By release: components whose image the vendor's charts themselves leave at an earlier release."""

VERSIONED_CHART: Final = "activemq"
"""The chart whose own version follows the release; the others' says ``1.0.0``, or is that of the packaged software."""

# The vendor's numbers begin with 4; a tag such as `3.12-alpine` is of another's software.
_TAG: Final = re.compile(r"v?(?P<major>[4-9])\.(?P<minor>\d{1,3})(?:\.\d{1,4})?(?![.\d])")


class Mark(Struct, frozen=True, kw_only=True):
    """Something that only some releases have. ``of`` are those, ``words`` how it is told when it is there."""

    words: str
    of: tuple[str, ...]
    absence_tells: bool = True
    """Whether its absence says a little that it is none of them; one that sites leave out says nothing."""


MARKS: Final = {
    "apisix objects": Mark(words="APISIX with its routes as objects", of=("4.9",)),
    "apisix file": Mark(words="the routes of APISIX in a ConfigMap", of=("4.10", "5.0", "5.1")),
    "conversation-studio": Mark(words="StatefulSet conversation-studio", of=("4.10", "5.0", "5.1")),
    "conversation-controller": Mark(words="conversation-controller as second container", of=("4.7", "4.8", "4.9")),
    "business-calendar": Mark(words="business-calendar by a chart", of=("4.8", "4.9", "4.10", "5.0", "5.1")),
    "cx-tenant": Mark(words="Deployment cx-tenant", of=("5.0", "5.1")),
    "otp-manager": Mark(words="Deployment otp-manager", of=("5.0",)),
    "approles of 5": Mark(words="approle Secrets beside cx-tenant", of=("5.1",)),
}
"""What tells the charts' releases apart where no image tag does."""


def release_of_tag(tag: str) -> str | None:
    """Return the release that an image tag is of: 4.10 of ``4.10.2_f-CIM-1``; None for a tag that says none."""
    found = _TAG.match(tag)
    return f"{int(found['major'])}.{int(found['minor'])}" if found else None

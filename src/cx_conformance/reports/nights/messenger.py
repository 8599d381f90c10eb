"""A process of its own that sends one message by Apprise: it can be ended, and its memory is bounded.

Apprise waits for each byte of an answer anew, and keeps whatever is answered. What to send is read from standard input
as JSON; how it ended is the exit status.
"""

import json
import resource
import sys
import warnings
from typing import Final

SENT: Final = 0
NOT_TAKEN: Final = 10
NOT_INSTALLED: Final = 11
UNKNOWN: Final = 20
"""That of the first address that is none; those of the others are higher by their number."""
_MEMORY: Final = 512 << 20


def main() -> int:
    """Send, and return how it ended."""
    told = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        import apprise
    except ImportError:
        return NOT_INSTALLED
    messenger = apprise.Apprise()
    with warnings.catch_warnings(action="ignore"):  # it loads every plug-in it has, some of which use old modules
        for number, address in enumerate(told["addresses"]):
            if not messenger.add(address):
                return min(UNKNOWN + number, 255)
    return SENT if messenger.notify(title=told["title"], body=told["body"]) else NOT_TAKEN


if __name__ == "__main__":
    sys.exit(main())

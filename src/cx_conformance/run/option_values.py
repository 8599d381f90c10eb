"""What the values of options may be: each function takes a text or raises ValueError; its name says what it takes."""

import math
import re
from urllib.parse import urlsplit

from cx_conformance.reports.nights.bucket_place import Place


def seconds(text: str) -> float:
    """Take a number of seconds, more than none and less than forever."""
    value = float(text)
    if not 0 < value < math.inf:  # "nan" is a float as well
        raise ValueError
    return value


def times(text: str) -> int:
    """Take a whole number, one or more."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


seconds.__name__ = "number of seconds"
times.__name__ = "number of times"


def image(text: str) -> str:
    """Take the name of a container image."""
    if not re.fullmatch(r"[A-Za-z0-9][\w./:@-]{0,500}", text):
        raise ValueError
    return text


image.__name__ = "image (such as registry.example.com/tools/busybox:1.36)"


def host(text: str) -> str:
    """Take a host name, as the site file does: without scheme, port or path."""
    if len(text) > 253 or not re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?", text):
        raise ValueError
    return text


host.__name__ = "host name (such as cx.example.com, without scheme, port or path)"


def address(text: str) -> str:
    """Take an address without credentials; what stands on a command line is seen by everybody on the machine."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise ValueError
    return text


address.__name__ = "http or https address without credentials"


def reference(text: str) -> str:
    """Take where a secret stands: in a variable of the environment, or in a file."""
    kind, _, name = text.partition(":")
    if kind not in ("env", "file") or not name:
        raise ValueError
    return text


reference.__name__ = "reference env:NAME or file:PATH"


def place(text: str) -> Place:
    """Take a place in a bucket."""
    return Place.parse(text)


place.__name__ = "place s3://BUCKET/PREFIX"

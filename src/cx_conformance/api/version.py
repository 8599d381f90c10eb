"""Kubernetes versions and how far apart they may be.

Source: https://kubernetes.io/releases/version-skew-policy/
"""

import re
from typing import Final, Self

from msgspec import Struct

_VERSION: Final = re.compile(r"v?(?P<major>[0-9]{1,4})\.(?P<minor>[0-9]{1,4})(?:\.(?P<patch>[0-9]{1,6}))?(?:[-+].*)?")


class Version(Struct, frozen=True, order=True):
    """A version of Kubernetes; what a distribution adds behind it is dropped."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``v1.28.12+rke2r1``; None for what is no version."""
        match = _VERSION.fullmatch(text.strip())
        if match is None:
            return None
        return cls(int(match["major"]), int(match["minor"]), int(match["patch"] or 0))

    @property
    def minor_only(self) -> "Version":
        """Return it without its patch."""
        return Version(self.major, self.minor)

    @property
    def oldest_kubelet(self) -> "Version":
        """Return the oldest kubelet that a server of this version supports: three minors back, two before 1.28."""
        return Version(self.major, max(0, self.minor - (3 if self >= Version(1, 28) else 2)))

    def __str__(self) -> str:
        """Show ``1.36`` or ``1.36.2``."""
        return f"{self.major}.{self.minor}" + (f".{self.patch}" if self.patch else "")


OLDEST: Final = Version(1, 21)
"""EndpointSlices (discovery.k8s.io/v1) came with 1.21, Ingresses (networking.k8s.io/v1) with 1.19."""

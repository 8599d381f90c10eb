"""What the controllers need besides the objects: when the cluster was born, which addresses and uids it gives out."""

import hashlib
import uuid
from datetime import UTC, datetime

from msgspec import Struct, field

from cx_conformance.sandbox.processes import Processes

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names: no vowels, no look-alikes (k8s.io/apimachinery, util/rand)."""

_HOSTS = 254


def now() -> str:
    """Return the present as the API writes it: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def suffix(seed: str, length: int) -> str:
    """Return a generated-looking name part that is always the same for the same seed."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


def digest(seed: str) -> str:
    """Return 64 hexadecimal digits that look like an ID and are always the same for the same seed."""
    return hashlib.sha256(seed.encode()).hexdigest()


class Addresses(Struct):
    """The addresses of one embedded cluster: a /16 whose lower half is for Services, the upper for Pods.

    An address once given stays with its object, so that a fault elsewhere moves nobody.
    """

    prefix: str = "127.64"
    """The first two octets."""
    _services: dict[str, str] = field(default_factory=dict)
    _pods: dict[str, str] = field(default_factory=dict)

    def holds(self, address: str) -> bool:
        """Tell whether that is an address of this cluster."""
        return address.startswith(f"{self.prefix}.")

    @property
    def api_server(self) -> str:
        """The address of the API server, which is that of Service ``default/kubernetes``."""
        return f"{self.prefix}.0.1"

    @property
    def nameserver(self) -> str:
        """The address of the DNS server, which is that of Service ``kube-system/kube-dns``."""
        return f"{self.prefix}.0.10"

    @property
    def node(self) -> str:
        """The address of the node."""
        return f"{self.prefix}.0.2"

    def store(self, index: int) -> str:
        """Return the address of a store's server, which its pod's port leads to."""
        return f"{self.prefix}.0.{100 + index}"

    def service(self, namespace: str, name: str) -> str:
        """Return the ClusterIP of a Service."""
        return self._given(self._services, f"{namespace}/{name}", 1)

    def pod(self, namespace: str, name: str) -> str:
        """Return the address of a Pod."""
        return self._given(self._pods, f"{namespace}/{name}", 128)

    def _given(self, taken: dict[str, str], key: str, first: int) -> str:
        if key not in taken:
            upper, lower = divmod(len(taken), _HOSTS)
            if upper + first > (127 if first < 128 else 255):
                raise ValueError(
                    f"no address is left for {key}: {len(taken)} are given, which is all that {self.prefix}.0.0/16 has"
                )
            taken[key] = f"{self.prefix}.{first + upper}.{lower + 1}"
        return taken[key]


class World(Struct, frozen=True):
    """The surroundings of the controllers."""

    addresses: Addresses = field(default_factory=Addresses)
    born: str = field(default_factory=now)
    identity: uuid.UUID = field(default_factory=uuid.uuid4)
    processes: Processes = field(default_factory=Processes)

    def uid(self, path: str) -> str:
        """Return the uid of the object at that path: the same every time, another one in another cluster."""
        return str(uuid.uuid5(self.identity, path))

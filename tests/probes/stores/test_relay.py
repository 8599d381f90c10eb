"""The local address that a library connects to instead of the server."""

import socket
import struct

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.masking import Masking
from cx_conformance.probes.stores.relay import Relay
from cx_conformance.probes.stores.trouble import Kind
from tests.probes.stores.asking import target
from tests.probes.targets import listening, resets


class Unbounded(Line):
    """Hears as much as a store says."""

    def dial(self) -> socket.socket:
        """Return a connection to where the target's socket goes."""
        return socket.create_connection(self.target.socket_address, 10)


def speaks_on(peer: socket.socket) -> None:
    """Speak until nobody listens."""
    while True:
        peer.sendall(bytes(1 << 16))


def test_a_library_that_has_heard_enough_is_no_trouble_of_the_store() -> None:
    """It goes while the store still speaks, as Mongo's client does whose pool is closed."""
    with listening(speaks_on) as port:
        line = Unbounded(target("postgresql", port), Masking(()))
        with Relay(line) as relay:
            library = socket.create_connection(relay.address)
            assert library.recv(1)
            library.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            library.close()
        assert line.broken is None
        line.close()


def test_a_store_that_resets_the_connection_is_told() -> None:
    """The library sees no more of it than that its own connection ends."""
    with listening(resets) as port:
        line = Line(target("postgresql", port), Masking(()))
        with Relay(line) as relay, socket.create_connection(relay.address) as library:
            assert library.recv(1) == b""
        assert line.broken is not None
        assert line.broken.kind is Kind.CLOSED
        line.close()

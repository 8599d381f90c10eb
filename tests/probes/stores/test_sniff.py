"""First words of protocols, recognised."""

import struct

import pytest

from cx_conformance.probes.stores.sniff import mongo_hello, recognise


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (b"HTTP/1.1 404 Not Found\r\n", "HTTP"),
        (b"-ERR wrong number of arguments\r\n", "Redis"),
        (b"-NOAUTH Authentication required.\r\n", "Redis"),
        (b"ERROR\ncontent-type:text/plain\n", "STOMP"),
        (b"\nCONNECTED\r\nversion:1.2\r\n", "STOMP"),
        (b"\x00\x00\x01\x1b\x01ActiveMQ\x00\x00\x00\x0c", "OpenWire"),
        (b"AMQP\x00\x01\x00\x00", "AMQP"),
        (b"AMQP\x03\x01\x00\x00", "AMQP"),
        (b"\x20\x02\x00\x05", "MQTT"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "TLS"),
        (b"\x16\x03\x03\x00\x7a", "TLS"),
        (b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "TLS"),
        (b"HTTP/1.1 400 \r\n\r\nBad Request\r\nThis combination of host and port requires TLS.\r\n", "TLS"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\nYou're speaking plain HTTP to an SSL-enabled server port.<br />\n", "TLS"),
        (b"HTTP/1.0 200 OK\r\n\r\nIt looks like you are trying to access MongoDB over HTTP", "Mongo"),
        (mongo_hello(), "Mongo"),
        (b"E\x00\x00\x00\x2dSFATAL\x00", "PostgreSQL"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"220 mail ready\r\n", "SMTP or FTP"),
        (b"\x4a\x00\x00\x00\x0a8.0.36\x00", "MySQL"),
        (bytes(range(128, 160)), None),
        (b"", None),
        (struct.pack("<iiii", 1 << 30, 0, 0, 2013), None),
    ],
)
def test_a_protocol_is_known_by_its_first_words(said: bytes, name: str | None) -> None:
    """Each protocol is told from the others, and from bytes that are none's."""
    assert recognise(said) == name

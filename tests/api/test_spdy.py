"""SPDY frames: what one side writes the other reads, in whatever pieces; kubectl speaks the same elsewhere."""

import zlib

import pytest

from cx_conformance.api.spdy import DICTIONARY, Data, GoAway, Opened, Ping, Replied, Reset, Spdy, SpdyError

HEADERS = {"streamtype": "error", "port": "8080", "requestid": "0"}


def test_the_dictionary_is_the_specifications() -> None:
    """By its length and its checksum, which stands in each first block of headers."""
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_what_is_written_is_read_in_whatever_pieces_it_comes(size: int) -> None:
    """Control frames whole, data as it comes, the end at its last byte."""
    client, server = Spdy(), Spdy()
    sent = client.opening(1, HEADERS) + client.opening(3, HEADERS | {"streamtype": "data"})
    sent += Spdy.data(3, b"hello") + Spdy.data(3, last=True) + Spdy.reset(1) + Spdy.ping(5)
    frames = [frame for at in range(0, len(sent), size) for frame in server.receive(sent[at : at + size])]
    assert frames[:2] == [Opened(1, HEADERS, False), Opened(3, HEADERS | {"streamtype": "data"}, False)]
    data = [frame for frame in frames if isinstance(frame, Data)]
    assert b"".join(frame.payload for frame in data) == b"hello"
    assert [frame.ended for frame in data][-1:] == [True]
    assert not any(frame.ended for frame in data[:-1])
    assert frames[-2:] == [Reset(1), Ping(5)]
    assert list(client.receive(server.reply(1) + server.reply(3))) == [Replied(1, False), Replied(3, False)]


def test_what_says_nothing_to_a_client_is_passed_over() -> None:
    """Settings and window updates; that no more streams are taken is told."""
    settings = bytes.fromhex("8003000400000004") + bytes(4)
    window = bytes.fromhex("8003000900000008") + bytes(8)
    leaving = bytes.fromhex("8003000700000008") + bytes(8)
    assert list(Spdy().receive(settings + window + leaving)) == [GoAway()]


@pytest.mark.parametrize(
    "frame",
    [
        bytes.fromhex("8002000100000000"),
        bytes.fromhex("80030001000fffff"),
        bytes.fromhex("8003000100000001") + b"x",
        bytes.fromhex("800300010000000e") + bytes(10) + b"junk",
    ],
    ids=["another version", "too long", "too short", "not compressed"],
)
def test_what_is_no_spdy_is_an_error(frame: bytes) -> None:
    """Nothing is read from it."""
    with pytest.raises(SpdyError):
        list(Spdy().receive(frame))


def test_headers_that_unpack_to_too_much_are_an_error() -> None:
    """A few bytes may stand for gigabytes."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 15, 8, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    packed = deflate.compress(bytes(40_000_000)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    frame = bytes.fromhex("80030001") + (10 + len(packed)).to_bytes(4, "big") + bytes(10) + packed
    with pytest.raises(SpdyError, match="too long"):
        list(Spdy().receive(frame))

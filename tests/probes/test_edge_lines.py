"""What a container prints in place of the edge script is believed only as far as it is well formed."""

from hypothesis import given
from hypothesis import strategies as st

from cx_conformance.probes.edge_lines import read
from cx_conformance.probes.inquiry import excerpt

NONCE = "0123456789abcdef0123456789abcdef"
WORDS = st.sampled_from(["connects", "refused", "timeout", "unresolved", "notool", "owned", "CONNECTS", ""])
FIELDS = st.sampled_from(
    ["-", "12", "99999999999", "nc", "getent", "10.0.0.1", "10.0.0.1,::1", "not-an-address", "\x1b[2J"]
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Draw a line that is nearly one of the script's."""
    nonce = draw(st.sampled_from([NONCE, NONCE, NONCE, NONCE[:-1], ""]))
    index = draw(st.sampled_from(["0", "1", "2", "007", "-1", "x"]))
    return " ".join([nonce, index, draw(WORDS), *(draw(FIELDS) for _ in range(4))]).encode()


@given(st.lists(st.one_of(lines(), st.binary(max_size=200)), max_size=8))
def test_any_output_is_read_without_believing_more_than_it_says(printed: list[bytes]) -> None:
    """At most one line for each target that was asked, in the script's words, and none that was not under the nonce."""
    output = b"\n".join(printed)
    found = read(output, NONCE, 0, 2)
    assert found.keys() <= {0, 1}
    for index, line in found.items():
        believed = [one for one in output.split(b"\n") if one.startswith(f"{NONCE} {index} {line.word} ".encode())]
        assert len(believed) == 1
        assert line.word not in ("owned", "CONNECTS", "")


@given(st.binary(max_size=2_000))
def test_any_output_is_shown_harmless(output: bytes) -> None:
    """On one line of printable ASCII."""
    shown = excerpt(output)
    assert shown.isascii()
    assert shown.isprintable()

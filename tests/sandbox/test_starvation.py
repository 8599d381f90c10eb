"""Delays as of a CPU limit: the same for the same seed, and never longer than they may be."""

from cx_conformance.sandbox.starvation import Held, Starvation


def drawn(seed: str, place: str = "minio-0", count: int = 200) -> list[float]:
    """Return delays at a place."""
    weather = Starvation(seed)
    return [weather.draw(Held.FIRST_WORDS, place) for _ in range(count)]


def test_without_a_seed_nothing_is_held_up() -> None:
    """The usual embedded cluster is as fast as it can be."""
    assert set(drawn("")) == {0.0}


def test_a_seed_draws_the_same_delays_again() -> None:
    """Also where the last part of a pod's name differs; another seed, and another place, draw others."""
    assert drawn("7", "ef-ccm-5d-abcde") == drawn("7", "ef-ccm-5d-fghij")
    assert drawn("7") != drawn("8")
    assert drawn("7") != drawn("7", "redis-0")


def test_most_delays_are_short_and_none_is_too_long() -> None:
    """Together they stay below the five seconds that an answer is waited for."""
    found = sorted(drawn("7", count=1000))
    assert found[500] < 0.1
    assert 1.0 < found[-1] <= Held.FIRST_WORDS.value
    assert Held.TUNNEL.value + Held.FIRST_WORDS.value + Held.SERVER.value < 4.0

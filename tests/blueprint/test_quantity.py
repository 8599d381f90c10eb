from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_conformance.blueprint.quantity import Quantity

SUFFIXES = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


@pytest.mark.parametrize(
    ("one", "other"),
    [("1Gi", "1024Mi"), ("0.05", "50m"), ("1", "1000m"), ("1e3", "1k"), ("1E3", "1000"), (".5", "500m"), ("+2", "2.")],
)
def test_different_texts_may_be_the_same_amount(one: str, other: str) -> None:
    """As the API server reads them."""
    assert Quantity.parse(one) == Quantity.parse(other)
    assert hash(Quantity.parse(one)) == hash(Quantity.parse(other))


@pytest.mark.parametrize(("less", "more"), [("256M", "256Mi"), ("1", "1k"), ("999m", "1"), ("-1", "0"), ("1E", "1Ei")])
def test_similar_texts_may_be_different_amounts(less: str, more: str) -> None:
    """256M is 12 MB less than 256Mi."""
    assert Quantity.parse(less) < Quantity.parse(more)
    assert Quantity.parse(more) >= Quantity.parse(less)
    assert not Quantity.parse(less) < Quantity.parse(less)


@pytest.mark.parametrize(
    "text", ["", "lots", "1 Gi", "1GB", "1gi", "1K", "0x10", "1e", "1e3Mi", "--1", "1" * 60, "\u0661"]
)
def test_other_texts_are_refused_with_what_is_allowed(text: str) -> None:
    """Kubernetes refuses them too."""
    with pytest.raises(ValueError, match="allowed is a number with an optional suffix"):
        Quantity.parse(text)


def test_a_long_text_is_told_by_its_beginning() -> None:
    """Sixty letters are enough to find it by."""
    with pytest.raises(ValueError, match=f"'{'x' * 60}' is not a quantity"):
        Quantity.parse("x" * 70)


def test_it_is_shown_as_it_was_written() -> None:
    """Evidence repeats the cluster's own words."""
    assert str(Quantity.parse("0.50Gi")) == "0.50Gi"


def test_each_suffix_is_a_thousand_or_1024_times_the_one_before() -> None:
    """By Kubernetes' table of suffixes, from its smallest up."""
    decimal, binary = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
    for step, row in ((1000, decimal), (1024, binary)):
        values = [Quantity.parse(f"1{suffix}").value for suffix in row]
        assert [more / less for less, more in pairwise(values)] == [step] * (len(row) - 1)
    assert Quantity.parse("1").value == 1


@given(st.integers(0, 10**12), st.sampled_from(SUFFIXES))
def test_every_number_with_every_suffix_is_read_exactly(number: int, suffix: str) -> None:
    """Without a float's rounding."""
    amount = Quantity.parse(f"{number}{suffix}")
    assert amount.value == Decimal(number) * Quantity.parse(f"1{suffix}").value

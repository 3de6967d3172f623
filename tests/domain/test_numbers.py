"""Certificate numbers: readable aloud, and a wrong one is known for wrong."""

import os
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.numbers import ALPHABET, new_ids, new_numbers, new_tokens, normal_number

numbers = st.binary(min_size=12, max_size=12).map(lambda data: new_numbers(1, lambda _count: data)[0])


@given(numbers)
def test_every_number_is_its_own_normal_form(number: str) -> None:
    """R-25."""
    assert normal_number(number) == number


@given(numbers)
def test_every_wrong_symbol_is_caught(number: str) -> None:
    """R-25: at each place, each other symbol."""
    for place, symbol in enumerate(number):
        if symbol != "-":
            wrong = [number[:place] + other + number[place + 1 :] for other in ALPHABET if other != symbol]
            assert not any(map(normal_number, wrong))


@given(numbers)
def test_every_swap_of_two_is_caught(number: str) -> None:
    """R-25: of neighbours and of any two."""
    places = [place for place, symbol in enumerate(number) if symbol != "-"]
    for one in places:
        for two in places:
            if one < two and number[one] != number[two]:
                swapped = list(number)
                swapped[one], swapped[two] = swapped[two], swapped[one]
                assert normal_number("".join(swapped)) is None


@given(numbers, st.sampled_from([str.lower, lambda text: text.replace("-", ""), lambda text: f" {text} "]))
def test_case_dashes_and_blanks_are_forgiven(number: str, spelled: Callable[[str], str]) -> None:
    """Read aloud and typed again, it is the same number; so are O for 0, I and L for 1, Z for 2."""
    assert normal_number(spelled(number)) == number
    assert normal_number(number.replace("0", "O").replace("1", "l").replace("2", "z")) == number


@pytest.mark.parametrize("text", ["", "-", "0" * 13 + "0", "ÀÀÀÀ-0000-0000-0", "0000-0000-0000", "٠٠٠٠-0000-0000-0"])
def test_what_is_no_number_is_none(text: str) -> None:
    """Hostile and foreign text never matches."""
    assert normal_number(text) is None


def test_between_the_tokens_of_a_batch_lie_more_than_128_bits() -> None:
    """R-101: they are stored in ascending order, and who knows two neighbours still cannot guess the one between."""
    tokens = sorted(int.from_bytes(token) for token in new_tokens(1_000, os.urandom))
    assert min(after - before for before, after in pairwise(tokens)) > 2**128


def test_tokens_and_ids_come_from_the_random_source_only() -> None:
    """R-25: 168 random bits a token; ids in a run from a random start, within a signed 64-bit integer."""
    drawn: list[int] = []

    def spy(count: int) -> bytes:
        drawn.append(count)
        return os.urandom(count)

    tokens = new_tokens(3, spy)
    assert {len(token) for token in tokens} == {21}
    assert len(set(tokens)) == 3
    ids = new_ids(5, spy)
    assert list(ids) == list(range(ids[0], ids[0] + 5))
    assert new_ids(2, lambda count: b"\xff" * count)[-1] < 2**63
    assert drawn == [63, 8]

"""Deliveries: one id for one thing, and errors that every storage can keep."""

import pytest
from attrs import evolve

from certcore.domain.deliveries import LONGEST_ERROR, delivery_id
from certcore.errors import InvalidValue
from certcore.testing.builders import make_award, make_delivery


def test_an_id_is_a_function_of_what_is_told() -> None:
    """I6, R-82: 32 hexadecimal digits; the parts are kept apart."""
    assert delivery_id("retake", "X-1", 3, "course:C-1") == delivery_id("retake", "X-1", 3, "course:C-1")
    ids = {delivery_id("retake", "a", "b"), delivery_id("retake", "ab"), delivery_id("retakea", "b"), delivery_id("a")}
    assert len(ids) == 4
    assert {len(each) for each in ids} == {32}


@pytest.mark.parametrize("wrong", ["", "x" * 32, "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n"])
def test_an_id_of_another_form_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidValue, match="hexadecimal"):
        make_delivery(make_award(), id=wrong)


def test_f24_any_error_can_be_kept() -> None:
    """What a host raises may be long and hold what no storage keeps; the delivery is not lost for it."""
    delivery = evolve(make_delivery(make_award()), error="nul \0 half \ud800 line\nü" + "x" * 9_000)
    assert delivery.error is not None
    assert delivery.error.startswith("nul \ufffd half \ufffd line\nü")
    assert len(delivery.error) == LONGEST_ERROR

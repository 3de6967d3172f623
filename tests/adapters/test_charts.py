"""The picture of a forecast (R-95)."""

from datetime import date
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certcore.adapters.charts import lapses_chart
from certcore.domain.forecasts import Forecast, Month, months_from
from certcore.testing.builders import make_certification

SVG = "{http://www.w3.org/2000/svg}"


def forecasts(counts: list[list[int]], name: str = "Safety") -> list[Forecast]:
    """A forecast for each list of lapses."""
    months = months_from(date(2026, 3, 1), len(counts[0]) if counts else 1)
    return [
        Forecast(
            make_certification(name=f"{name} {place}"),
            None,
            sum(each),
            tuple(Month(first, lapses, 0) for first, lapses in zip(months, each, strict=True)),
            0,
            0,
        )
        for place, each in enumerate(counts)
    ]


def texts(svg: str) -> list[str]:
    """All that is written in the picture."""
    return [each.text or "" for each in ET.fromstring(svg).iter(f"{SVG}text")]


def test_each_month_has_a_bar_of_parts_and_its_number() -> None:
    """Most lapses first; what does not lapse is not in the legend."""
    svg = lapses_chart(forecasts([[1, 0, 2], [3, 0, 4], [0, 0, 0]]))
    parts = [each[0].text for each in ET.fromstring(svg).iter(f"{SVG}rect") if len(each)]
    assert parts == ["2026-03: Safety 1: 3", "2026-03: Safety 0: 1", "2026-05: Safety 1: 4", "2026-05: Safety 0: 2"]
    assert {"4", "6", "2026-03", "2026-04", "2026-05", "Safety 1: 7", "Safety 0: 3"} <= set(texts(svg))
    assert "Safety 2: 0" not in texts(svg)
    (said,) = ET.fromstring(svg).iter(f"{SVG}desc")
    assert said.text == "2026-03: 4; 2026-05: 6"


def test_the_rest_of_many_is_one_part() -> None:
    svg = lapses_chart(forecasts([[10 - n] for n in range(9)]))
    assert "all others: 9" in texts(svg)
    assert sum(1 for each in ET.fromstring(svg).iter(f"{SVG}rect") if len(each)) == 7


@pytest.mark.parametrize("nothing", [[], [[0, 0]]])
def test_nothing_that_lapses_is_said(nothing: list[list[int]]) -> None:
    assert "Nothing lapses." in texts(lapses_chart(forecasts(nothing)))


def test_f55_names_are_text_whatever_is_in_them() -> None:
    svg = lapses_chart(forecasts([[1]], "<script>alert(1)</script> & \ufffe " + "x" * 200))
    assert "<script" not in svg
    assert any(each.startswith("<script>alert(1)</script> &") and "…" in each for each in texts(svg))


@given(st.lists(st.lists(st.integers(0, 10**7), min_size=30, max_size=30), min_size=1, max_size=9))
def test_every_bar_stays_in_the_picture(counts: list[list[int]]) -> None:
    root = ET.fromstring(lapses_chart(forecasts(counts)))
    for each in root.iter(f"{SVG}rect"):
        if len(each):
            top, size = float(each.get("y", "0")), float(each.get("height", "0"))
            assert top >= 63.5
            assert top + size <= 344.5

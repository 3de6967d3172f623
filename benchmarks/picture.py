"""The picture of what was measured, as SVG written by hand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final

Points = Sequence[tuple[int, float, float]]
"""Rows, seconds, seconds of the floor."""

_WIDTH: Final = 380
_HEIGHT: Final = 260
_LEFT: Final = 64
_TOP: Final = 44
_GAP: Final = 80
_FEW: Final = 2
_COLOURS: Final = ("#2563eb", "#c2410c", "#15803d", "#7e22ce")
_STYLE: Final = """
  <style>
    text { font: 12px system-ui, sans-serif; fill: #444 }
    .title { font-size: 14px; font-weight: 600 }
    .grid { stroke: #ddd }
    .line { fill: none; stroke-width: 2 }
    .floor { stroke-dasharray: 5 4; opacity: .6 }
    @media (prefers-color-scheme: dark) { text { fill: #ccc } .grid { stroke: #444 } }
  </style>"""


def picture(measured: Mapping[str, Points]) -> str:
    """Two panels: rows a second, and seconds, by rows; dashed lines are the floors."""
    width = 2 * (_LEFT + _WIDTH) + _GAP
    height = _TOP + _HEIGHT + 44 + 20 * len(measured)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "  <title>Imports beside their floors: rows a second, and seconds, by the number of rows</title>",
        _STYLE,
        *_panel(measured, _LEFT, "Rows a second", lambda rows, seconds: rows / seconds),
        *_panel(measured, 2 * _LEFT + _WIDTH + _GAP // 2, "Seconds", lambda _rows, seconds: seconds),
        *_legend(measured),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _panel(
    measured: Mapping[str, Points], left: int, title: str, value: Callable[[int, float], float]
) -> Iterator[str]:
    """One panel; both axes are logarithmic, so that growth in step with the rows is a straight line."""
    points = [point for each in measured.values() for point in each]
    values = [value(rows, each) for rows, *both in points for each in both]
    across = _Axis([rows for rows, _, _ in points], left, left + _WIDTH)
    up = _Axis(values, _TOP + _HEIGHT, _TOP)
    yield f'  <text class="title" x="{left}" y="{_TOP - 18}">{title}</text>'
    for tick in up.ticks():
        y = up.at(tick)
        yield f'  <line class="grid" x1="{left}" x2="{left + _WIDTH}" y1="{y}" y2="{y}"/>'
        yield f'  <text x="{left - 8}" y="{y + 4}" text-anchor="end">{_short(tick)}</text>'
    for tick in across.ticks():
        x = across.at(tick)
        yield f'  <line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_TOP + _HEIGHT}"/>'
        yield f'  <text x="{x}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{_short(tick)} rows</text>'
    for colour, each in zip(_COLOURS, measured.values(), strict=False):
        for place, kind in ((1, ""), (2, " floor")):
            spots = [(across.at(point[0]), up.at(value(point[0], point[place]))) for point in each]
            path = " ".join(f"{x},{y}" for x, y in spots)
            yield f'  <polyline class="line{kind}" stroke="{colour}" points="{path}"/>'
            yield from (f'  <circle r="3" fill="{colour}" cx="{x}" cy="{y}"/>' for x, y in spots if place == 1)


def _legend(measured: Mapping[str, Points]) -> Iterator[str]:
    for place, (colour, name) in enumerate(zip(_COLOURS, measured, strict=False)):
        y = _TOP + _HEIGHT + 46 + 20 * place
        for start, kind, text in ((0, "", name), (260, " floor", f"{name}: floor")):
            x = _LEFT + start
            yield f'  <line class="line{kind}" stroke="{colour}" x1="{x}" x2="{x + 28}" y1="{y}" y2="{y}"/>'
            yield f'  <text x="{x + 36}" y="{y + 4}">{escape(text)}</text>'


class _Axis:
    """A logarithmic axis over whole powers of ten."""

    def __init__(self, values: Sequence[float], start: int, end: int) -> None:
        self._low = floor(log10(min(values)))
        self._high = max(ceil(log10(max(values))), self._low + 1)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (log10(value) - self._low) / (self._high - self._low)
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self) -> list[float]:
        powers = range(self._low, self._high)
        steps = (1, 2, 5) if len(powers) < _FEW else (1,)
        return [step * 10.0**power for power in powers for step in steps] + [10.0**self._high]


def _short(value: float) -> str:
    for size, letter in ((1_000_000, " M"), (1_000, " k")):
        if value >= size:
            return f"{value / size:,.0f}{letter}"
    return f"{value:g}"
